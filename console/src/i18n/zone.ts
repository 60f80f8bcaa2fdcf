/** In which zone times are written: the one chosen last, else the browser's own. */
import { useSyncExternalStore } from "react";

const KEY = "voltloom-zone";
const listeners = new Set<() => void>();

/** A zone that this browser knows; "" for its own. */
function known(name: string): string {
  try {
    if (name !== "") new Intl.DateTimeFormat("en", { timeZone: name });
    return name;
  } catch {
    return "";
  }
}

function first(): string {
  try {
    return known(localStorage.getItem(KEY) ?? "");
  } catch {
    // Storage may be forbidden; the browser's own zone is a good answer.
    return "";
  }
}

let current = first();

/** Of the IANA database; "" for the browser's own. */
export function zone(): string {
  return current;
}

export function chooseZone(name: string): void {
  const chosen = known(name);
  if (chosen === current) return;
  current = chosen;
  try {
    localStorage.setItem(KEY, chosen);
  } catch {
    // It holds until the page is left.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useZone(): string {
  return useSyncExternalStore(subscribe, zone);
}
