/** Reading updates of stations; kept current by what happens. */
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, queries, type Schema, take } from "@/api";
import { useLive } from "@/live";
import { useThrottled } from "../useThrottled.ts";

export type Update = Schema<"UpdateOut">;

const PAGE = 100;
const OFTEN_MS = 1000;

export interface WantedUpdates {
  readonly station: string;
  readonly image: string;
  readonly states: readonly Update["state"][];
}

export function useUpdates(wanted: WantedUpdates) {
  const again = useThrottled(() => {
    if ((found.data?.pages.length ?? 0) <= 3) void queries.invalidateQueries({ queryKey: ["firmware", "updates"] });
  }, OFTEN_MS);
  useLive(["firmware.update_changed"], again);
  const { station, image, states } = wanted;
  const found = useInfiniteQuery({
    queryKey: ["firmware", "updates", station, image, states],
    queryFn: ({ pageParam, signal }) => {
      const query = {
        limit: PAGE,
        ...(station === "" ? {} : { station_id: station }),
        ...(image === "" ? {} : { image_id: image }),
        ...(states.length === 0 ? {} : { state: [...states] }),
        ...(pageParam === undefined ? {} : { after: pageParam }),
      };
      return take(api.GET("/api/v1/firmware/updates", { params: { query }, signal }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: keepPreviousData,
  });
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data]);
  return { ...found, rows };
}

export function useUpdate(id: number | null) {
  useLive(["firmware.update_changed"], (happenings) => {
    if (happenings.some(({ data }) => data.update_id === id)) void queries.invalidateQueries({ queryKey: ["firmware", "update", id] });
  });
  return useQuery({
    queryKey: ["firmware", "update", id],
    queryFn: ({ signal }) => take(api.GET("/api/v1/firmware/updates/{update_id}", { params: { path: { update_id: id ?? 0 } }, signal })),
    enabled: id !== null,
  });
}
