/** Asking many stations at once, by the API's `/jobs/*`. */
import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { api, type Schema, take } from "@/api";

export type Blast = Schema<"BlastOut">;
export type Job = Schema<"JobOut">;
export type JobStation = Schema<"JobStationOut">;
export type ItemState = Schema<"ItemState">;

/** What may be asked, with its body. */
export interface Requests {
  settings: Schema<"ChangeSettingsIn">;
  reset: Schema<"ResetIn">;
  availability: Schema<"AvailabilityIn">;
  trigger: Schema<"TriggerIn">;
  unlock: Schema<"UnlockIn">;
}
export type Action = keyof Requests;
export type Asked = { [A in Action]: { action: A; request: Requests[A] } }[Action];

export const ACTIONS = ["settings", "reset", "availability", "trigger", "unlock"] as const satisfies readonly Action[];

export function isAction(command: string): command is Action {
  return (ACTIONS as readonly string[]).includes(command);
}

/** A job's id, unless it is dry; and how far it reaches. */
export async function askMany(asked: Asked, stations: readonly string[], dry: boolean, signal?: AbortSignal): Promise<Schema<"StartedOut">> {
  const params = { query: { dry_run: dry } };
  const ids = [...stations];
  const options = signal === undefined ? {} : { signal };
  switch (asked.action) {
    case "settings":
      return take(api.POST("/api/v1/jobs/settings", { params, body: { stations: ids, everything: false, request: asked.request }, ...options }));
    case "reset":
      return take(api.POST("/api/v1/jobs/reset", { params, body: { stations: ids, everything: false, request: asked.request }, ...options }));
    case "availability":
      return take(api.POST("/api/v1/jobs/availability", { params, body: { stations: ids, everything: false, request: asked.request }, ...options }));
    case "trigger":
      return take(api.POST("/api/v1/jobs/trigger", { params, body: { stations: ids, everything: false, request: asked.request }, ...options }));
    case "unlock":
      return take(api.POST("/api/v1/jobs/unlock", { params, body: { stations: ids, everything: false, request: asked.request }, ...options }));
  }
}

/** How far it would reach; asked of the server anew when the request is another. `stations` is the same array all along. */
export function useBlast(asked: Asked | null, stations: readonly string[]) {
  const which = useId();
  return useQuery({
    queryKey: ["jobs", "blast", which, asked],
    queryFn: async ({ signal }) => (asked === null ? null : (await askMany(asked, stations, true, signal)).blast),
    enabled: asked !== null,
    staleTime: 10_000,
    gcTime: 0,
    retry: false,
    placeholderData: (before) => before,
  });
}
