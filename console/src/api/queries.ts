/** TanStack Query, as this console uses it: what is shown is kept fresh by live events, not by polling. */
import { QueryClient } from "@tanstack/react-query";
import { Problem } from "./problems.ts";
import { onServerBack } from "./server.ts";

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      gcTime: 5 * 60_000,
      refetchOnWindowFocus: false,
      // A lost server is knocked at by server.ts; its return refetches everything once.
      retry: (count, error) => count < 1 && error instanceof Problem && error.status >= 500 && error.kind !== "bug",
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
});

onServerBack(() => void queries.invalidateQueries());

/**
 * Keys begin with what the thing is, in the API's word, then which, then the part:
 *     ["stations"]  ["stations", id]  ["stations", id, "settings"]  ["transactions", { state: "open" }]
 * so that `queries.invalidateQueries({ queryKey: ["stations", id] })` reaches all of one station.
 */
export type QueryKey = readonly [string, ...unknown[]];
