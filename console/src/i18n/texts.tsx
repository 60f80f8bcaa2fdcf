/**
 * Texts by key. English is the type: a key that German lacks, or a value that a text does not ask for, does not compile.
 *
 *     const en = { "stations.found": { one: "{n} station", other: "{n} stations" } } as const;
 *     const de: Same<typeof en> = { "stations.found": { one: "{n} Station", other: "{n} Stationen" } };
 *     const { t } = useTexts(texts);      // texts = inLanguages({ en, de })
 *     t("stations.found", { n: 1200 })    // "1,200 stations"
 */
import { Fragment, type ReactNode } from "react";
import { type Language, language, locale, useLanguage } from "./language.ts";
import { visible } from "./visible.ts";

/** With `one` and `other` the value `n` chooses the form, by the plural rules of the language. */
export type Text = string | { readonly one: string; readonly other: string };
export type Texts = Readonly<Record<string, Text>>;

/** What another language has to say: the same keys, with a plural where English has one. */
export type Same<E extends Texts> = { readonly [K in keyof E]: E[K] extends string ? string : { one: string; other: string } };

type Names<S extends string> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
type NamesOf<T extends Text> = T extends string ? Names<T> : T extends { other: infer O extends string } ? "n" | Names<O> : never;
type Values<T extends Text, V> = [NamesOf<T>] extends [never] ? [] : [Readonly<Record<NamesOf<T>, V>>];

export type InLanguages<E extends Texts> = Readonly<Record<Language, Same<E>>> & { readonly en: E };

export function inLanguages<E extends Texts>(texts: InLanguages<E>): InLanguages<E> {
  return texts;
}

export interface Speaker<E extends Texts> {
  language: Language;
  /** A text with its values; numbers as the reader writes them. */
  t: <K extends keyof E & string>(key: K, ...values: Values<E[K], string | number>) => string;
  /** The same with elements among the words: rich("x", { who: <b>Ada</b> }). */
  rich: <K extends keyof E & string>(key: K, ...values: Values<E[K], ReactNode>) => ReactNode;
}

const numbers = new Map<string, Intl.NumberFormat>();
const plurals = new Map<string, Intl.PluralRules>();

/** Whatever is said with a value, wherever: what cannot be seen in it is written out. */
function spoken(value: string | number): string {
  if (typeof value === "string") return visible(value);
  const tag = locale();
  let format = numbers.get(tag);
  if (format === undefined) numbers.set(tag, (format = new Intl.NumberFormat(tag, { maximumFractionDigits: 1 })));
  return format.format(value);
}

function form(text: Text, n: unknown): string {
  if (typeof text === "string") return text;
  const tag = language();
  let rules = plurals.get(tag);
  if (rules === undefined) plurals.set(tag, (rules = new Intl.PluralRules(tag)));
  return typeof n === "number" && rules.select(n) === "one" ? text.one : text.other;
}

const PLACE = /\{(\w+)\}/g;

function speakerOf<E extends Texts>(texts: InLanguages<E>, chosen: Language): Speaker<E> {
  const known: Texts = texts[chosen];
  const textOf = (key: string): Text => known[key] ?? key;
  return {
    language: chosen,
    t: (key, ...[values]) => {
      const given: Readonly<Record<string, string | number>> = values ?? {};
      return form(textOf(key), given.n).replace(PLACE, (whole, name: string) => {
        const value = given[name];
        return value === undefined ? whole : spoken(value);
      });
    },
    rich: (key, ...[values]) => {
      const given: Readonly<Record<string, ReactNode>> = values ?? {};
      return form(textOf(key), given.n)
        .split(/(\{\w+\})/)
        .map((part, index) => {
          const name = part.startsWith("{") ? part.slice(1, -1) : "";
          const value = name in given ? given[name] : part;
          return <Fragment key={index}>{typeof value === "number" || typeof value === "string" ? spoken(value) : value}</Fragment>;
        });
    },
  };
}

const speakers = new WeakMap<object, Partial<Record<Language, unknown>>>();

/** The texts in a language; the same object each time, so that it may be a dependency of effects. */
export function speak<E extends Texts>(texts: InLanguages<E>, chosen: Language = language()): Speaker<E> {
  let made = speakers.get(texts);
  if (made === undefined) speakers.set(texts, (made = {}));
  return (made[chosen] ??= speakerOf(texts, chosen)) as Speaker<E>;
}

export function useTexts<E extends Texts>(texts: InLanguages<E>): Speaker<E> {
  return speak(texts, useLanguage());
}
