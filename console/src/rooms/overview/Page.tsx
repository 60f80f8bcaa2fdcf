import { Anchor, Button, Group, SegmentedControl, Skeleton, Text } from "@mantine/core";
import { IconPlugConnected, IconSearchOff } from "@tabler/icons-react";
import { lazy, Suspense, useCallback, useMemo } from "react";
import { useMay } from "@/api";
import { common, useTexts } from "@/i18n";
import { type Fleet, isLoadRange, sameList, sameRecord, type Site, type Station, useFleet, useFleetCalmly, useOverview, useSites } from "@/live";
import { Link, pathOf, useFilters } from "@/route";
import { Empty, type Filter, FilterBar, PageHeader, Panel, Skeletons, Trouble, wordOf } from "@/ui";
import { NeedsYou } from "@/ui/needs/NeedsYou.tsx";
import { type Counts, countsOf, StateLegend } from "@/ui/StateCounts.tsx";
import { StationsTable } from "@/ui/StationsTable.tsx";
import type { Place } from "@/ui/Map.tsx";
import { Figures } from "./Figures.tsx";
import classes from "./overview.module.css";
import { texts } from "./texts.ts";

const SitesMap = lazy(() => import("@/ui/Map.tsx"));
const LoadChart = lazy(() => import("@/ui/LoadChart.tsx").then(({ LoadChart: each }) => ({ default: each })));

const DEFAULTS = { q: "", state: "", sort: "id", load: "6h" };
const PICTURE_PX = 340;
/** Those that the row of buttons always names; the legend above the map has them all. */
const OFTEN = ["Available", "Charging", "Faulted", "Offline"];

const countAll = (fleet: Fleet): Counts => countsOf(fleet.rows);

type CountsBySite = ReadonlyMap<string, Counts>;

function sameCounts(a: CountsBySite, b: CountsBySite): boolean {
  return a.size === b.size && [...a].every(([site, counts]) => sameRecord(counts, b.get(site) ?? {}));
}

function countBySite(rows: readonly Station[], state: string): CountsBySite {
  const found = new Map<string, Record<string, number>>();
  for (const row of rows) {
    if (row.site_id === null || (state !== "" && row.state !== state)) continue;
    let counts = found.get(row.site_id);
    if (counts === undefined) found.set(row.site_id, (counts = {}));
    counts[row.state] = (counts[row.state] ?? 0) + 1;
  }
  return found;
}

function MapPanel(props: { sites: readonly Site[]; state: string; onState: (state: string) => void }) {
  const { t } = useTexts(texts);
  const { sites, state } = props;
  const counts = useFleetCalmly(countAll, sameRecord);
  const select = useCallback((fleet: Fleet) => countBySite(fleet.rows, state), [state]);
  const bySite = useFleetCalmly(select, sameCounts);
  const [places, unplaced] = useMemo(() => {
    const wanted = sites.filter((site) => state === "" || bySite.has(site.id));
    const placed = wanted.flatMap((site): Place[] =>
      site.latitude === null || site.longitude === null
        ? []
        : [{ id: site.id, name: site.name, latitude: site.latitude, longitude: site.longitude, counts: bySite.get(site.id) ?? {}, to: pathOf("sites", site.id) }],
    );
    return [placed, wanted.length - placed.length] as const;
  }, [sites, state, bySite]);
  return (
    <Panel title={t("overview.map")} beside={<StateLegend counts={counts} chosen={state} onChoose={props.onState} />}>
      <Suspense fallback={<Skeleton height={PICTURE_PX} />}>
        <SitesMap label={t("overview.mapLabel")} places={places} unplaced={unplaced} height={PICTURE_PX} />
      </Suspense>
    </Panel>
  );
}

function StationsPanel(props: { siteNames: ReadonlyMap<string, string>; filters: Readonly<typeof DEFAULTS>; onFilters: (changes: Partial<typeof DEFAULTS>) => void }) {
  const { t } = useTexts(texts);
  const { t: word } = useTexts(common);
  const { siteNames, filters, onFilters } = props;
  const { state, q, sort } = filters;
  const total = useFleet((fleet) => fleet.rows.length);
  const select = useCallback(
    (fleet: Fleet): readonly Station[] => {
      const words = q.toLocaleLowerCase().split(/\s+/).filter(Boolean);
      if (state === "" && words.length === 0) return fleet.rows;
      return fleet.rows.filter((row) => {
        if (state !== "" && row.state !== state) return false;
        if (words.length === 0) return true;
        const text = `${row.id} ${row.name} ${siteNames.get(row.site_id ?? "") ?? ""} ${row.vendor} ${row.model} ${row.firmware} ${row.serial}`.toLocaleLowerCase();
        return words.every((each) => text.includes(each));
      });
    },
    [q, state, siteNames],
  );
  const rows = useFleetCalmly(select, sameList);
  const search = useMemo((): Filter<"q">[] => [{ kind: "search", name: "q", label: t("overview.filter") }], [t]);
  const states = state === "" || OFTEN.includes(state) ? OFTEN : [...OFTEN, state];
  return (
    <Panel
      title={t("overview.stations")}
      beside={
        rows.length === total ? null : (
          <Text c="dimmed" size="sm">
            {t("overview.shown", { n: rows.length, total })}
          </Text>
        )
      }
    >
      <FilterBar filters={search} values={filters} defaults={DEFAULTS} onChange={onFilters}>
        <SegmentedControl
          size="xs"
          aria-label={t("overview.stateFilter")}
          value={state}
          onChange={(chosen) => onFilters({ state: chosen })}
          data={[{ value: "", label: word("states.all") }, ...states.map((each) => ({ value: each, label: wordOf(each) }))]}
        />
      </FilterBar>
      <StationsTable
        id="overview"
        label={t("overview.stations")}
        rows={rows}
        siteNames={siteNames}
        sort={sort}
        onSort={(next) => onFilters({ sort: next })}
        empty={
          <Empty icon={IconSearchOff} title={t("overview.noMatch")} text={t("overview.noMatchText")}>
            <Button variant="default" onClick={() => onFilters({ q: "", state: "" })}>
              {t("overview.reset")}
            </Button>
          </Empty>
        }
      />
    </Panel>
  );
}

function First() {
  const { t } = useTexts(texts);
  const may = useMay();
  return (
    <Empty icon={IconPlugConnected} title={t("overview.empty")} text={t("overview.emptyText")}>
      <Group justify="center" gap="sm" mt="sm">
        {may("stations:write") ? (
          <Button component={Link} to="/stations/new">
            {t("overview.add")}
          </Button>
        ) : null}
        {may("sites:write") ? (
          <Button component={Link} to="/sites/new" variant="default">
            {t("overview.addSite")}
          </Button>
        ) : null}
        <Anchor component={Link} to="/inbox">
          {t("overview.inbox")}
        </Anchor>
      </Group>
    </Empty>
  );
}

const isOf = (fleet: Fleet): string => (fleet.is === "ready" && fleet.rows.length === 0 ? "empty" : fleet.is);
const NO_SITES: readonly Site[] = [];

export default function OverviewPage() {
  const { t } = useTexts(texts);
  const may = useMay();
  const [filters, setFilters] = useFilters(DEFAULTS);
  const overview = useOverview();
  const sites = useSites();
  const is = useFleet(isOf);
  const trouble = useFleet((fleet) => fleet.trouble);
  const siteNames = useMemo(() => new Map((sites.data ?? NO_SITES).map((site) => [site.id, site.name])), [sites.data]);
  const onState = useCallback((state: string) => setFilters({ state }), [setFilters]);
  return (
    <>
      <PageHeader title={t("overview.title")} />
      {is === "empty" ? (
        <>
          {overview.data !== undefined && overview.data.needs_you.length > 0 ? <NeedsYou groups={overview.data.needs_you} /> : null}
          <First />
        </>
      ) : (
        <div className={classes.page}>
          {overview.data !== undefined ? (
            <NeedsYou groups={overview.data.needs_you} />
          ) : overview.isError ? (
            <Trouble error={overview.error} retry={() => void overview.refetch()} />
          ) : overview.isLoading ? (
            <Skeleton height={88} />
          ) : null}
          {is === "ready" ? <Figures overview={overview.data} sites={sites.data} /> : <Skeleton height={112} />}
          {may("sites:read") ? (
            <div className={classes.pictures}>
              <MapPanel sites={sites.data ?? NO_SITES} state={filters.state} onState={onState} />
              <Suspense fallback={<Skeleton height={PICTURE_PX + 60} />}>
                <LoadChart site={null} range={isLoadRange(filters.load) ? filters.load : "6h"} onRange={(load) => setFilters({ load })} height={PICTURE_PX + 4} />
              </Suspense>
            </div>
          ) : null}
          {is === "ready" ? (
            <StationsPanel siteNames={siteNames} filters={filters} onFilters={setFilters} />
          ) : trouble !== null ? (
            <Trouble error={trouble} />
          ) : (
            <Skeletons rows={8} height={40} />
          )}
        </div>
      )}
    </>
  );
}
