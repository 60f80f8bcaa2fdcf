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

const QUARTER_MS = 900_000;
const MOST_KEPT = 2_000;

/** Of a zone: its clock, for to make one costs a millisecond, and what it said of quarters of an hour (clocks change between them): a page asks for hundreds of days. */
let clock: { zone: string; format: Intl.DateTimeFormat; offsets: Map<number, number> } | undefined;

function clockOf(zone: string): NonNullable<typeof clock> {
  if (clock?.zone !== zone) {
    const format = new Intl.DateTimeFormat("en-US", {
      ...(zone === "" ? {} : { timeZone: zone }),
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    clock = { zone, format, offsets: new Map() };
  }
  return clock;
}

/** How far the reader's zone is from UTC at a moment, in ms. */
function offsetMs(at: number): number {
  const { format, offsets } = clockOf(current);
  const quarter = Math.floor(at / QUARTER_MS);
  const known = offsets.get(quarter);
  if (known !== undefined) return known;
  const begin = quarter * QUARTER_MS;
  const parts = format.formatToParts(begin);
  const part = (type: string): number => Number(parts.find((each) => each.type === type)?.value ?? 0);
  const offset = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second")) - begin;
  if (offsets.size >= MOST_KEPT) offsets.clear();
  offsets.set(quarter, offset);
  return offset;
}

const LETTERS = { day: 10, minute: 16, second: 19 } as const;

/** A moment as a field of the page shows it, in the reader's zone: "2026-11-24T14:02". "" for none. */
export function fieldOf(at: Date, to: keyof typeof LETTERS = "minute"): string {
  const time = at.getTime();
  return Number.isNaN(time) ? "" : new Date(time + offsetMs(time)).toISOString().slice(0, LETTERS[to]);
}

/** The other way round; null for what is no time. */
export function momentOf(field: string): Date | null {
  const plain = Date.parse(/T\d\d:\d\d(:\d\d)?$/.test(field) ? `${field}Z` : "");
  if (Number.isNaN(plain)) return null;
  // Twice: the first guess may lie on the other side of a change of the clocks.
  const guess = plain - offsetMs(plain);
  return new Date(plain - offsetMs(guess));
}

/** When the day began in which a moment lies, in the reader's zone. */
export function dayOf(at: Date): Date {
  return momentOf(`${fieldOf(at).slice(0, 10)}T00:00`) ?? at;
}

/** When the day begins that comes `days` after that of a moment; before it where negative. */
export function dayFrom(at: Date, days: number): Date {
  // Noon: a day may have 23 hours or 25.
  return dayOf(new Date(dayOf(at).getTime() + (days * 24 + 12) * 3_600_000));
}
