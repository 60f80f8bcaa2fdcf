import { IconChargingPile, IconHistory, IconListSearch, IconPencil, IconPower, IconRefresh } from "@tabler/icons-react";
import { speak } from "@/i18n";
import { currentFleet } from "@/live";
import { pathOf } from "@/route";
import { type Command, page, type Room } from "../room.ts";

import { words } from "./palette.ts";

const title = { en: "Station", de: "Station" };
const MOST = 3;

/** "reset got-02" finds GOT-02: each station whose identity begins with one of the words typed. */
function meant(typed: string): readonly string[] {
  const said = typed.toLowerCase().split(/\s+/).filter((word) => word.length > 1);
  if (said.length === 0) return [];
  const found: string[] = [];
  for (const { id } of currentFleet().rows) {
    const lower = id.toLowerCase();
    if (said.some((word) => lower.startsWith(word))) found.push(id);
    if (found.length === MOST) break;
  }
  return found;
}

function useCommands(typed: string): readonly Command[] {
  const { t } = speak(words);
  return meant(typed).flatMap((id): Command[] => {
    const at = (...more: string[]): string => pathOf("stations", id, ...more);
    return [
      { id: `station.messages.${id}`, title: t("station.palette.messages", { id }), words: "messages inspector Nachrichten frames", icon: IconListSearch, needs: "messages:read", run: at("messages") },
      { id: `station.reset.${id}`, title: t("station.palette.reset", { id }), words: "reset restart reboot neu starten", icon: IconRefresh, needs: "stations:command", run: `${at()}?do=reset` },
      { id: `station.availability.${id}`, title: t("station.palette.availability", { id }), words: "in out of service availability außer Betrieb nehmen", icon: IconPower, needs: "stations:command", run: `${at()}?do=availability` },
      { id: `station.history.${id}`, title: t("station.palette.history", { id }), words: "history outages uptime Verlauf Ausfälle", icon: IconHistory, run: at("history") },
      { id: `station.edit.${id}`, title: t("station.palette.edit", { id }), words: "edit name site notes bearbeiten", icon: IconPencil, needs: "stations:write", run: `${at()}?do=edit` },
    ];
  });
}

export const room: Room = {
  id: "station",
  title,
  icon: IconChargingPile,
  needs: "stations:read",
  ways: [{ path: "/stations/:id/:tab?", title, page: page(() => import("./Page.tsx")) }],
  useCommands,
};
