import { Button, Drawer, Group, Stack, Text } from "@mantine/core";
import { IconActivity, IconArrowUp, IconExternalLink, IconPlayerPause, IconPlayerPlay, IconPlug } from "@tabler/icons-react";
import { useEffect, useMemo, useState } from "react";
import { common, format, useTexts } from "@/i18n";
import { type Fleet, sameList, useFleet } from "@/live";
import { Link, useFilters } from "@/route";
import { type Column, Empty, type Filter, FilterBar, Id, JsonView, PageHeader, PickFilter, RangeFilter, rangeOf, SavedViews, Time, Trouble, valuesOf, VirtualTable } from "@/ui";
import { type Entry, isKind, KIND_IDS, KINDS, type Wanted } from "./entries.ts";
import { ExportMenu } from "./ExportMenu.tsx";
import classes from "./journal.module.css";
import { placeOf, useSentence } from "./sentences.tsx";
import { texts } from "./texts.ts";
import { type JournalQuery, useJournal } from "./useJournal.ts";

const DEFAULTS = { q: "", kind: "", station: "", since: "", until: "" } as const;
/** Who has scrolled this far reads, and is not to lose the place. */
const READING_PX = 120;

function Said(props: { entry: Entry }) {
  const { icon: Sign, tone, said } = useSentence()(props.entry);
  return (
    <span className={classes.line}>
      <span className={classes.icon} data-tone={tone} aria-hidden>
        <Sign size={16} stroke={1.9} />
      </span>
      <span className={classes.said}>{said}</span>
    </span>
  );
}

function When(props: { at: string }) {
  const at = new Date(props.at);
  const today = format.time(at, "date") === format.time(new Date(), "date");
  return <Time at={at} style={today ? "seconds" : "short"} />;
}

function EntryDrawer(props: { entry: Entry | null; close: () => void }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const [shown, setShown] = useState(props.entry);
  if (props.entry !== null && props.entry !== shown) setShown(props.entry);
  const place = shown === null ? null : placeOf(shown);
  return (
    <Drawer opened={props.entry !== null} onClose={props.close} onExitTransitionEnd={() => setShown(null)} position="right" size="lg" title={t("events.what")} closeButtonProps={{ "aria-label": words("app.close") }}>
      {shown === null ? null : (
        <Stack>
          <Said entry={shown} />
          <dl className={classes.facts}>
            <dt>{t("events.when")}</dt>
            <dd>
              <Time at={shown.at} style="full" />
            </dd>
            <dt>{t("events.name")}</dt>
            <dd>
              <Id id={shown.name} copy />
            </dd>
            <dt>{t("events.number")}</dt>
            <dd>
              <Id id={String(shown.number)} copy />
            </dd>
          </dl>
          {place === null ? null : (
            <Group>
              <Button component={Link} to={place} leftSection={<IconExternalLink size={18} />}>
                {t("events.open")}
              </Button>
            </Group>
          )}
          <Text fw={600}>{t("events.data")}</Text>
          <JsonView value={shown.data} what={t("events.data")} />
        </Stack>
      )}
    </Drawer>
  );
}

/** True while the reader is further down: what comes waits, so that nothing moves under their eyes. */
function useIsReading(): boolean {
  const [reading, setReading] = useState(false);
  useEffect(() => {
    const look = (): void => setReading(scrollY > READING_PX);
    addEventListener("scroll", look, { passive: true });
    return () => removeEventListener("scroll", look);
  }, []);
  return reading;
}

function idsOf(fleet: Fleet): readonly string[] {
  return fleet.rows.map((row) => row.id);
}

function useColumns(): readonly Column<Entry>[] {
  const { t } = useTexts(texts);
  return useMemo(
    () => [
      { id: "at", title: t("events.when"), keep: true, min: 130, grow: 0, card: "aside", cell: (entry) => <When at={entry.at} /> },
      { id: "what", title: t("events.what"), keep: true, min: 170, grow: 8, card: "title", cell: (entry) => <Said entry={entry} /> },
      { id: "number", title: t("events.number"), min: 110, grow: 0, align: "end", hidden: true, card: "none", cell: (entry) => format.number(entry.number) },
      { id: "name", title: t("events.name"), min: 200, grow: 0, hidden: true, card: "none", cell: (entry) => <Id id={entry.name} /> },
    ],
    [t],
  );
}

export default function EventsPage() {
  const { t } = useTexts(texts);
  const [filters, setFilters] = useFilters<keyof typeof DEFAULTS>(DEFAULTS);
  const { q, kind, station, since, until } = filters;
  const { query, wanted } = useMemo(() => {
    const names = valuesOf(kind)
      .filter(isKind)
      .flatMap((each): readonly string[] => KINDS[each]);
    const { since: from = null, until: to = null } = rangeOf({ since, until }, new Date());
    const asked: JournalQuery = { names: names.join(","), station: station || null, q, since: from, until: to };
    const mine: Wanted = { names: new Set(names), station, words: q.toLowerCase().split(/\s+/).filter(Boolean), since: from, until: to };
    return { query: asked, wanted: mine };
  }, [kind, station, q, since, until]);
  const [paused, setPaused] = useState(false);
  const reading = useIsReading();
  const held = paused || reading;
  const { entries, dropped, catchUp, past, more, searching, lookedThrough, lookFurther } = useJournal(query, wanted, held);
  const columns = useColumns();
  const stationIds = useFleet(idsOf, sameList);
  const [open, setOpen] = useState<Entry | null>(null);

  // The newest that is shown while it is held; what comes later is counted.
  const [heldAt, setHeldAt] = useState<{ query: JournalQuery; number: number } | null>(null);
  const newest = entries[0]?.number ?? 0;
  if (held && entries.length > 0 && heldAt?.query !== query) setHeldAt({ query, number: newest });
  if (!held && heldAt !== null) setHeldAt(null);
  const rows = useMemo(() => (heldAt === null ? entries : entries.filter((entry) => entry.number <= heldAt.number)), [entries, heldAt]);
  const fresh = entries.length - rows.length + dropped;
  const letGo = (): void => {
    setPaused(false);
    setHeldAt(null);
    catchUp();
    scrollTo({ top: 0 });
  };

  const bars: Filter<keyof typeof DEFAULTS>[] = [
    { kind: "search", name: "q", label: t("events.find") },
    { kind: "choices", name: "kind", label: t("events.kind"), options: KIND_IDS.map((each) => ({ value: each, label: t(`kind.${each}`) })) },
    {
      kind: "own",
      name: "station",
      field: <PickFilter label={t("events.station")} icon={<IconPlug size={16} stroke={1.7} />} value={station} options={stationIds} onChange={(chosen) => setFilters({ station: chosen })} />,
    },
    { kind: "own", name: "since", also: ["until"], field: <RangeFilter label={t("events.time")} since={since} until={until} onChange={setFilters} /> },
  ];
  const isFiltered = (Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]).some((name) => filters[name] !== DEFAULTS[name]);
  const further =
    lookedThrough === null ? null : (
      <Stack align="center" py="md" gap="xs">
        <Text size="sm" c="dimmed">
          {t("events.lookedFar", { n: lookedThrough })}
        </Text>
        <Button variant="default" onClick={lookFurther}>
          {t("events.lookFurther")}
        </Button>
      </Stack>
    );
  return (
    <>
      <PageHeader title={t("events.title")} detail={t("events.detail")}>
        <SavedViews room="events" />
        <ExportMenu path="/api/v1/journal/export" query={{ ...query }} />
        <Button
          variant={paused ? "filled" : "default"}
          aria-pressed={paused}
          leftSection={paused ? <IconPlayerPlay size={18} stroke={1.7} /> : <IconPlayerPause size={18} stroke={1.7} />}
          onClick={paused ? letGo : () => setPaused(true)}
        >
          {paused ? t("events.resume") : t("events.pause")}
        </Button>
      </PageHeader>
      <FilterBar filters={bars} values={filters} defaults={DEFAULTS} onChange={setFilters} />
      <div className={classes.fresh} role="status">
        {fresh > 0 ? (
          <Button size="compact-md" radius="xl" leftSection={<IconArrowUp size={16} />} onClick={letGo}>
            {t("events.new", { n: fresh })}
          </Button>
        ) : null}
      </div>
      {past.isError ? (
        <Trouble error={past.error} retry={() => void past.refetch()} />
      ) : (
        <>
          <VirtualTable
            id="events"
            label={t("events.title")}
            rows={rows}
            columns={columns}
            rowId={(entry) => String(entry.number)}
            onOpen={setOpen}
            more={more}
            loading={past.isPending || (searching && rows.length === 0)}
            beside={
              paused ? (
                <Text size="sm" fw={600}>
                  {t("events.paused")}
                </Text>
              ) : null
            }
            empty={further ?? <Empty icon={IconActivity} title={t(isFiltered ? "events.noneLike" : "events.none")} text={t(isFiltered ? "events.noneLikeText" : "events.noneText")} />}
          />
          {rows.length > 0 ? further : null}
          {searching ? (
            <Text ta="center" size="sm" c="dimmed" role="status" py="sm">
              {t("events.searching")}
            </Text>
          ) : null}
        </>
      )}
      <EntryDrawer entry={open} close={() => setOpen(null)} />
    </>
  );
}
