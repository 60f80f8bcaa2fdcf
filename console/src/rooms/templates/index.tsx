import { IconTemplate } from "@tabler/icons-react";
import { speak } from "@/i18n";
import { page, type Room } from "../room.ts";
import { names } from "./names.ts";

const title = { en: "Templates", de: "Vorlagen" };

export const room: Room = {
  id: "templates",
  title,
  icon: IconTemplate,
  needs: "stations:read",
  nav: { order: 53, group: "network", key: "m" },
  ways: [{ path: "/templates", title, page: page(() => import("./Page.tsx")) }],
  useCommands: () => {
    const { t } = speak(names);
    return [
      { id: "templates.add", title: t("templates.commandAdd"), words: "wanted configuration Einstellungen Konfiguration", needs: "stations:write", run: "/templates?edit=new" },
      { id: "templates.drift", title: t("templates.commandDrift"), words: "drift differ configuration Abweichung", run: "/templates?tab=drift" },
      { id: "templates.monitors", title: t("templates.commandMonitors"), words: "monitor threshold alert Überwachung Schwelle", run: "/templates?tab=monitors" },
    ];
  },
};
