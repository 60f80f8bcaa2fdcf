import { Box, Button, Menu, SimpleGrid, Text } from "@mantine/core";
import { IconBolt, IconDownload, IconFileTypeCsv, IconFilterOff, IconJson, IconNfc, IconPlug } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { api, queries, take, useMay } from "@/api";
import { dayOf, format, useTexts } from "@/i18n";
import { type Fleet, sameRecord, useFleet, useLive } from "@/live";
import { pathOf, useFilters } from "@/route";
import {
  type Column,
  Empty,
  Figure,
  Id,
  PageHeader,
  PickFilter,
  RangeFilter,
  SafeText,
  SavedViews,
  Time,
  Trouble,
  Unknown,
  useSiteNames,
  useSites,
  useThrottled,
  FilterBar,
  VirtualTable,
} from "@/ui";
import { ChargeDuration, ChargeEnergy, ChargePower, ChargeSoc, ChargeState, rowKey, type Transaction } from "@/ui/charge";
import { NO_FILTERS, queryOf, useTransactions, type Wanted } from "./list.ts";
import { reasonText } from "./reasons.ts";
import { texts } from "./texts.ts";

const SUMMARY_MS = 10_000;

/** Midnight of the reader's day: today's energy is theirs, not UTC's. */
function midnight(): string {
  return dayOf(new Date()).toISOString();
}

function Totals(props: { site: string }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const { site } = props;
  const since = midnight();
  const queryKey = ["transactions", "summary", site, since];
  const { data } = useQuery({
    queryKey,
    queryFn: ({ signal }) => take(api.GET("/api/v1/transactions/summary", { params: { query: { since, ...(site === "" ? {} : { site_id: site }) } }, signal })),
  });
  const again = useThrottled(() => void queries.invalidateQueries({ queryKey: ["transactions", "summary"] }), SUMMARY_MS);
  useLive(["transaction.started", "transaction.updated", "transaction.ended", "transaction.corrected", "transaction.reviewed"], again);
  const select = useCallback(
    (fleet: Fleet) => {
      let [power, open] = [0, 0];
      for (const row of fleet.rows) {
        if (site !== "" && row.site_id !== site) continue;
        power += row.power_w ?? 0;
        open += row.transactions_open;
      }
      return { power, open, is: fleet.is };
    },
    [site],
  );
  const fleet = useFleet(select, sameRecord);
  // The fleet in memory moves with every meter value; who may not see it gets what the server says now and then.
  const live = fleet.is === "ready" && may("stations:read");
  const open = live ? fleet.open : data?.open;
  const power = live ? fleet.power : data?.power_w;
  const n = (value: number | undefined): string => (value === undefined ? "–" : format.number(value));
  return (
    <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm" mb="md">
      <Figure name={t("transactions.totalOpen")} value={n(open)} detail={t("transactions.totalCharging", { n: data?.charging ?? 0 })} to="/transactions?state=open" />
      <Figure name={t("transactions.totalPower")} value={power === undefined ? "–" : format.power(power)} detail={t("transactions.totalPowerOf")} />
      <Figure name={t("transactions.totalEnergy")} value={data === undefined ? "–" : format.energy(data.energy_wh)} detail={t("transactions.totalEnded", { n: data?.ended ?? 0 })} />
      <Figure
        name={t("transactions.totalSuspect")}
        value={n(data?.suspect_open)}
        detail={t("transactions.totalSuspectOf")}
        alarm={(data?.suspect_open ?? 0) > 0}
        to="/transactions?suspect=true"
      />
    </SimpleGrid>
  );
}

function useColumns(): readonly Column<Transaction>[] {
  const { t } = useTexts(texts);
  const may = useMay();
  const sites = useSiteNames();
  const mayStations = may("stations:read");
  const siteOf = useFleet(useCallback((fleet: Fleet) => fleet.byId, []));
  return useMemo(
    (): readonly Column<Transaction>[] => [
      { id: "station", title: t("transactions.station"), min: 150, keep: true, card: "title", cell: (row) => <Place of={row} /> },
      { id: "state", title: t("transactions.state"), min: 180, keep: true, card: "aside", cell: (row) => <ChargeState of={row} size="sm" /> },
      { id: "started", title: t("transactions.started"), min: 115, cell: (row) => <Time at={row.started_at} /> },
      { id: "duration", title: t("transactions.duration"), min: 105, align: "end", cell: (row) => <ChargeDuration of={row} /> },
      { id: "energy", title: t("transactions.energy"), min: 100, align: "end", keep: true, cell: (row) => <ChargeEnergy of={row} /> },
      { id: "power", title: t("transactions.power"), min: 90, align: "end", cell: (row) => <ChargePower of={row} /> },
      { id: "soc", title: t("transactions.soc"), min: 75, align: "end", card: "none", cell: (row) => <ChargeSoc of={row} /> },
      { id: "token", title: t("transactions.token"), min: 170, cell: (row) => (row.token === "" ? <Unknown /> : <SafeText text={row.token} most={24} mono />) },
      { id: "reason", title: t("transactions.reason"), min: 170, grow: 2, card: "none", cell: (row) => (row.stop_reason === null ? null : <Text size="sm" truncate>{reasonText(row.stop_reason)}</Text>) },
      ...(mayStations
        ? [
            {
              id: "site",
              title: t("transactions.site"),
              min: 130,
              hidden: true,
              card: "none",
              cell: (row) => {
                const site = siteOf.get(row.station_id)?.site_id ?? null;
                return site === null ? <Unknown /> : <SafeText text={sites.get(site) ?? site} most={40} />;
              },
            } satisfies Column<Transaction>,
          ]
        : []),
      { id: "heard", title: t("transactions.heard"), min: 130, hidden: true, card: "none", cell: (row) => <Time at={row.heard_at} /> },
      { id: "id", title: t("transactions.id"), min: 170, hidden: true, card: "none", cell: (row) => <Id id={row.id} copy /> },
    ],
    [t, mayStations, sites, siteOf],
  );
}

function Place(props: { of: Transaction }) {
  const { station_id, evse } = props.of;
  return (
    <Box miw={0} component="span" style={{ display: "inline-flex", gap: 6, alignItems: "baseline", minWidth: 0 }}>
      <Id id={station_id} to={pathOf("transactions", station_id, props.of.id)} />
      {evse === 0 ? null : (
        <Text span size="sm" c="dimmed" style={{ whiteSpace: "nowrap" }}>
          EVSE {evse}
        </Text>
      )}
    </Box>
  );
}

const whereTo = (row: Transaction): string => pathOf("transactions", row.station_id, row.id);
const toneOf = (row: Transaction): string | undefined => (row.suspect ? "bad" : undefined);

function useStationIds(typed: string): readonly string[] {
  const select = useCallback(
    (fleet: Fleet) => {
      const word = typed.trim().toLowerCase();
      const found: string[] = [];
      for (const row of fleet.rows) {
        if (word !== "" && !row.id.toLowerCase().includes(word)) continue;
        found.push(row.id);
        if (found.length === 12) break;
      }
      return found.join("\n");
    },
    [typed],
  );
  const ids = useFleet(select);
  return useMemo(() => (ids === "" ? [] : ids.split("\n")), [ids]);
}

function useTokenValues(typed: string): readonly string[] {
  const may = useMay();
  const word = typed.trim();
  const { data } = useQuery({
    queryKey: ["tokens", "proposed", word],
    queryFn: ({ signal }) => take(api.GET("/api/v1/tokens", { params: { query: { q: word.slice(0, 100), limit: 12 } }, signal })),
    enabled: may("tokens:read") && word.length > 1,
  });
  return useMemo(() => data?.items.map((each) => each.value) ?? [], [data]);
}

function Export(props: { wanted: Wanted }) {
  const { t } = useTexts(texts);
  const address = (kind: "csv" | "jsonl"): string => {
    const query = new URLSearchParams({ ...queryOf(props.wanted), format: kind } as unknown as Record<string, string>);
    return `/api/v1/transactions/export?${query}`;
  };
  return (
    <Menu>
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={16} stroke={1.7} />}>
          {t("transactions.export")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href={address("csv")} download leftSection={<IconFileTypeCsv size={16} />}>
          CSV
        </Menu.Item>
        <Menu.Item component="a" href={address("jsonl")} download leftSection={<IconJson size={16} />}>
          JSON Lines
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

export default function TransactionsPage() {
  const { t } = useTexts(texts);
  const [wanted, setWanted] = useFilters<keyof Wanted>(NO_FILTERS);
  const found = useTransactions(wanted);
  const columns = useColumns();
  const sites = useSites();
  const [stationTyped, setStationTyped] = useState("");
  const [tokenTyped, setTokenTyped] = useState("");
  const stationIds = useStationIds(stationTyped);
  const tokenValues = useTokenValues(tokenTyped);
  const isFiltered = (Object.keys(NO_FILTERS) as (keyof Wanted)[]).some((name) => wanted[name] !== "");
  const empty = isFiltered ? (
    <Empty icon={IconFilterOff} title={t("transactions.noneFound")} text={t("transactions.noneFoundText")}>
      <Button variant="default" onClick={() => setWanted(NO_FILTERS)}>
        {t("transactions.showAll")}
      </Button>
    </Empty>
  ) : (
    <Empty icon={IconBolt} title={t("transactions.noneYet")} text={t("transactions.noneYetText")} />
  );
  return (
    <>
      <PageHeader title={t("transactions.title")}>
        <SavedViews room="transactions" />
        <Export wanted={wanted} />
      </PageHeader>
      <Totals site={wanted.site} />
      <FilterBar
        values={wanted}
        defaults={NO_FILTERS}
        onChange={setWanted}
        filters={[
          {
            kind: "own",
            name: "station",
            field: (
              <PickFilter
                first
                label={t("transactions.station")}
                icon={<IconPlug size={16} stroke={1.7} />}
                value={wanted.station}
                options={stationIds}
                onTyped={setStationTyped}
                onChange={(station) => setWanted({ station })}
              />
            ),
          },
          {
            kind: "own",
            name: "token",
            field: (
              <PickFilter
                label={t("transactions.token")}
                icon={<IconNfc size={16} stroke={1.7} />}
                value={wanted.token}
                options={tokenValues}
                onTyped={setTokenTyped}
                onChange={(token) => setWanted({ token })}
              />
            ),
          },
          {
            kind: "choice",
            name: "state",
            label: t("transactions.state"),
            options: [
              { value: "open", label: t("transactions.stateOpen") },
              { value: "ended", label: t("transactions.stateEnded") },
            ],
          },
          {
            kind: "choice",
            name: "suspect",
            label: t("transactions.suspect"),
            options: [
              { value: "true", label: t("transactions.suspectOnly") },
              { value: "false", label: t("transactions.suspectNot") },
            ],
          },
          { kind: "choice", name: "site", label: t("transactions.site"), options: sites.map((site) => ({ value: site.id, label: site.name })), searchable: true },
          {
            kind: "own",
            name: "since",
            also: ["until"],
            field: <RangeFilter label={t("transactions.started")} since={wanted.since} until={wanted.until} onChange={setWanted} />,
          },
        ]}
      />
      {found.isError && found.rows.length === 0 ? (
        <Trouble error={found.error} retry={() => void found.refetch()} />
      ) : (
        <VirtualTable
          id="transactions"
          label={t("transactions.title")}
          rows={found.rows}
          columns={columns}
          rowId={rowKey}
          to={whereTo}
          rowTone={toneOf}
          loading={found.isPending}
          empty={empty}
          more={{ has: found.hasNextPage, loading: found.isFetchingNextPage, load: () => void found.fetchNextPage() }}
        />
      )}
    </>
  );
}
