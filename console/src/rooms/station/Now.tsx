/** How the station is this moment: what is wrong, each EVSE, the connection, how much it was up. */
import { ActionIcon, Anchor, Button, Group, Menu, Paper, Stack, Text, Title, Tooltip } from "@mantine/core";
import { IconBolt, IconDots, IconLockOpen, IconPlayerPlay, IconPlayerStop, IconPlugConnected, IconPower, IconRefresh } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, queries, take, useMay } from "@/api";
import { format, useTexts } from "@/i18n";
import { Link, pathOf, useParams } from "@/route";
import { Age, Copy, Empty, Energy, failed, lookOf, Panel, Percent, Power, SafeText, Since, Skeletons, StateBadge, Time, Trouble } from "@/ui";
import { useDoing } from "./Actions.tsx";
import { askAvailability, askStop, askTrigger, askUnlock } from "./asking.tsx";
import { type Connector, type Detail, keys, powerOf, type Transaction, useDetail, useLink, useOpen, useUptime } from "./data.ts";
import { byTime, Event } from "./Events.tsx";
import { Facts } from "./Facts.tsx";
import { qualityOf, versionOf } from "./knowledge.ts";
import classes from "./station.module.css";
import { texts } from "./texts.ts";
import { Troubles } from "./Trouble.tsx";
import { UptimeBars } from "./UptimeBars.tsx";

// ---- the power of a charge, in one stroke

const MOST_POINTS = 240;

/** Read once, then grown by what the meter tells. */
function Sparkline(props: { station: string; transaction: Transaction }) {
  const { t } = useTexts(texts);
  const { transaction } = props;
  const series = useQuery({
    queryKey: ["transactions", "series", props.station, transaction.id],
    queryFn: () => take(api.GET("/api/v1/transactions/{station_id}/{transaction_id}/series", { params: { path: { station_id: props.station, transaction_id: transaction.id } } })),
    staleTime: Infinity,
  });
  const [told, setTold] = useState<readonly (readonly [number, number])[]>([]);
  const { heard_at: heardAt, power_w: power } = transaction;
  const at = Date.parse(heardAt);
  if (power !== null && (told.at(-1)?.[0] ?? 0) < at) setTold([...told.slice(-MOST_POINTS), [at, power]]);
  const first = told[0]?.[0] ?? Infinity;
  const points = [
    ...(series.data?.slots ?? []).flatMap((slot) => (slot.power_w === null || Date.parse(slot.at) >= first ? [] : [[Date.parse(slot.at), slot.power_w] as const])),
    ...told,
  ];
  const begin = points[0]?.[0];
  const end = points.at(-1)?.[0];
  if (begin === undefined || end === undefined || end - begin < 5_000) return null;
  const most = Math.max(1, ...points.map(([, w]) => w));
  const line = points.map(([x, w]) => `${(((x - begin) / (end - begin)) * 100).toFixed(2)},${(38 - (w / most) * 34).toFixed(2)}`);
  return (
    <svg className={classes.spark} viewBox="0 0 100 40" preserveAspectRatio="none" role="img" aria-label={t("station.now.spark", { most: format.power(most) })}>
      <path d={`M0,40 L${line.join(" L")} L100,40 Z`} fill="var(--tone-busy-paper)" />
      <path d={`M${line.join(" L")}`} fill="none" stroke="var(--tone-busy)" strokeWidth={2} />
    </svg>
  );
}

function Charge(props: { detail: Detail; transaction: Transaction }) {
  const { t } = useTexts(texts);
  const { transaction: tx, detail } = props;
  return (
    <Stack gap="xs">
      <Group gap="xs" justify="space-between" align="flex-end">
        <span className={classes.power}>
          <Power w={tx.power_w} />
        </span>
        {tx.charging_state === null ? null : <StateBadge state={tx.charging_state} size="sm" />}
      </Group>
      <Sparkline key={tx.id} station={detail.id} transaction={tx} />
      <div className={classes.measures}>
        <span className={classes.measure}>
          <span>{t("station.now.energy")}</span>
          <Energy wh={tx.energy_wh} />
        </span>
        <span className={classes.measure}>
          <span>{t("station.now.since")}</span>
          <Tooltip label={<Time at={tx.started_at} style="full" />}>
            <span>
              <Since at={tx.started_at} />
            </span>
          </Tooltip>
        </span>
        {tx.soc_percent === null ? null : (
          <span className={classes.measure} style={{ flex: "1 1 6rem" }}>
            <span>{t("station.now.soc", { percent: format.percent(tx.soc_percent / 100, 0) })}</span>
            <span className={classes.soc} role="progressbar" aria-valuenow={Math.round(tx.soc_percent)} aria-valuemin={0} aria-valuemax={100} aria-label={t("station.now.battery")}>
              <span style={{ width: `${Math.min(100, Math.max(0, tx.soc_percent))}%` }} />
            </span>
          </span>
        )}
      </div>
      <Group gap="xs" justify="space-between">
        <Text size="sm">
          {tx.token === "" ? (
            t("station.now.nobody")
          ) : (
            <Anchor component={Link} to={pathOf("tokens", tx.token)} size="sm">
              <SafeText mono text={tx.token} most={24} />
            </Anchor>
          )}
        </Text>
        <Anchor component={Link} size="sm" to={pathOf("transactions", detail.id, tx.id)}>
          {t("station.now.charge")}
        </Anchor>
      </Group>
      {tx.suspect ? <StateBadge state="Suspect" size="sm" /> : null}
    </Stack>
  );
}

// ---- one EVSE

function Evse(props: { detail: Detail; evse: number; connectors: readonly Connector[]; transaction: Transaction | undefined; open: readonly Transaction[] }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const { detail, evse, connectors, transaction, open } = props;
  const [, setDoing] = useDoing();
  const connected = detail.link.connected;
  const asks = may("stations:command") && connected;
  const faulted = connectors.some((each) => each.status === "Faulted");
  const state = faulted ? "Faulted" : transaction?.charging_state === "Charging" ? "Charging" : (connectors[0]?.status ?? "Unknown");
  const { tone } = lookOf(connected ? state : "Offline");
  const outOf = connectors.length > 0 && connectors.every((each) => each.status === "Unavailable");
  return (
    <Paper withBorder p="md" className={classes.evse ?? ""} data-tone={tone} component="section" aria-label={t("station.evse.name", { evse })}>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Title order={2}>{t("station.evse.name", { evse })}</Title>
        {asks ? (
          <Menu>
            <Menu.Target>
              <ActionIcon variant="subtle" color="gray" aria-label={t("station.evse.more", { evse })}>
                <IconDots size={18} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              {connectors.map((each) => (
                <Menu.Item key={each.connector ?? 0} leftSection={<IconLockOpen size={16} />} onClick={() => askUnlock(detail, open, evse, each.connector ?? 1)}>
                  {connectors.length > 1 ? t("station.unlock.item", { connector: each.connector ?? 1 }) : t("station.unlock.do")}
                </Menu.Item>
              ))}
              <Menu.Item leftSection={<IconPower size={16} />} onClick={() => askAvailability(detail, open, outOf, evse)}>
                {t(outOf ? "station.availability.doIn" : "station.availability.doOut")}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        ) : null}
      </Group>
      {connectors.map((each) => (
        <Group key={each.connector ?? 0} gap="xs" justify="space-between">
          <Group gap={6}>
            <StateBadge state={each.status} />
            {connectors.length > 1 ? (
              <Text size="sm" c="dimmed">
                {t("station.evse.connector", { connector: each.connector ?? 1 })}
              </Text>
            ) : null}
          </Group>
          <Text size="sm" c="dimmed">
            <Age at={each.since} />
          </Text>
        </Group>
      ))}
      {connected ? null : (
        <Text size="sm" c="dimmed">
          {t("station.evse.asOf")}
        </Text>
      )}
      <div className={classes.grow}>
        {transaction !== undefined ? (
          <Charge detail={detail} transaction={transaction} />
        ) : (
          <Text size="sm" c="dimmed">
            {t("station.evse.idle")}
          </Text>
        )}
      </div>
      {asks ? (
        <Group gap="xs">
          {transaction === undefined ? (
            <Button size="xs" variant="light" leftSection={<IconPlayerPlay size={14} />} disabled={faulted || outOf} onClick={() => setDoing({ do: "start", evse: String(evse) })}>
              {t("station.start.do")}
            </Button>
          ) : (
            <Button size="xs" color="red.9" leftSection={<IconPlayerStop size={14} />} onClick={() => askStop(detail, transaction)}>
              {t("station.stop.do")}
            </Button>
          )}
          <Button size="xs" variant="default" leftSection={<IconLockOpen size={14} />} onClick={() => askUnlock(detail, open, evse, connectors[0]?.connector ?? 1)}>
            {t("station.unlock.do")}
          </Button>
        </Group>
      ) : null}
    </Paper>
  );
}

// ---- beside

function ConnectionPanel(props: { detail: Detail }) {
  const { t, rich } = useTexts(texts);
  const { link, urls } = props.detail;
  const may = useMay();
  const now = useLink(props.detail.id, link.connected);
  const seen = link.connected ? now.data : null;
  const rtt = seen?.rtt_ms ?? null;
  const quality = rtt === null ? null : qualityOf(rtt);
  return (
    <Panel
      title={t("station.link.title")}
      beside={
        may("stations:command") && link.connected ? (
          <Tooltip label={t("station.link.heartbeatHelp")}>
            <Button size="compact-sm" variant="subtle" leftSection={<IconRefresh size={14} />} onClick={() => void askTrigger(props.detail, "Heartbeat").then(() => queries.invalidateQueries({ queryKey: keys.link(props.detail.id) }), failed)}>
              {t("station.link.heartbeat")}
            </Button>
          </Tooltip>
        ) : null
      }
    >
      <Facts
        rows={[
          [t("station.link.state"), link.connected ? rich("station.link.since", { time: <Since at={link.since} /> }) : t("station.link.none")],
          [
            t("station.link.ping"),
            rtt === null ? (
              link.connected ? <Text span size="sm" c="dimmed">{t("station.link.noPing")}</Text> : null
            ) : (
              <span>
                {`${format.number(rtt, { maximumFractionDigits: rtt < 10 ? 1 : 0 })}\u00a0ms`} · {t(`station.link.${quality ?? "good"}`)}
              </span>
            ),
          ],
          [t("station.link.heard"), seen == null ? <Age key="seen" at={props.detail.last_seen} /> : <HeardAgo key={now.dataUpdatedAt} atS={seen.heard_s} read={now.dataUpdatedAt} />],
          [t("station.link.messages"), seen == null ? null : t("station.link.count", { in: seen.messages_in, out: seen.messages_out })],
          [t("station.link.protocol"), link.protocol === "" ? null : versionOf(link.protocol)],
          [t("station.link.security"), link.security_profile === null ? null : t(`station.profile.${link.security_profile as 0 | 1 | 2 | 3}`)],
          [t("station.link.address"), link.address === "" ? null : <SafeText key="address" mono text={link.address} most={60} />],
          [t("station.link.node"), link.connected && link.node !== "" ? <SafeText key="node" text={link.node} most={60} /> : null],
          [
            t("station.link.url"),
            urls.length === 0 ? null : (
              <Stack key="urls" gap={2}>
                {urls.map((url) => (
                  <Group key={url} gap={2} wrap="nowrap">
                    <SafeText mono text={url} most={90} />
                    <Copy text={url} what={t("station.password.url")} />
                  </Group>
                ))}
              </Stack>
            ),
          ],
        ]}
      />
    </Panel>
  );
}

/** Grows by itself between two looks. */
function HeardAgo(props: { atS: number; read: number }) {
  return <Age at={new Date(props.read - props.atS * 1000)} />;
}

function UptimePanel(props: { id: string }) {
  const { t } = useTexts(texts);
  const uptime = useUptime(props.id);
  return (
    <Panel
      title={t("station.uptime.title")}
      beside={
        <Anchor component={Link} size="sm" to={pathOf("stations", props.id, "history")}>
          {t("station.tab.history")}
        </Anchor>
      }
    >
      {uptime.isPending ? (
        <Skeletons rows={2} height={24} />
      ) : uptime.isError ? (
        <Trouble error={uptime.error} retry={() => void uptime.refetch()} />
      ) : (
        <Stack gap="sm">
          <Group gap="xl">
            {(["day", "week", "month"] as const).map((each) => (
              <span key={each} className={classes.measure}>
                <span>{t(`station.uptime.${each}`)}</span>
                <Text span fw={650} size="lg" {...((uptime.data[each].uptime ?? 1) < 0.97 ? { c: "var(--tone-bad-text)" } : {})}>
                  <Percent of={uptime.data[each].uptime} />
                </Text>
              </span>
            ))}
          </Group>
          <UptimeBars id={props.id} />
        </Stack>
      )}
    </Panel>
  );
}

function WhoPanel(props: { detail: Detail }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const [, setDoing] = useDoing();
  const { detail } = props;
  const { hardware: hw } = detail;
  const text = (value: string) => (value === "" ? null : <SafeText text={value} most={80} />);
  return (
    <Panel
      title={t("station.who.title")}
      beside={
        may("stations:write") ? (
          <Button size="compact-sm" variant="subtle" onClick={() => setDoing({ do: "edit" })}>
            {t("station.edit.do")}
          </Button>
        ) : null
      }
    >
      <Facts
        rows={[
          [t("station.who.vendor"), text(hw.vendor)],
          [t("station.who.model"), text(hw.model)],
          [t("station.who.serial"), hw.serial === "" ? null : <Group gap={2}>{text(hw.serial)}<Copy text={hw.serial} what={t("station.who.serial")} /></Group>],
          [t("station.who.firmware"), text(hw.firmware)],
          [t("station.who.meter"), text([hw.meter_type, hw.meter_serial].filter(Boolean).join(" · "))],
          ["ICCID", text(hw.iccid)],
          ["IMSI", text(hw.imsi)],
          [t("station.who.booted"), detail.booted_at === null ? null : <span><Age at={detail.booted_at} />{detail.boot_reason === "" ? null : <> · <SafeText text={detail.boot_reason} most={40} /></>}</span>],
          [t("station.edit.profile"), t(`station.profile.${detail.security_profile as 0 | 1 | 2 | 3}`)],
          [t("station.password.password"), detail.has_password ? detail.password_pending ? t("station.who.passwordPending") : <Age at={detail.password_changed_at} /> : t("station.who.noPassword")],
          [t("station.edit.notes"), detail.notes === "" ? null : <SafeText text={detail.notes} most={400} />],
          [t("station.who.public"), <Group key="public" gap={2}><SafeText mono text={detail.public_id} /><Copy text={detail.public_id} what={t("station.who.public")} /></Group>],
          [t("station.who.created"), <Time key="created" at={detail.created_at} style="date" />],
        ]}
      />
    </Panel>
  );
}

// ---- what happened last

function Lately(props: { id: string }) {
  const { t } = useTexts(texts);
  const found = useQuery({
    queryKey: [...keys.history(props.id), "lately"],
    queryFn: () => take(api.GET("/api/v1/stations/{station_id}/history", { params: { path: { station_id: props.id }, query: { limit: 8 } } })),
  });
  return (
    <Panel
      title={t("station.lately.title")}
      beside={
        <Anchor component={Link} size="sm" to={pathOf("stations", props.id, "history")}>
          {t("station.lately.all")}
        </Anchor>
      }
    >
      {found.isPending ? (
        <Skeletons rows={5} height={24} />
      ) : found.isError ? (
        <Trouble error={found.error} retry={() => void found.refetch()} />
      ) : found.data.items.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t("station.lately.none")}
        </Text>
      ) : (
        <ol className={classes.line}>
          {byTime(found.data.items).map((item) => (
            <Event key={item.number} id={props.id} item={item} short />
          ))}
        </ol>
      )}
    </Panel>
  );
}

export default function Now() {
  const { t } = useTexts(texts);
  const { id } = useParams<{ id: string }>();
  const may = useMay();
  const found = useDetail(id);
  const running = useOpen(id);
  const reads = may("transactions:read");
  useEffect(() => {
    // From another tab: what events could not put in while nobody looked.
    void queries.invalidateQueries({ queryKey: keys.open(id), refetchType: "active" });
  }, [id]);
  if (found.data === undefined) return <Skeletons rows={4} height={90} />;
  const detail = found.data;
  const open = running.data ?? [];
  const evses = [...new Set([...detail.connectors.map((each) => each.evse), ...open.map((each) => each.evse)])].filter((evse) => evse > 0).sort((a, b) => a - b);
  const lost = open.filter((each) => each.evse === 0);
  const power = powerOf(open);
  return (
    <>
      <Troubles detail={detail} open={open} />
      <div className={classes.now}>
        <Stack gap="md" miw={0}>
          {evses.length === 0 ? (
            <Panel>
              <Empty icon={IconPlugConnected} title={t("station.now.none")} text={t("station.now.noneText")} />
            </Panel>
          ) : (
            <>
              {evses.length > 1 && power !== null ? (
                <Group gap="xs">
                  <IconBolt size={18} aria-hidden />
                  <Text size="sm">
                    {t("station.now.total")} <strong><Power w={power} /></strong>
                  </Text>
                </Group>
              ) : null}
              <div className={classes.evses}>
                {evses.map((evse) => (
                  <Evse
                    key={evse}
                    detail={detail}
                    evse={evse}
                    connectors={detail.connectors.filter((each) => each.evse === evse)}
                    transaction={open.find((each) => each.evse === evse)}
                    open={open}
                  />
                ))}
              </div>
            </>
          )}
          {lost.map((each) => (
            <Panel key={each.id} title={t("station.now.unplaced")}>
              <Charge detail={detail} transaction={each} />
            </Panel>
          ))}
          <Lately id={id} />
          {reads ? null : (
            <Text size="sm" c="dimmed">
              {t("station.now.blind")}
            </Text>
          )}
          {running.isError ? <Trouble error={running.error} retry={() => void running.refetch()} /> : null}
        </Stack>
        <Stack gap="md" miw={0}>
          <ConnectionPanel detail={detail} />
          <UptimePanel id={id} />
          <WhoPanel detail={detail} />
        </Stack>
      </div>
    </>
  );
}
