/** Stretches of time as the address says them. */
import { dayOf } from "@/i18n";

export const SPANS = ["1h", "today", "24h", "7d", "30d"] as const;
const HOURS: Readonly<Record<string, number>> = { "1h": 1, "24h": 24, "7d": 7 * 24, "30d": 30 * 24 };

export interface Said {
  since: string;
  until: string;
}

function moment(text: string, now: Date): Date | undefined {
  const hours = HOURS[text];
  if (hours !== undefined) return new Date(now.getTime() - hours * 3_600_000);
  if (text === "today") return dayOf(now);
  const at = new Date(text);
  return text === "" || Number.isNaN(at.getTime()) ? undefined : at;
}

/** Pure. The stretch as the API takes it; without what is not said, or makes no sense. */
export function rangeOf(said: Said, now: Date): { since?: string; until?: string } {
  const since = moment(said.since, now)?.toISOString();
  const until = moment(said.until, now)?.toISOString();
  return { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) };
}
