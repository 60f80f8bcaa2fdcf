/** Which stations are meant: filters of the address, what they let through, and how many each further choice would. Pure. */
import type { Station } from "@/live";
import type { Filters } from "@/route";
import { valuesOf } from "@/ui/filters.ts";

/** q: words. ids: these stations, whatever else. seen: not heard of for so many seconds. uptime: less than so many percent. All others: any of some values. */
export const DEFAULTS = {
  q: "",
  ids: "",
  state: "",
  site: "",
  vendor: "",
  model: "",
  firmware: "",
  protocol: "",
  connected: "",
  fault: "",
  profile: "",
  uptime: "",
  seen: "",
} as const;

export type Name = keyof typeof DEFAULTS;
export type Wanted = Filters<Name>;

/** The value that stands for "none", or not known. */
export const NONE = "~";
/** Of the filter `fault`: any fault. */
export const ANY = "any";

/** The values of a station that a filter may name; a station is let through where one of them is chosen. */
const VALUES: Readonly<Partial<Record<Name, (row: Station) => readonly string[]>>> = {
  ids: (row) => [row.id],
  state: (row) => [row.state],
  site: (row) => [row.site_id ?? NONE],
  vendor: (row) => [row.vendor || NONE],
  model: (row) => [row.model || NONE],
  firmware: (row) => [row.firmware || NONE],
  protocol: (row) => [row.protocol || NONE],
  connected: (row) => [row.connected ? "yes" : "no"],
  fault: (row) => (row.faults === 0 ? [NONE] : row.fault === "" ? [ANY] : [ANY, row.fault]),
  profile: (row) => [String(row.security_profile)],
};

export const CHOSEN = Object.keys(VALUES) as (keyof typeof VALUES)[];

export type SiteNames = ReadonlyMap<string, string>;

const haystacks = new WeakMap<SiteNames, WeakMap<Station, string>>();

/** All that is searched in; made once for each row. */
function haystackOf(row: Station, sites: SiteNames): string {
  let known = haystacks.get(sites);
  if (known === undefined) haystacks.set(sites, (known = new WeakMap()));
  let text = known.get(row);
  if (text === undefined) {
    const site = row.site_id === null ? "" : (sites.get(row.site_id) ?? "");
    text = [row.id, row.name, site, row.vendor, row.model, row.serial, row.firmware, row.fault].join("\n").toLowerCase();
    known.set(row, text);
  }
  return text;
}

/**
 * rows     those that all filters let through, in their order
 * counts   for each filter and value: how many there would be with it, as the other filters are; of those that are counted
 */
export interface Found {
  rows: readonly Station[];
  counts: Readonly<Record<string, ReadonlyMap<string, number>>>;
}

/** counted: the filters whose choices somebody sees. To count is most of the work. */
export function find(rows: readonly Station[], wanted: Wanted, sites: SiteNames, now: number, counted: readonly Name[]): Found {
  const words = wanted.q.toLowerCase().split(/\s+/).filter(Boolean);
  const chosen = CHOSEN.map((name) => ({ name, of: VALUES[name] ?? (() => []), values: new Set(valuesOf(wanted[name])), counts: new Map<string, number>() }));
  const telling = chosen.filter(({ name }) => counted.includes(name));
  const below = wanted.uptime === "" ? null : Number(wanted.uptime) / 100;
  const quietMs = wanted.seen === "" ? null : Number(wanted.seen) * 1000;
  const found: Station[] = [];
  for (const row of rows) {
    if (words.length > 0) {
      const text = haystackOf(row, sites);
      if (!words.every((word) => text.includes(word))) continue;
    }
    if (below !== null && (row.uptime_30d === null || row.uptime_30d >= below)) continue;
    if (quietMs !== null && row.last_seen !== null && (row.connected || now - Date.parse(row.last_seen) < quietMs)) continue;
    let refused: (typeof chosen)[number] | null = null;
    let refusals = 0;
    for (const filter of chosen) {
      if (filter.values.size === 0 || filter.of(row).some((value) => filter.values.has(value))) continue;
      refused = filter;
      refusals += 1;
      if (refusals > 1) break;
    }
    if (refusals > 1) continue;
    for (const filter of telling) {
      if (refused !== null && refused !== filter) continue;
      for (const value of filter.of(row)) filter.counts.set(value, (filter.counts.get(value) ?? 0) + 1);
    }
    if (refused === null) found.push(row);
  }
  return { rows: found, counts: Object.fromEntries(telling.map(({ name, counts }) => [name, counts])) };
}

/** Views that everybody has: filters by the key of their name. */
export const QUICK = [
  { id: "all", filters: {} },
  { id: "trouble", filters: { state: "Faulted,Offline,Rejected" } },
  { id: "charging", filters: { state: "Charging" } },
  { id: "free", filters: { state: "Available" } },
  { id: "offline", filters: { state: "Offline" } },
  { id: "low", filters: { uptime: "97" } },
  { id: "neverSeen", filters: { state: "NeverSeen" } },
] as const satisfies readonly { id: string; filters: Partial<Record<Name, string>> }[];

export type QuickId = (typeof QUICK)[number]["id"];

/** As UPTIME_TARGET of the tables. */
const LOW = 0.97;
const TROUBLE = new Set(["Faulted", "Offline", "Rejected"]);

/** How many stations each quick view shows. */
export function quickCounts(rows: readonly Station[]): Readonly<Record<QuickId, number>> {
  const counts: Record<QuickId, number> = { all: rows.length, trouble: 0, charging: 0, free: 0, offline: 0, low: 0, neverSeen: 0 };
  for (const row of rows) {
    if (TROUBLE.has(row.state)) counts.trouble += 1;
    if (row.state === "Charging") counts.charging += 1;
    else if (row.state === "Available") counts.free += 1;
    else if (row.state === "Offline") counts.offline += 1;
    else if (row.state === "NeverSeen") counts.neverSeen += 1;
    if (row.uptime_30d !== null && row.uptime_30d < LOW) counts.low += 1;
  }
  return counts;
}

/** Whether the filters are those of a quick view, and no others. */
export function isQuick(wanted: Wanted, quick: (typeof QUICK)[number]): boolean {
  const filters: Partial<Record<Name, string>> = quick.filters;
  return (Object.keys(DEFAULTS) as Name[]).every((name) => wanted[name] === (filters[name] ?? ""));
}
