/** All sites, read whole: there are hundreds of them where there are thousands of stations. */
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { api, queries, type Schema, take, useMay } from "@/api";
import { useLive } from "./useLive.ts";

export type Site = Schema<"SiteOut">;

const PAGE = 500;
const KEY = ["sites"] as const;

async function readSites(): Promise<readonly Site[]> {
  const sites: Site[] = [];
  let after: string | null | undefined;
  do {
    const page = await take(api.GET("/api/v1/sites", { params: { query: { limit: PAGE, ...(after ? { after } : {}) } } }));
    sites.push(...page.items);
    after = page.next;
  } while (after);
  return sites;
}

/** By name. How their stations do is told by the fleet, live; the counts in these documents are as old as they. */
export function useSites(): UseQueryResult<readonly Site[]> {
  const may = useMay();
  useLive(["site.changed"], () => void queries.invalidateQueries({ queryKey: KEY }));
  return useQuery({ queryKey: KEY, queryFn: readSites, enabled: may("sites:read"), staleTime: 5 * 60_000 });
}
