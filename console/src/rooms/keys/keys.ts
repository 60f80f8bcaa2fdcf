/** API keys as the server lists them, and how each stands. */
import { useQuery } from "@tanstack/react-query";
import { api, queries, type Schema, take } from "@/api";
import { useLive } from "@/live";
import { useThrottled } from "@/ui";

export type ApiKey = Schema<"ApiKeyOut">;
export type KeyState = "active" | "expiring" | "expired" | "revoked";
export const KEY_STATES: readonly KeyState[] = ["active", "expiring", "expired", "revoked"];

const SOON_MS = 7 * 86_400_000;

export function stateOf(key: ApiKey, now: Date): KeyState {
  if (key.revoked_at !== null) return "revoked";
  if (key.expires_at === null) return "active";
  const left = new Date(key.expires_at).getTime() - now.getTime();
  return left <= 0 ? "expired" : left < SOON_MS ? "expiring" : "active";
}

export function isGood(state: KeyState): boolean {
  return state === "active" || state === "expiring";
}

async function all(): Promise<ApiKey[]> {
  const found: ApiKey[] = [];
  let after: string | null | undefined;
  do {
    const page = await take(api.GET("/api/v1/api-keys", { params: { query: { limit: 500, after: after ?? null } } }));
    found.push(...page.items);
    after = page.next;
  } while (after != null);
  return found;
}

export function useKeys() {
  const again = useThrottled(() => void queries.invalidateQueries({ queryKey: ["api-keys"] }), 1000);
  useLive(["audit.noted"], (happenings) => {
    if (happenings.some(({ data }) => data.action.startsWith("api_key."))) again();
  });
  // When a key was last used is not told, and kept to the minute.
  return useQuery({ queryKey: ["api-keys"], queryFn: all, refetchInterval: 60_000 });
}
