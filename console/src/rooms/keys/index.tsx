import { IconKey } from "@tabler/icons-react";
import { inLanguages, useTexts } from "@/i18n";
import { page, type Room } from "../room.ts";

const title = { en: "API keys", de: "API-Schlüssel" };
const names = inLanguages({ en: { "keys.key.make": "Make an API key" } as const, de: { "keys.key.make": "API-Schlüssel erzeugen" } });

export const room: Room = {
  id: "keys",
  title,
  icon: IconKey,
  needs: "access:write",
  nav: { order: 80, group: "administration", key: "y" },
  ways: [{ path: "/keys", title, page: page(() => import("./Page.tsx")) }],
  useCommands: () => {
    const { t } = useTexts(names);
    return [{ id: "keys.make", title: t("keys.key.make"), words: "token key schlüssel api", run: "/keys?make=1" }];
  },
};
