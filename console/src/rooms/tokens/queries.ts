/** Reading tokens and groups. */
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { api, queries, type Schema, take } from "@/api";
import { useLive } from "@/live";
import type { Filters } from "@/route";
import { useThrottled } from "@/ui";

export type Token = Schema<"TokenOut">;
export type Group = Schema<"GroupOut">;

export const STANDINGS = ["Accepted", "Blocked", "Expired", "NotAtThisTime"] as const;
export const KINDS = ["", "ISO14443", "ISO15693", "Central", "Local", "KeyCode", "eMAID", "EVCCID", "MacAddress", "VIN", "DirectPayment"] as const satisfies readonly Token["kind"][];
export const NO_FILTERS = { q: "", standing: "", group: "" };
export type Wanted = Filters<keyof typeof NO_FILTERS>;

export const tokenId = (token: Token): string => token.value;
export const groupId = (group: Group): string => group.id;

const PAGE = 100;
const OFTEN_MS = 2000;

function queryOf(wanted: Wanted) {
  const standing = STANDINGS.find((each) => each === wanted.standing);
  return {
    ...(wanted.q === "" ? {} : { q: wanted.q }),
    ...(wanted.group === "" ? {} : { group: wanted.group }),
    ...(standing === undefined ? {} : { standing }),
  };
}

/** Being removed from here: not asked for any more while its page is still open. */
const leaving = new Set<string>();

/** Reads anew what is shown of tokens. */
export function refresh(): void {
  void queries.invalidateQueries({ queryKey: ["tokens"], predicate: ({ queryKey: [, kind, value] }) => kind !== "one" || !leaving.has(String(value)) });
}

export async function removeToken(value: string): Promise<void> {
  const key = value.toUpperCase();
  leaving.add(key);
  try {
    await take(api.DELETE("/api/v1/tokens/{value}", { params: { path: { value } } }));
  } catch (error) {
    leaving.delete(key);
    throw error;
  }
}

/** What others change is seen here too. */
function useFresh(): void {
  const again = useThrottled(refresh, OFTEN_MS);
  useLive(["token.changed"], again);
}

/** Who charges now changes all the time, and is not worth reading a long list for. */
const CHARGES_MS = 10_000;
const MOST_PAGES = 3;

export function useTokens(wanted: Wanted) {
  useFresh();
  const again = useThrottled(() => {
    if ((found.data?.pages.length ?? 0) <= MOST_PAGES) void queries.invalidateQueries({ queryKey: ["tokens", "list"] });
  }, CHARGES_MS);
  useLive(["transaction.started", "transaction.ended"], again);
  const found = useInfiniteQuery({
    queryKey: ["tokens", "list", wanted],
    queryFn: ({ pageParam, signal }) =>
      take(api.GET("/api/v1/tokens", { params: { query: { ...queryOf(wanted), limit: PAGE, ...(pageParam === undefined ? {} : { after: pageParam }) } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: keepPreviousData,
  });
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data]);
  return { ...found, rows };
}

export function useToken(value: string) {
  useFresh();
  const key = value.toUpperCase();
  // One of the same name that was added again is asked for.
  useEffect(() => void leaving.delete(key), [key]);
  return useQuery({
    queryKey: ["tokens", "one", key],
    queryFn: ({ signal }) => take(api.GET("/api/v1/tokens/{value}", { params: { path: { value } }, signal })),
  });
}

async function readGroups(signal: AbortSignal): Promise<readonly Group[]> {
  const all: Group[] = [];
  for (let after: string | undefined; ; ) {
    const page = await take(api.GET("/api/v1/token-groups", { params: { query: { limit: 500, ...(after === undefined ? {} : { after }) } }, signal }));
    all.push(...page.items);
    if (page.next === null || page.next === undefined) return all;
    after = page.next;
  }
}

const NONE: readonly Group[] = [];

export function useGroups() {
  const found = useQuery({ queryKey: ["tokens", "groups"], queryFn: ({ signal }) => readGroups(signal) });
  return { ...found, groups: found.data ?? NONE };
}
