/** The journal as somebody wants to see it: the past in pages, what comes now before it. The newest first. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import { api, queries, type Schema, take } from "@/api";
import { type Happening, onHappenings, onResync } from "@/live";
import { type Entry, entryOf, isWanted, type Wanted } from "./entries.ts";

const PAGE = 200;
/** What is drawn anew so often is still live, and leaves the time for everything else. */
const FLUSH_MS = 250;
/** More than these that came live are not kept: the past is read anew. */
const MOST_LIVE = 3000;
/** Pages without a find, one after the other, before the reader is asked whether to go on. Each looks through 200,000. */
const MOST_EMPTY = 4;

export interface JournalQuery {
  names: string;
  station: string | null;
  q: string;
  since: string | null;
  until: string | null;
}

function inOrder(page: Schema<"JournalOut">): Entry[] {
  return page.items.map((each) => ({ ...each, data: (each.data ?? {}) as Entry["data"] })).reverse();
}

interface Live {
  wanted: Wanted;
  entries: readonly Entry[];
  /** How many more came that are not kept: the past is read anew when the reader lets them in. */
  dropped: number;
}

/** Live entries that are wanted, the newest first. held: nobody looks at the newest, and the reader's place must stay. */
function useLiveEntries(wanted: Wanted, held: boolean, resync: () => void) {
  const nothing: Live = { wanted, entries: [], dropped: 0 };
  const [state, setState] = useState<Live>(nothing);
  const waiting = useRef<Entry[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const now = state.wanted === wanted ? state : nothing;
  const again = useEffectEvent(() => {
    waiting.current = [];
    setState(nothing);
    resync();
  });
  const flush = useEffectEvent(() => {
    timer.current = undefined;
    const fresh = waiting.current.filter((entry) => isWanted(entry, wanted)).reverse();
    waiting.current = [];
    if (fresh.length === 0) return;
    if (now.entries.length + fresh.length <= MOST_LIVE) setState({ ...now, entries: [...fresh, ...now.entries] });
    else if (held) setState({ ...now, dropped: now.dropped + fresh.length });
    else again();
  });
  const hear = useEffectEvent((happenings: readonly Happening[]) => {
    for (const happening of happenings) {
      const entry = entryOf(happening);
      if (entry !== null) waiting.current.push(entry);
    }
    if (waiting.current.length > 0) timer.current ??= setTimeout(() => flush(), FLUSH_MS);
  });
  useEffect(() => {
    const off = [onHappenings((happenings) => hear(happenings)), onResync(() => again())];
    return () => {
      clearTimeout(timer.current);
      timer.current = undefined;
      for (const each of off) each();
    };
  }, []);
  return {
    ...now,
    /** What was not kept is read. */
    catchUp: () => {
      if (now.dropped === 0) return;
      setState(nothing);
      resync();
    },
  };
}

export function useJournal(query: JournalQuery, wanted: Wanted, held: boolean) {
  const key = useMemo(() => ["journal", query] as const, [query]);
  const past = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) =>
      take(api.GET("/api/v1/journal", { params: { query: { ...query, limit: PAGE, ...(pageParam === null ? {} : { before: pageParam }) } }, signal })),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.previous,
    // Kept current by what comes live.
    staleTime: Infinity,
    gcTime: 0,
  });
  const live = useLiveEntries(
    wanted,
    held,
    useCallback(() => void queries.resetQueries({ queryKey: key }), [key]),
  );
  const pages = past.data?.pages;
  const old = useMemo(() => (pages ?? []).flatMap(inOrder), [pages]);
  const newest = pages?.[0]?.newest ?? null;
  const entries = useMemo(() => {
    if (newest === null) return [];
    const fresh = live.entries.filter((entry) => entry.number > newest);
    return fresh.length === 0 ? old : [...fresh, ...old];
  }, [live.entries, old, newest]);
  const [asked, setAsked] = useState(0);
  let empty = 0;
  for (const page of [...(pages ?? [])].reverse()) {
    if (page.items.length > 0) break;
    empty += 1;
  }
  const wantsLeave = past.hasNextPage && empty >= MOST_EMPTY * (asked + 1);
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = past;
  // Nothing found in one stretch: the next one, without waiting for anybody to scroll.
  const goOn = hasNextPage && !isFetchingNextPage && !wantsLeave && empty > 0;
  useEffect(() => {
    if (goOn) void fetchNextPage();
  }, [goOn, fetchNextPage, pages]);
  const last = pages?.at(-1)?.previous ?? null;
  return {
    entries,
    dropped: live.dropped,
    catchUp: live.catchUp,
    past,
    more: { has: hasNextPage && !wantsLeave, loading: isFetchingNextPage, load: () => void fetchNextPage() },
    searching: isFetchingNextPage && empty > 0,
    /** How many were looked through when the reader is to say whether to go on; null: it goes on by itself, or ended. */
    lookedThrough: wantsLeave && newest !== null && last !== null ? newest - last : null,
    lookFurther: () => setAsked((before) => before + 1),
  };
}
