/** The four figures of the network. Power and transactions come from the fleet, live; the rest from the overview. */
import { format, useTexts } from "@/i18n";
import { type Fleet, type Overview, sameRecord, type Site, useFleetCalmly } from "@/live";
import { Figure, Unknown } from "@/ui";
import { UPTIME_TARGET } from "@/ui/StationsTable.tsx";
import classes from "./overview.module.css";
import { texts } from "./texts.ts";

function sums(fleet: Fleet): { power: number; open: number; low: number } {
  let [power, open, low] = [0, 0, 0];
  for (const row of fleet.rows) {
    power += row.power_w ?? 0;
    open += row.transactions_open;
    if (row.uptime_30d !== null && row.uptime_30d < UPTIME_TARGET) low += 1;
  }
  return { power, open, low };
}

function useLimitInWords(sites: readonly Site[] | undefined, power: number): string {
  const { t } = useTexts(texts);
  if (sites === undefined) return "\u00a0";
  const limits = sites.map((site) => site.power_limit_w).filter((limit) => limit !== null);
  const limit = limits.reduce((sum, each) => sum + each, 0);
  if (limits.length === 0) return t("overview.powerFree");
  // Against the limits of some sites the power of all says nothing.
  if (limits.length < sites.length) return t("overview.powerSome", { n: limits.length, limit: format.power(limit) });
  return t("overview.powerOf", { limit: format.power(limit), share: format.percent(limit > 0 ? power / limit : 0, 0) });
}

export function Figures(props: { overview: Overview | undefined; sites: readonly Site[] | undefined }) {
  const { t } = useTexts(texts);
  const { power, open, low } = useFleetCalmly(sums, sameRecord, 500);
  const { overview, sites } = props;
  const limit = useLimitInWords(sites, power);
  const target = format.percent(UPTIME_TARGET, 0);
  const uptime = overview?.uptime_30d;
  return (
    <div className={classes.figures}>
      <Figure name={t("overview.power")} value={format.power(power)} detail={limit} />
      <Figure
        name={t("overview.open")}
        value={format.number(open)}
        detail={overview === undefined ? "\u00a0" : t("overview.started", { n: overview.transactions.started_last_hour })}
        to="/transactions?state=open"
      />
      <Figure
        name={t("overview.uptime")}
        value={uptime === undefined || uptime === null ? <Unknown /> : format.percent(uptime)}
        detail={uptime === null ? t("overview.unmeasured") : low === 0 ? t("overview.noneLow", { target }) : t("overview.low", { n: low, target })}
        to="/stations?uptime=97"
      />
      <Figure
        name={t("overview.energy")}
        value={overview === undefined ? <Unknown /> : format.energy(overview.transactions.energy_wh)}
        detail={overview === undefined ? "\u00a0" : t("overview.ended", { n: overview.transactions.ended_last_hour })}
      />
    </div>
  );
}
