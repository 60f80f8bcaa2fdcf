/** What the shell says of this room: small, for it is in the first bundle. */
import { inLanguages, type Same } from "@/i18n";

const en = {
  "certificates.commandExpiring": "Certificates that expire soon",
  "certificates.commandAdd": "Trust an authority",
} as const;

const de: Same<typeof en> = {
  "certificates.commandExpiring": "Zertifikate, die bald ablaufen",
  "certificates.commandAdd": "Einer Stelle vertrauen",
};

export const names = inLanguages({ en, de });
