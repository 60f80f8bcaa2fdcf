/** What the shell says of this room: small, for it is in the first bundle. */
import { inLanguages, type Same } from "@/i18n";

const en = {
  "tokens.commandAdd": "Add a token",
  "tokens.commandImport": "Import tokens",
  "tokens.commandBlocked": "Blocked tokens",
} as const;

const de: Same<typeof en> = {
  "tokens.commandAdd": "Token hinzufügen",
  "tokens.commandImport": "Token importieren",
  "tokens.commandBlocked": "Gesperrte Token",
};

export const names = inLanguages({ en, de });
