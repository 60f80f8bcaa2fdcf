/** Jobs as they are now: read once, then kept current by what happens. */
import { useQuery } from "@tanstack/react-query";
import { api, queries, take } from "@/api";
import { useLive } from "@/live";
import type { Tone } from "@/ui";
import { useThrottled } from "@/ui";
import { newSettingOf } from "@/ui/settingName.ts";
import type { Action, Asked, ItemState, Job, JobStation } from "./asking.ts";

/** In the order in which a bar shows them. */
export const ITEM_STATES = ["done", "refused", "failed", "unknown", "cancelled", "asking", "waiting"] as const satisfies readonly ItemState[];
export const TONE_OF_ITEM: Readonly<Record<ItemState, Tone>> = { done: "free", refused: "bad", failed: "wait", unknown: "kept", cancelled: "away", asking: "busy", waiting: "away" };
/** Of these it is worth to ask again. */
export const AGAIN: ReadonlySet<ItemState> = new Set<ItemState>(["refused", "failed", "unknown", "cancelled"]);

const PACE_MS = 1000;

export function isOver(job: Job): boolean {
  return job.state === "done" || job.state === "cancelled";
}

export function behind(job: Job): number {
  return job.total - (job.counts.waiting ?? 0) - (job.counts.asking ?? 0);
}

export function useJob(id: string) {
  const again = useThrottled(() => void queries.invalidateQueries({ queryKey: ["jobs", id], exact: true }), PACE_MS);
  useLive(["job.progressed", "job.changed"], (happenings) => {
    if (happenings.some(({ data }) => data.job_id === id)) again();
  });
  return useQuery({ queryKey: ["jobs", id], queryFn: ({ signal }) => take(api.GET("/api/v1/jobs/{job_id}", { params: { path: { job_id: id } }, signal })) });
}

async function readStations(id: string, signal: AbortSignal): Promise<readonly JobStation[]> {
  const all: JobStation[] = [];
  for (let after: string | undefined; ; ) {
    const query = { limit: 500, ...(after === undefined ? {} : { after }) };
    const page = await take(api.GET("/api/v1/jobs/{job_id}/stations", { params: { path: { job_id: id }, query }, signal }));
    all.push(...page.items);
    if (page.next === null || page.next === undefined) return all;
    after = page.next;
  }
}

export function useJobStations(id: string) {
  const queryKey = ["jobs", id, "stations"];
  useLive(["job.progressed"], (happenings) => {
    const mine = new Map(happenings.filter(({ data }) => data.job_id === id).map(({ data }) => [data.station_id, data]));
    if (mine.size === 0) return;
    queries.setQueryData<readonly JobStation[]>(queryKey, (before) =>
      before?.map((row) => {
        const now = mine.get(row.station_id);
        return now === undefined ? row : { ...row, state: now.state as ItemState, outcome: now.outcome, at: now.at };
      }),
    );
  });
  // What is told live is not the whole answer, and those that were cancelled are not told one by one.
  useLive(["job.changed"], (happenings) => {
    if (happenings.some(({ data }) => data.job_id === id)) void queries.invalidateQueries({ queryKey });
  });
  return useQuery({ queryKey, queryFn: ({ signal }) => readStations(id, signal) });
}

/** The latest, as many as somebody looks through. */
export function useJobs() {
  const again = useThrottled(() => void queries.invalidateQueries({ queryKey: ["jobs"], exact: true }), PACE_MS);
  useLive(["job.changed", "job.progressed"], again);
  return useQuery({ queryKey: ["jobs"], queryFn: ({ signal }) => take(api.GET("/api/v1/jobs", { params: { query: { limit: 100 } }, signal })) });
}

function fieldOf(document: unknown, name: string): unknown {
  return typeof document === "object" && document !== null ? (document as Readonly<Record<string, unknown>>)[name] : undefined;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

/** Pure. What a job asked, to ask it again; what was hidden of it is to be filled in anew. Null where it cannot be told. */
export function askedOf(action: Action, request: unknown): Asked | null {
  const place = fieldOf(request, "place");
  const evse = numberOf(fieldOf(place, "evse"));
  const connector = numberOf(fieldOf(place, "connector"));
  switch (action) {
    case "settings": {
      const settings = fieldOf(request, "settings");
      if (!Array.isArray(settings)) return null;
      const lines = (settings as unknown[]).map((each) => {
        const value = textOf(fieldOf(each, "value"));
        return newSettingOf(textOf(fieldOf(each, "name")), value === "[redacted]" ? "" : value);
      });
      return { action, request: { settings: lines } };
    }
    case "reset": {
      const kind = fieldOf(request, "kind");
      return kind === "OnIdle" || kind === "Immediate" || kind === "ImmediateAndResume" ? { action, request: { kind } } : null;
    }
    case "availability": {
      const availability = fieldOf(request, "availability");
      return availability === "Operative" || availability === "Inoperative" ? { action, request: { availability, evse: evse ?? 0 } } : null;
    }
    case "trigger":
      return null;
    case "unlock":
      return evse === null ? null : { action, request: { evse, connector: connector ?? 1 } };
  }
}
