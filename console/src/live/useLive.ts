import { useEffect, useEffectEvent, useState, useSyncExternalStore } from "react";
import { currentPulse, type EventName, type HappeningOf, onHappenings, onPulse, type Pulse } from "./stream.ts";

/**
 * Calls `handler` with what happened since the last frame, of these names only; never with nothing.
 *
 *     useLive(["transaction.updated"], (happenings) => { for (const { data } of happenings) … });
 */
export function useLive<N extends EventName>(names: readonly N[], handler: (happenings: readonly HappeningOf<N>[]) => void): void {
  const call = useEffectEvent(handler);
  const wanted = names.join();
  useEffect(() => {
    const set = new Set<string>(wanted.split(","));
    return onHappenings((batch) => {
      const mine = batch.filter((each): each is HappeningOf<N> => set.has(each.name));
      if (mine.length > 0) call(mine);
    });
  }, [wanted]);
}

export function usePulse(): Pulse {
  return useSyncExternalStore(onPulse, currentPulse);
}

const clocks = new Map<number, { listeners: Set<() => void>; now: number; timer: ReturnType<typeof setInterval> }>();

function clock(everyMs: number) {
  let made = clocks.get(everyMs);
  if (made === undefined) {
    const listeners = new Set<() => void>();
    made = {
      listeners,
      now: Date.now(),
      timer: setInterval(() => {
        const mine = clocks.get(everyMs);
        if (mine === undefined || document.hidden) return;
        mine.now = Date.now();
        for (const each of listeners) each();
      }, everyMs),
    };
    clocks.set(everyMs, made);
  }
  return made;
}

/** The time, every so often: for ages. All that ask for the same beat share one timer. */
export function useNow(everyMs = 1000): Date {
  const [shared] = useState(() => ({
    subscribe: (listener: () => void) => {
      const mine = clock(everyMs);
      mine.listeners.add(listener);
      return () => {
        mine.listeners.delete(listener);
        if (mine.listeners.size === 0) {
          clearInterval(mine.timer);
          clocks.delete(everyMs);
        }
      };
    },
    read: () => clocks.get(everyMs)?.now ?? Math.floor(Date.now() / everyMs) * everyMs,
  }));
  return new Date(useSyncExternalStore(shared.subscribe, shared.read));
}
