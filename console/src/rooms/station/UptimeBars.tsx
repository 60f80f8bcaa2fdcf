/** A month in bars: how much of each day the station was not up. Made of its outages, which the server keeps. */
import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, type Schema, take } from "@/api";
import { dayFrom, format, useTexts } from "@/i18n";
import { useNow } from "@/live";
import { Hint } from "@/ui";
import { type Detail, keys, useDetail } from "./data.ts";
import classes from "./station.module.css";
import { texts } from "./texts.ts";

export type Outage = Schema<"OutageOut">;

const DAYS = 30;
const PAGE = 500;
const MOST_PAGES = 10;

/** The outages of the last 30 days, the latest first. */
export function useOutages(id: string) {
  return useQuery({
    queryKey: keys.outages(id),
    queryFn: async () => {
      const from = new Date(Date.now() - (DAYS + 1) * 86_400_000).toISOString();
      const found: Outage[] = [];
      let after: string | null = null;
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const answer: Schema<"PageOfOutageOut"> = await take(
          api.GET("/api/v1/stations/{station_id}/outages", { params: { path: { station_id: id }, query: { limit: PAGE, ...(after === null ? {} : { after }) } } }),
        );
        found.push(...answer.items);
        after = answer.next ?? null;
        if (after === null || (found.at(-1)?.began_at ?? "") < from) break;
      }
      return found;
    },
    staleTime: 60_000,
  });
}

export interface Day {
  readonly from: Date;
  /** 0 to 1: of what is known of the day; null: before it was known, or to come. */
  readonly down: number | null;
  readonly outages: number;
  readonly longestS: number;
}

/** Pure. A day of each of the last 30, in the reader's zone. Of several connectors each outage counts for its share. */
export function daysOf(outages: readonly Outage[], detail: Pick<Detail, "created_at" | "connectors" | "link">, now: Date): readonly Day[] {
  const connectors = Math.max(1, detail.connectors.filter((each) => each.evse > 0).length);
  const known = Date.parse(detail.link.since === null ? now.toISOString() : detail.created_at);
  const begins = Array.from({ length: DAYS + 1 }, (_, index) => dayFrom(now, index + 1 - DAYS));
  return begins.slice(0, DAYS).map((from, index) => {
    const to = begins[index + 1] ?? now;
    const begin = Math.max(from.getTime(), known);
    const end = Math.min(to.getTime(), now.getTime());
    if (end - begin < 1000) return { from, down: null, outages: 0, longestS: 0 };
    let downMs = 0;
    let count = 0;
    let longest = 0;
    for (const each of outages) {
      const within = Math.min(end, each.ended_at === null ? now.getTime() : Date.parse(each.ended_at)) - Math.max(begin, Date.parse(each.began_at));
      if (within <= 0) continue;
      count += 1;
      longest = Math.max(longest, within / 1000);
      downMs += each.evse === 0 ? within : within / connectors;
    }
    return { from, down: Math.min(1, downMs / (end - begin)), outages: count, longestS: longest };
  });
}

export function UptimeBars(props: { id: string }) {
  const { t } = useTexts(texts);
  const detail = useDetail(props.id).data;
  const outages = useOutages(props.id).data;
  const now = useNow(60_000);
  if (detail === undefined || outages === undefined) return null;
  const days = daysOf(outages, detail, now);
  const bad = days.filter((each) => (each.down ?? 0) > 0).length;
  return (
    <div>
      <div className={classes.bars} role="img" aria-label={t("station.uptime.bars", { n: bad })}>
        {days.map((day) => {
          const says = (): string =>
            day.down === null
              ? `${format.time(day.from, "date")}: ${t("station.uptime.unknown")}`
              : day.outages === 0
                ? `${format.time(day.from, "date")}: ${t("station.uptime.all")}`
                : `${format.time(day.from, "date")}: ${format.percent(1 - day.down)} · ${t("station.uptime.outages", { n: day.outages })} · ${t("station.uptime.longest", { time: format.duration(day.longestS) })}`;
          return (
            <Hint key={day.from.getTime()} says={says}>
              <span className={classes.bar} data-unknown={day.down === null || undefined} data-tone="free">
                {day.down === null || day.down === 0 ? null : <span className={classes.barDown} style={{ height: `${Math.max(12, day.down * 100)}%` }} />}
              </span>
            </Hint>
          );
        })}
      </div>
      <Text size="xs" c="dimmed" mt={4}>
        {t("station.uptime.barsHelp")}
      </Text>
    </div>
  );
}
