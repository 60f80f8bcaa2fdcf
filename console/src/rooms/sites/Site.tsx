import { Anchor, Button, Skeleton, Text } from "@mantine/core";
import { IconBuildingOff, IconMapPin, IconPencil, IconPlugConnected, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useCallback, useMemo } from "react";
import { api, isMissing, queries, take, useMay } from "@/api";
import { format, locale, useTexts } from "@/i18n";
import { type Fleet, isLoadRange, sameList, type Site, type Station, type TroubleGroup, useFleet, useFleetCalmly, useNow, useOverview } from "@/live";
import { Link, navigate, pathOf, useFilters, useParams } from "@/route";
import { confirm, Copy, done, Empty, Figure, PageHeader, Panel, Power, SafeText, Skeletons, Time, Trouble, Unknown, visible } from "@/ui";
import { NeedsYou } from "@/ui/needs/NeedsYou.tsx";
import { StateLegend } from "@/ui/StateCounts.tsx";
import { StationsTable } from "@/ui/StationsTable.tsx";
import { countryName, timeIn } from "./places.ts";
import classes from "./sites.module.css";
import { isAbove, sameSum, type Sum, sumOf } from "./sums.ts";
import { texts } from "./texts.ts";
import { useSite } from "./useSite.ts";

const SiteMap = lazy(() => import("@/ui/Map.tsx"));
const LoadChart = lazy(() => import("@/ui/LoadChart.tsx").then(({ LoadChart: each }) => ({ default: each })));

const DEFAULTS = { state: "", sort: "id", load: "6h" };
const PICTURE_PX = 350;

function Figures(props: { site: Site; sum: Sum }) {
  const { t } = useTexts(texts);
  const { site, sum } = props;
  const uptime = useQuery({
    queryKey: ["sites", site.id, "uptime"],
    queryFn: () => take(api.GET("/api/v1/sites/{site_id}/uptime", { params: { path: { site_id: site.id } } })),
    refetchInterval: 5 * 60_000,
  }).data;
  const limit = site.power_limit_w;
  const above = isAbove(site, sum);
  const share = limit === null || limit <= 0 ? 0 : sum.power / limit;
  const written = (of: number | null): string => (of === null ? "–" : format.percent(of));
  return (
    <div className={classes.figures}>
      <Figure
        name={t("sites.power")}
        value={format.power(sum.power)}
        alarm={above}
        detail={
          limit === null
            ? t("sites.powerFree")
            : above
              ? t("sites.powerAbove", { over: format.power(sum.power - limit), limit: format.power(limit) })
              : t("sites.powerOf", { share: format.percent(share, 0), limit: format.power(limit) })
        }
      />
      <Figure name={t("sites.stations")} value={format.number(sum.stations)} detail={t("sites.connected", { n: sum.connected, total: sum.stations })} />
      <Figure name={t("sites.openNow")} value={format.number(sum.open)} detail={t("sites.charging", { n: sum.counts.Charging ?? 0 })} />
      <Figure
        name={t("sites.uptimeMonth")}
        value={uptime?.month.uptime === undefined || uptime.month.uptime === null ? <Unknown /> : format.percent(uptime.month.uptime)}
        detail={
          uptime === undefined ? "\u00a0" : uptime.month.uptime === null ? t("sites.unmeasured") : t("sites.uptimeOther", { day: written(uptime.day.uptime), week: written(uptime.week.uptime) })
        }
      />
    </div>
  );
}

function About(props: { site: Site }) {
  const { t, language } = useTexts(texts);
  const { site } = props;
  const now = useNow(30_000);
  const there = timeIn(site.timezone, now, locale());
  const where = [site.address, site.city, countryName(site.country, language)].filter((each) => each !== "").join(", ");
  return (
    <dl className={classes.about}>
      <dt>{t("sites.address")}</dt>
      <dd>{where === "" ? <Unknown /> : <SafeText text={where} most={200} />}</dd>
      <dt>{t("sites.position")}</dt>
      <dd>
        {site.latitude === null || site.longitude === null ? (
          <Unknown />
        ) : (
          <>
            {site.latitude.toFixed(5)}, {site.longitude.toFixed(5)} <Copy text={`${site.latitude}, ${site.longitude}`} what={t("sites.position")} />
          </>
        )}
      </dd>
      <dt>{t("sites.limit")}</dt>
      <dd>{site.power_limit_w === null ? t("sites.powerFree") : <Power w={site.power_limit_w} />}</dd>
      <dt>{t("sites.zone")}</dt>
      <dd>
        {site.timezone}
        {there === null ? null : (
          <Text span size="sm" c="dimmed">
            {" "}
            · {t("sites.there", { time: there })}
          </Text>
        )}
      </dd>
      <dt title={t("sites.publicIdWhat")}>{t("sites.publicId")}</dt>
      <dd>
        <Text span ff="monospace" size="sm">
          {site.public_id}
        </Text>{" "}
        <Copy text={site.public_id} what={t("sites.publicId")} />
      </dd>
      <dt>{t("sites.since")}</dt>
      <dd>
        <Time at={site.created_at} style="date" />
      </dd>
    </dl>
  );
}

function Where(props: { site: Site; sum: Sum }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const { site, sum } = props;
  const places = useMemo(
    () =>
      site.latitude === null || site.longitude === null
        ? []
        : [{ id: site.id, name: site.name, latitude: site.latitude, longitude: site.longitude, counts: sum.counts, to: pathOf("sites", site.id) }],
    [site, sum.counts],
  );
  return (
    <Panel title={t("sites.about")}>
      {places.length > 0 ? (
        <Suspense fallback={<Skeleton height={200} />}>
          <SiteMap label={t("sites.position")} places={places} height={180} />
        </Suspense>
      ) : (
        <Empty icon={IconMapPin} title={t("sites.noPosition")}>
          {may("sites:write") ? (
            <Anchor component={Link} to={`${pathOf("sites", site.id)}/edit`}>
              {t("sites.setPosition")}
            </Anchor>
          ) : null}
        </Empty>
      )}
      <About site={site} />
    </Panel>
  );
}

function Stations(props: { site: Site; sum: Sum; filters: Readonly<typeof DEFAULTS>; onFilters: (changes: Partial<typeof DEFAULTS>) => void }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const { site, filters, onFilters } = props;
  const select = useCallback(
    (fleet: Fleet): readonly Station[] => fleet.rows.filter((row) => row.site_id === site.id && (filters.state === "" || row.state === filters.state)),
    [site.id, filters.state],
  );
  const rows = useFleetCalmly(select, sameList);
  if (props.sum.stations === 0) {
    return (
      <Panel title={t("sites.stations")}>
        <Empty icon={IconPlugConnected} title={t("sites.noStations")} text={t("sites.noStationsText")}>
          {may("stations:write") ? (
            <Button component={Link} to={`/stations/new?site=${encodeURIComponent(site.id)}`}>
              {t("sites.addStation")}
            </Button>
          ) : null}
        </Empty>
      </Panel>
    );
  }
  return (
    <Panel title={t("sites.stations")} beside={<StateLegend counts={props.sum.counts} chosen={filters.state} onChoose={(state) => onFilters({ state })} />}>
      <StationsTable
        id="site"
        label={t("sites.stations")}
        rows={rows}
        sort={filters.sort}
        onSort={(sort) => onFilters({ sort })}
        beside={
          <Anchor component={Link} to={`/stations?site=${encodeURIComponent(site.id)}`} size="sm">
            {t("sites.all")}
          </Anchor>
        }
      />
    </Panel>
  );
}

function askRemoval(site: Site, stations: number, t: ReturnType<typeof useTexts<typeof texts.en>>["t"]): void {
  const name = visible(site.name);
  if (stations > 0) {
    confirm({
      title: t("sites.removeTitle", { name }),
      text: t("sites.removeFull"),
      blast: t("sites.removeFullBlast", { n: stations }),
      action: t("sites.showStations"),
      run: () => {
        navigate(`/stations?site=${encodeURIComponent(site.id)}`);
        return Promise.resolve();
      },
    });
    return;
  }
  confirm({
    title: t("sites.removeTitle", { name }),
    text: t("sites.removeText"),
    action: t("sites.remove"),
    danger: true,
    run: async () => {
      await take(api.DELETE("/api/v1/sites/{site_id}", { params: { path: { site_id: site.id } } }));
      navigate("/sites");
      await queries.invalidateQueries({ queryKey: ["sites"] });
      done(t("sites.removed", { name }));
    },
  });
}

/** What of a trouble is here: of one that is at several sites, its stations and transactions of this site. */
function within(group: TroubleGroup, id: string, here: ReadonlySet<string>): readonly TroubleGroup[] {
  if (group.site_id !== null) return group.site_id === id ? [group] : [];
  const transactions = group.transactions.filter((each) => here.has(each.station_id));
  const station_ids = group.station_ids.filter((each) => here.has(each));
  const count = group.kind === "suspect" ? transactions.length : station_ids.length;
  return count === 0 ? [] : [{ ...group, site_id: id, transactions, station_ids, count }];
}

export default function SitePage() {
  const { t } = useTexts(texts);
  const { id } = useParams<{ id: string }>();
  const may = useMay();
  const [filters, setFilters] = useFilters(DEFAULTS);
  const found = useSite(id);
  const overview = useOverview();
  const select = useCallback((fleet: Fleet) => sumOf(fleet.rows.filter((row) => row.site_id === id)), [id]);
  const sum = useFleetCalmly(select, sameSum, 500);
  const mine = useFleet(
    useCallback((fleet: Fleet) => fleet.rows.filter((row) => row.site_id === id).map((row) => row.id), [id]),
    sameList,
  );
  const groups = useMemo(() => overview.data?.needs_you.flatMap((group) => within(group, id, new Set(mine))), [overview.data, mine, id]);
  const path = [{ title: t("sites.title"), to: "/sites" }];
  const site = found.data;
  if (site === undefined) {
    if (isMissing(found.error)) {
      return (
        <>
          <PageHeader title={t("sites.notFound")} path={path} />
          <Empty icon={IconBuildingOff} title={t("sites.notFound")} text={t("sites.notFoundText")}>
            <Anchor component={Link} to="/sites">
              {t("sites.toAll")}
            </Anchor>
          </Empty>
        </>
      );
    }
    return (
      <>
        <PageHeader title={t("sites.title")} path={path} />
        {found.isError ? <Trouble error={found.error} retry={() => void found.refetch()} /> : <Skeletons rows={6} height={64} />}
      </>
    );
  }
  return (
    <>
      <PageHeader title={visible(site.name)} path={path} detail={<SafeText text={[site.address, site.city].filter(Boolean).join(", ")} />}>
        {may("sites:write") ? (
          <>
            <Button component={Link} to={`${pathOf("sites", id)}/edit`} variant="default" leftSection={<IconPencil size={16} />}>
              {t("sites.edit")}
            </Button>
            <Button variant="default" leftSection={<IconTrash size={16} />} onClick={() => askRemoval(site, sum.stations, t)}>
              {t("sites.remove")}
            </Button>
          </>
        ) : null}
      </PageHeader>
      <div className={classes.page}>
        {groups !== undefined ? <NeedsYou groups={groups} within={id} /> : overview.isError ? <Trouble error={overview.error} /> : overview.isLoading ? <Skeleton height={56} /> : null}
        <Figures site={site} sum={sum} />
        <div className={classes.pictures}>
          <Suspense fallback={<Skeleton height={PICTURE_PX + 60} />}>
            <LoadChart site={id} range={isLoadRange(filters.load) ? filters.load : "6h"} onRange={(load) => setFilters({ load })} height={PICTURE_PX} />
          </Suspense>
          <Where site={site} sum={sum} />
        </div>
        <Stations site={site} sum={sum} filters={filters} onFilters={setFilters} />
      </div>
    </>
  );
}
