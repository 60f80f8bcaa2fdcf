/** Charging schedules as steps that can be drawn. Pure. */
import type { Schema } from "@/api";
import { format } from "@/i18n";

export type Unit = Schema<"RateUnit">;

/** What of a schedule is drawn. Pairs of numbers come out of a call as another type than the document has: so these are less than it. */
export interface Schedule {
  readonly unit: Unit;
  readonly periods: readonly { readonly start_s: number; readonly limit?: number | null; readonly setpoint?: number | null }[];
  readonly starts_at?: string | null;
  readonly duration_s?: number | null;
}
export type Profile = Omit<Schema<"ProfileOut">, "schedules"> & { readonly schedules: readonly Schedule[] };
export type Kept = Omit<Schema<"KeptOut">, "profile" | "reported"> & { readonly profile: Profile; readonly reported: Profile | null };

export interface Steps {
  readonly at: readonly number[];
  readonly limit: readonly (number | null)[];
}

const DAY_S = 86_400;

/** A limit as text, with its unit. */
export function rateOf(unit: Unit, value: number): string {
  return unit === "W" ? format.power(value) : format.current(value);
}

/** The most of all phases named. */
function limitOf(period: Schedule["periods"][number]): number | null {
  return period.limit ?? period.setpoint ?? null;
}

/** From `from` (Unix seconds) on, as far as the schedule tells, a day at most where it has no end. */
export function stepsOf(schedule: Schedule, from: number): Steps {
  const end = schedule.duration_s ?? Math.max(DAY_S, (schedule.periods.at(-1)?.start_s ?? 0) + 3600);
  const at: number[] = [];
  const limit: (number | null)[] = [];
  for (const period of schedule.periods) {
    at.push(from + period.start_s);
    limit.push(limitOf(period));
  }
  const last = limit.at(-1);
  if (last !== undefined) {
    at.push(from + end);
    limit.push(last);
  }
  return { at, limit };
}

/** "11 kW", "16 A at most, 3 steps", or "" where it says none. */
export function gistOf(profile: Profile, steps: (n: number) => string): string {
  const [schedule] = profile.schedules;
  if (schedule === undefined) return "";
  const limits = schedule.periods.map(limitOf).filter((each): each is number => each !== null);
  if (limits.length === 0) return "";
  const most = Math.max(...limits);
  const least = Math.min(...limits);
  if (most === least) return rateOf(schedule.unit, most);
  return `${rateOf(schedule.unit, least)} – ${rateOf(schedule.unit, most)} · ${steps(schedule.periods.length)}`;
}

/** The value in force at each of the times, by half-open steps; null before the first and where nothing limits. */
export function sampled(steps: Steps, at: readonly number[]): readonly (number | null)[] {
  let index = -1;
  const end = steps.at.at(-1) ?? 0;
  return at.map((s) => {
    while (index + 1 < steps.at.length && (steps.at[index + 1] ?? Infinity) <= s) index += 1;
    return index < 0 || s > end ? null : (steps.limit[index] ?? null);
  });
}

/** Two courses on one axis of times: all times of either. */
export function together(a: Steps, b: Steps): { at: readonly number[]; values: readonly (readonly (number | null)[])[] } {
  const at = [...new Set([...a.at, ...b.at])].sort((x, y) => x - y);
  return { at, values: [sampled(a, at), sampled(b, at)] };
}
