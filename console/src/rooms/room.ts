/** What a room is to the shell: where it is, who may enter, how it is found. */
import type { Icon } from "@tabler/icons-react";
import { type ComponentType, lazy, type LazyExoticComponent } from "react";
import type { Scope } from "@/api";
import type { Said } from "@/i18n";

/** count: shown beside the name. tone `alarm`: somebody should look. label says what is counted, for screen readers. */
export interface Badge {
  count: number;
  tone: "calm" | "alarm";
  label: string;
}

/**
 * A thing one can do, in the palette. Ids are unique: "<room>.<what>".
 *
 * words    more words that find it, of both languages
 * run      what it does; a string is an address to go to
 */
export interface Command {
  id: string;
  title: string;
  detail?: string;
  words?: string;
  icon?: Icon;
  needs?: Scope;
  run: string | (() => void);
}

/**
 * path      as wouter writes it: "/stations", "/stations/:id"; a nested one: "/stations/:id/:tab?"
 * page      loaded when somebody goes there: page(() => import("./Page.tsx"))
 * title     of the document; pages that know better call `useTitle`
 * needs     where it takes another scope than its room: to add is more than to look
 */
export interface Way {
  path: string;
  title: Said;
  page: LazyExoticComponent<ComponentType>;
  needs?: Scope;
}

/**
 * needs        the scope without which the room is not shown, and its addresses say why
 * nav          its place in the side navigation: order (10, 20, …), group; key: the letter after `g`. None: not in it
 * ways         its addresses; the first is where the navigation leads
 * useBadge     a hook: what the navigation shows beside its name
 * useCommands  a hook: its commands in the palette for what was typed; called while the palette is open
 */
export interface Room {
  id: string;
  title: Said;
  icon: Icon;
  needs: Scope | null;
  nav?: { order: number; group: "network" | "administration"; key: string };
  ways: readonly [Way, ...Way[]];
  useBadge?: () => Badge | null;
  useCommands?: (typed: string) => readonly Command[];
}

const loads = new Map<object, () => Promise<unknown>>();

/** A page in a file of its own, loaded when it is first wanted. */
export function page(load: () => Promise<{ default: ComponentType }>): LazyExoticComponent<ComponentType> {
  const made = lazy(load);
  loads.set(made, load);
  return made;
}

/** Start loading a page that will probably be wanted: the pointer is over its link. */
export function preload(way: Way): void {
  void loads.get(way.page)?.().catch(() => undefined);
}
