/** Numbers and times as the reader writes them, in units chosen well. Pure but for the reader's language and zone. */
import { locale } from "./language.ts";
import { zone } from "./zone.ts";

const made = new Map<string, unknown>();

function kept<T>(kind: string, options: object, make: (tag: string) => T): T {
  const tag = locale();
  const key = `${kind} ${tag} ${JSON.stringify(options)}`;
  let format = made.get(key) as T | undefined;
  if (format === undefined) made.set(key, (format = make(tag)));
  return format;
}

export function number(value: number, options: Intl.NumberFormatOptions = { maximumFractionDigits: 1 }): string {
  return kept("number", options, (tag) => new Intl.NumberFormat(tag, options)).format(value);
}

/** Three digits that mean something: 7.36, 22, 149; never 0.30000000004. */
function scaled(value: number, unit: string): readonly [string, string] {
  const sizes = ["", "k", "M", "G"] as const;
  let step = 0;
  let size = value;
  while (Math.abs(size) >= 999.5 && step < sizes.length - 1) {
    size /= 1000;
    step += 1;
  }
  const digits = Math.abs(size) >= 100 || step === 0 ? 0 : Math.abs(size) >= 10 ? 1 : 2;
  return [number(size, { maximumFractionDigits: digits }), `${sizes[step] ?? ""}${unit}`];
}

/** The space between a number and its unit does not break. */
const NBSP = "\u00a0";

/** What stands between whole numbers and their parts. */
export function decimalSeparator(): string {
  return number(1.5).charAt(1);
}

/** W, kW, MW. */
export function power(watts: number): string {
  return scaled(watts, "W").join(NBSP);
}

/** Wh, kWh, MWh, GWh. */
export function energy(wattHours: number): string {
  return scaled(wattHours, "Wh").join(NBSP);
}

export function current(amperes: number): string {
  return `${number(amperes, { maximumFractionDigits: 1 })}${NBSP}A`;
}

/** An amount in its currency; one that is none is written behind the number. most: digits behind the point, where prices have more than coins. */
export function money(amount: number, currency: string, most?: number): string {
  if (!/^[A-Z]{3}$/.test(currency)) return `${number(amount, { minimumFractionDigits: 2, maximumFractionDigits: most ?? 2 })}${currency === "" ? "" : NBSP}${currency}`;
  const options = { style: "currency", currency, ...(most === undefined ? {} : { maximumFractionDigits: most }) } as const;
  return kept("number", options, (tag) => new Intl.NumberFormat(tag, options)).format(amount);
}

/** The same of its smallest units: 601 EUR is 6.01 €. */
export function minor(units: number, currency: string): string {
  const digits = /^[A-Z]{3}$/.test(currency) ? (new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2) : 2;
  return money(units / 10 ** digits, currency);
}

/** fraction: 0 to 1. */
export function percent(fraction: number, digits = 1): string {
  const options = { style: "percent", maximumFractionDigits: digits } as const;
  return kept("number", options, (tag) => new Intl.NumberFormat(tag, options)).format(fraction);
}

export function bytes(count: number): string {
  return scaled(count, "B").join(NBSP);
}

/** 0.4 s, 42 s, 12 min, 3 h 20 min, 5 d 4 h. */
export function duration(seconds: number): string {
  const s = Math.max(0, seconds);
  if (s < 9.95) return `${number(s, { maximumFractionDigits: 1, minimumFractionDigits: s < 1 ? 1 : 0 })}${NBSP}s`;
  if (s < 59.5) return `${Math.round(s)}${NBSP}s`;
  const minutes = Math.round(s / 60);
  if (minutes < 60) return `${minutes}${NBSP}min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 ? `${hours}${NBSP}h ${minutes % 60}${NBSP}min` : `${hours}${NBSP}h`;
  const days = Math.floor(hours / 24);
  return hours % 24 && days < 10 ? `${days}${NBSP}d ${hours % 24}${NBSP}h` : `${days}${NBSP}d`;
}

/** "3 s ago", "in 2 min", in the reader's words; one unit only. */
export function ago(at: Date, now: Date): string {
  const options = { numeric: "always", style: "short" } as const;
  const format = kept("ago", options, (tag) => new Intl.RelativeTimeFormat(tag, options));
  const seconds = (at.getTime() - now.getTime()) / 1000;
  const size = Math.abs(seconds);
  if (size < 59.5) return format.format(Math.round(seconds), "second");
  if (size < 3570) return format.format(Math.round(seconds / 60), "minute");
  if (size < 84_600) return format.format(Math.round(seconds / 3600), "hour");
  return format.format(Math.round(seconds / 86_400), "day");
}

export type TimeStyle = "time" | "seconds" | "date" | "short" | "full" | "millis";

const STYLES: Readonly<Record<TimeStyle, Intl.DateTimeFormatOptions>> = {
  time: { hour: "2-digit", minute: "2-digit" },
  seconds: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  millis: { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 },
  date: { year: "numeric", month: "short", day: "numeric" },
  short: { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" },
  full: { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" },
};

/** In the viewer's zone. */
export function time(at: Date, style: TimeStyle = "short"): string {
  const options = zone() === "" ? STYLES[style] : { ...STYLES[style], timeZone: zone() };
  return kept("time", options, (tag) => new Intl.DateTimeFormat(tag, options)).format(at);
}

function day(at: Date): string {
  return time(at, "date");
}

/** 2026-11-23 14:02:07 UTC, for the tooltip beside a time of the viewer's zone. */
export function utc(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** Today only the time, this year no year. */
export function moment(at: Date, now: Date): string {
  if (day(at) === day(now)) return time(at, "time");
  return time(at, at.getFullYear() === now.getFullYear() ? "short" : "date");
}
