/** The room's words that are needed before its page is there. */
import { inLanguages } from "@/i18n";

export const texts = inLanguages({
  en: { "people.key.invite": "Invite a person" } as const,
  de: { "people.key.invite": "Person einladen" },
});
