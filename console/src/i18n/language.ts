/** Which language the pages speak: the one chosen last, else the browser's, else English. */
import { useSyncExternalStore } from "react";

export const LANGUAGES = ["en", "de"] as const;
export type Language = (typeof LANGUAGES)[number];

/** A text that is needed before any room is loaded, such as a room's name. A language that is missing does not compile. */
export type Said = Readonly<Record<Language, string>>;

const KEY = "voltloom-language";
const listeners = new Set<() => void>();

export function isLanguage(text: string | null | undefined): text is Language {
  return LANGUAGES.some((language) => language === text);
}

function first(): Language {
  try {
    const kept = localStorage.getItem(KEY);
    if (isLanguage(kept)) return kept;
  } catch {
    // Storage may be forbidden; the browser's languages are a good answer.
  }
  return navigator.languages.map((tag) => tag.slice(0, 2)).find(isLanguage) ?? "en";
}

let current: Language = first();
document.documentElement.lang = current;

export function language(): Language {
  return current;
}

/** For Intl: the reader's own variant of the language where the browser has one (en-GB, de-AT), so that dates are theirs. */
export function locale(): string {
  return navigator.languages.find((tag) => tag.slice(0, 2) === current) ?? current;
}

export function chooseLanguage(chosen: Language): void {
  current = chosen;
  document.documentElement.lang = chosen;
  try {
    localStorage.setItem(KEY, chosen);
  } catch {
    // It holds until the page is left.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useLanguage(): Language {
  return useSyncExternalStore(subscribe, language);
}
