import { IconBuilding, IconBuildingPlus } from "@tabler/icons-react";
import { useMemo } from "react";
import { useLanguage } from "@/i18n";
import { type Command, page, type Room } from "../room.ts";

const title = { en: "Sites", de: "Standorte" };
const add = { en: "Add a site", de: "Standort hinzufügen" };

function useCommands(): readonly Command[] {
  const language = useLanguage();
  return useMemo(
    () => [{ id: "sites.add", title: add[language], words: "new site create neuer standort anlegen", icon: IconBuildingPlus, needs: "sites:write", run: "/sites/new" }],
    [language],
  );
}

export const room: Room = {
  id: "sites",
  title,
  icon: IconBuilding,
  needs: "sites:read",
  nav: { order: 40, group: "network", key: "i" },
  ways: [
    { path: "/sites", title, page: page(() => import("./Page.tsx")) },
    { path: "/sites/new", title: add, page: page(() => import("./New.tsx")), needs: "sites:write" },
    { path: "/sites/:id/edit", title, page: page(() => import("./Edit.tsx")), needs: "sites:write" },
    { path: "/sites/:id", title, page: page(() => import("./Site.tsx")) },
  ],
  useCommands,
};
