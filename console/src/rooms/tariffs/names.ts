/** What the shell says of this room: small, for it is in the first bundle. */
import { inLanguages, type Same } from "@/i18n";

const en = {
  "tariffs.commandAdd": "Make a tariff",
  "tariffs.commandAssign": "Assign a tariff",
} as const;

const de: Same<typeof en> = {
  "tariffs.commandAdd": "Tarif anlegen",
  "tariffs.commandAssign": "Tarif zuweisen",
};

export const names = inLanguages({ en, de });
