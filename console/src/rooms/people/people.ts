/** People as the server lists them, and how each stands. */
import { useQuery } from "@tanstack/react-query";
import { api, queries, type Schema, take } from "@/api";
import { useLive } from "@/live";
import { useThrottled } from "@/ui";

export type Person = Schema<"PersonOut">;
export type PersonSession = Schema<"SessionOut">;

/** active: may sign in · invited: has a link that is good · without: neither password nor link · disabled */
export type Standing = "active" | "invited" | "without" | "disabled";
export const STANDINGS: readonly Standing[] = ["active", "invited", "without", "disabled"];

const PAGE = 500;
/** Who called within it is here: calls of an open page come at least so often. */
const HERE_MS = 3 * 60_000;

export function standingOf(person: Person, now: Date): Standing {
  if (person.standing === "disabled") return "disabled";
  if (person.has_password) return "active";
  return person.link_expires_at != null && new Date(person.link_expires_at) > now ? "invited" : "without";
}

export function isHere(person: Person, now: Date): boolean {
  return person.last_seen_at != null && now.getTime() - new Date(person.last_seen_at).getTime() < HERE_MS;
}

async function everybody(): Promise<Person[]> {
  const found: Person[] = [];
  let after: string | null | undefined;
  do {
    const page = await take(api.GET("/api/v1/people", { params: { query: { limit: PAGE, after: after ?? null } } }));
    found.push(...page.items);
    after = page.next;
  } while (after != null);
  return found;
}

export function usePeople() {
  const again = useThrottled(() => void queries.invalidateQueries({ queryKey: ["people"] }), 1000);
  useLive(["audit.noted"], (happenings) => {
    if (happenings.some(({ data }) => /^(person|session)\./.test(data.action))) again();
  });
  return useQuery({ queryKey: ["people"], queryFn: everybody });
}

async function sessionsOf(login: string): Promise<PersonSession[]> {
  const found: PersonSession[] = [];
  let after: string | null | undefined;
  do {
    const page = await take(api.GET("/api/v1/sessions", { params: { query: { everyones: true, limit: PAGE, after: after ?? null } } }));
    found.push(...page.items.filter((each) => each.login === login));
    after = page.next;
  } while (after != null);
  return found;
}

export function useSessionsOf(login: string) {
  return useQuery({ queryKey: ["people", "sessions", login], queryFn: () => sessionsOf(login) });
}
