import { useQuery } from "@tanstack/react-query";
import { api, queries, take } from "@/api";
import { type Site, useLive } from "@/live";

/** One site, kept current. */
export function useSite(id: string) {
  useLive(["site.changed"], (happenings) => {
    if (happenings.some(({ data }) => data.site_id === id)) void queries.invalidateQueries({ queryKey: ["sites", id] });
  });
  return useQuery({
    queryKey: ["sites", id],
    queryFn: () => take(api.GET("/api/v1/sites/{site_id}", { params: { path: { site_id: id } } })),
    placeholderData: () => queries.getQueryData<readonly Site[]>(["sites"])?.find((site) => site.id === id),
  });
}
