import { IconMap2 } from "@tabler/icons-react";
import { useMemo } from "react";
import { useLanguage } from "@/i18n";
import { type Fleet, useFleet } from "@/live";
import { type Badge, page, type Room } from "../room.ts";

const title = { en: "Overview", de: "Überblick" };
const TROUBLED: ReadonlySet<string> = new Set(["Faulted", "Offline", "Rejected"]);
const LABEL = {
  en: (n: number) => `${n} faulted, offline or rejected`,
  de: (n: number) => `${n} gestört, offline oder abgelehnt`,
};

function countTroubled(fleet: Fleet): number {
  return fleet.rows.reduce((sum, row) => sum + (TROUBLED.has(row.state) ? 1 : 0), 0);
}

function useBadge(): Badge | null {
  const language = useLanguage();
  const count = useFleet(countTroubled);
  return useMemo(() => (count === 0 ? null : { count, tone: "alarm", label: LABEL[language](count) }), [count, language]);
}

export const room: Room = {
  id: "overview",
  title,
  icon: IconMap2,
  needs: "stations:read",
  nav: { order: 10, group: "network", key: "o" },
  ways: [{ path: "/", title, page: page(() => import("./Page.tsx")) }],
  useBadge,
};
