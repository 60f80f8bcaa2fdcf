/** Who knocked and was not let in, and how stations come in: read, and kept current while somebody looks. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, currentSession, onSession, queries, type Schema, take } from "@/api";
import { useLive } from "@/live";
import { useThrottled } from "@/ui";

export type Knock = Schema<"KnockOut">;
/** fields: names and values. openapi-fetch forgets that there are two of each. */
export type KnockDetail = Omit<Schema<"KnockDetail">, "fields"> & { fields: readonly (readonly string[])[] };
export type Reason = Schema<"KnockReason">;
export type Attempt = Schema<"AttemptOut">;
export type Step = Schema<"StepOut">;
export type Welcome = Schema<"WelcomeOut">;

export const REASONS = [
  "unknown_id",
  "wrong_password",
  "no_password",
  "disabled",
  "profile_too_low",
  "wrong_certificate",
  "expired_certificate",
  "no_certificate",
  "identity_mismatch",
  "wrong_path",
  "no_subprotocol",
  "subprotocol_not_allowed",
  "tls_failure",
  "bad_request",
  "throttled",
] as const satisfies readonly Reason[];

// A knock that goes on is told live once an hour; while somebody looks, the list is asked for in between.
const LIST_MS = 5000;
const HANDSHAKE_MS = 2000;
const PACE_MS = 500;

/**
 * new        it is not registered: it will be
 * password   it is, and gets a new password
 * enable     it is, and disabled
 */
export type Adoption = "new" | "password" | "enable";

const HELPED_BY_PASSWORD: ReadonlySet<Reason> = new Set<Reason>(["wrong_password", "no_password", "unknown_id"]);

/** Pure. What adopting would do; null where it would not help. */
export function adoptionOf(knock: Pick<Knock, "identity" | "reason" | "station">): Adoption | null {
  if (knock.identity === "") return null;
  if (knock.station === null) return "new";
  if (knock.station.connected) return null;
  if (knock.reason === "disabled") return "enable";
  return HELPED_BY_PASSWORD.has(knock.reason) ? "password" : null;
}

/** Some of them are gone, or are others now. Not the one that is open: it is perhaps the one that is gone. */
export async function readAgain(): Promise<void> {
  await Promise.all(["list", "badge", "recent"].map((part) => queries.invalidateQueries({ queryKey: ["inbox", part] })));
}

export function useKnocks(wanted: { q: string; reason: string }) {
  const again = useThrottled(() => void queries.invalidateQueries({ queryKey: ["inbox", "list"] }), PACE_MS);
  useLive(["station.refused", "station.connected", "station.changed"], again);
  return useInfiniteQuery({
    queryKey: ["inbox", "list", wanted],
    queryFn: ({ pageParam, signal }) => {
      const reason = REASONS.find((each) => each === wanted.reason);
      const query = { limit: 100, q: wanted.q, ...(reason === undefined ? {} : { reason }), ...(pageParam === "" ? {} : { after: pageParam }) };
      return take(api.GET("/api/v1/inbox", { params: { query }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? null,
    refetchInterval: LIST_MS,
    placeholderData: (before) => before,
  });
}

/** The latest few, for those who wait for one. */
export function useRecentKnocks(enabled: boolean) {
  const again = useThrottled(() => void queries.invalidateQueries({ queryKey: ["inbox", "recent"] }), PACE_MS);
  useLive(["station.refused"], again);
  return useQuery({
    queryKey: ["inbox", "recent"],
    queryFn: ({ signal }) => take(api.GET("/api/v1/inbox", { params: { query: { limit: 20 } }, signal })),
    refetchInterval: LIST_MS,
    enabled,
  });
}

export function useKnock(number: number | null) {
  const again = useThrottled(() => void queries.invalidateQueries({ queryKey: ["inbox", "one"] }), PACE_MS);
  useLive(["station.refused"], again);
  return useQuery({
    queryKey: ["inbox", "one", number],
    queryFn: ({ signal }) => take(api.GET("/api/v1/inbox/{number}", { params: { path: { number: number ?? 0 } }, signal })),
    enabled: number !== null,
    refetchInterval: LIST_MS,
    retry: false,
  });
}

/** How a station's attempts went, asked for again at what happens at the door. */
export function useHandshake(station: string) {
  const again = useThrottled(() => void queries.invalidateQueries({ queryKey: ["stations", station, "handshake"] }), PACE_MS);
  useLive(["station.refused", "station.connected", "station.disconnected", "station.booted", "station.changed"], (happenings) => {
    if (happenings.some(({ data }) => ("station_id" in data ? data.station_id : data.identity) === station)) again();
  });
  return useQuery({
    queryKey: ["stations", station, "handshake"],
    queryFn: ({ signal }) => take(api.GET("/api/v1/stations/{station_id}/handshake", { params: { path: { station_id: station }, query: { limit: 5 } }, signal })),
    refetchInterval: (query) => (query.state.data?.connected === true ? false : HANDSHAKE_MS),
    enabled: station !== "",
  });
}

// ---- passwords that are told once

/** at: when it was told, in ms of Date.now(). */
interface Told {
  welcome: Welcome;
  at: number;
}

const told = new Map<string, Told>();

/** Until the tab is closed or somebody signs out, so that a look elsewhere does not lose it. Never written anywhere. */
export function remember(welcome: Welcome): void {
  told.set(welcome.station_id, { welcome, at: Date.now() });
}

export function remembered(station: string): Told | undefined {
  return told.get(station);
}

onSession(() => {
  // Whoever comes next is somebody else, perhaps.
  if (currentSession().is === "nobody") told.clear();
});
