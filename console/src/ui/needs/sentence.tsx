/** A group of troubles as a sentence, the facts its members share, and where exactly they are shown. */
import type { ReactNode } from "react";
import { format, speak } from "@/i18n";
import type { TroubleGroup } from "@/live";
import { pathOf } from "@/route";
import { Id, SafeText } from "../basics.tsx";
import { textOf } from "../filters.ts";
import { texts } from "./texts.ts";
import { faultInWords, lossInWords, refusalInWords } from "./words.ts";

const text = (words: string | null, raw: string): ReactNode => words ?? <SafeText text={raw} most={60} />;

function core(group: TroubleGroup): ReactNode {
  const { t, rich } = speak(texts);
  const n = group.count;
  const [first] = group.station_ids;
  const station = n === 1 && first !== undefined ? <Id id={first} /> : null;
  switch (group.kind) {
    case "fault": {
      const fault = text(faultInWords(group.code), group.code);
      return station === null ? rich("needs.faultMany", { n, fault }) : rich("needs.faultOne", { station, fault });
    }
    case "offline":
      if (station !== null) return rich("needs.offlineOne", { station });
      // Critical: nothing at the site is left.
      return t(group.severity === "critical" ? "needs.offlineAll" : "needs.offlineMany", { n });
    case "rejected":
      return station === null ? t("needs.rejectedMany", { n }) : rich("needs.rejectedOne", { station });
    case "pending":
      return station === null ? t("needs.pendingMany", { n }) : rich("needs.pendingOne", { station });
    case "never_seen":
      return station === null ? t("needs.neverMany", { n }) : rich("needs.neverOne", { station });
    case "over_limit": {
      const [power, limit] = [group.power_w ?? 0, group.limit_w ?? 0];
      return rich("needs.overLimit", {
        site: <SafeText text={group.site_name} most={60} />,
        power: format.power(power),
        limit: format.power(limit),
        over: format.power(power - limit),
      });
    }
    case "refused": {
      if (group.severity === "notice" && group.code === "unknown_id")
        return station === null ? t("needs.unknownMany", { n }) : rich("needs.unknownOne", { station });
      const reason = text(refusalInWords(group.code), group.code);
      return station === null ? rich("needs.refusedMany", { n, reason }) : rich("needs.refusedOne", { station, reason });
    }
    case "suspect":
      return t(group.code === "open" ? "needs.suspectOpen" : "needs.suspectEnded", { n });
  }
}

/** "4 stations: ground fault at Lyon Harbour". within: the site whose page it is, which need not be named there. */
export function Sentence(props: { group: TroubleGroup; within?: string }): ReactNode {
  const { rich } = speak(texts);
  const { group } = props;
  const what = core(group);
  const named = group.site_id !== null && group.site_id !== props.within && group.kind !== "over_limit" && group.site_name !== "";
  return named ? rich("needs.at", { what, site: <SafeText text={group.site_name} most={60} /> }) : what;
}

/** What they have in common, each a short phrase. */
export function facts(group: TroubleGroup, now: Date): ReactNode[] {
  const { t, rich } = speak(texts);
  const found: ReactNode[] = [];
  const many = group.count > 1;
  if (group.since !== null) found.push(t("needs.since", { time: `${format.moment(new Date(group.since), now)} (${format.ago(new Date(group.since), now)})` }));
  if (group.reason !== "") found.push(text(lossInWords(group.reason), group.reason));
  if (many && group.together) found.push(t("needs.together"));
  const ofStations = group.kind === "fault" || group.kind === "offline" || group.kind === "rejected";
  if (many && ofStations && group.site_id === null) found.push(t("needs.several"));
  if (ofStations && group.model !== "") {
    const model = <SafeText text={group.model} most={60} />;
    found.push(many ? rich("needs.model", { model }) : model);
  }
  if (ofStations && group.firmware !== "") {
    const firmware = <SafeText text={group.firmware} most={40} />;
    found.push(many ? rich("needs.firmware", { firmware }) : rich("needs.firmwareOne", { firmware }));
  }
  return found;
}

/** Where exactly these are shown; the API names the first fifty. */
export function placeOf(group: TroubleGroup): string {
  const [first] = group.station_ids;
  switch (group.kind) {
    case "over_limit":
      return pathOf("sites", group.site_id ?? "");
    case "refused":
      return group.count === 1 && first !== undefined ? `/inbox?${new URLSearchParams({ q: first }).toString()}` : "/inbox";
    case "suspect": {
      const [only] = group.transactions;
      return group.count === 1 && only !== undefined ? pathOf("transactions", only.station_id, only.id) : `/transactions?suspect=true&state=${group.code === "open" ? "open" : "ended"}`;
    }
    default: {
      if (group.count === 1 && first !== undefined) return pathOf("stations", first);
      return `/stations?${new URLSearchParams({ ids: textOf(group.station_ids) }).toString()}`;
    }
  }
}
