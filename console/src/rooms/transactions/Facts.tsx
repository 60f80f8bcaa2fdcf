/** Who, where, when, how much. */
import { Anchor, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Fragment, type ReactNode } from "react";
import { api, take, useMay } from "@/api";
import { format, useTexts } from "@/i18n";
import { useStation } from "@/live";
import { Link, pathOf } from "@/route";
import { Age, Energy, Id, Panel, SafeText, StateBadge, Time, useSiteNames, visible } from "@/ui";
import { ChargeEnergy, type Transaction } from "@/ui/charge";
import { wordOfActor } from "@/ui/words/words.ts";
import { useRepairs } from "./Oddities.tsx";
import { reasonText } from "./reasons.ts";
import { texts } from "./texts.ts";
import classes from "./detail.module.css";

/** The token as it is kept; undefined where nobody knows it. By the list: a token that is not there is no error. */
function useKnownToken(value: string) {
  const may = useMay();
  const { data } = useQuery({
    queryKey: ["tokens", "proposed", value],
    queryFn: ({ signal }) => take(api.GET("/api/v1/tokens", { params: { query: { q: value.slice(0, 100), limit: 12 } }, signal })),
    enabled: value !== "" && may("tokens:read"),
  });
  return data?.items.find((each) => each.value.toUpperCase() === value.toUpperCase());
}

function Row(props: { name: string; children: ReactNode }) {
  return (
    <Fragment>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </Fragment>
  );
}

export function Facts(props: { of: Transaction }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const { of } = props;
  const known = useKnownToken(of.token);
  const station = useStation(of.station_id);
  const sites = useSiteNames();
  const site = station?.site_id ?? null;
  const meter = [of.meter_start_wh, of.meter_stop_wh] as const;
  const [from, to] = meter.map((wh) => (wh === null ? "" : `${format.number(wh / 1000, { maximumFractionDigits: 3 })}\u00a0kWh`)) as [string, string];
  const [latest] = useRepairs(of).data?.reviews ?? [];
  return (
    <Panel title={t("transaction.facts")}>
      <dl className={classes.facts}>
        <Row name={t("transaction.who")}>
          {of.token === "" ? (
            <Text c="dimmed" span size="sm">
              {t("transaction.whoNobody")}
            </Text>
          ) : known === undefined ? (
            <SafeText text={of.token} most={60} mono />
          ) : (
            <Id id={of.token} to={pathOf("tokens", known.value)} copy />
          )}
        </Row>
        {known !== undefined && known.holder !== "" ? (
          <Row name={t("transaction.holder")}>
            <SafeText text={known.holder} most={80} />
          </Row>
        ) : null}
        {of.group !== null ? (
          <Row name={t("transaction.group")}>
            <SafeText text={of.group} most={60} />
          </Row>
        ) : null}
        {of.authorization !== "" ? (
          <Row name={t("transaction.answered")}>
            <StateBadge state={of.authorization} size="sm" />
          </Row>
        ) : null}
        <Row name={t("transaction.where")}>
          {may("stations:read") ? <Id id={of.station_id} to={pathOf("stations", of.station_id)} copy /> : <Id id={of.station_id} copy />}
          {of.evse === 0 ? null : (
            <div>{of.connector === null ? t("transaction.evse", { evse: of.evse }) : t("transaction.evseConnector", { evse: of.evse, connector: of.connector })}</div>
          )}
          {site === null ? null : (
            <div>
              <Anchor component={Link} to={pathOf("sites", site)} size="sm">
                <bdi>{visible(sites.get(site) ?? site)}</bdi>
              </Anchor>
            </div>
          )}
        </Row>
        <Row name={t("transaction.started")}>
          <Time at={of.started_at} style="full" />
        </Row>
        <Row name={t("transaction.ended")}>{of.ended_at === null ? t("transaction.endedNot") : <Time at={of.ended_at} style="full" />}</Row>
        {of.stop_reason === null || of.closed_by !== "" ? null : <Row name={t("transaction.reason")}>{reasonText(of.stop_reason)}</Row>}
        {of.closed_by === "" ? null : <Row name={t("transaction.closedBy")}>{t(`closedBy.${of.closed_by}`)}</Row>}
        {of.stop_token === "" ? null : (
          <Row name={t("transaction.stoppedBy")}>
            <SafeText text={of.stop_token} most={60} mono />
          </Row>
        )}
        <Row name={t("transaction.heard")}>
          <Age at={of.heard_at} />
        </Row>
        <Row name={t("transaction.energy")}>
          <ChargeEnergy of={of} />
          {of.estimated ? (
            <Text span size="sm" c="dimmed">
              {" "}
              {t("transaction.energyEstimated")}
            </Text>
          ) : null}
          {latest !== undefined && latest.energy_wh !== null && !of.suspect ? (
            <Text span size="sm" c="dimmed">
              {" "}
              {t("transaction.energyStated", { who: visible(wordOfActor(latest.actor)).slice(0, 60) })}
            </Text>
          ) : null}
        </Row>
        {of.exported_wh === null ? null : (
          <Row name={t("transaction.exported")}>
            <Energy wh={of.exported_wh} />
          </Row>
        )}
        {from === "" && to === "" ? null : (
          <Row name={t("transaction.meter")}>
            {from !== "" && to !== "" ? t("transaction.meterFromTo", { from, to }) : from === "" ? t("transaction.meterTo", { to }) : t("transaction.meterFrom", { from })}
          </Row>
        )}
        {of.remote_start_id === null ? null : <Row name={t("transaction.remoteStart")}>{t("transaction.remoteStartNumber", { n: String(of.remote_start_id) })}</Row>}
        {of.reservation_id === null ? null : <Row name={t("transaction.reservation")}>{String(of.reservation_id)}</Row>}
        {of.offline ? <Row name={t("transaction.offline")}>{t("transaction.offlineText")}</Row> : null}
        {of.missing_reports.length === 0 ? null : (
          <Row name={t("transaction.missingReports")}>{of.missing_reports.map((range) => [...new Set(range)].join("–")).join(", ")}</Row>
        )}
        {of.known_as === of.id ? null : (
          <Row name={t("transaction.knownAs")}>
            <SafeText text={of.known_as} most={60} mono />
          </Row>
        )}
      </dl>
    </Panel>
  );
}
