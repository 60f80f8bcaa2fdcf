/** What the shell says of this room: small, for it is in the first bundle. */
import { inLanguages, type Same } from "@/i18n";

const en = {
  "transactions.badge": { one: "{n} running", other: "{n} running" },
  "transactions.commandOpen": "Running transactions",
  "transactions.commandSuspect": "Suspect transactions",
  "transactions.commandOf": "Charge at {station}",
  "transactions.commandOfDetail": "Watch, stop, unlock",
} as const;

const de: Same<typeof en> = {
  "transactions.badge": { one: "{n} läuft", other: "{n} laufen" },
  "transactions.commandOpen": "Laufende Ladevorgänge",
  "transactions.commandSuspect": "Zweifelhafte Ladevorgänge",
  "transactions.commandOf": "Ladevorgang an {station}",
  "transactions.commandOfDetail": "Ansehen, beenden, entriegeln",
};

export const names = inLanguages({ en, de });
