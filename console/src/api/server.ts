/** Whether the server answers. While it does not, a banner says so and a quiet knock asks again until it does. */
import { useSyncExternalStore } from "react";

const FIRST_S = 1;
const LONGEST_S = 15;

interface Standing {
  lost: boolean;
  /** When the next knock comes, in ms of Date.now(). */
  nextAt: number;
}

let standing: Standing = { lost: false, nextAt: 0 };
let wait = FIRST_S;
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();
const returns = new Set<() => void>();

function become(next: Standing): void {
  standing = next;
  for (const listener of listeners) listener();
}

/** A call did not reach the server. */
export function serverLost(): void {
  if (standing.lost) return;
  wait = FIRST_S;
  knockLater();
}

/** A call reached the server. */
export function serverAnswered(): void {
  if (!standing.lost) return;
  clearTimeout(timer);
  become({ lost: false, nextAt: 0 });
  for (const each of returns) each();
}

function knockLater(): void {
  // Spread, so that a hundred consoles do not come back in one breath.
  const delay = wait * 1000 * (0.75 + Math.random() / 2);
  wait = Math.min(wait * 2, LONGEST_S);
  become({ lost: true, nextAt: Date.now() + delay });
  timer = setTimeout(() => void knock(), delay);
}

/** Ask now. */
export async function knock(): Promise<void> {
  clearTimeout(timer);
  try {
    const answer = await fetch("/livez", { cache: "no-store", signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    serverAnswered();
  } catch {
    knockLater();
  }
}

/** Called when the server is back. */
export function onServerBack(action: () => void): () => void {
  returns.add(action);
  return () => returns.delete(action);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useServer(): Standing {
  return useSyncExternalStore(subscribe, () => standing);
}
