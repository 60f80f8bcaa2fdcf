/** The transactions of this station, the latest first. */
import { IconBolt } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, take } from "@/api";
import { useTexts } from "@/i18n";
import { pathOf, useFilters, useParams } from "@/route";
import { type Column, Duration, Empty, Energy, FilterBar, Power, SafeText, Since, StateBadge, Time, Trouble, VirtualTable } from "@/ui";
import { wordOfStop } from "@/ui/words/words.ts";
import type { Transaction } from "./data.ts";
import { texts } from "./texts.ts";

const DEFAULTS = { state: "", suspect: "" } as const;

export default function Transactions() {
  const { t } = useTexts(texts);
  const { id } = useParams<{ id: string }>();
  const [filters, setFilters] = useFilters<"state" | "suspect">(DEFAULTS);
  const found = useInfiniteQuery({
    queryKey: ["transactions", "of", id, filters],
    queryFn: ({ pageParam }) =>
      take(
        api.GET("/api/v1/transactions", {
          params: {
            query: {
              station_id: id,
              limit: 100,
              ...(filters.state === "" ? {} : { state: filters.state as "open" | "ended" }),
              ...(filters.suspect === "" ? {} : { suspect: true }),
              ...(pageParam === null ? {} : { after: pageParam }),
            },
          },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
  });
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data]);
  const columns = useMemo<readonly Column<Transaction>[]>(
    () => [
      { id: "started", title: t("station.tx.started"), min: 150, keep: true, card: "title", cell: (row) => <Time at={row.started_at} style="short" /> },
      {
        id: "state",
        title: t("station.tx.state"),
        min: 150,
        card: "aside",
        cell: (row) => <StateBadge size="sm" state={row.suspect ? "Suspect" : row.ended_at === null ? (row.charging_state ?? "Active") : "Ended"} />,
      },
      { id: "evse", title: t("station.tx.evse"), min: 70, grow: 0.4, cell: (row) => (row.evse === 0 ? "–" : row.evse) },
      { id: "token", title: t("station.tx.token"), min: 150, cell: (row) => (row.token === "" ? "–" : <SafeText mono text={row.token} most={24} />) },
      {
        id: "duration",
        title: t("station.tx.duration"),
        min: 110,
        cell: (row) => (row.ended_at === null ? <Since at={row.started_at} /> : <Duration s={(Date.parse(row.ended_at) - Date.parse(row.started_at)) / 1000} />),
      },
      { id: "energy", title: t("station.tx.energy"), min: 100, align: "end", cell: (row) => <Energy wh={row.energy_wh} /> },
      { id: "power", title: t("station.tx.power"), min: 100, align: "end", card: "none", cell: (row) => (row.ended_at === null ? <Power w={row.power_w} /> : null) },
      { id: "reason", title: t("station.tx.reason"), min: 130, card: "none", cell: (row) => (row.stop_reason === null ? null : <SafeText text={wordOfStop(row.stop_reason)} most={60} />) },
    ],
    [t],
  );
  return (
    <>
      <FilterBar
        values={filters}
        defaults={DEFAULTS}
        onChange={setFilters}
        filters={[
          {
            kind: "choice",
            name: "state",
            label: t("station.tx.state"),
            options: [
              { value: "open", label: t("station.tx.open") },
              { value: "ended", label: t("station.tx.ended") },
            ],
          },
          { kind: "choice", name: "suspect", label: t("station.tx.odd"), options: [{ value: "yes", label: t("station.tx.suspect") }] },
        ]}
      />
      {found.isError ? <Trouble error={found.error} retry={() => void found.refetch()} /> : null}
      <VirtualTable
        id="station-transactions"
        label={t("station.tab.transactions")}
        rows={rows}
        columns={columns}
        rowId={(row) => row.id}
        to={(row) => pathOf("transactions", row.station_id, row.id)}
        loading={found.isPending}
        more={{ has: found.hasNextPage, loading: found.isFetchingNextPage, load: () => void found.fetchNextPage() }}
        empty={<Empty icon={IconBolt} title={t("station.tx.none")} text={t("station.tx.noneText")} />}
      />
    </>
  );
}
