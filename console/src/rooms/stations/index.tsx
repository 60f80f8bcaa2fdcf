/** Stations: all of them, adding one, what was asked of many; and the inbox of those that were not let in. */
import { IconChecklist, IconPlug, IconPlus } from "@tabler/icons-react";
import { inLanguages, useTexts } from "@/i18n";
import { useFleet } from "@/live";
import { type Command, page, type Room } from "../room.ts";

const title = { en: "Stations", de: "Stationen" };
const titleOfNew = { en: "Add a station", de: "Station hinzufügen" };
const titleOfJobs = { en: "Jobs", de: "Aufträge" };

// In the first bundle: only what the navigation and the palette say.
const words = inLanguages({
  en: { "all": "All stations", "add": titleOfNew.en, "jobs": "What was asked of many stations", "trouble": "Stations in trouble", "offline": "Stations that are offline", "count": { one: "{n} station", other: "{n} stations" } },
  de: { "all": "Alle Stationen", "add": titleOfNew.de, "jobs": "Was von vielen Stationen verlangt wurde", "trouble": "Stationen mit Problemen", "offline": "Stationen, die offline sind", "count": { one: "{n} Station", other: "{n} Stationen" } },
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
