/** Reading tariffs, and saying what they are. */
import { useQuery } from "@tanstack/react-query";
import { api, queries, type Schema, take } from "@/api";
import { format, speak } from "@/i18n";
import { useLive } from "@/live";
import { texts } from "./texts.ts";

export type Tariff = Schema<"TariffOut">;
export type Assignment = Schema<"AssignmentOut">;
export type Conditions = Schema<"ConditionsBody">;
export type Rate = NonNullable<Tariff["energy"]>;

export const DIMENSIONS = ["energy", "charging_time", "idle_time", "fixed"] as const;
export type Dimension = (typeof DIMENSIONS)[number];

const ALL = 500;

async function readTariffs(retired: boolean, signal: AbortSignal): Promise<readonly Tariff[]> {
  const all: Tariff[] = [];
  for (let after: string | undefined; ; ) {
    const page = await take(api.GET("/api/v1/tariffs", { params: { query: { limit: ALL, retired, ...(after === undefined ? {} : { after }) } }, signal }));
    all.push(...page.items);
    if (page.next === null || page.next === undefined) return all;
    after = page.next;
  }
}

export function useTariffs(retired: boolean) {
  return useQuery({ queryKey: ["tariffs", "list", retired], queryFn: ({ signal }) => readTariffs(retired, signal) });
}

async function readAssignments(signal: AbortSignal): Promise<readonly Assignment[]> {
  const all: Assignment[] = [];
  for (let after: string | undefined; ; ) {
    const page = await take(api.GET("/api/v1/tariff-assignments", { params: { query: { limit: ALL, ...(after === undefined ? {} : { after }) } }, signal }));
    all.push(...page.items);
    if (page.next === null || page.next === undefined) return all;
    after = page.next;
  }
}

export function useAssignments() {
  useLive(["tariff.assigned"], () => void queries.invalidateQueries({ queryKey: ["tariffs", "assignments"] }));
  return useQuery({ queryKey: ["tariffs", "assignments"], queryFn: ({ signal }) => readAssignments(signal) });
}

/** An amount as the reader writes it; as many digits as it has, two at least. */
export function money(amount: string | number, currency: string): string {
  return format.money(Number(amount), currency, 5);
}

const UNITS: Readonly<Record<Dimension, "tariffs.aKwh" | "tariffs.aMinute" | "tariffs.aMinuteIdle" | "tariffs.once">> = { energy: "tariffs.aKwh", charging_time: "tariffs.aMinute", idle_time: "tariffs.aMinuteIdle", fixed: "tariffs.once" };

/** "€0.45 a kWh"; with "from" where it depends. */
export function priceOf(tariff: Pick<Tariff, "currency">, dimension: Dimension, rate: Rate): string {
  const { t } = speak(texts);
  const amounts = rate.prices.map((each) => Number(each.amount));
  const least = Math.min(...amounts);
  const price = t(UNITS[dimension], { price: money(least, tariff.currency) });
  return amounts.some((each) => each !== least) ? t("tariffs.fromPrice", { price }) : price;
}

export function gistOf(tariff: Tariff): string {
  const { t } = speak(texts);
  const parts = DIMENSIONS.flatMap((dimension) => {
    const rate = tariff[dimension];
    return rate === null || rate === undefined ? [] : [priceOf(tariff, dimension, rate)];
  });
  return parts.length === 0 ? t("tariffs.free") : parts.join(" + ");
}

/** Conditions in words; "" where there are none. */
export function whenOf(conditions: Conditions): string {
  const { t } = speak(texts);
  const parts: string[] = [];
  if (conditions.days.length > 0) parts.push(conditions.days.map((day) => t(`tariffs.day.${day}`)).join(", "));
  if (conditions.from_time || conditions.to_time) parts.push(`${conditions.from_time ?? "00:00"}–${conditions.to_time ?? "24:00"}`);
  if (conditions.from_date) parts.push(t("tariffs.fromDate", { date: conditions.from_date }));
  if (conditions.to_date) parts.push(t("tariffs.toDate", { date: conditions.to_date }));
  const bounds = [
    ["energy_wh", format.energy],
    ["power_w", format.power],
    ["s", format.duration],
    ["charging_s", format.duration],
    ["idle_s", format.duration],
  ] as const;
  for (const [what, write] of bounds) {
    const least = conditions[`min_${what}`];
    const most = conditions[`max_${what}`];
    if (typeof least === "number") parts.push(t(`tariffs.min.${what}`, { value: write(least) }));
    if (typeof most === "number") parts.push(t(`tariffs.max.${what}`, { value: write(most) }));
  }
  return parts.join(" · ");
}
