/**
 * The message log of a station as it grows: pages backwards on demand, and what is new every two seconds while it is
 * wanted. Nothing tells of single messages (thousands a second pass), so the newest are asked for, a short time back.
 */
import { type InfiniteData, useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useMemo } from "react";
import { api, queries, type Schema, take } from "@/api";
import { language, useLanguage } from "@/i18n";

export type Message = Schema<"MessageOut">;

export interface Wish {
  readonly action: string;
  readonly direction: string;
  readonly trouble: string;
  readonly q: string;
  readonly since: string;
  readonly until: string;
}

const PAGE = 100;
const EVERY_MS = 2000;
/** A call is kept when it was answered: one that waited long comes after later ones. */
const BACK_MS = 150_000;
const MOST_KEPT = 20_000;

function isOutcome(text: string): text is Message["outcome"] {
  return text === "answered" || text === "error" || text === "unanswered";
}

export function queryOf(wish: Wish) {
  return {
    ...(wish.action === "" ? {} : { action: [wish.action] }),
    ...(wish.direction === "" ? {} : { direction: wish.direction as Message["direction"] }),
    ...(wish.trouble === "trouble" ? { trouble: true } : {}),
    ...(isOutcome(wish.trouble) ? { outcome: wish.trouble } : {}),
    ...(wish.q.trim() === "" ? {} : { q: wish.q.trim() }),
    ...(wish.since === "" ? {} : { since: wish.since }),
    ...(wish.until === "" ? {} : { until: wish.until }),
  };
}

/**
 * A page, and what it was when it was read.
 *
 * newest   the number that was the newest then: what is above it came by itself since
 * readAt   when that was, in ms
 */
interface Page {
  readonly items: readonly Message[];
  readonly next: string | null;
  readonly newest: number;
  readonly readAt: number;
}

type Query = ReturnType<typeof queryOf> & { limit: number; after?: string; since?: string };

async function ask(id: string, query: Query, signal: AbortSignal): Promise<Page> {
  const page = await take(api.GET("/api/v1/stations/{station_id}/messages", { params: { path: { station_id: id }, query: { ...query, language: language() } }, signal }));
  return { items: page.items, next: page.next ?? null, newest: page.items[0]?.number ?? 0, readAt: Date.now() };
}

/** Those that are not there yet, before those that are; by number, the newest first. Pure. */
export function joined(known: readonly Message[], found: readonly Message[]): readonly Message[] {
  const numbers = new Set(known.map((each) => each.number));
  const fresh = found.filter((each) => !numbers.has(each.number));
  if (fresh.length === 0) return known;
  return [...fresh, ...known].sort((a, b) => b.number - a.number).slice(0, MOST_KEPT);
}

/** The new ones since what is known: as far back as that, for a page of new ones may not be all of them. */
async function newer(id: string, wish: Wish, known: readonly Message[], readAt: number, signal: AbortSignal): Promise<readonly Message[]> {
  const [newest] = known;
  const from = new Date((newest === undefined ? readAt : Date.parse(newest.at)) - BACK_MS).toISOString();
  const query = { ...queryOf(wish), since: wish.since > from ? wish.since : from };
  const numbers = new Set(known.map((each) => each.number));
  const found: Message[] = [];
  let after: string | null = null;
  for (let pages = 0; pages < 10; pages += 1) {
    const page: Page = await ask(id, { ...query, limit: pages === 0 ? 25 : PAGE, ...(after === null ? {} : { after }) }, signal);
    found.push(...page.items);
    after = page.next;
    if (after === null || page.items.some((each) => numbers.has(each.number))) break;
  }
  return found;
}

export function useMessages(id: string, wish: Wish, live: boolean) {
  const spoken = useLanguage();
  const queryKey = useMemo(() => ["stations", id, "messages", wish, spoken] as const, [id, wish, spoken]);
  const found = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => ask(id, { ...queryOf(wish), limit: PAGE, ...(pageParam === null ? {} : { after: pageParam }) }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    // What was said does not change; what is new comes by the tail.
    staleTime: Infinity,
    gcTime: 0,
  });
  const { data } = found;
  const items = useMemo(() => data?.pages.reduce<readonly Message[]>((all, page) => joined(all, page.items), []) ?? [], [data]);
  const begun = data?.pages[0];

  const poll = useEffectEvent(async (signal: AbortSignal) => {
    if (document.hidden || begun === undefined) return;
    const fresh = await newer(id, wish, items, begun.readAt, signal);
    if (signal.aborted) return;
    queries.setQueryData<InfiniteData<Page, string | null>>(queryKey, (before) => {
      const [first, ...rest] = before?.pages ?? [];
      if (before === undefined || first === undefined) return before;
      const joint = joined(first.items, fresh.filter((each) => !rest.some((page) => page.items.some((old) => old.number === each.number))));
      return joint === first.items ? before : { ...before, pages: [{ ...first, items: joint }, ...rest] };
    });
  });
  useEffect(() => {
    if (!live) return undefined;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const later = (): void => {
      timer = setTimeout(() => {
        poll(abort.signal)
          // The banner says that the server is lost; the next round asks again.
          .catch(() => undefined)
          .finally(() => {
            if (!abort.signal.aborted) later();
          });
      }, EVERY_MS);
    };
    later();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [live, queryKey]);

  return {
    items,
    fresh: begun === undefined ? 0 : items.findIndex((each) => each.number <= begun.newest),
    loading: found.isPending,
    loadingMore: found.isFetchingNextPage,
    error: found.error,
    hasMore: found.hasNextPage,
    more: () => void found.fetchNextPage(),
    retry: () => void found.refetch(),
  };
}
