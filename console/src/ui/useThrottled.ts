import { useCallback, useEffect, useEffectEvent, useRef } from "react";

/** The call, at most so often: the first at once, what comes meanwhile as one call at the end. For refetching on events. */
export function useThrottled(call: () => void, everyMs: number): () => void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const last = useRef(-Infinity);
  const due = useRef<() => void>(undefined);
  const run = useEffectEvent(call);
  useEffect(() => {
    due.current = () => {
      timer.current = undefined;
      last.current = performance.now();
      run();
    };
    return () => clearTimeout(timer.current);
  }, []);
  return useCallback(() => {
    timer.current ??= setTimeout(() => due.current?.(), Math.max(0, last.current + everyMs - performance.now()));
  }, [everyMs]);
}
