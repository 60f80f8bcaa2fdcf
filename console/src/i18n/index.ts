export * as format from "./format.ts";
export { chooseLanguage, isLanguage, LANGUAGES, language, type Language, locale, type Said, useLanguage } from "./language.ts";
export { inLanguages, type InLanguages, type Same, speak, type Speaker, type Text, type Texts, useTexts } from "./texts.tsx";
export { visible } from "./visible.ts";
export { chooseZone, dayFrom, dayOf, fieldOf, momentOf, useZone, zone } from "./zone.ts";
export { common } from "./common.ts";
