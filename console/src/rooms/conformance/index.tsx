import { IconRosetteDiscountCheck } from "@tabler/icons-react";
import { speak } from "@/i18n";
import { page, type Room } from "../room.ts";
import { names } from "./names.ts";

const title = { en: "Conformance", de: "Konformität" };

export const room: Room = {
  id: "conformance",
  title,
  icon: IconRosetteDiscountCheck,
  needs: "stations:read",
  nav: { order: 56, group: "network", key: "q" },
  ways: [{ path: "/conformance", title, page: page(() => import("./Page.tsx")) }],
  useCommands: () => {
    const { t } = speak(names);
    return [{ id: "conformance.worst", title: t("conformance.commandWorst"), words: "score mistakes standard quality Fehler Güte", run: "/conformance" }];
  },
};
