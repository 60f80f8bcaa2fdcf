/** Stations: all of them, adding one, what was asked of many; and the inbox of those that were not let in. */
import { useQuery } from "@tanstack/react-query";
import { IconChecklist, IconInbox, IconPlug, IconPlus } from "@tabler/icons-react";
import { api, queries, type Schema, take } from "@/api";
import { inLanguages, useTexts } from "@/i18n";
import { useFleet, useLive } from "@/live";
import { type Command, page, type Room } from "../room.ts";

const title = { en: "Stations", de: "Stationen" };
const titleOfNew = { en: "Add a station", de: "Station hinzufügen" };
const titleOfJobs = { en: "Jobs", de: "Aufträge" };
const titleOfInbox = { en: "Inbox", de: "Eingang" };

// In the first bundle: only what the navigation and the palette say.
const words = inLanguages({
  en: {
    add: titleOfNew.en,
    jobs: "What was asked of many stations",
    trouble: "Stations in trouble",
    offline: "Stations that are offline",
    count: { one: "{n} station", other: "{n} stations" },
    refused: { one: "{n} station was not let in", other: "{n} stations were not let in" },
  },
  de: {
    add: titleOfNew.de,
    jobs: "Was von vielen Stationen verlangt wurde",
    trouble: "Stationen mit Problemen",
    offline: "Stationen, die offline sind",
    count: { one: "{n} Station", other: "{n} Stationen" },
    refused: { one: "{n} Station wurde nicht eingelassen", other: "{n} Stationen wurden nicht eingelassen" },
  },
});

export const room: Room = {
  id: "stations",
  title,
  icon: IconPlug,
  needs: "stations:read",
  nav: { order: 20, group: "network", key: "s" },
  ways: [
    { path: "/stations", title, page: page(() => import("./Stations.tsx")) },
    { path: "/jobs", title: titleOfJobs, page: page(() => import("./Jobs.tsx")) },
    { path: "/jobs/:id", title: titleOfJobs, page: page(() => import("./JobPage.tsx")) },
  ],
  useBadge: () => {
    const { t } = useTexts(words);
    const count = useFleet((fleet) => fleet.rows.length);
    return { count, tone: "calm", label: t("count", { n: count }) };
  },
  useCommands: () => {
    const { t } = useTexts(words);
    const commands: readonly Command[] = [
      { id: "stations.add", title: t("add"), words: "new register onboard neu anlegen", icon: IconPlus, needs: "stations:write", run: "/stations/new" },
      { id: "stations.trouble", title: t("trouble"), words: "faulted gestört", run: "/stations?state=Faulted%2COffline%2CRejected" },
      { id: "stations.offline", title: t("offline"), run: "/stations?state=Offline" },
      { id: "stations.jobs", title: t("jobs"), words: "bulk jobs aufträge", icon: IconChecklist, run: "/jobs" },
    ];
    return commands;
  },
};

/** A room of its own, for it takes more than looking. */
export const newStation: Room = {
  id: "stations.new",
  title: titleOfNew,
  icon: IconPlus,
  needs: "stations:write",
  ways: [{ path: "/stations/new", title: titleOfNew, page: page(() => import("./door/New.tsx")) }],
};

const MOST_COUNTED = 100;

/** Of one that is connected now, what was refused is no longer urgent. */
function waits(knock: Schema<"KnockOut">): boolean {
  return knock.station?.connected !== true;
}

export const inbox: Room = {
  id: "inbox",
  title: titleOfInbox,
  icon: IconInbox,
  needs: "stations:read",
  nav: { order: 25, group: "network", key: "n" },
  ways: [{ path: "/inbox", title: titleOfInbox, page: page(() => import("./door/Inbox.tsx")) }],
  useBadge: () => {
    const { t } = useTexts(words);
    const { data } = useQuery({
      queryKey: ["inbox", "badge"],
      queryFn: async ({ signal }) => (await take(api.GET("/api/v1/inbox", { params: { query: { limit: MOST_COUNTED } }, signal }))).items.filter(waits).length,
    });
    useLive(["station.refused", "station.changed", "station.booted"], () => void queries.invalidateQueries({ queryKey: ["inbox", "badge"] }));
    return data === undefined || data === 0 ? null : { count: data, tone: "alarm", label: t("refused", { n: data }) };
  },
};
