import { inLanguages } from "@/i18n";
import { de } from "./texts.de.ts";
import { en } from "./texts.en.ts";

export const texts = inLanguages({ en, de });
