/** Sites by their ids: rows of the fleet name a site by its id alone. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, queries, type Schema, take, useMay } from "@/api";
import { useLive } from "@/live";

export type Site = Schema<"SiteOut">;

async function readAll(signal: AbortSignal): Promise<readonly Site[]> {
  const all: Site[] = [];
  for (let after: string | undefined; ; ) {
    const page = await take(api.GET("/api/v1/sites", { params: { query: { limit: 500, ...(after === undefined ? {} : { after }) } }, signal }));
    all.push(...page.items);
    if (page.next === null || page.next === undefined) return all;
    after = page.next;
  }
}

const NONE: readonly Site[] = [];

/** All sites; none where the reader may not see them, or while they are read. */
export function useSites(): readonly Site[] {
  const may = useMay();
  const { data } = useQuery({ queryKey: ["sites", "all"], queryFn: ({ signal }) => readAll(signal), enabled: may("sites:read"), staleTime: 5 * 60_000 });
  useLive(["site.changed"], () => void queries.invalidateQueries({ queryKey: ["sites"] }));
  return data ?? NONE;
}

export function useSiteNames(): ReadonlyMap<string, string> {
  const sites = useSites();
  return useMemo(() => new Map(sites.map((site) => [site.id, site.name])), [sites]);
}
