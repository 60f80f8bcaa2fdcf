/** Where there are no frames (a hidden tab), as late as this. */
const LATEST_MS = 200;

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

/** When the browser has nothing else to do; soon, where it cannot tell (Safari), and at the latest after five seconds. */
export function whenIdle(call: () => void): void {
  if ("requestIdleCallback" in globalThis) requestIdleCallback(call, { timeout: 5000 });
  else setTimeout(call, 500);
}
