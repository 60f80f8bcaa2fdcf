/** Where there are no frames (a hidden tab), as late as this. */
const LATEST_MS = 200;
const SOON_MS = 300;

/** What takes long, after what the reader waits for has been drawn. Gives what calls it off. */
export function afterFrame(call: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const run = (): void => {
    cancel();
    call();
  };
  const frame = requestAnimationFrame(() => {
    clearTimeout(timer);
    timer = setTimeout(run);
  });
  timer = setTimeout(run, LATEST_MS);
  const cancel = (): void => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
  return cancel;
}

/** When the browser has nothing else to do, at the latest after so long; soon, where it cannot tell (Safari). Gives what calls it off. */
export function whenIdle(call: () => void, latestMs: number): () => void {
  if ("requestIdleCallback" in globalThis) {
    const asked = requestIdleCallback(call, { timeout: latestMs });
    return () => cancelIdleCallback(asked);
  }
  const timer = setTimeout(call, SOON_MS);
  return () => clearTimeout(timer);
}
