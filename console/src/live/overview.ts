/** What needs somebody, and the figures of the network: read anew a moment after something happened that may change it. */
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { api, queries, type Schema, take, useMay } from "@/api";
import { dayOf } from "@/i18n";
import type { EventName } from "./events.ts";
import { currentFleet } from "./fleet.ts";
import { onResync } from "./stream.ts";
import { useLive } from "./useLive.ts";

export type Overview = Schema<"OverviewOut">;
export type TroubleGroup = Schema<"TroubleOut">;

const KEY = ["overview"] as const;
const CHANGE: readonly EventName[] = [
  "station.connected",
  "station.disconnected",
  "station.refused",
  "station.changed",
  "station.booted",
  "connector.status_changed",
  "station.fault_noticed",
  "site.changed",
  "transaction.started",
  "transaction.ended",
  "transaction.corrected",
];
const FRESH_MS = 60_000;

/** The larger the network, the more the document costs, and the more often something happens. */
function pauseMs(): number {
  return 1500 + currentFleet().rows.length;
}

function midnight(): string {
  return dayOf(new Date()).toISOString();
}

export function useOverview(): UseQueryResult<Overview> {
  const may = useMay();
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useLive(CHANGE, () => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      void queries.invalidateQueries({ queryKey: KEY });
    }, pauseMs());
  });
  useEffect(() => {
    const stop = onResync(() => void queries.invalidateQueries({ queryKey: KEY }));
    return () => {
      stop();
      clearTimeout(timer.current);
      timer.current = undefined;
    };
  }, []);
  return useQuery({
    queryKey: KEY,
    queryFn: () => take(api.GET("/api/v1/overview", { params: { query: { since: midnight() } } })),
    enabled: may("stations:read") && may("sites:read") && may("transactions:read"),
    // Time passes where nothing happens: what began an hour ago falls out of "the last hour".
    refetchInterval: FRESH_MS,
    staleTime: 5_000,
  });
}
