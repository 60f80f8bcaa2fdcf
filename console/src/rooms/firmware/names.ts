/** What the shell says of this room: small, for it is in the first bundle. */
import { inLanguages, type Same } from "@/i18n";

const en = {
  "firmware.commandBegin": "Update the firmware of many stations",
  "firmware.commandAdd": "Add a firmware image",
  "firmware.commandFailed": "Firmware updates that failed",
} as const;

const de: Same<typeof en> = {
  "firmware.commandBegin": "Firmware vieler Stationen aktualisieren",
  "firmware.commandAdd": "Firmware-Abbild hinzufügen",
  "firmware.commandFailed": "Gescheiterte Firmware-Updates",
};

export const names = inLanguages({ en, de });
