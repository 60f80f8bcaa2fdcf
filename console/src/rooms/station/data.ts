/** What the tabs read of a station, and how it is kept current by events. */
import { useQuery } from "@tanstack/react-query";
import { api, queries, type Schema, take, useMay } from "@/api";
import { useLive } from "@/live";
import { useThrottled } from "@/ui";

export type Detail = Schema<"StationDetail">;
/** Without its pairs of numbers, which come out of a call as another type than the document has. */
export type Transaction = Omit<Schema<"TransactionOut">, "missing_reports">;
export type Connector = Schema<"ConnectorOut">;
export type Fault = Schema<"FaultOut">;

export const keys = {
  all: (id: string) => ["stations", id] as const,
  detail: (id: string) => ["stations", id, "detail"] as const,
  open: (id: string) => ["stations", id, "open"] as const,
  link: (id: string) => ["stations", id, "link"] as const,
  uptime: (id: string) => ["stations", id, "uptime"] as const,
  handshake: (id: string) => ["stations", id, "handshake"] as const,
  settings: (id: string) => ["stations", id, "settings"] as const,
  commands: (id: string) => ["stations", id, "commands"] as const,
  history: (id: string) => ["stations", id, "history"] as const,
  outages: (id: string) => ["stations", id, "outages"] as const,
  vocabulary: (id: string) => ["stations", id, "vocabulary"] as const,
  certificates: (id: string) => ["stations", id, "certificates"] as const,
};

const of = (id: string) => ({ params: { path: { station_id: id } } });

export function useDetail(id: string) {
  return useQuery({
    queryKey: keys.detail(id),
    queryFn: () => take(api.GET("/api/v1/stations/{station_id}", of(id))),
    // A station that is not there will not be there at the second try.
    retry: false,
  });
}

/** The transactions that run there, kept current by what the stations' meters tell. */
export function useOpen(id: string) {
  const may = useMay();
  return useQuery({
    queryKey: keys.open(id),
    queryFn: async () =>
      (await take(api.GET("/api/v1/transactions", { params: { query: { station_id: id, state: "open", limit: 100 } } }))).items,
    enabled: may("transactions:read"),
  });
}

/** Asked every ten seconds while somebody looks: it is the connection itself, and no event tells of it. */
export function useLink(id: string, connected: boolean) {
  return useQuery({
    queryKey: keys.link(id),
    queryFn: async () => (await take(api.GET("/api/v1/stations/{station_id}/link", of(id)))) ?? null,
    enabled: connected,
    refetchInterval: 10_000,
    staleTime: 5_000,
  });
}

export function useUptime(id: string) {
  return useQuery({
    queryKey: keys.uptime(id),
    queryFn: () => take(api.GET("/api/v1/stations/{station_id}/uptime", of(id))),
  });
}

export function useHandshake(id: string, wanted: boolean) {
  return useQuery({
    queryKey: keys.handshake(id),
    queryFn: () => take(api.GET("/api/v1/stations/{station_id}/handshake", of(id))),
    enabled: wanted,
  });
}

export function useVocabulary(id: string) {
  return useQuery({
    queryKey: keys.vocabulary(id),
    queryFn: () => take(api.GET("/api/v1/stations/{station_id}/vocabulary", of(id))),
  });
}

export function useSites() {
  const may = useMay();
  return useQuery({
    queryKey: ["sites", "choices"],
    queryFn: () => take(api.GET("/api/v1/sites", { params: { query: { limit: 500 } } })),
    enabled: may("sites:read"),
  });
}

/** The sum of what flows, null where no meter said. Pure. */
export function powerOf(transactions: readonly Transaction[] | undefined): number | null {
  const known = (transactions ?? []).flatMap((each) => (each.power_w === null ? [] : [each.power_w]));
  return known.length === 0 ? null : known.reduce((sum, each) => sum + each, 0);
}

/** Once, at the top of the room: events of this station put what they say into what was read, or have it read again. */
export function useKeptCurrent(id: string): void {
  const again = useThrottled(() => {
    void queries.invalidateQueries({ queryKey: keys.detail(id) });
    void queries.invalidateQueries({ queryKey: keys.open(id) });
    void queries.invalidateQueries({ queryKey: keys.uptime(id) });
    void queries.invalidateQueries({ queryKey: keys.handshake(id) });
    void queries.invalidateQueries({ queryKey: keys.outages(id) });
    void queries.invalidateQueries({ queryKey: keys.history(id) });
    void queries.invalidateQueries({ queryKey: ["transactions", "of", id] });
  }, 400);
  const linkAgain = useThrottled(() => void queries.invalidateQueries({ queryKey: keys.link(id) }), 1000);
  useLive(["transaction.updated"], (happenings) => {
    const mine = happenings.filter(({ data }) => data.station_id === id);
    if (mine.length === 0) return;
    const known = queries.getQueryData<readonly Transaction[]>(keys.open(id));
    if (known === undefined) return;
    const newest = new Map(mine.map(({ data }) => [data.transaction_id, data]));
    queries.setQueryData<readonly Transaction[]>(
      keys.open(id),
      known.map((each) => {
        const told = newest.get(each.id);
        if (told === undefined) return each;
        return {
          ...each,
          heard_at: told.at,
          charging_state: (told.charging_state || each.charging_state) as Transaction["charging_state"],
          energy_wh: told.energy_wh ?? each.energy_wh,
          power_w: told.power_w ?? each.power_w,
          soc_percent: told.soc_percent ?? each.soc_percent,
        };
      }),
    );
  });
  useLive(
    [
      "station.connected",
      "station.disconnected",
      "station.changed",
      "station.booted",
      "connector.status_changed",
      "station.fault_noticed",
      "transaction.started",
      "transaction.ended",
      "transaction.corrected",
    ],
    (happenings) => {
      const mine = happenings.filter(({ data }) => data.station_id === id);
      if (mine.length === 0) return;
      again();
      if (mine.some(({ name }) => name === "station.connected")) {
        linkAgain();
        void queries.invalidateQueries({ queryKey: keys.vocabulary(id) });
      }
    },
  );
  useLive(["station.refused"], (happenings) => {
    if (happenings.some(({ data }) => data.identity === id)) void queries.invalidateQueries({ queryKey: keys.handshake(id) });
  });
  useLive(["command.answered"], (happenings) => {
    if (!happenings.some(({ data }) => data.station_id === id)) return;
    void queries.invalidateQueries({ queryKey: keys.commands(id) });
    void queries.invalidateQueries({ queryKey: keys.history(id) });
  });
  useLive(["station.settings_received"], (happenings) => {
    if (happenings.some(({ data }) => data.station_id === id)) void queries.invalidateQueries({ queryKey: keys.settings(id) });
  });
}
