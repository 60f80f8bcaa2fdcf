/**
 * Every station the reader may see, in memory: read once as a snapshot, then kept current by events.
 *
 * What an event says for certain is put in at once. A state follows rules that only the server knows (features/stations/
 * overall.py), so stations something happened to are read again, many at a time, about a second later.
 * Rows are values: a row that changed is another object, so that `===` tells what to render.
 */
import { useRef, useSyncExternalStore } from "react";
import { api, currentSession, onSession, Problem, type Schema, take } from "@/api";
import type { Happening } from "./events.ts";
import { heardUpTo, onHappenings, onResync } from "./stream.ts";

type Columns = Schema<"FleetColumns">;
/** One row of the snapshot: its columns by name (docs/api.md, `GET /fleet`). */
export type Station = { readonly [K in keyof Columns]: Columns[K][number] };
export type StationState = Station["state"];

/**
 * version   grows with every change
 * rows      in the order of their ids
 */
export interface Fleet {
  readonly is: "reading" | "ready" | "trouble" | "forbidden";
  readonly version: number;
  readonly rows: readonly Station[];
  readonly byId: ReadonlyMap<string, Station>;
  readonly trouble: Problem | null;
}

const AGAIN_MS = 1000;
/** More ids than this do not fit into an address; then the whole is read. */
const MOST_IDS = 120;
const WHOLE_MS = 10_000;

let fleet: Fleet = { is: "reading", version: 0, rows: [], byId: new Map(), trouble: null };
const listeners = new Set<() => void>();
const dirty = new Set<string>();
let byId = new Map<string, Station>();
let timer: ReturnType<typeof setTimeout> | undefined;
let reading = false;
let readAt = 0;

function publish(change: Partial<Omit<Fleet, "version">>): void {
  fleet = { ...fleet, ...change, version: fleet.version + 1 };
  for (const listener of listeners) listener();
}

function republish(): void {
  publish({ rows: [...byId.values()], byId });
}

/** The rows of columns; those that are as they were are the same objects, and no others are made. */
function rowsOf(columns: Columns, before: ReadonlyMap<string, Station>): Station[] {
  const names = Object.keys(columns) as (keyof Columns)[];
  return columns.id.map((id, index) => {
    const known = before.get(id);
    if (known !== undefined && names.every((name) => alike(known[name], columns[name][index]))) return known;
    const row: Record<string, unknown> = {};
    for (const name of names) row[name] = columns[name][index];
    return row as Station;
  });
}

function alike(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  // How many connectors are in which state.
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  return sameRecord(a as Readonly<Record<string, unknown>>, b as Readonly<Record<string, unknown>>);
}

function ordered(rows: readonly Station[]): Map<string, Station> {
  return new Map(rows.map((row) => [row.id, row]));
}

async function readWhole(): Promise<void> {
  if (reading) return;
  reading = true;
  dirty.clear();
  try {
    const answer = await take(api.GET("/api/v1/fleet"));
    if (fleet.is !== "ready") heardUpTo(answer.newest);
    const rows = rowsOf(answer.columns, byId);
    byId = ordered(rows);
    readAt = performance.now();
    publish({ is: "ready", rows, byId, trouble: null });
  } catch (error) {
    const problem = error instanceof Problem ? error : Problem.lost(error);
    publish({ is: problem.status === 403 ? "forbidden" : fleet.is === "ready" ? "ready" : "trouble", trouble: problem });
    if (problem.status !== 403 && problem.status !== 401) later(5 * AGAIN_MS);
  } finally {
    reading = false;
  }
  if (dirty.size > 0) later(AGAIN_MS);
}

async function readSome(ids: readonly string[]): Promise<void> {
  reading = true;
  try {
    const answer = await take(api.GET("/api/v1/fleet", { params: { query: { ids: ids.join(",") } } }));
    const found = ordered(rowsOf(answer.columns, byId));
    let added = false;
    let changed = false;
    for (const id of ids) {
      const row = found.get(id);
      const before = byId.get(id);
      if (row === undefined) changed = byId.delete(id) || changed;
      else if (before !== row) {
        added = added || before === undefined;
        changed = true;
        byId.set(id, row);
      }
    }
    if (added) byId = new Map([...byId].sort(([a], [b]) => (a < b ? -1 : 1)));
    if (changed) republish();
  } catch {
    for (const id of ids) dirty.add(id);
  } finally {
    reading = false;
  }
  if (dirty.size > 0) later(AGAIN_MS);
}

function later(ms: number): void {
  timer ??= setTimeout(() => {
    timer = undefined;
    if (reading) later(AGAIN_MS);
    else if (fleet.is !== "ready") void readWhole();
    else if (dirty.size > MOST_IDS && performance.now() - readAt > WHOLE_MS) void readWhole();
    else {
      const ids = [...dirty].slice(0, MOST_IDS);
      for (const id of ids) dirty.delete(id);
      if (ids.length > 0) void readSome(ids);
    }
  }, ms);
}

/** What an event says for certain of a row; the row itself where that is nothing. */
function told(row: Station, happening: Happening): Station {
  switch (happening.name) {
    case "station.connected":
      return { ...row, connected: true, protocol: happening.data.protocol, last_seen: happening.data.at, disconnect_reason: "" };
    case "station.disconnected":
      return {
        ...row,
        connected: false,
        state: row.enabled ? "Offline" : row.state,
        state_since: happening.data.at,
        disconnect_reason: happening.data.reason,
      };
    case "station.booted": {
      const { vendor, model, firmware, at } = happening.data;
      return { ...row, vendor, model, firmware, last_seen: at };
    }
    case "transaction.updated": {
      const { power_w, at } = happening.data;
      // Of one among several only the server knows the sum.
      return row.transactions_open === 1 && power_w !== null ? { ...row, power_w, last_seen: at } : row;
    }
    default:
      return row;
  }
}

function takeIn(happenings: readonly Happening[]): void {
  if (fleet.is !== "ready") return;
  let changed = false;
  for (const happening of happenings) {
    const id = "station_id" in happening.data ? happening.data.station_id : null;
    if (id === null) continue;
    const row = byId.get(id);
    if (row !== undefined) {
      const after = told(row, happening);
      if (after !== row) {
        byId.set(id, after);
        changed = true;
      }
    }
    if (happening.name === "transaction.updated") {
      const charges = happening.data.charging_state === "Charging";
      if (row !== undefined && row.transactions_open === 1 && charges === (row.state === "Charging")) continue;
    } else if (happening.name === "command.answered" || happening.name === "station.settings_received") continue;
    dirty.add(id);
  }
  if (changed) republish();
  if (dirty.size > 0) later(AGAIN_MS);
}

let started = false;

/** Once, when the pages start. */
export function startFleet(): void {
  if (started) return;
  started = true;
  const begin = (): void => {
    const session = currentSession();
    if (session.is === "in" && session.who.scopes.includes("stations:read")) {
      if (fleet.is !== "ready") void readWhole();
    } else if (session.is === "nobody") {
      byId = new Map();
      publish({ is: "reading", rows: [], byId, trouble: null });
    } else if (session.is === "in") publish({ is: "forbidden" });
  };
  onHappenings(takeIn);
  onResync(() => void readWhole());
  onSession(begin);
  begin();
}

export function currentFleet(): Fleet {
  return fleet;
}

export function onFleet(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * A part of the fleet; renders only when it changes.
 *
 *     const faulted = useFleet((fleet) => fleet.rows.filter((row) => row.state === "Faulted"), sameList);
 *
 * same: when two results are alike; without it by Object.is. Give `sameList` for lists of rows, `sameRecord` for objects of numbers.
 */
export function useFleet<T>(select: (fleet: Fleet) => T, same: (a: T, b: T) => boolean = Object.is): T {
  const kept = useRef<{ fleet: Fleet; select: (fleet: Fleet) => T; value: T } | undefined>(undefined);
  return useSyncExternalStore(onFleet, () => {
    const before = kept.current;
    if (before?.fleet === fleet && before.select === select) return before.value;
    const found = select(fleet);
    const value = before !== undefined && same(before.value, found) ? before.value : found;
    kept.current = { fleet, select, value };
    return value;
  });
}

/** One station; undefined where there is none, or not for the reader's eyes. */
export function useStation(id: string): Station | undefined {
  return useFleet((now) => now.byId.get(id));
}

export function sameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((each, index) => each === b[index]);
}

export function sameRecord(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
