import { IconNfc } from "@tabler/icons-react";
import { useTexts } from "@/i18n";
import { page, type Room } from "../room.ts";
import { names } from "./names.ts";

const title = { en: "Tokens", de: "Token" };

export const room: Room = {
  id: "tokens",
  title,
  icon: IconNfc,
  needs: "tokens:read",
  nav: { order: 50, group: "network", key: "k" },
  ways: [
    { path: "/tokens", title, page: page(() => import("./List.tsx")) },
    { path: "/tokens/import", title: { en: "Import tokens", de: "Token importieren" }, page: page(() => import("./Import.tsx")), needs: "tokens:write" },
    { path: "/tokens/:value", title: { en: "Token", de: "Token" }, page: page(() => import("./Token.tsx")) },
  ],
  useCommands: () => {
    const { t } = useTexts(names);
    return [
      { id: "tokens.add", title: t("tokens.commandAdd"), words: "card rfid karte neu new", needs: "tokens:write", run: "/tokens?add=1" },
      { id: "tokens.import", title: t("tokens.commandImport"), words: "csv upload hochladen", needs: "tokens:write", run: "/tokens/import" },
      { id: "tokens.blocked", title: t("tokens.commandBlocked"), words: "lost gesperrt verloren", run: "/tokens?standing=Blocked" },
    ];
  },
};
