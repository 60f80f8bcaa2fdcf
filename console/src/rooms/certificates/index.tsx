import { IconCertificate } from "@tabler/icons-react";
import { speak } from "@/i18n";
import { page, type Room } from "../room.ts";
import { names } from "./names.ts";

const title = { en: "Certificates", de: "Zertifikate" };

export const room: Room = {
  id: "certificates",
  title,
  icon: IconCertificate,
  needs: "stations:read",
  nav: { order: 54, group: "network", key: "c" },
  ways: [{ path: "/certificates", title, page: page(() => import("./Page.tsx")) }],
  useCommands: () => {
    const { t } = speak(names);
    return [
      { id: "certificates.expiring", title: t("certificates.commandExpiring"), words: "expire renew ablaufen erneuern tls", run: "/certificates?within=30" },
      { id: "certificates.add", title: t("certificates.commandAdd"), words: "root ca wurzel mo v2g contract plug charge", needs: "stations:write", run: "/certificates?tab=authorities&add=1" },
    ];
  },
};
