/** How the stations of a site do, summed up from the fleet. */
import { type Fleet, sameRecord, type Site, type Station } from "@/live";
import type { Counts } from "@/ui/StateCounts.tsx";

/** troubled: faulted, offline or rejected. uptime: the mean of its stations over 30 days; null: nothing is known. */
export interface Sum {
  readonly counts: Counts;
  readonly stations: number;
  readonly connected: number;
  readonly troubled: number;
  readonly power: number;
  readonly open: number;
  readonly uptime: number | null;
}

/** The keys of stations that are in no site. */
export const NOWHERE = "";
const TROUBLED: ReadonlySet<string> = new Set(["Faulted", "Offline", "Rejected"]);

export const NOTHING: Sum = { counts: {}, stations: 0, connected: 0, troubled: 0, power: 0, open: 0, uptime: null };

export function sumOf(rows: Iterable<Station>): Sum {
  const counts: Record<string, number> = {};
  let [stations, connected, troubled, power, open, up, known] = [0, 0, 0, 0, 0, 0, 0];
  for (const row of rows) {
    counts[row.state] = (counts[row.state] ?? 0) + 1;
    stations += 1;
    connected += row.connected ? 1 : 0;
    troubled += TROUBLED.has(row.state) ? 1 : 0;
    power += row.power_w ?? 0;
    open += row.transactions_open;
    if (row.uptime_30d !== null) {
      up += row.uptime_30d;
      known += 1;
    }
  }
  return { counts, stations, connected, troubled, power, open, uptime: known === 0 ? null : up / known };
}

export function sameSum(a: Sum, b: Sum): boolean {
  return sameRecord({ ...a, counts: 0 }, { ...b, counts: 0 }) && sameRecord(a.counts, b.counts);
}

export type Sums = ReadonlyMap<string, Sum>;

export function sumBySite(fleet: Fleet): Sums {
  const rows = new Map<string, Station[]>();
  for (const row of fleet.rows) {
    const site = row.site_id ?? NOWHERE;
    const here = rows.get(site);
    if (here === undefined) rows.set(site, [row]);
    else here.push(row);
  }
  return new Map([...rows].map(([site, each]) => [site, sumOf(each)]));
}

export function sameSums(a: Sums, b: Sums): boolean {
  return a.size === b.size && [...a].every(([site, sum]) => sameSum(sum, b.get(site) ?? NOTHING));
}

export function isAbove(site: Pick<Site, "power_limit_w">, sum: Sum): boolean {
  return site.power_limit_w !== null && sum.power > site.power_limit_w;
}
