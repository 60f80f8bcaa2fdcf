/** The fleet, four times a second where it is large: a list of ten thousand is not searched anew at every frame. */
import { useSyncExternalStore } from "react";
import { currentFleet, type Fleet, onFleet } from "@/live";

const LARGE = 500;
const PACE_MS = 250;

let shown: Fleet = currentFleet();
let timer: ReturnType<typeof setTimeout> | undefined;
let leave: (() => void) | undefined;
const listeners = new Set<() => void>();

function show(): void {
  timer = undefined;
  if (shown === currentFleet()) return;
  shown = currentFleet();
  for (const listener of listeners) listener();
}

function heard(): void {
  const now = currentFleet();
  if (now.is !== shown.is || now.rows.length < LARGE) show();
  else timer ??= setTimeout(show, PACE_MS);
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) leave = onFleet(heard);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearTimeout(timer);
    timer = undefined;
    leave?.();
  };
}

function current(): Fleet {
  if (listeners.size === 0) shown = currentFleet();
  return shown;
}

export function useCalmFleet(): Fleet {
  return useSyncExternalStore(subscribe, current);
}
