/** Ctrl K: everything that has a name, and everything that can be done. */
import { Spotlight } from "@mantine/spotlight";
import { IconBolt, IconBuilding, type Icon, IconNfc, IconSearch, IconUser } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useMemo, useState } from "react";
import { useMay } from "@/api";
import { common, useTexts } from "@/i18n";
import { type Station, useFleet } from "@/live";
import { rooms } from "@/rooms/index.ts";
import type { Command, Room } from "@/rooms/room.ts";
import { navigate, pathOf } from "@/route";
import { lookOf, wordOf } from "@/ui";
import { Keys } from "./Help.tsx";
import { palette, paletteStore } from "./palette.ts";
import { find, type Found } from "./search.ts";

const MOST = 8;

/** All words of what was typed are in it. Lower case on both sides. */
export function mentions(text: string, words: readonly string[]): boolean {
  return words.every((word) => text.includes(word));
}

function run(command: Command): void {
  palette.close();
  if (typeof command.run === "string") navigate(command.run);
  else command.run();
}

function CommandsOf(props: { room: Room & { useCommands: NonNullable<Room["useCommands"]> }; typed: string; words: readonly string[] }) {
  const may = useMay();
  const found = props.room
    .useCommands(props.typed)
    .filter((each) => may(each.needs ?? null))
    .filter((each) => mentions(`${each.title} ${each.detail ?? ""} ${each.words ?? ""}`.toLowerCase(), props.words))
    .slice(0, MOST);
  return found.map((each) => {
    const CommandIcon = each.icon ?? props.room.icon;
    return (
      <Spotlight.Action key={each.id} onClick={() => run(each)} label={each.title} description={each.detail ?? ""} leftSection={<CommandIcon size={20} stroke={1.7} />} />
    );
  });
}

function useStations(words: readonly string[]): readonly Station[] {
  const rows = useFleet((fleet) => fleet.rows);
  return useMemo(() => {
    if (words.length === 0) return [];
    const first = words[0] ?? "";
    const found: Station[] = [];
    const begins: Station[] = [];
    for (const row of rows) {
      if (!mentions(`${row.id} ${row.name} ${row.vendor} ${row.model} ${row.serial}`.toLowerCase(), words)) continue;
      (row.id.toLowerCase().startsWith(first) ? begins : found).push(row);
      if (begins.length >= MOST) break;
    }
    return [...begins, ...found].slice(0, MOST);
  }, [rows, words]);
}

const ICONS: Readonly<Record<Found["kind"], Icon>> = { site: IconBuilding, token: IconNfc, transaction: IconBolt, person: IconUser };

function Results(props: { typed: string }) {
  const { t, language } = useTexts(common);
  const may = useMay();
  const typed = useDeferredValue(props.typed);
  const words = useMemo(() => typed.toLowerCase().split(/\s+/).filter(Boolean), [typed]);
  const stations = useStations(words);
  const search = useQuery({
    queryKey: ["search", typed],
    queryFn: ({ signal }) => find(typed, signal),
    enabled: typed.trim().length > 1,
    staleTime: 10_000,
    retry: false,
  });
  const places = rooms
    .filter((room) => room.nav !== undefined && may(room.needs) && mentions(`${room.title.en} ${room.title.de}`.toLowerCase(), words))
    .sort((a, b) => (a.nav?.order ?? 0) - (b.nav?.order ?? 0));
  const withCommands = rooms.filter(
    (room): room is Room & { useCommands: NonNullable<Room["useCommands"]> } => room.useCommands !== undefined && may(room.needs),
  );
  const others = search.data ?? [];
  return (
    <>
      {stations.length > 0 ? (
        <Spotlight.ActionsGroup label={t("app.stations")}>
          {stations.map((row) => {
            const { icon: StateIcon, tone } = lookOf(row.state);
            return (
              <Spotlight.Action
                key={row.id}
                onClick={() => run({ id: row.id, title: row.id, run: pathOf("stations", row.id) })}
                label={row.id}
                description={[row.name, wordOf(row.state), [row.vendor, row.model].filter(Boolean).join(" ")].filter(Boolean).join(" · ")}
                leftSection={
                  <span data-tone={tone} style={{ color: "var(--tone)", display: "inline-flex" }}>
                    <StateIcon size={20} stroke={1.9} />
                  </span>
                }
              />
            );
          })}
        </Spotlight.ActionsGroup>
      ) : null}
      {(["site", "token", "transaction", "person"] as const).map((kind) => {
        const found = others.filter((each) => each.kind === kind);
        const KindIcon = ICONS[kind];
        const label = { site: t("app.sites"), token: t("app.tokens"), transaction: t("app.transactions"), person: t("app.people") }[kind];
        return found.length === 0 ? null : (
          <Spotlight.ActionsGroup key={kind} label={label}>
            {found.slice(0, MOST).map((each) => (
              <Spotlight.Action
                key={each.to}
                onClick={() => run({ id: each.to, title: each.title, run: each.to })}
                label={each.title}
                description={each.detail}
                leftSection={<KindIcon size={20} stroke={1.7} />}
              />
            ))}
          </Spotlight.ActionsGroup>
        );
      })}
      {withCommands.length > 0 ? (
        <Spotlight.ActionsGroup label={t("app.commands")}>
          {withCommands.map((room) => (
            <CommandsOf key={room.id} room={room} typed={typed} words={words} />
          ))}
        </Spotlight.ActionsGroup>
      ) : null}
      {places.length > 0 ? (
        <Spotlight.ActionsGroup label={t("app.rooms")}>
          {places.map((room) => (
            <Spotlight.Action
              key={room.id}
              onClick={() => run({ id: room.id, title: room.id, run: room.ways[0].path })}
              label={room.title[language]}
              leftSection={<room.icon size={20} stroke={1.7} />}
              rightSection={<Keys keys={`g ${room.nav?.key ?? ""}`} />}
            />
          ))}
        </Spotlight.ActionsGroup>
      ) : null}
      {stations.length + others.length + places.length === 0 && withCommands.length === 0 ? (
        <Spotlight.Empty>{t("app.nothingFound")}</Spotlight.Empty>
      ) : null}
    </>
  );
}

export default function Palette() {
  const { t } = useTexts(common);
  const [typed, setTyped] = useState("");
  return (
    <Spotlight.Root store={paletteStore} query={typed} onQueryChange={setTyped} shortcut={["mod + K"]} maxHeight="70vh" scrollable clearQueryOnClose>
      <Spotlight.Search placeholder={t("app.find")} aria-label={t("app.find")} leftSection={<IconSearch size={20} stroke={1.7} />} />
      <Spotlight.ActionsList>
        <Results typed={typed} />
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}
