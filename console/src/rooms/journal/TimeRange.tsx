/** A time between: so long until now, or from then to then, in the reader's zone. */
import { NativeSelect, TextInput } from "@mantine/core";
import { useMemo } from "react";
import { useTexts, useZone, zone } from "@/i18n";
import { texts } from "./texts.ts";

export const RANGE_DEFAULTS = { in: "", from: "", to: "" } as const;
export type RangeFilters = Readonly<Record<keyof typeof RANGE_DEFAULTS, string>>;

const LENGTHS_S = { "15m": 900, "1h": 3600, "24h": 86_400, "7d": 604_800, "30d": 2_592_000 } as const;
type Length = keyof typeof LENGTHS_S;

function isLength(text: string): text is Length {
  return text in LENGTHS_S;
}

/** How far a zone is from UTC at a moment, in ms. */
function offsetMs(at: number, name: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: name,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(at);
  const part = (type: string): number => Number(parts.find((each) => each.type === type)?.value ?? 0);
  return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second")) - Math.floor(at / 1000) * 1000;
}

/** Pure but for the zone. "2026-11-24T14:00", as a field of the page gives it, in the reader's zone; null for none. */
export function momentOf(text: string): string | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(text)) return null;
  const name = zone() || Intl.DateTimeFormat().resolvedOptions().timeZone;
  const plain = Date.parse(`${text}Z`);
  if (Number.isNaN(plain)) return null;
  // Twice: the first guess may lie on the other side of a change of the clocks.
  const guess = plain - offsetMs(plain, name);
  return new Date(plain - offsetMs(guess, name)).toISOString();
}

function before(seconds: number): string {
  return new Date(Date.now() - seconds * 1000).toISOString();
}

/** since and until of the API. What is "the last hour" is decided when the filter changes, and grows from there. */
export function useRange(filters: RangeFilters): { since: string | null; until: string | null } {
  const { in: length, from, to } = filters;
  const name = useZone();
  return useMemo(() => {
    if (length === "custom") return { since: momentOf(from), until: momentOf(to), zone: name };
    return { since: isLength(length) ? before(LENGTHS_S[length]) : null, until: null };
  }, [length, from, to, name]);
}

export function TimeRange(props: { filters: RangeFilters; onChange: (changes: Partial<RangeFilters>) => void }) {
  const { t } = useTexts(texts);
  const { filters, onChange } = props;
  return (
    <>
      <NativeSelect
        aria-label={t("range.label")}
        value={filters.in}
        onChange={(event) => onChange({ in: event.currentTarget.value, ...(event.currentTarget.value === "custom" ? {} : { from: "", to: "" }) })}
        data={[
          { value: "", label: t("range.all") },
          { value: "15m", label: t("range.15m") },
          { value: "1h", label: t("range.1h") },
          { value: "24h", label: t("range.24h") },
          { value: "7d", label: t("range.7d") },
          { value: "30d", label: t("range.30d") },
          { value: "custom", label: t("range.custom") },
        ]}
      />
      {filters.in === "custom" ? (
        <>
          <TextInput type="datetime-local" aria-label={t("range.from")} title={t("range.from")} value={filters.from} max={filters.to || undefined} onChange={(event) => onChange({ from: event.currentTarget.value })} />
          <TextInput type="datetime-local" aria-label={t("range.to")} title={t("range.to")} value={filters.to} min={filters.from || undefined} onChange={(event) => onChange({ to: event.currentTarget.value })} />
        </>
      ) : null}
    </>
  );
}
