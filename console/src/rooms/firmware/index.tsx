import { IconCpu } from "@tabler/icons-react";
import { useTexts } from "@/i18n";
import { page, type Room } from "../room.ts";
import { names } from "./names.ts";

const title = { en: "Firmware", de: "Firmware" };

export const room: Room = {
  id: "firmware",
  title,
  icon: IconCpu,
  needs: "stations:read",
  nav: { order: 52, group: "network", key: "f" },
  ways: [
    { path: "/firmware", title, page: page(() => import("./Page.tsx")) },
    { path: "/firmware/campaigns/new", title: { en: "New campaign", de: "Neue Kampagne" }, page: page(() => import("./New.tsx")), needs: "stations:command" },
    { path: "/firmware/campaigns/:id", title: { en: "Campaign", de: "Kampagne" }, page: page(() => import("./Campaign.tsx")) },
  ],
  useCommands: () => {
    const { t } = useTexts(names);
    return [
      { id: "firmware.begin", title: t("firmware.commandBegin"), words: "update firmware rollout campaign Kampagne ausrollen", needs: "stations:command", run: "/firmware/campaigns/new" },
      { id: "firmware.add", title: t("firmware.commandAdd"), words: "upload image firmware hochladen Abbild", needs: "stations:write", run: "/firmware?tab=images&add=1" },
      { id: "firmware.failed", title: t("firmware.commandFailed"), words: "updates failed gescheitert firmware", run: "/firmware?tab=updates&state=failed,refused,silent" },
    ];
  },
};
