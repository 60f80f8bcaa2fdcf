/** The list of transactions, page by page, kept current without reading it all again. */
import { type InfiniteData, keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { api, queries, take } from "@/api";
import { type HappeningOf, onResync, useLive } from "@/live";
import type { Filters } from "@/route";
import { rangeOf, useThrottled } from "@/ui";
import { keyOf, rowKey, type Transaction } from "@/ui/charge";

export const NO_FILTERS = { station: "", site: "", token: "", state: "", suspect: "", since: "", until: "" };
export type Wanted = Filters<keyof typeof NO_FILTERS>;
interface Page {
  items: readonly Transaction[];
  next?: string | null;
}
type Pages = InfiniteData<Page, string | undefined>;

const PAGE = 100;

/** As the API takes them. */
export function queryOf(wanted: Wanted, now = new Date()) {
  const { station, site, token, suspect, since, until } = wanted;
  const state = (["open", "ended"] as const).find((each) => each === wanted.state);
  return {
    ...(station === "" ? {} : { station_id: station }),
    ...(site === "" ? {} : { site_id: site }),
    ...(token === "" ? {} : { token }),
    ...(state === undefined ? {} : { state }),
    ...(suspect === "" ? {} : { suspect: suspect === "true" }),
    ...rangeOf({ since, until }, now),
  };
}

async function read(wanted: Wanted, after: string | undefined, signal?: AbortSignal): Promise<Page> {
  const query = { ...queryOf(wanted), limit: PAGE, ...(after === undefined ? {} : { after }) };
  return take(api.GET("/api/v1/transactions", { params: { query }, ...(signal === undefined ? {} : { signal }) }));
}

/** The server's order: the latest start first, then by station and id. */
function comesBefore(a: Transaction, b: Transaction): boolean {
  const [left, right] = [Date.parse(a.started_at), Date.parse(b.started_at)];
  if (left !== right) return left > right;
  return a.station_id === b.station_id ? a.id < b.id : a.station_id < b.station_id;
}

/**
 * Pure. The pages with a new first one. What was in the list and is not in the new page stays where it comes after the
 * page's end, and goes where it would have had to be in it.
 */
export function withFirst(pages: readonly Page[], fresh: Page): readonly Page[] {
  const [first, ...rest] = pages;
  const last = fresh.items.at(-1);
  if (first === undefined || fresh.next === null || fresh.next === undefined || last === undefined) return [fresh];
  const inFresh = new Set(fresh.items.map(rowKey));
  const after = (row: Transaction): boolean => !inFresh.has(rowKey(row)) && comesBefore(last, row);
  return [{ items: [...fresh.items, ...first.items.filter(after)], next: first.next ?? null }, ...rest.map((page) => ({ ...page, items: page.items.filter(after) }))];
}

type Told = HappeningOf<"transaction.ended" | "transaction.corrected">;

/** Pure. What an event says of a row for certain; null: it is no longer in this list. */
export function patched(row: Transaction, { name, data }: Told, wanted: Wanted): Transaction | null {
  let next: Transaction = row;
  if (name === "transaction.ended") {
    const { energy_wh, suspect, at, reason } = data;
    next = { ...row, energy_wh, suspect, ended_at: row.ended_at ?? at, stop_reason: reason as Transaction["stop_reason"], power_w: null };
  } else next = { ...row, energy_wh: data.energy_wh, suspect: data.suspect, ended_at: data.ended ? (row.ended_at ?? data.at) : null };
  const isOpen = next.ended_at === null;
  if ((wanted.state === "open" && !isOpen) || (wanted.state === "ended" && isOpen)) return null;
  if (wanted.suspect !== "" && next.suspect !== (wanted.suspect === "true")) return null;
  return next;
}

function withTold(pages: readonly Page[], told: readonly Told[], wanted: Wanted): readonly Page[] {
  const byKey = new Map<string, Told[]>();
  for (const each of told) {
    const key = keyOf(each.data.station_id, each.data.transaction_id);
    byKey.set(key, [...(byKey.get(key) ?? []), each]);
  }
  const next = pages.map((page) => {
    if (!page.items.some((row) => byKey.has(rowKey(row)))) return page;
    const items = page.items.flatMap((row) => {
      const now = (byKey.get(rowKey(row)) ?? []).reduce<Transaction | null>((before, each) => before && patched(before, each, wanted), row);
      return now === null ? [] : [now];
    });
    return { ...page, items };
  });
  return next.some((page, index) => page !== pages[index]) ? next : pages;
}

const OFTEN_MS = 1500;

export function useTransactions(wanted: Wanted) {
  const key = useMemo(() => ["transactions", "list", wanted] as const, [wanted]);
  const found = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => read(wanted, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: keepPreviousData,
  });
  const change = (to: (pages: readonly Page[]) => readonly Page[]): void => {
    queries.setQueryData<Pages>(key, (old) => {
      if (old === undefined) return old;
      const pages = to(old.pages);
      return pages === old.pages ? old : { pages: [...pages], pageParams: old.pageParams.slice(0, pages.length) };
    });
  };
  const refresh = useThrottled(() => {
    read(wanted, undefined).then(
      (fresh) => change((pages) => withFirst(pages, fresh)),
      // What could not be read is read with the next event; a lost server has its banner.
      () => undefined,
    );
  }, OFTEN_MS);
  useLive(["transaction.started", "transaction.ended", "transaction.corrected", "transaction.reviewed"], (happenings) => {
    const told = happenings.filter((each): each is Told => each.name === "transaction.ended" || each.name === "transaction.corrected");
    if (told.length > 0) change((pages) => withTold(pages, told, wanted));
    refresh();
  });
  useEffect(() => onResync(() => void queries.invalidateQueries({ queryKey: ["transactions"] })), []);
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data]);
  return { ...found, rows };
}
