/** The list as a file: what is shown, with its values rather than their pictures. */
import type { Station } from "@/live";
import type { SiteNames } from "./filters.ts";

const FIELDS = [
  "id",
  "name",
  "site_id",
  "state",
  "state_since",
  "power_w",
  "power_limit_w",
  "connected",
  "last_seen",
  "vendor",
  "model",
  "serial",
  "firmware",
  "protocol",
  "security_profile",
  "faults",
  "fault",
  "transactions_open",
  "uptime_30d",
  "disconnect_reason",
  "enabled",
  "registration",
] as const satisfies readonly (keyof Station)[];

/** Pure. A text that a spreadsheet would take for a formula gets a leading apostrophe. */
export function cell(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csvOf(rows: readonly Station[], sites: SiteNames): string {
  const lines = rows.map((row) => [...FIELDS.map((name) => cell(row[name])), cell(row.site_id === null ? "" : sites.get(row.site_id))].join(","));
  return [[...FIELDS, "site"].join(","), ...lines, ""].join("\r\n");
}

export function jsonOf(rows: readonly Station[], sites: SiteNames): string {
  return JSON.stringify(
    rows.map((row) => ({ ...row, site: row.site_id === null ? null : (sites.get(row.site_id) ?? null) })),
    null,
    1,
  );
}

/** Hands a text to the reader as a file. */
export function download(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
