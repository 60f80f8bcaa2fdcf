import { Anchor, Button, Group, SegmentedControl, Skeleton, Text } from "@mantine/core";
import { IconAlertTriangle, IconBuilding, IconPlus, IconSearchOff } from "@tabler/icons-react";
import { lazy, Suspense, useMemo } from "react";
import { useMay } from "@/api";
import { format, useTexts } from "@/i18n";
import { type Site, useFleet, useFleetCalmly, useSites } from "@/live";
import { Link, pathOf, useFilters } from "@/route";
import { type Column, Empty, type Filter, FilterBar, PageHeader, SafeText, Trouble, VirtualTable } from "@/ui";
import { LoadBar } from "@/ui/LoadBar.tsx";
import type { Place } from "@/ui/Map.tsx";
import { StateBar } from "@/ui/StateCounts.tsx";
import { Uptime } from "@/ui/StationsTable.tsx";
import { countryName } from "./places.ts";
import classes from "./sites.module.css";
import { isAbove, NOTHING, NOWHERE, sameSums, type Sum, sumBySite } from "./sums.ts";
import { texts } from "./texts.ts";

const SitesMap = lazy(() => import("@/ui/Map.tsx"));

const DEFAULTS = { q: "", country: "", only: "", sort: "name", as: "table" };
type Name = keyof typeof DEFAULTS;

interface Row {
  site: Site;
  sum: Sum;
}

const ONLY: Readonly<Record<string, (row: Row) => boolean>> = {
  trouble: ({ sum }) => sum.troubled > 0,
  above: ({ site, sum }) => isAbove(site, sum),
  "no-limit": ({ site }) => site.power_limit_w === null,
  "no-position": ({ site }) => site.latitude === null,
  empty: ({ sum }) => sum.stations === 0,
};

const leadsTo = ({ site }: Row): string => pathOf("sites", site.id);
const idOf = ({ site }: Row): string => site.id;

function useRows(sites: readonly Site[] | undefined): { all: readonly Row[]; homeless: number } {
  const sums = useFleetCalmly(sumBySite, sameSums);
  return useMemo(
    () => ({ all: (sites ?? []).map((site) => ({ site, sum: sums.get(site.id) ?? NOTHING })), homeless: sums.get(NOWHERE)?.stations ?? 0 }),
    [sites, sums],
  );
}

function useColumns(): readonly Column<Row>[] {
  const { t, language } = useTexts(texts);
  return useMemo((): Column<Row>[] => {
    const where = (site: Site): string => [site.city, countryName(site.country, language)].filter((each) => each !== "").join(", ");
    return [
      {
        id: "name",
        title: t("sites.name"),
        keep: true,
        card: "title",
        min: 210,
        grow: 2,
        sort: ({ site }) => site.name,
        cell: ({ site }) => (
          <div className={classes.name}>
            <Anchor component={Link} to={pathOf("sites", site.id)} c="inherit" fw={600}>
              <SafeText text={site.name} most={60} />
            </Anchor>
            <Text size="xs" c="dimmed" component="div">
              <SafeText text={where(site)} most={60} />
            </Text>
          </div>
        ),
      },
      {
        id: "trouble",
        title: t("sites.trouble"),
        card: "aside",
        min: 150,
        grow: 1,
        sort: ({ site, sum }) => sum.troubled + (isAbove(site, sum) ? 1000 : 0),
        cell: ({ site, sum }) =>
          sum.troubled === 0 && !isAbove(site, sum) ? null : (
            <span className={classes.trouble} data-tone="bad">
              <IconAlertTriangle size={14} aria-hidden />
              {[sum.troubled > 0 ? t("sites.troubled", { n: sum.troubled }) : "", isAbove(site, sum) ? t("sites.above") : ""].filter(Boolean).join(", ")}
            </span>
          ),
      },
      {
        id: "stations",
        title: t("sites.states"),
        keep: true,
        min: 130,
        grow: 1,
        sort: ({ sum }) => sum.stations,
        cell: ({ sum }) => (
          <Group gap={8} wrap="nowrap" className={classes.states ?? ""}>
            <Text span size="sm" className={classes.count ?? ""}>
              {format.number(sum.stations)}
            </Text>
            {sum.stations === 0 ? null : <StateBar counts={sum.counts} />}
          </Group>
        ),
      },
      {
        id: "load",
        title: t("sites.load"),
        min: 232,
        grow: 0,
        sort: ({ site, sum }) => (site.power_limit_w === null || site.power_limit_w === 0 ? sum.power / 1e12 : sum.power / site.power_limit_w),
        cell: ({ site, sum }) => <LoadBar w={sum.power} limit={site.power_limit_w} />,
      },
      { id: "open", title: t("sites.open"), min: 136, grow: 0, align: "end", sort: ({ sum }) => sum.open, cell: ({ sum }) => format.number(sum.open) },
      { id: "uptime", title: t("sites.uptime"), min: 136, grow: 0, align: "end", sort: ({ sum }) => sum.uptime, cell: ({ sum }) => <Uptime of={sum.uptime} /> },
    ];
  }, [t, language]);
}

function matches(row: Row, filters: Readonly<Record<Name, string>>): boolean {
  const { site } = row;
  if (filters.country !== "" && site.country !== filters.country) return false;
  if (ONLY[filters.only]?.(row) === false) return false;
  const text = `${site.name} ${site.address} ${site.city}`.toLocaleLowerCase();
  return filters.q
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

export default function SitesPage() {
  const { t, language } = useTexts(texts);
  const may = useMay();
  const [filters, setFilters] = useFilters<Name>(DEFAULTS);
  const sites = useSites();
  const ready = useFleet((fleet) => fleet.is !== "reading");
  const { all, homeless } = useRows(sites.data);
  const columns = useColumns();
  const rows = useMemo(() => all.filter((row) => matches(row, filters)), [all, filters]);
  const bar = useMemo((): Filter<Name>[] => {
    const countries = [...new Set((sites.data ?? []).map((site) => site.country))].filter((code) => code !== "");
    return [
      { kind: "search", name: "q", label: t("sites.filter") },
      {
        kind: "choice",
        name: "country",
        label: t("sites.country"),
        options: countries.map((code) => ({ value: code, label: countryName(code, language) })).sort((a, b) => a.label.localeCompare(b.label)),
      },
      {
        kind: "choice",
        name: "only",
        label: t("sites.only"),
        options: [
          { value: "trouble", label: t("sites.onlyTrouble") },
          { value: "above", label: t("sites.onlyAbove") },
          { value: "no-limit", label: t("sites.onlyNoLimit") },
          { value: "no-position", label: t("sites.onlyNoPosition") },
          { value: "empty", label: t("sites.onlyEmpty") },
        ],
      },
    ];
  }, [sites.data, t, language]);
  const places = useMemo(
    () =>
      rows.flatMap(({ site, sum }): Place[] =>
        site.latitude === null || site.longitude === null
          ? []
          : [{ id: site.id, name: site.name, latitude: site.latitude, longitude: site.longitude, counts: sum.counts, to: pathOf("sites", site.id) }],
      ),
    [rows],
  );
  const add = may("sites:write") ? (
    <Button component={Link} to="/sites/new" leftSection={<IconPlus size={16} />}>
      {t("sites.add")}
    </Button>
  ) : null;
  if (sites.isError && sites.data === undefined) {
    return (
      <>
        <PageHeader title={t("sites.title")} />
        <Trouble error={sites.error} retry={() => void sites.refetch()} />
      </>
    );
  }
  if (sites.data?.length === 0) {
    return (
      <>
        <PageHeader title={t("sites.title")} />
        <Empty icon={IconBuilding} title={t("sites.none")} text={t("sites.noneText")}>
          {add}
        </Empty>
      </>
    );
  }
  return (
    <>
      <PageHeader
        title={t("sites.title")}
        detail={
          homeless > 0 ? (
            <Anchor component={Link} to="/stations?site=~" size="sm">
              {t("sites.homeless", { n: homeless })}
            </Anchor>
          ) : null
        }
      >
        {add}
      </PageHeader>
      <FilterBar filters={bar} values={filters} defaults={DEFAULTS} onChange={setFilters}>
        <SegmentedControl
          size="xs"
          ml="auto"
          aria-label={t("sites.view")}
          value={filters.as}
          onChange={(as) => setFilters({ as })}
          data={[
            { value: "table", label: t("sites.asTable") },
            { value: "map", label: t("sites.asMap") },
          ]}
        />
      </FilterBar>
      {filters.as === "map" ? (
        <Suspense fallback={<Skeleton height="70vh" />}>
          <SitesMap whole label={t("sites.mapLabel")} places={places} unplaced={rows.length - places.length} height="max(24rem, calc(100dvh - 15rem))" />
        </Suspense>
      ) : (
        <VirtualTable
          id="sites"
          label={t("sites.title")}
          rows={rows}
          columns={columns}
          rowId={idOf}
          to={leadsTo}
          rowHeight={56}
          sort={filters.sort}
          onSort={(sort) => setFilters({ sort })}
          loading={sites.isPending || !ready}
          empty={
            <Empty icon={IconSearchOff} title={t("sites.noMatch")} text={t("sites.noMatchText")}>
              <Button variant="default" onClick={() => setFilters({ q: "", country: "", only: "" })}>
                {t("sites.reset")}
              </Button>
            </Empty>
          }
        />
      )}
    </>
  );
}
