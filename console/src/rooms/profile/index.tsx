import { IconUserCircle } from "@tabler/icons-react";
import { inLanguages, useTexts } from "@/i18n";
import { page, type Room } from "../room.ts";

const title = { en: "Your profile", de: "Ihr Profil" };
const names = inLanguages({ en: { "profile.key": "Your profile: name, language, password, sessions" } as const, de: { "profile.key": "Ihr Profil: Name, Sprache, Passwort, Sitzungen" } });

export const room: Room = {
  id: "profile",
  title,
  icon: IconUserCircle,
  needs: null,
  ways: [{ path: "/profile", title, page: page(() => import("./Page.tsx")) }],
  useCommands: () => {
    const { t } = useTexts(names);
    return [{ id: "profile.open", title: t("profile.key"), words: "profile profil zeitzone time zone theme mfa 2fa totp", run: "/profile" }];
  },
};
