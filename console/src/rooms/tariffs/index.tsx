import { IconReceipt2 } from "@tabler/icons-react";
import { speak } from "@/i18n";
import { page, type Room } from "../room.ts";
import { names } from "./names.ts";

const title = { en: "Tariffs", de: "Tarife" };

export const room: Room = {
  id: "tariffs",
  title,
  icon: IconReceipt2,
  needs: "transactions:read",
  nav: { order: 51, group: "network", key: "b" },
  ways: [
    { path: "/tariffs", title, page: page(() => import("./Page.tsx")) },
    { path: "/tariffs/new", title: { en: "New tariff", de: "Neuer Tarif" }, page: page(() => import("./New.tsx")), needs: "transactions:write" },
  ],
  useCommands: () => {
    const { t } = speak(names);
    return [
      { id: "tariffs.add", title: t("tariffs.commandAdd"), words: "price kwh Preis", needs: "transactions:write", run: "/tariffs/new" },
      { id: "tariffs.assign", title: t("tariffs.commandAssign"), words: "price assign Preis zuweisen", needs: "transactions:write", run: "/tariffs?tab=assignments&assign=1" },
    ];
  },
};
