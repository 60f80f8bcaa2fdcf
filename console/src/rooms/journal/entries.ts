/** Events as the journal keeps them and as the stream tells them; which of them somebody wants to see. */
import type { Happening } from "@/live";

/** at: when it was written; live ones: when it happened, which is all that is told of them. */
export interface Entry {
  number: number;
  at: string;
  name: string;
  station_id: string | null;
  data: Readonly<Record<string, unknown>>;
}

/** Kinds, each with the events that belong to it; in the order in which they are offered. */
export const KINDS = {
  faults: ["station.fault_noticed"],
  security: ["station.refused", "security.noticed"],
  connections: ["station.connected", "station.disconnected", "station.booted"],
  charging: [
    "transaction.started",
    "transaction.ended",
    "transaction.corrected",
    "transaction.reviewed",
    "transaction.limit_changed",
    "transaction.resumed",
    "charging.started_with_profile",
    "charging.profile_changed",
    "charging.limit_changed",
    "charging.needs_told",
    "charging.priority_changed",
    "der.alarm",
    "der.control_changed",
    "battery.swap_changed",
  ],
  statuses: ["connector.status_changed"],
  commands: ["command.answered", "job.changed", "station.settings_received", "station.monitors_received", "station.stream_changed", "log.changed", "display.changed", "customer.information_received"],
  reservations: ["reservation.changed"],
  changes: ["station.changed", "site.changed", "token.changed", "station.list_changed", "settings.wanted_changed", "settings.reconciled", "monitors.template_changed", "certificate.request_changed"],
  firmware: ["firmware.update_changed", "firmware.publication_changed", "firmware.campaign_changed"],
  money: ["tariff.assigned", "tariff.asked", "cost.settled", "payment.told"],
  audit: ["audit.noted"],
} as const;
export type Kind = keyof typeof KINDS;
export const KIND_IDS = Object.keys(KINDS) as readonly Kind[];

export function isKind(text: string): text is Kind {
  return text in KINDS;
}

export interface Wanted {
  names: ReadonlySet<string>;
  station: string;
  words: readonly string[];
  since: string | null;
  until: string | null;
}

function* valuesOf(value: unknown): Generator<string> {
  if (value === null || typeof value === "boolean" || value === undefined) return;
  if (typeof value === "object") for (const each of Object.values(value)) yield* valuesOf(each);
  else yield `${value as string | number}`;
}

/** Pure. As the server chooses: words are looked for in the name and the values, not in the names of fields. */
export function isWanted(entry: Entry, wanted: Wanted): boolean {
  if (wanted.names.size > 0 && !wanted.names.has(entry.name)) return false;
  if (wanted.station !== "" && entry.station_id !== wanted.station) return false;
  if (wanted.since !== null && entry.at < wanted.since) return false;
  if (wanted.until !== null && entry.at >= wanted.until) return false;
  if (wanted.words.length === 0) return true;
  const said = [entry.name, ...valuesOf(entry.data)].join(" ").toLowerCase();
  return wanted.words.every((word) => said.includes(word));
}

/** What came over the stream as an entry; null for what is not kept. */
export function entryOf(happening: Happening): Entry | null {
  if (happening.number === null) return null;
  const data: Readonly<Record<string, unknown>> = { ...happening.data };
  const station = data.station_id;
  const at = data.at;
  return {
    number: happening.number,
    at: typeof at === "string" ? at : new Date().toISOString(),
    name: happening.name,
    station_id: typeof station === "string" ? station : null,
    data,
  };
}

export function text(entry: Entry, field: string): string {
  const value = entry.data[field];
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

export function number(entry: Entry, field: string): number | null {
  const value = entry.data[field];
  return typeof value === "number" ? value : null;
}
