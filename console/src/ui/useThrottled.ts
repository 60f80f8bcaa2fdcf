import { useEffect, useEffectEvent, useMemo } from "react";

/** The call, at most so often: the first at once, what comes meanwhile as one call at the end. For refetching on events. */
export function useThrottled(call: () => void, everyMs: number): () => void {
  const run = useEffectEvent(call);
  const throttle = useMemo(() => ({ last: -Infinity, timer: undefined as ReturnType<typeof setTimeout> | undefined, run: () => undefined as void }), []);
  useEffect(() => {
    throttle.run = () => run();
    return () => clearTimeout(throttle.timer);
  }, [throttle]);
  return useMemo(
    () => () => {
      if (throttle.timer !== undefined) return;
      const wait = Math.max(0, throttle.last + everyMs - performance.now());
      throttle.timer = setTimeout(() => {
        throttle.timer = undefined;
        throttle.last = performance.now();
        throttle.run();
      }, wait);
    },
    [throttle, everyMs],
  );
}
