import { Button, Drawer, Stack, Text } from "@mantine/core";
import { IconApi, type Icon, IconListDetails, IconTerminal2, IconUser, IconUserQuestion, IconX } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { api, queries, type Schema, take } from "@/api";
import { common, format, useTexts } from "@/i18n";
import { useLive } from "@/live";
import { useFilters } from "@/route";
import { type Column, Empty, type Filter, FilterBar, Id, JsonView, PageHeader, RangeFilter, rangeOf, SafeText, SavedViews, StateBadge, Time, Trouble, useThrottled, VirtualTable } from "@/ui";
import { Actor } from "@/ui/words/Actor.tsx";
import { wordOfOutcome } from "@/ui/words/words.ts";
import { useDid } from "./did.tsx";
import { ExportMenu } from "./ExportMenu.tsx";
import classes from "./journal.module.css";
import { texts } from "./texts.ts";
import { Verify } from "./Verify.tsx";

type AuditEntry = Schema<"AuditEntryOut">;

const DEFAULTS = { q: "", about: "", went: "", who: "", since: "", until: "" } as const;
const AREAS = ["station", "job", "transaction", "reservation", "token", "token_group", "site", "certificate", "inbox", "session", "person", "api_key"] as const;
const PAGE = 200;

const ACTORS: Readonly<Record<string, { icon: Icon; word: "audit.kind.person" | "audit.kind.api_key" | "audit.kind.local" | "audit.kind.unknown" }>> = {
  person: { icon: IconUser, word: "audit.kind.person" },
  api_key: { icon: IconApi, word: "audit.kind.api_key" },
  local: { icon: IconTerminal2, word: "audit.kind.local" },
};
const NOBODY = { icon: IconUserQuestion, word: "audit.kind.unknown" } as const;

function Who(props: { entry: AuditEntry }) {
  const { t } = useTexts(texts);
  const { icon: Shape, word } = ACTORS[props.entry.actor_kind] ?? NOBODY;
  return (
    <span className={classes.line} title={t(word)}>
      <Shape size={16} stroke={1.8} role="img" aria-label={t(word)} style={{ flex: "none" }} />
      <span className={classes.who}>
        <Actor name={props.entry.actor_name} />
      </span>
    </span>
  );
}

function Outcome(props: { entry: AuditEntry }) {
  const { entry } = props;
  const word = wordOfOutcome(entry.outcome);
  return word.length > 28 ? <SafeText text={word} most={60} /> : <StateBadge state={entry.well ? "Active" : "Unavailable"} label={word} size="sm" />;
}

function When(props: { at: string }) {
  const at = new Date(props.at);
  const today = format.time(at, "date") === format.time(new Date(), "date");
  return <Time at={at} style={today ? "seconds" : "short"} />;
}

function What(props: { entry: AuditEntry }) {
  const did = useDid();
  const { action, target, details } = props.entry;
  const name: unknown = action.startsWith("api_key.") && typeof details === "object" && details !== null && "name" in details ? details.name : undefined;
  return <span className={classes.said}>{did(action, target, typeof name === "string" ? name : undefined)}</span>;
}

function useColumns(): readonly Column<AuditEntry>[] {
  const { t } = useTexts(texts);
  return useMemo(
    () => [
      { id: "at", title: t("events.when"), keep: true, min: 130, grow: 0, cell: (entry) => <When at={entry.at} /> },
      { id: "who", title: t("audit.who"), min: 190, grow: 1, cell: (entry) => <Who entry={entry} /> },
      { id: "what", title: t("audit.what"), keep: true, min: 170, grow: 4, card: "title", cell: (entry) => <What entry={entry} /> },
      { id: "outcome", title: t("audit.outcome"), min: 150, grow: 1, card: "aside", cell: (entry) => <Outcome entry={entry} /> },
      { id: "address", title: t("audit.from"), min: 130, grow: 0, cell: (entry) => <bdi>{entry.address || "–"}</bdi> },
      { id: "number", title: t("audit.number"), min: 100, grow: 0, hidden: true, align: "end", card: "none", cell: (entry) => format.number(entry.number) },
      { id: "action", title: t("audit.action"), min: 190, grow: 0, hidden: true, card: "none", cell: (entry) => <Id id={entry.action} /> },
    ],
    [t],
  );
}

function EntryDrawer(props: { entry: AuditEntry | null; close: () => void }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const [shown, setShown] = useState(props.entry);
  if (props.entry !== null && props.entry !== shown) setShown(props.entry);
  return (
    <Drawer
      opened={props.entry !== null}
      onClose={props.close}
      onExitTransitionEnd={() => setShown(null)}
      position="right"
      size="lg"
      title={shown === null ? null : `${t("audit.number")} ${format.number(shown.number)}`}
      closeButtonProps={{ "aria-label": words("app.close") }}
    >
      {shown === null ? null : (
        <Stack>
          <Text component="div">
            <What entry={shown} />
          </Text>
          <dl className={classes.facts}>
            <dt>{t("audit.who")}</dt>
            <dd>
              <Who entry={shown} />
            </dd>
            <dt>{t("events.when")}</dt>
            <dd>
              <Time at={shown.at} style="full" />
            </dd>
            <dt>{t("audit.from")}</dt>
            <dd>{shown.address === "" ? "–" : <Id id={shown.address} copy />}</dd>
            <dt>{t("audit.outcome")}</dt>
            <dd>
              <SafeText text={wordOfOutcome(shown.outcome)} most={500} />
            </dd>
            <dt>{t("audit.action")}</dt>
            <dd>
              <Id id={shown.action} copy />
            </dd>
            <dt>{t("audit.target")}</dt>
            <dd>{shown.target === "" ? "–" : <Id id={shown.target} copy />}</dd>
            <dt>{t("audit.hash")}</dt>
            <dd>
              <Id id={shown.hash} copy />
            </dd>
          </dl>
          {typeof shown.details === "object" && shown.details !== null && Object.keys(shown.details).length > 0 ? (
            <>
              <Text fw={600}>{t("audit.details")}</Text>
              <JsonView value={shown.details} what={t("audit.details")} />
            </>
          ) : null}
        </Stack>
      )}
    </Drawer>
  );
}

export default function AuditPage() {
  const { t } = useTexts(texts);
  const [filters, setFilters] = useFilters<keyof typeof DEFAULTS>(DEFAULTS);
  const { q, about, went, who, since, until } = filters;
  const query = useMemo(
    () => ({ q, action: about === "" ? "" : `${about}.*`, actor_id: who, well: went === "" ? null : went === "well", ...rangeOf({ since, until }, new Date()) }),
    [q, about, went, who, since, until],
  );
  const log = useInfiniteQuery({
    queryKey: ["audit", query],
    queryFn: ({ pageParam, signal }) => take(api.GET("/api/v1/audit", { params: { query: { ...query, limit: PAGE, after: pageParam } }, signal })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  const again = useThrottled(() => void queries.invalidateQueries({ queryKey: ["audit"] }), 2000);
  useLive(["audit.noted"], again);
  const pages = log.data?.pages;
  const rows = useMemo(() => (pages ?? []).flatMap((page) => page.items), [pages]);
  const columns = useColumns();
  const [open, setOpen] = useState<AuditEntry | null>(null);
  const bars: Filter<keyof typeof DEFAULTS>[] = [
    { kind: "search", name: "q", label: t("audit.find") },
    { kind: "choice", name: "about", label: t("audit.area"), options: AREAS.map((area) => ({ value: area, label: t(`area.${area}`) })) },
    {
      kind: "choice",
      name: "went",
      label: t("audit.went"),
      options: [
        { value: "well", label: t("audit.well") },
        { value: "not", label: t("audit.not") },
      ],
    },
    { kind: "own", name: "since", also: ["until"], field: <RangeFilter label={t("events.time")} since={since} until={until} onChange={setFilters} /> },
    {
      kind: "own",
      name: "who",
      field:
        who === "" ? null : (
          <Button variant="light" rightSection={<IconX size={16} />} onClick={() => setFilters({ who: "" })} title={t("audit.onlyOff")}>
            {t("audit.only")}
          </Button>
        ),
    },
  ];
  const isFiltered = (Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]).some((name) => filters[name] !== DEFAULTS[name]);
  return (
    <>
      <PageHeader title={t("audit.title")} detail={t("audit.detail")}>
        <SavedViews room="audit" />
        <ExportMenu path="/api/v1/audit/export" query={query} />
        <Verify />
      </PageHeader>
      <FilterBar filters={bars} values={filters} defaults={DEFAULTS} onChange={setFilters} />
      {log.isError ? (
        <Trouble error={log.error} retry={() => void log.refetch()} />
      ) : (
        <VirtualTable
          id="audit"
          label={t("audit.title")}
          rows={rows}
          columns={columns}
          rowId={(entry) => String(entry.number)}
          onOpen={setOpen}
          more={{ has: log.hasNextPage, loading: log.isFetchingNextPage, load: () => void log.fetchNextPage() }}
          loading={log.isPending}
          empty={<Empty icon={IconListDetails} title={t(isFiltered ? "audit.noneLike" : "audit.none")} text={t(isFiltered ? "audit.noneLikeText" : "audit.noneText")} />}
        />
      )}
      <EntryDrawer entry={open} close={() => setOpen(null)} />
    </>
  );
}
