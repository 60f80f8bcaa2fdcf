import { IconUserPlus, IconUsers } from "@tabler/icons-react";
import { useTexts } from "@/i18n";
import { page, type Room } from "../room.ts";
import { texts } from "./names.ts";

const title = { en: "People", de: "Personen" };

export const room: Room = {
  id: "people",
  title,
  icon: IconUsers,
  needs: "access:write",
  nav: { order: 70, group: "administration", key: "p" },
  ways: [{ path: "/people", title, page: page(() => import("./Page.tsx")) }],
  useCommands: () => {
    const { t } = useTexts(texts);
    return [{ id: "people.invite", title: t("people.key.invite"), words: "invite user person einladen benutzer nutzer", icon: IconUserPlus, run: "/people?invite=1" }];
  },
};
