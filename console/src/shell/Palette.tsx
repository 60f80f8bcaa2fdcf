/** Ctrl K: everything that has a name, and everything that can be done. A combobox with a list in groups (WAI-ARIA). */
import { Loader, Modal, Text } from "@mantine/core";
import { IconBolt, IconBuilding, type Icon, IconNfc, IconSearch, IconUser } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, type ReactNode, useCallback, useEffect, useId, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { useMay } from "@/api";
import { common, useTexts } from "@/i18n";
import { type Fleet, sameList, type Station, useFleetCalmly } from "@/live";
import { rooms } from "@/rooms/index.ts";
import type { Command } from "@/rooms/room.ts";
import { navigate, pathOf } from "@/route";
import { lookOf, type Tone, visible, wordOf } from "@/ui";
import { Keys } from "./Keys.tsx";
import { closePalette, isPaletteOpen, onPalette } from "./palette.ts";
import { find, type Found } from "./search.ts";
import classes from "./palette.module.css";

const MOST = 8;
const ICONS: Readonly<Record<Found["kind"], Icon>> = { site: IconBuilding, token: IconNfc, transaction: IconBolt, person: IconUser };

interface Entry {
  id: string;
  title: string;
  detail: string;
  icon: Icon;
  tone?: Tone;
  beside?: ReactNode;
  run: string | (() => void);
}

interface Section {
  title: string;
  entries: readonly Entry[];
}

/** All words of what was typed are in it. Lower case on both sides. */
export function mentions(text: string, words: readonly string[]): boolean {
  return words.every((word) => text.includes(word));
}

/** Those whose identity begins with what was typed come first. Pure. */
export function matching(rows: readonly Station[], words: readonly string[]): readonly Station[] {
  const [first] = words;
  if (first === undefined) return [];
  const begins: Station[] = [];
  const others: Station[] = [];
  for (const row of rows) {
    if (!mentions(`${row.id} ${row.name} ${row.vendor} ${row.model} ${row.serial}`.toLowerCase(), words)) continue;
    (row.id.toLowerCase().startsWith(first) ? begins : others).push(row);
    if (begins.length >= MOST) break;
  }
  return [...begins, ...others].slice(0, MOST);
}

function useCommands(typed: string, words: readonly string[]): readonly Entry[] {
  const may = useMay();
  const found: Entry[] = [];
  for (const room of rooms) {
    // The list of rooms never changes while the page lives, so the hooks are always the same, in the same order.
    const commands: readonly Command[] = room.useCommands?.(typed) ?? [];
    if (room.needs !== null && !may(room.needs)) continue;
    for (const each of commands) {
      if (!may(each.needs ?? null) || !mentions(`${each.title} ${each.detail ?? ""} ${each.words ?? ""}`.toLowerCase(), words)) continue;
      found.push({ id: each.id, title: each.title, detail: each.detail ?? "", icon: each.icon ?? room.icon, run: each.run });
    }
  }
  return found.slice(0, MOST);
}

function useSections(typed: string): { sections: readonly Section[]; searching: boolean } {
  const { t, language } = useTexts(common);
  const may = useMay();
  const words = useMemo(() => typed.toLowerCase().split(/\s+/).filter(Boolean), [typed]);
  const stations = useFleetCalmly(
    useCallback((fleet: Fleet) => matching(fleet.rows, words), [words]),
    sameList,
  );
  const commands = useCommands(typed, words);
  const search = useQuery({
    queryKey: ["search", typed.trim()],
    queryFn: ({ signal }) => find(typed.trim(), signal),
    enabled: typed.trim().length > 1,
    staleTime: 10_000,
    retry: false,
  });
  const places = rooms
    .filter((room) => room.nav !== undefined && may(room.needs) && mentions(`${room.title.en} ${room.title.de}`.toLowerCase(), words))
    .sort((a, b) => (a.nav?.order ?? 0) - (b.nav?.order ?? 0))
    .map((room): Entry => ({ id: `room ${room.id}`, title: room.title[language], detail: "", icon: room.icon, beside: <Keys keys={`g ${room.nav?.key ?? ""}`} />, run: room.ways[0].path }));
  const others = (kind: Found["kind"]): Entry[] =>
    (typed.trim().length > 1 ? (search.data ?? []) : [])
      .filter((each) => each.kind === kind)
      .slice(0, MOST)
      .map((each) => ({ id: each.to, title: each.title, detail: each.detail, icon: ICONS[kind], run: each.to }));
  const sections: Section[] = [
    {
      title: t("app.stations"),
      entries: stations.map((row) => {
        const { icon, tone } = lookOf(row.state);
        const detail = [row.name, wordOf(row.state), [row.vendor, row.model].filter(Boolean).join(" ")].filter(Boolean).join(" · ");
        return { id: `station ${row.id}`, title: row.id, detail, icon, tone, run: pathOf("stations", row.id) };
      }),
    },
    { title: t("app.sites"), entries: others("site") },
    { title: t("app.tokens"), entries: others("token") },
    { title: t("app.transactions"), entries: others("transaction") },
    { title: t("app.people"), entries: others("person") },
    { title: t("app.commands"), entries: commands },
    { title: t("app.rooms"), entries: places },
  ];
  return { sections: sections.filter(({ entries }) => entries.length > 0), searching: search.isFetching };
}

function Inside() {
  const { t } = useTexts(common);
  const listId = useId();
  const list = useRef<HTMLDivElement>(null);
  const [typed, setTyped] = useState("");
  const { sections, searching } = useSections(typed);
  const entries = sections.flatMap((section) => section.entries);
  const [chosenId, setChosenId] = useState<string | null>(null);
  const at = Math.max(0, entries.findIndex((each) => each.id === chosenId));
  const chosen = entries[at];
  const choose = (index: number): void => {
    const next = entries[(index + entries.length) % Math.max(1, entries.length)];
    if (next !== undefined) setChosenId(next.id);
  };
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [chosen?.id]);
  const run = (entry: Entry | undefined): void => {
    if (entry === undefined) return;
    closePalette();
    if (typeof entry.run === "string") navigate(entry.run);
    else entry.run();
  };
  const pressed = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    const steps: Readonly<Record<string, () => void>> = {
      ArrowDown: () => choose(at + 1),
      ArrowUp: () => choose(at - 1),
      PageDown: () => choose(Math.min(entries.length - 1, at + MOST)),
      PageUp: () => choose(Math.max(0, at - MOST)),
      Enter: () => run(chosen),
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    step();
  };
  const domId = (entry: Entry): string => `${listId}${entries.indexOf(entry)}`;
  return (
    <>
      <div className={classes.top}>
        <IconSearch size={20} stroke={1.7} aria-hidden />
        <input
          data-autofocus
          className={classes.field}
          role="combobox"
          aria-label={t("app.find")}
          aria-expanded={entries.length > 0}
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={chosen === undefined ? undefined : domId(chosen)}
          placeholder={t("app.find")}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={100}
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            setChosenId(null);
          }}
          onKeyDown={pressed}
        />
        {searching ? <Loader size="xs" aria-hidden /> : null}
      </div>
      <div ref={list} id={listId} role="listbox" aria-label={t("app.find")} className={classes.list}>
        {sections.map((section) => (
          <div key={section.title} role="group" aria-label={section.title}>
            <div className={classes.section} aria-hidden>
              {section.title}
            </div>
            {section.entries.map((entry) => (
              <div
                key={entry.id}
                id={domId(entry)}
                role="option"
                aria-selected={entry === chosen}
                className={classes.entry}
                onPointerMove={() => entry === chosen || setChosenId(entry.id)}
                onClick={() => run(entry)}
              >
                <span className={classes.icon} data-tone={entry.tone}>
                  <entry.icon size={20} stroke={1.8} aria-hidden />
                </span>
                <span className={classes.words}>
                  <bdi className={classes.title}>{visible(entry.title)}</bdi>
                  {entry.detail === "" ? null : <bdi className={classes.detail}>{visible(entry.detail)}</bdi>}
                </span>
                {entry.beside === undefined ? null : <span aria-hidden>{entry.beside}</span>}
              </div>
            ))}
          </div>
        ))}
      </div>
      {entries.length === 0 && !searching ? (
        <Text p="md" c="dimmed" size="sm" role="status">
          {t("app.nothingFound")}
        </Text>
      ) : null}
    </>
  );
}

export default function Palette() {
  const { t } = useTexts(common);
  const opened = useSyncExternalStore(onPalette, isPaletteOpen);
  return (
    <Modal
      opened={opened}
      onClose={closePalette}
      withCloseButton={false}
      centered={false}
      yOffset="10vh"
      size={600}
      padding={0}
      attributes={{ content: { "aria-label": t("app.find") } }}
    >
      <Inside />
    </Modal>
  );
}
