import { IconActivity, IconListDetails } from "@tabler/icons-react";
import { page, type Room } from "../room.ts";

const EVENTS = { en: "Events", de: "Ereignisse" };
const AUDIT = { en: "Audit", de: "Audit" };

export const events: Room = {
  id: "events",
  title: EVENTS,
  icon: IconActivity,
  needs: "events:read",
  nav: { order: 60, group: "network", key: "e" },
  ways: [{ path: "/events", title: EVENTS, page: page(() => import("./Events.tsx")) }],
};

export const audit: Room = {
  id: "audit",
  title: AUDIT,
  icon: IconListDetails,
  needs: "audit:read",
  nav: { order: 65, group: "administration", key: "a" },
  ways: [{ path: "/audit", title: AUDIT, page: page(() => import("./Audit.tsx")) }],
};
