/** Power over time: what was, from the server, and what comes, from the event that tells of it every ten seconds. */
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { api, type Schema, take, useMay } from "@/api";
import { useLive } from "./useLive.ts";

export type LoadRange = "1h" | "6h" | "24h" | "7d" | "30d";

/** s: how long. stepS: of a slot; few enough to draw at once. */
export const LOAD_RANGES: Readonly<Record<LoadRange, { s: number; stepS: number }>> = {
  "1h": { s: 3600, stepS: 10 },
  "6h": { s: 6 * 3600, stepS: 60 },
  "24h": { s: 24 * 3600, stepS: 300 },
  "7d": { s: 7 * 86_400, stepS: 1800 },
  "30d": { s: 30 * 86_400, stepS: 7200 },
};

export function isLoadRange(text: string): text is LoadRange {
  return Object.hasOwn(LOAD_RANGES, text);
}

/**
 * One list a figure, all of the same length.
 *
 * at      Unix seconds
 * span    what the picture spans, [from, to]: no more than is known, but five minutes at least
 */
export interface LoadOverTime {
  readonly at: readonly number[];
  readonly power: readonly (number | null)[];
  readonly limit: readonly (number | null)[];
  readonly charging: readonly (number | null)[];
  readonly span: readonly [number, number];
}

interface Point {
  at: number;
  power: number;
  limit: number | null;
  charging: number;
}

const FRESH_MS = 5 * 60_000;
const LEAST_S = 300;

function seconds(at: string): number {
  return Date.parse(at) / 1000;
}

function joined(past: Schema<"LoadOut">, coming: readonly Point[], lengthS: number): LoadOverTime {
  const times = past.at.map(seconds);
  // The slot that is not over yet stands for its beginning; what comes live goes on after it.
  const known = times.findLast((_, index) => past.power_w[index] !== null) ?? 0;
  const after = coming.filter((point) => point.at > known);
  const kept = times.filter((at) => at <= known).length;
  const at = [...times.slice(0, kept), ...after.map((point) => point.at)];
  const power = [...past.power_w.slice(0, kept), ...after.map((point) => point.power)];
  const limit = [...past.limit_w.slice(0, kept), ...after.map((point) => point.limit)];
  const charging = [...past.charging.slice(0, kept), ...after.map((point) => point.charging)];
  const to = Math.max(seconds(past.until), at.at(-1) ?? 0);
  const first = at[power.findIndex((value) => value !== null)] ?? to;
  return { at, power, limit, charging, span: [Math.min(Math.max(to - lengthS, first), to - LEAST_S), to] };
}

/** site: null for the network as a whole. */
export function useLoad(site: string | null, range: LoadRange) {
  const may = useMay();
  const { s, stepS } = LOAD_RANGES[range];
  const [coming, setComing] = useState<{ of: string; points: readonly Point[] }>({ of: "", points: [] });
  const of = site ?? "*";
  useLive(["site.load"], (happenings) => {
    setComing((before) => {
      let points = before.of === of ? before.points : [];
      for (const { data } of happenings) {
        const here = site === null ? data : data.sites.find((each) => each.site_id === site);
        const last = points.at(-1);
        // A site that is not named is as it was.
        if (here !== undefined) points = [...points, { at: seconds(data.at), power: here.power_w, limit: here.limit_w, charging: here.charging }];
        else if (last !== undefined) points = [...points, { ...last, at: seconds(data.at) }];
      }
      const oldest = (points.at(-1)?.at ?? 0) - Math.max(2 * (FRESH_MS / 1000), stepS * 2);
      return { of, points: points.filter((point) => point.at >= oldest) };
    });
  });
  const query = useQuery({
    queryKey: ["load", of, range],
    queryFn: () => {
      const until = new Date();
      const asked = { since: new Date(until.getTime() - s * 1000).toISOString(), until: until.toISOString(), step_s: stepS };
      return take(
        site === null
          ? api.GET("/api/v1/load", { params: { query: asked } })
          : api.GET("/api/v1/sites/{site_id}/load", { params: { path: { site_id: site }, query: asked } }),
      );
    },
    enabled: may("sites:read"),
    staleTime: FRESH_MS / 2,
    refetchInterval: FRESH_MS,
    // Another range comes over the one that is shown, not over an empty box.
    placeholderData: (before, asked) => (asked?.queryKey[1] === of ? before : undefined),
  });
  const load = useMemo(
    () => (query.data === undefined ? undefined : joined(query.data, coming.of === of ? coming.points : [], s)),
    [query.data, coming, of, s],
  );
  return { load, query };
}
