/**
 * The message log of a station as it grows: pages backwards on demand, and what is new every two seconds while it is
 * wanted. Nothing tells of single messages (thousands a second pass), so the newest are asked for, a short time back.
 */
import { useCallback, useEffect, useEffectEvent, useRef, useState } from "react";
import { api, type Schema, take } from "@/api";

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

export function queryOf(wish: Wish) {
  return {
    ...(wish.action === "" ? {} : { action: [wish.action] }),
    ...(wish.direction === "" ? {} : { direction: wish.direction as Message["direction"] }),
    ...(wish.trouble === "trouble" ? { trouble: true } : {}),
    ...(wish.trouble === "error" || wish.trouble === "unanswered" || wish.trouble === "answered" ? { outcome: wish.trouble as Message["outcome"] } : {}),
    ...(wish.q.trim() === "" ? {} : { q: wish.q.trim() }),
    ...(wish.since === "" ? {} : { since: wish.since }),
    ...(wish.until === "" ? {} : { until: wish.until }),
  };
}

interface Log {
  readonly key: string;
  readonly items: readonly Message[];
  readonly next: string | null;
  readonly loading: boolean;
  readonly error: unknown;
  /** How many came by themselves since the log was opened. */
  readonly fresh: number;
}

const NOTHING: Omit<Log, "key"> = { items: [], next: null, loading: true, error: null, fresh: 0 };

function ask(id: string, query: ReturnType<typeof queryOf> & { limit: number; after?: string; since?: string }, signal: AbortSignal) {
  return take(api.GET("/api/v1/stations/{station_id}/messages", { params: { path: { station_id: id }, query }, signal }));
}

/** Those that are not there yet, before those that are; by number, the newest first. Pure. */
export function joined(known: readonly Message[], found: readonly Message[]): readonly Message[] {
  const numbers = new Set(known.map((each) => each.number));
  const fresh = found.filter((each) => !numbers.has(each.number));
  if (fresh.length === 0) return known;
  return [...fresh, ...known].sort((a, b) => b.number - a.number).slice(0, MOST_KEPT);
}

export function useMessages(id: string, wish: Wish, live: boolean) {
  const key = JSON.stringify([id, wish]);
  const [log, setLog] = useState<Log>({ key, ...NOTHING });
  const [round, setRound] = useState(0);
  if (log.key !== key) setLog({ key, ...NOTHING });
  const opened = useRef(Date.now());

  const begin = useEffectEvent(async (signal: AbortSignal) => {
    opened.current = Date.now();
    try {
      const page = await ask(id, { ...queryOf(wish), limit: PAGE }, signal);
      setLog({ key, items: page.items, next: page.next ?? null, loading: false, error: null, fresh: 0 });
    } catch (error) {
      if (!signal.aborted) setLog({ key, ...NOTHING, loading: false, error });
    }
  });
  useEffect(() => {
    const abort = new AbortController();
    void begin(abort.signal);
    return () => abort.abort();
  }, [key, round]);

  const poll = useEffectEvent(async (signal: AbortSignal) => {
    if (document.hidden || log.loading || log.error !== null) return;
    const newest = log.items[0] === undefined ? opened.current : Date.parse(log.items[0].at);
    const since = new Date(newest - BACK_MS).toISOString();
    const query = { ...queryOf(wish), since: wish.since > since ? wish.since : since };
    const known = new Set(log.items.map((each) => each.number));
    const found: Message[] = [];
    try {
      let after: string | undefined;
      // As far back as what is known: a page of new ones may not be all of them.
      for (let pages = 0; pages < 10; pages += 1) {
        const page: Schema<"PageOfMessageOut"> = await ask(id, { ...query, limit: pages === 0 ? 25 : PAGE, ...(after === undefined ? {} : { after }) }, signal);
        found.push(...page.items);
        after = page.next ?? undefined;
        if (after === undefined || page.items.some((each) => known.has(each.number))) break;
      }
    } catch {
      return; // The banner says that the server is lost; the next round asks again.
    }
    if (signal.aborted) return;
    setLog((before) => {
      if (before.key !== key) return before;
      const items = joined(before.items, found);
      return items === before.items ? before : { ...before, items, fresh: before.fresh + items.length - before.items.length };
    });
  });
  useEffect(() => {
    if (!live) return undefined;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const again = (): void => {
      timer = setTimeout(() => void poll(abort.signal).finally(() => !abort.signal.aborted && again()), EVERY_MS);
    };
    again();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [live, key]);

  const more = useCallback(() => {
    if (log.loading || log.next === null || log.key !== key) return;
    const after = log.next;
    setLog((before) => ({ ...before, loading: true }));
    void ask(id, { ...queryOf(wish), limit: PAGE, after }, new AbortController().signal).then(
      (page) =>
        setLog((before) =>
          before.key !== key ? before : { ...before, items: joined(before.items, page.items), next: page.next ?? null, loading: false },
        ),
      (error: unknown) => setLog((before) => (before.key === key ? { ...before, loading: false, error } : before)),
    );
  }, [id, key, wish, log.loading, log.next, log.key]);

  return { ...log, more, retry: () => setRound(round + 1) };
}
