import { de } from "./common.de.ts";
import { en } from "./common.en.ts";
import { inLanguages } from "./texts.tsx";

export const common = inLanguages({ en, de });
