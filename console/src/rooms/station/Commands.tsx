/** Everything one can ask of the station: forms made from the API's own schemas, its answers, and who asked what before. */
import { Alert, Autocomplete, Badge, Button, Group, JsonInput, NativeSelect, NumberInput, Paper, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconBan, IconCheck, IconClock, IconHandStop, IconSend, IconTerminal2 } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { api, plainFetch, Problem, queries, type Schema, take, useMay } from "@/api";
import { format, useLanguage, useTexts } from "@/i18n";
import { pathOf, useFilters, useParams } from "@/route";
import { Age, beginning, bodyOf, type Column, confirm, Empty, FilterBar, JsonView, type JsonSchema, Panel, SafeText, Skeletons, Trouble, useApiDocument, VirtualTable, visible } from "@/ui";
import { SchemaForm } from "@/ui";
import { Actor } from "@/ui/words/Actor.tsx";
import { titleOfCommand, wordOfOutcome } from "@/ui/words/words.ts";
import { useMedia } from "@/ui/useMedia.ts";
import { type Detail, keys, useDetail, useOpen, useVocabulary } from "./data.ts";
import { versionOf } from "./knowledge.ts";
import classes from "./station.module.css";
import { texts } from "./texts.ts";

type Given = Schema<"CommandOut">;

const PREFIX = "/api/v1/stations/{station_id}/";
const DEFAULTS = { command: "", action: "", asked: "" } as const;
const RAW = "raw_call";
const NARROW = "(max-width: 61.99em)";
/** What ends charges, or keeps the station from working: asked about before. */
const GRAVE = new Set(["reset", "request_stop", "change_availability", "unlock"]);

interface Offer {
  readonly name: string;
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  readonly schema: JsonSchema | undefined;
}

/** The commands that the API's document has, by the order of their words. */
function useOffers(): { offers: readonly Offer[]; document: ReturnType<typeof useApiDocument> } {
  const document = useApiDocument();
  const offers = useMemo(
    () => {
      const byName = new Map<string, Offer>();
      for (const [path, { post }] of Object.entries(document.data?.paths ?? {})) {
        const name = (post as { "x-command"?: string } | undefined)?.["x-command"];
        if (post === undefined || name === undefined || !path.startsWith(PREFIX)) continue;
        // What is asked of one thing of a station is asked where that thing is; some things are asked in two ways.
        if ((path.slice(PREFIX.length).includes("{") && name !== RAW) || byName.has(name)) continue;
        byName.set(name, { name, path, summary: post.summary ?? name, description: post.description ?? "", schema: bodyOf(document.data, path, "post") });
      }
      return [...byName.values()];
    },
    [document.data],
  );
  return { offers, document };
}

// ---- the answer

interface Said {
  readonly took: number;
  readonly answer: unknown;
  readonly problem: unknown;
}

function outcomeOf(answer: unknown): string | null {
  if (typeof answer === "object" && answer !== null && "outcome" in answer && typeof answer.outcome === "string") return answer.outcome;
  if (Array.isArray(answer)) {
    const statuses = answer.map((each: unknown) => (typeof each === "object" && each !== null && "status" in each ? String(each.status) : ""));
    return statuses.every((each) => each === "accepted" || each === "reboot_required") ? "accepted" : "rejected";
  }
  return null;
}

const OUTCOMES = {
  accepted: { tone: "free", icon: IconCheck },
  scheduled: { tone: "wait", icon: IconClock },
  rejected: { tone: "bad", icon: IconHandStop },
} as const;

function AnswerView(props: { said: Said }) {
  const { t } = useTexts(texts);
  const { said } = props;
  const outcome = outcomeOf(said.answer);
  const look = outcome !== null && outcome in OUTCOMES ? OUTCOMES[outcome as keyof typeof OUTCOMES] : OUTCOMES.accepted;
  const status = typeof said.answer === "object" && said.answer !== null && "status" in said.answer ? String(said.answer.status) : "";
  if (said.problem !== null) {
    const kind = said.problem instanceof Problem ? said.problem.kind : "";
    return (
      <Stack gap="xs">
        <Trouble error={said.problem} />
        {kind === "station-timed-out" ? <Text size="sm">{t("station.cmd.timedOut")}</Text> : null}
      </Stack>
    );
  }
  return (
    <section className={classes.trouble} data-tone={look.tone} aria-label={t("station.cmd.answer")} role="status">
      <Group gap="xs" mb="xs">
        <look.icon size={18} aria-hidden style={{ color: "var(--tone-text)" }} />
        <Text fw={650} style={{ color: "var(--tone-text)" }}>
          {outcome === null ? t("station.cmd.answered") : t((`station.cmd.outcome.${outcome}` in texts.en ? `station.cmd.outcome.${outcome}` : "station.cmd.answered") as "station.cmd.answered")}
          {status === "" ? "" : ` · ${visible(status.slice(0, 60))}`}
        </Text>
        <Text size="sm" c="dimmed">
          {t("station.cmd.took", { time: format.duration(said.took / 1000) })}
        </Text>
      </Group>
      <JsonView value={said.answer} what={t("station.cmd.answer")} search={false} />
    </section>
  );
}

// ---- forms

function useAsk(detail: Detail, begin: () => Promise<unknown>) {
  return useMutation({
    mutationFn: async (): Promise<Said> => {
      const began = performance.now();
      try {
        return { answer: await begin(), problem: null, took: performance.now() - began };
      } catch (problem) {
        if (problem instanceof Problem && problem.kind === "invalid") throw problem;
        return { answer: null, problem, took: performance.now() - began };
      }
    },
    onSettled: () => void queries.invalidateQueries({ queryKey: keys.commands(detail.id) }),
  });
}

async function post(path: string, body: unknown): Promise<unknown> {
  const answer = await plainFetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: typeof body === "string" ? body : JSON.stringify(body ?? {}) });
  const text = await answer.text();
  let document: unknown = null;
  try {
    document = text === "" ? null : JSON.parse(text);
  } catch {
    document = text;
  }
  if (!answer.ok) throw Problem.of(answer.status, document);
  return document;
}

function Form(props: { detail: Detail; offer: Offer; title: string; document: NonNullable<ReturnType<typeof useApiDocument>["data"]>; lacks: string | null }) {
  const { t } = useTexts(texts);
  const { detail, offer, document } = props;
  const { schema } = offer;
  const open = useOpen(detail.id).data ?? [];
  const [value, setValue] = useState<unknown>(() => (schema === undefined ? {} : beginning(schema, document)));
  const [timeout, setTimeoutS] = useState<number | string>(30);
  const ask = useAsk(detail, () => post(`${offer.path.replace("{station_id}", encodeURIComponent(detail.id))}?timeout_s=${timeout || 30}`, value));
  const reasons = ask.error instanceof Problem ? ask.error.reasonsByField : undefined;
  const send = (): void => {
    if (!GRAVE.has(offer.name)) {
      ask.mutate();
      return;
    }
    confirm({
      title: t("station.cmd.ask", { what: props.title, id: detail.id }),
      ...(open.length === 0 ? {} : { blast: t("station.blast.charging", { n: open.length }) }),
      action: t("station.cmd.send"),
      danger: true,
      run: () => {
        ask.mutate();
        return Promise.resolve();
      },
    });
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Stack>
        {props.lacks === null ? null : (
          <Alert color="gray" icon={<IconBan size={18} />}>
            {props.lacks}
          </Alert>
        )}
        {schema === undefined ? null : <SchemaForm document={document} schema={schema} value={value} onChange={setValue} reasons={reasons} disabled={props.lacks !== null} />}
        {ask.isError ? <Trouble error={ask.error} /> : null}
        <Group align="flex-end" gap="sm">
          <Button type="submit" leftSection={<IconSend size={16} />} loading={ask.isPending} disabled={props.lacks !== null}>
            {t("station.cmd.send")}
          </Button>
          <NumberInput label={t("station.cmd.wait")} value={timeout} onChange={setTimeoutS} min={1} max={120} w={130} size="xs" suffix=" s" />
        </Group>
        {ask.data === undefined ? null : <AnswerView said={ask.data} />}
      </Stack>
    </form>
  );
}

function Raw(props: { detail: Detail; actions: readonly string[]; action: string; onAction: (action: string) => void; lacks: string | null }) {
  const { t } = useTexts(texts);
  const { detail, action } = props;
  const [payload, setPayload] = useState("{}");
  const [timeout, setTimeoutS] = useState<number | string>(30);
  const known = props.actions.includes(action);
  let isObject = false;
  try {
    const read: unknown = JSON.parse(payload || "{}");
    isObject = typeof read === "object" && read !== null && !Array.isArray(read);
  } catch {
    // Half of a document: the button waits.
  }
  const ask = useAsk(detail, () => post(`/api/v1${pathOf("stations", detail.id, "ocpp", action)}?timeout_s=${timeout || 30}`, payload || "{}"));
  const why = ask.error instanceof Problem ? ask.error.detail : "";
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        confirm({
          title: t("station.raw.ask", { action, id: detail.id }),
          text: t("station.raw.warning"),
          action: t("station.cmd.send"),
          danger: true,
          run: () => {
        ask.mutate();
        return Promise.resolve();
      },
        });
      }}
    >
      <Stack>
        <Text size="sm">{t("station.raw.text", { version: versionOf(detail.link.protocol) || "OCPP" })}</Text>
        {props.lacks === null ? null : (
          <Alert color="gray" icon={<IconBan size={18} />}>
            {props.lacks}
          </Alert>
        )}
        <Autocomplete
          label={t("station.raw.action")}
          required
          maxLength={50}
          data={[...props.actions]}
          value={action}
          onChange={props.onAction}
          limit={200}
          maxDropdownHeight={260}
          error={action !== "" && !known && props.actions.length > 0 ? t("station.raw.unknown") : null}
        />
        <JsonInput
          label={t("station.raw.payload")}
          description={t("station.raw.payloadHelp")}
          autosize
          minRows={5}
          maxRows={20}
          formatOnBlur
          spellCheck={false}
          validationError={t("station.raw.notJson")}
          error={why === "" ? undefined : visible(why)}
          value={payload}
          onChange={setPayload}
          styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
        />
        <Group align="flex-end" gap="sm">
          <Button type="submit" leftSection={<IconSend size={16} />} loading={ask.isPending} disabled={props.lacks !== null || !isObject || action.trim() === ""}>
            {t("station.cmd.send")}
          </Button>
          <NumberInput label={t("station.cmd.wait")} value={timeout} onChange={setTimeoutS} min={1} max={120} w={130} size="xs" suffix=" s" />
        </Group>
        {ask.data === undefined ? null : <AnswerView said={ask.data} />}
      </Stack>
    </form>
  );
}

// ---- what was asked before

function GivenOutcome(props: { given: Given }) {
  const { outcome } = props.given;
  const tone = /^(accepted|answered|\d+ accepted(, \d+ reboot_required)?$)/.test(outcome) ? "free" : /^scheduled|reboot/.test(outcome) ? "wait" : "bad";
  const OutcomeIcon = { free: IconCheck, wait: IconClock, bad: IconAlertTriangle }[tone];
  return (
    <span className={classes.direction} data-tone={tone}>
      <OutcomeIcon size={16} aria-hidden />
      <SafeText text={wordOfOutcome(outcome)} most={60} />
    </span>
  );
}

function History(props: { id: string; offers: readonly Offer[]; titleOf: (name: string) => string; filter: string; onFilter: (changes: { asked?: string }) => void }) {
  const { t } = useTexts(texts);
  useLanguage();
  const [shown, setShown] = useState<Given | null>(null);
  const found = useInfiniteQuery({
    queryKey: [...keys.commands(props.id), props.filter],
    queryFn: ({ pageParam }) =>
      take(
        api.GET("/api/v1/stations/{station_id}/commands", {
          params: { path: { station_id: props.id }, query: { limit: 100, ...(props.filter === "" ? {} : { command: props.filter }), ...(pageParam === null ? {} : { after: pageParam }) } },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
  });
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data]);
  const { titleOf } = props;
  const columns = useMemo<readonly Column<Given>[]>(
    () => [
      { id: "at", title: t("station.cmd.when"), min: 110, grow: 0.5, keep: true, card: "aside", cell: (row) => <Age at={row.at} /> },
      { id: "command", title: t("station.cmd.command"), min: 170, keep: true, card: "title", cell: (row) => <SafeText text={titleOf(row.command)} most={60} /> },
      { id: "outcome", title: t("station.cmd.outcome"), min: 180, keep: true, cell: (row) => <GivenOutcome given={row} /> },
      { id: "actor", title: t("station.cmd.actor"), min: 120, cell: (row) => <Actor name={row.actor} /> },
      { id: "took", title: t("station.cmd.tookTitle"), min: 90, grow: 0.4, align: "end", card: "none", cell: (row) => <span className={classes.millis}>{format.duration(row.took_ms / 1000)}</span> },
    ],
    [t, titleOf],
  );
  return (
    <Panel title={t("station.cmd.history")}>
      <FilterBar
        values={{ asked: props.filter }}
        defaults={{ asked: "" }}
        onChange={props.onFilter}
        filters={[{ kind: "choice", name: "asked", label: t("station.cmd.any"), options: props.offers.filter((each) => each.name !== "raw_call").map((each) => ({ value: each.name, label: titleOf(each.name) })) }]}
      />
      {found.isError ? <Trouble error={found.error} retry={() => void found.refetch()} /> : null}
      {shown === null ? null : (
        <Paper withBorder p="sm" mb="sm">
          <Group justify="space-between" mb="xs">
            <Text fw={600}>
              <SafeText text={titleOf(shown.command)} most={60} />
            </Text>
            <Button size="compact-sm" variant="subtle" onClick={() => setShown(null)}>
              {t("station.cmd.fold")}
            </Button>
          </Group>
          <div className={classes.evses}>
            <div>
              <Text size="sm" c="dimmed">
                {t("station.cmd.asked")}
              </Text>
              <JsonView value={shown.body} what={t("station.cmd.asked")} search={false} />
            </div>
            <div>
              <Text size="sm" c="dimmed">
                {t("station.cmd.answer")}
              </Text>
              <JsonView value={shown.answer} what={t("station.cmd.answer")} search={false} />
            </div>
          </div>
        </Paper>
      )}
      <VirtualTable
        id="station-commands"
        label={t("station.cmd.history")}
        rows={rows}
        columns={columns}
        rowId={(row) => String(row.number)}
        onOpen={setShown}
        loading={found.isPending}
        more={{ has: found.hasNextPage, loading: found.isFetchingNextPage, load: () => void found.fetchNextPage() }}
        empty={<Empty icon={IconTerminal2} title={t("station.cmd.none")} text={t("station.cmd.noneText")} />}
      />
    </Panel>
  );
}

export default function Commands() {
  const { t } = useTexts(texts);
  const { id } = useParams<{ id: string }>();
  const may = useMay();
  const detail = useDetail(id).data;
  const vocabulary = useVocabulary(id).data;
  const { offers, document } = useOffers();
  const [filters, setFilters] = useFilters<keyof typeof DEFAULTS>(DEFAULTS);
  const narrow = useMedia(NARROW);
  const titleOf = useMemo(() => {
    const summaries = new Map(offers.map((each) => [each.name, each.summary]));
    return (name: string): string => {
      if (name.startsWith("ocpp:")) return name.slice(5);
      const key = `station.command.${name}`;
      return key in texts.en ? t(key as "station.command.reset") : titleOfCommand(name, summaries.get(name));
    };
  }, [offers, t]);
  const lacksOf = (name: string): string | null => {
    if (detail === undefined || vocabulary === undefined) return null;
    if (vocabulary.protocol !== "" && !vocabulary.commands.includes(name)) return t("station.cmd.lacks", { version: versionOf(vocabulary.protocol) });
    if (!detail.link.connected) return t("station.cmd.away");
    return null;
  };
  const chosen = offers.find((each) => each.name === filters.command) ?? offers.find((each) => lacksOf(each.name) === null) ?? offers[0];
  useEffect(() => {
    if (filters.asked !== "" && !offers.some((each) => each.name === filters.asked) && offers.length > 0) setFilters({ asked: "" });
  }, [filters.asked, offers, setFilters]);
  if (detail === undefined) return <Skeletons rows={5} />;
  const asks = may("stations:command");
  return (
    <Stack>
      {!asks ? (
        <Alert color="gray">{t("station.cmd.viewer")}</Alert>
      ) : document.isError ? (
        <Trouble error={document.error} retry={() => void document.refetch()} />
      ) : chosen === undefined || document.data === undefined ? (
        <Skeletons rows={6} />
      ) : (
        <div className={classes.commands}>
          {narrow ? null : (
            <Paper withBorder p="xs" component="nav" aria-label={t("station.tab.commands")}>
              <ul className={classes.commandList}>
                {offers.map((each) => {
                  const lacks = lacksOf(each.name);
                  return (
                    <li key={each.name}>
                      {/* The browser's own button and hint: forty of Mantine's took longer than all else of the page. */}
                      <button type="button" className={classes.command} title={lacks ?? undefined} data-lacks={lacks !== null || undefined} aria-current={each === chosen ? "true" : undefined} onClick={() => setFilters({ command: each.name })}>
                        <span className={classes.grow}>{titleOf(each.name)}</span>
                        {lacks === null ? null : <IconBan size={15} aria-label={lacks} role="img" />}
                      </button>
                    </li>
                  );
                })}
              </ul>
            </Paper>
          )}
          <Panel>
            <Stack gap="sm">
              {narrow ? (
                <NativeSelect
                  label={t("station.cmd.command")}
                  value={chosen.name}
                  onChange={(event) => setFilters({ command: event.currentTarget.value })}
                  data={offers.map((each) => ({ value: each.name, label: `${titleOf(each.name)}${lacksOf(each.name) === null ? "" : ` – ${t("station.cmd.unavailable")}`}` }))}
                />
              ) : null}
              <Group gap="xs">
                <Title order={2}>{titleOf(chosen.name)}</Title>
                {vocabulary === undefined || vocabulary.protocol === "" ? null : (
                  <Badge variant="light" color="gray" tt="none">
                    {versionOf(vocabulary.protocol)}
                  </Badge>
                )}
              </Group>
              {chosen.name === "raw_call" ? (
                <Raw key={chosen.name} detail={detail} actions={vocabulary?.actions ?? []} action={filters.action} onAction={(action) => setFilters({ action })} lacks={lacksOf("raw_call")} />
              ) : (
                <Form key={chosen.name} detail={detail} offer={chosen} title={titleOf(chosen.name)} document={document.data} lacks={lacksOf(chosen.name)} />
              )}
            </Stack>
          </Panel>
        </div>
      )}
      <History id={id} offers={offers} titleOf={titleOf} filter={filters.asked} onFilter={setFilters} />
    </Stack>
  );
}
