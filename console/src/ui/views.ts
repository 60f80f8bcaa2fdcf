import { useMutation, useQuery } from "@tanstack/react-query";
import { api, queries, take } from "@/api";
import { failed } from "./basics.tsx";

/** search: what stands behind the ? of the address. */
export interface View {
  name: string;
  search: string;
}

/** The views somebody keeps of a room, by name; the server keeps them, so that they are there in every browser. */
export function useViews(room: string): { views: readonly View[]; keep: (name: string, search: string) => void; remove: (name: string) => void } {
  const queryKey = ["views", room];
  const found = useQuery({
    queryKey,
    queryFn: async ({ signal }) => (await take(api.GET("/api/v1/views/{room}", { params: { path: { room } }, signal }))).items,
    staleTime: 5 * 60_000,
  });
  const after = { onSettled: () => queries.invalidateQueries({ queryKey }), onError: failed };
  const keep = useMutation({
    mutationFn: ({ name, search }: View) => take(api.PUT("/api/v1/views/{room}/{name}", { params: { path: { room, name } }, body: { body: { search } } })),
    ...after,
  });
  const remove = useMutation({
    mutationFn: (name: string) => take(api.DELETE("/api/v1/views/{room}/{name}", { params: { path: { room, name } } })),
    ...after,
  });
  return {
    views: (found.data ?? []).map(({ name, body }) => ({ name, search: typeof body.search === "string" ? body.search : "" })),
    keep: (name, search) => keep.mutate({ name, search }),
    remove: (name) => remove.mutate(name),
  };
}
