/** What the shell says of this room: small, for it is in the first bundle. */
import { inLanguages, type Same } from "@/i18n";

const en = { "conformance.commandWorst": "Which makes stray from the standard" } as const;

const de: Same<typeof en> = { "conformance.commandWorst": "Welche Fabrikate vom Standard abweichen" };

export const names = inLanguages({ en, de });
