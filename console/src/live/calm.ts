import { useEffect, useRef, useState } from "react";
import { currentFleet, type Fleet, onFleet } from "./fleet.ts";

/**
 * A part of the fleet, at most so often: for lists and sums over thousands of stations, which nobody reads sixty times a
 * second. Another `select` (the reader typed) is answered at once.
 *
 * same: when two results are alike, so that nothing is rendered.
 */
export function useFleetCalmly<T>(select: (fleet: Fleet) => T, same: (a: T, b: T) => boolean = Object.is, everyMs = 1000): T {
  const [kept, setKept] = useState(() => ({ select, value: select(currentFleet()) }));
  const agree = useRef(same);
  let shown = kept;
  if (kept.select !== select) {
    shown = { select, value: select(currentFleet()) };
    setKept(shown);
  }
  useEffect(() => {
    agree.current = same;
  }, [same]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let last = -Infinity;
    const read = (): void => {
      timer = undefined;
      last = performance.now();
      const value = select(currentFleet());
      setKept((before) => (before.select === select && agree.current(before.value, value) ? before : { select, value }));
    };
    const stop = onFleet(() => (timer ??= setTimeout(read, Math.max(0, last + everyMs - performance.now()))));
    // What changed between rendering and now.
    read();
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [select, everyMs]);
  return shown.value;
}
