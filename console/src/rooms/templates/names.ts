/** What the shell says of this room: small, for it is in the first bundle. */
import { inLanguages, type Same } from "@/i18n";

const en = {
  "templates.commandAdd": "Say what settings stations are to have",
  "templates.commandDrift": "Settings that are not as wanted",
  "templates.commandMonitors": "Templates of monitors",
} as const;

const de: Same<typeof en> = {
  "templates.commandAdd": "Sagen, welche Einstellungen Stationen haben sollen",
  "templates.commandDrift": "Einstellungen, die nicht wie gewollt sind",
  "templates.commandMonitors": "Vorlagen für Monitore",
};

export const names = inLanguages({ en, de });
