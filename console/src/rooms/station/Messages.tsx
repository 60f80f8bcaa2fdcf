/** The inspector: what the station and we said, call and answer as one, and what was wrong with it in words. */
import { ActionIcon, Alert, Anchor, Badge, Button, Drawer, Group, Menu, Paper, Stack, Text, TextInput, Title } from "@mantine/core";
import { useElementSize, useViewportSize } from "@mantine/hooks";
import {
  IconAlertTriangle,
  IconArrowLeft,
  IconArrowRight,
  IconArrowsExchange,
  IconCheck,
  IconChevronDown,
  IconChevronUp,
  IconClockQuestion,
  IconDownload,
  IconPlayerPause,
  IconPlayerPlay,
  IconX,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { api, take, useMay } from "@/api";
import { common, fieldOf, format, momentOf, useLanguage, useTexts } from "@/i18n";
import { Link, pathOf, useFilters, useParams } from "@/route";
import { type Column, Copy, Empty, FilterBar, JsonView, SafeText, Time, Trouble, VirtualTable, visible } from "@/ui";
import { useMedia } from "@/ui/useMedia.ts";
import { useDetail, useVocabulary } from "./data.ts";
import { Facts } from "./Facts.tsx";
import { isKnownCode, versionOf } from "./knowledge.ts";
import classes from "./station.module.css";
import { type Message, queryOf, useMessages, type Wish } from "./tail.ts";
import { texts } from "./texts.ts";

type Name = "action" | "direction" | "trouble" | "q" | "since" | "until" | "m";
const DEFAULTS: Readonly<Record<Name, string>> = { action: "", direction: "", trouble: "", q: "", since: "", until: "", m: "" };

/** What stations say by themselves in some version; what we may ask comes from the vocabulary of the station. */
const OF_STATIONS = [
  "Authorize",
  "BootNotification",
  "DataTransfer",
  "DiagnosticsStatusNotification",
  "FirmwareStatusNotification",
  "Heartbeat",
  "LogStatusNotification",
  "MeterValues",
  "NotifyEvent",
  "NotifyReport",
  "SecurityEventNotification",
  "SignCertificate",
  "StartTransaction",
  "StatusNotification",
  "StopTransaction",
  "TransactionEvent",
];

/** The words of a payload that tell most, in one line. Pure. */
export function gistOf(message: Message): string {
  if (message.raw !== "") return message.raw;
  const { payload } = message;
  if (typeof payload !== "object" || payload === null) return payload === null || payload === undefined ? "" : JSON.stringify(payload);
  const parts: string[] = [];
  const walk = (value: unknown, name: string, depth: number): void => {
    if (parts.length >= 6 || value === null || value === undefined) return;
    if (typeof value !== "object") parts.push(/timestamp|currentTime/i.test(name) ? "" : `${name} ${JSON.stringify(value).replace(/^"|"$/g, "")}`);
    else if (depth < 3) for (const [key, each] of Object.entries(value)) walk(each, Array.isArray(value) ? name : key, depth + 1);
  };
  walk(payload, "", 0);
  return parts.filter(Boolean).join(" · ");
}

export function isWrong(message: Message): boolean {
  return message.trouble !== "" || message.outcome !== "answered";
}

function Direction(props: { message: Message; short?: boolean }) {
  const { t } = useTexts(texts);
  const from = props.message.direction === "from_station";
  const DirectionIcon = from ? IconArrowLeft : IconArrowRight;
  const label = t(from ? "station.msg.from" : "station.msg.to");
  const word = props.short === true ? t(from ? "station.msg.in" : "station.msg.out") : label;
  return (
    <span className={classes.direction} data-tone={from ? "busy" : "kept"} title={label}>
      <DirectionIcon size={16} aria-hidden />
      {word}
    </span>
  );
}

function Outcome(props: { message: Message }) {
  const { t } = useTexts(texts);
  const { message } = props;
  const [tone, OutcomeIcon, text] =
    message.outcome === "error"
      ? (["bad", IconX, message.error?.code || t("station.msg.error")] as const)
      : message.outcome === "unanswered"
        ? (["wait", IconClockQuestion, t("station.msg.unanswered")] as const)
        : message.trouble !== ""
          ? (["wait", IconAlertTriangle, t("station.msg.mended")] as const)
          : (["free", IconCheck, t("station.msg.ok")] as const);
  return (
    <span className={classes.direction} data-tone={tone}>
      <OutcomeIcon size={16} aria-hidden />
      <SafeText text={text} most={34} />
    </span>
  );
}

function Latency(props: { ms: number | null }) {
  useLanguage();
  if (props.ms === null) return <span aria-hidden>–</span>;
  const text = props.ms < 9.95 ? format.number(props.ms, { maximumFractionDigits: 1 }) : format.number(props.ms, { maximumFractionDigits: 0 });
  return <span className={classes.millis}>{props.ms >= 10_000 ? format.duration(props.ms / 1000) : `${text}\u00a0ms`}</span>;
}

/** The CALL as a frame, as it went over the wire but for secrets. */
function frameOf(message: Message): string {
  return message.raw !== "" ? message.raw : JSON.stringify([2, message.message_id, message.action, message.payload]);
}

function Detail(props: { id: string; message: Message; step: (by: 1 | -1) => void; close: (() => void) | null }) {
  const { t, rich } = useTexts(texts);
  const { t: tc } = useTexts(common);
  const may = useMay();
  const { message } = props;
  const from = message.direction === "from_station";
  const code = message.error?.code ?? "";
  return (
    <Stack gap="sm">
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div style={{ minWidth: 0 }}>
          <Title order={2} style={{ overflowWrap: "anywhere" }}>
            {message.action === "" ? t("station.msg.unreadable") : visible(message.action.slice(0, 80))}
          </Title>
          <Text size="sm" c="dimmed">
            {t(from ? "station.msg.theyCalled" : "station.msg.weCalled")} · <Time at={message.at} style="full" />
          </Text>
        </div>
        <Group gap={2} wrap="nowrap">
          <ActionIcon variant="subtle" color="gray" aria-label={t("station.msg.newer")} onClick={() => props.step(-1)}>
            <IconChevronUp size={18} />
          </ActionIcon>
          <ActionIcon variant="subtle" color="gray" aria-label={t("station.msg.older")} onClick={() => props.step(1)}>
            <IconChevronDown size={18} />
          </ActionIcon>
          {props.close === null ? null : (
            <ActionIcon variant="subtle" color="gray" aria-label={tc("app.close")} onClick={props.close}>
              <IconX size={18} />
            </ActionIcon>
          )}
        </Group>
      </Group>
      {message.meaning === "" ? null : (
        <Text>
          <SafeText text={message.meaning} most={500} />
        </Text>
      )}
      {message.answer_meaning === "" ? null : (
        <Text size="sm" c="dimmed">
          {t(from ? "station.msg.ourAnswer" : "station.msg.theirAnswer")}: <SafeText text={message.answer_meaning} most={500} />
        </Text>
      )}
      {message.trouble === "" && message.outcome === "answered" ? null : (
        <section className={classes.trouble} data-tone={message.outcome === "error" ? "bad" : "wait"} aria-label={t("station.msg.what")}>
          <Stack gap={6}>
            <h3>
              {message.outcome === "error"
                ? t(from ? "station.msg.weRefused" : "station.msg.theyRefused")
                : message.outcome === "unanswered"
                  ? t("station.msg.noAnswer")
                  : t("station.msg.mendedTitle")}
            </h3>
            {message.trouble === "" ? null : (
              <Text size="sm" fw={600}>
                <SafeText text={message.trouble} most={600} />
              </Text>
            )}
            {code === "" ? null : (
              <Text size="sm">
                <code>{visible(code.slice(0, 60))}</code>
                {isKnownCode(code) ? <>: {t(`station.code.${code}`)}</> : null}
              </Text>
            )}
            {message.error?.text && message.error.text !== message.trouble ? (
              <Text size="sm">
                {t(from ? "station.msg.weSaid" : "station.msg.theySaid")} {rich("station.quote", { text: <SafeText text={message.error.text} most={400} /> })}
              </Text>
            ) : null}
            {message.outcome === "unanswered" ? <Text size="sm">{t(from ? "station.msg.noAnswerOurs" : "station.msg.noAnswerTheirs")}</Text> : null}
            {from && message.outcome === "error" ? <Text size="sm">{t("station.msg.tellVendor")}</Text> : null}
          </Stack>
        </section>
      )}
      {message.broken.length === 0 ? null : (
        <section className={classes.trouble} data-tone="wait" aria-label={t("station.msg.broken")}>
          <Stack gap={6}>
            <h3>{t("station.msg.broken")}</h3>
            {message.broken.map((each) => (
              <Text size="sm" key={`${each.part} ${each.path} ${each.rule}`}>
                {t(each.part === "call" ? "station.msg.inCall" : "station.msg.inAnswer")}{" "}
                <code>{each.path === "" ? "$" : visible(each.path.slice(0, 120))}</code> <SafeText text={each.found} most={300} />
                <br />
                <code>{visible(each.rule.slice(0, 160))}</code>
              </Text>
            ))}
          </Stack>
        </section>
      )}
      <Facts
        rows={[
          [t("station.msg.latency"), message.latency_ms === null ? null : <Latency key="latency" ms={message.latency_ms} />],
          [t("station.msg.id"), message.message_id === "" ? null : <Group key="id" gap={2} wrap="nowrap"><SafeText mono text={message.message_id} most={48} /><Copy text={message.message_id} what={t("station.msg.id")} /></Group>],
          [t("station.link.protocol"), versionOf(message.protocol)],
          [t("station.msg.number"), String(message.number)],
        ]}
      />
      {message.raw !== "" ? (
        <div>
          <Text fw={600} size="sm">
            {t("station.msg.raw")}
          </Text>
          <Paper withBorder p="sm">
            <SafeText mono text={message.raw} most={2000} />
          </Paper>
        </div>
      ) : (
        <div>
          <Group justify="space-between">
            <Text fw={600} size="sm">
              {t(from ? "station.msg.theirCall" : "station.msg.ourCall")}
            </Text>
            <Group gap="xs">
              {!from && may("stations:command") ? (
                <Anchor component={Link} size="sm" to={`${pathOf("stations", props.id, "commands")}?command=raw_call&action=${encodeURIComponent(message.action)}`}>
                  {t("station.msg.again")}
                </Anchor>
              ) : null}
              <Text size="sm" c="dimmed">
                {t("station.msg.frame")} <Copy text={frameOf(message)} what={t("station.msg.frame")} />
              </Text>
            </Group>
          </Group>
          <JsonView key={`call ${message.number}`} value={message.payload} what={t(from ? "station.msg.theirCall" : "station.msg.ourCall")} />
        </div>
      )}
      {message.outcome === "unanswered" ? null : (
        <div>
          <Text fw={600} size="sm">
            {t(from ? "station.msg.ourAnswer" : "station.msg.theirAnswer")}
          </Text>
          <JsonView
            key={`answer ${message.number}`}
            value={message.error === null ? message.answer : { errorCode: message.error.code, errorDescription: message.error.text, errorDetails: message.error.details }}
            what={t(from ? "station.msg.ourAnswer" : "station.msg.theirAnswer")}
            search={false}
          />
        </div>
      )}
    </Stack>
  );
}

/** "number~time": a message by its number, found again by its time however long ago it was. */
function markOf(message: Message): string {
  return `${message.number}~${message.at}`;
}

function useMarked(id: string, mark: string, items: readonly Message[]): { message: Message | undefined; lost: boolean } {
  const [number, at] = mark.split("~");
  const known = mark === "" ? undefined : items.find((each) => String(each.number) === number);
  const from = at === undefined ? Number.NaN : Date.parse(at);
  const found = useQuery({
    queryKey: ["stations", id, "message", mark],
    queryFn: async () => {
      const query = { since: new Date(from).toISOString(), until: new Date(from + 2).toISOString(), limit: 500 };
      const page = await take(api.GET("/api/v1/stations/{station_id}/messages", { params: { path: { station_id: id }, query } }));
      return page.items.find((each) => String(each.number) === number) ?? null;
    },
    enabled: mark !== "" && known === undefined && !Number.isNaN(from),
    staleTime: Infinity,
  });
  return { message: known ?? found.data ?? undefined, lost: found.data === null };
}

function TimeField(props: { label: string; value: string; onChange: (iso: string) => void }) {
  return (
    <TextInput
      type="datetime-local"
      size="xs"
      step={1}
      aria-label={props.label}
      title={props.label}
      leftSection={<Text size="xs" c="dimmed" aria-hidden>{props.label}</Text>}
      leftSectionWidth={46}
      w={{ base: "100%", sm: 225 }}
      value={fieldOf(new Date(props.value), "second")}
      onChange={(event) => {
        const { value } = event.currentTarget;
        props.onChange(momentOf(value)?.toISOString() ?? "");
      }}
    />
  );
}

export default function Messages() {
  const { t } = useTexts(texts);
  const { t: tc } = useTexts(common);
  const { id } = useParams<{ id: string }>();
  const [filters, setFilters] = useFilters<Name>(DEFAULTS);
  const [paused, setPaused] = useState(false);
  const wide = useMedia("(min-width: 75em)");
  const connected = useDetail(id).data?.link.connected ?? false;
  const vocabulary = useVocabulary(id).data;
  const { action, direction, trouble, q, since, until } = filters;
  const wish = useMemo<Wish>(() => ({ action, direction, trouble, q, since, until }), [action, direction, trouble, q, since, until]);
  const live = until === "" && !paused;
  const log = useMessages(id, wish, live);
  const { message, lost } = useMarked(id, filters.m, log.items);
  const { height } = useViewportSize();
  const { ref: topRef, height: topHeight } = useElementSize();

  const open = useCallback((each: Message) => setFilters({ m: markOf(each) }), [setFilters]);
  const close = useCallback(() => setFilters({ m: "" }), [setFilters]);
  const step = (by: 1 | -1): void => {
    const index = log.items.findIndex((each) => each.number === message?.number);
    const next = log.items[index + by];
    if (next !== undefined) open(next);
  };
  const actions = useMemo(() => {
    const names = new Set([...OF_STATIONS, ...(vocabulary?.actions ?? []), ...log.items.map((each) => each.action).filter(Boolean)]);
    return [...names].sort().map((value) => ({ value, label: visible(value.slice(0, 60)) }));
  }, [vocabulary, log.items]);
  const columns = useMemo<readonly Column<Message>[]>(
    () => [
      { id: "at", title: t("station.msg.at"), min: 116, grow: 0, keep: true, card: "aside", cell: (row) => <Time at={row.at} style="millis" /> },
      { id: "direction", title: t("station.msg.direction"), min: 96, grow: 0, keep: true, card: "line", cell: (row) => <Direction message={row} short /> },
      {
        id: "action",
        title: t("station.msg.action"),
        min: 190,
        grow: 1,
        keep: true,
        card: "title",
        cell: (row) => <span className={classes.action}>{row.action === "" ? t("station.msg.unreadable") : visible(row.action.slice(0, 60))}</span>,
      },
      { id: "outcome", title: t("station.msg.outcome"), min: 150, grow: 0.7, keep: true, cell: (row) => <Outcome message={row} /> },
      { id: "latency", title: t("station.msg.latency"), min: 84, grow: 0, align: "end", cell: (row) => <Latency ms={row.latency_ms} /> },
      { id: "gist", title: t("station.msg.gist"), min: 220, grow: 2.4, cell: (row) => <span className={classes.gist}>{visible((row.trouble || gistOf(row)).slice(0, 240))}</span> },
    ],
    [t],
  );
  const exportTo = (kind: string): string => {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(queryOf(wish))) for (const each of Array.isArray(value) ? value : [value]) query.append(name, String(each));
    query.set("format", kind);
    return `/api/v1${pathOf("stations", id, "messages", "export")}?${query.toString()}`;
  };
  const split = wide && message !== undefined;
  const filtered = action + direction + trouble + q + since + until !== "";
  const detail = message === undefined ? null : <Detail id={id} message={message} step={step} close={wide ? close : null} />;
  return (
    <div>
      <div ref={topRef}>
        <FilterBar
          values={filters}
          defaults={{ ...DEFAULTS, m: filters.m }}
          onChange={setFilters}
          filters={[
            { kind: "search", name: "q", label: t("station.msg.search") },
            {
              kind: "choice",
              name: "trouble",
              label: t("station.msg.anyOutcome"),
              options: [
                { value: "trouble", label: t("station.msg.onlyTrouble") },
                { value: "error", label: t("station.msg.onlyErrors") },
                { value: "unanswered", label: t("station.msg.onlyUnanswered") },
              ],
            },
            { kind: "choice", name: "action", label: t("station.msg.anyAction"), options: actions, searchable: true },
            {
              kind: "choice",
              name: "direction",
              label: t("station.msg.anyDirection"),
              options: [
                { value: "from_station", label: t("station.msg.from") },
                { value: "to_station", label: t("station.msg.to") },
              ],
            },
          ]}
         />
        <Group justify="space-between" mb="xs" className="no-print">
          {until === "" ? (
            <Group gap="xs">
              <Button
                size="xs"
                variant={paused ? "filled" : "default"}
                leftSection={paused ? <IconPlayerPlay size={14} /> : <IconPlayerPause size={14} />}
                onClick={() => setPaused(!paused)}
                aria-pressed={paused}
              >
                {t(paused ? "station.msg.go" : "station.msg.pause")}
              </Button>
              <Badge variant="light" color={paused ? "gray" : "brand"} role="status" tt="none">
                {paused ? t("station.msg.paused") : connected ? t("station.msg.live") : t("station.msg.away")}
              </Badge>
              {log.fresh > 0 ? (
                <Text size="sm" c="dimmed">
                  {t("station.msg.fresh", { n: log.fresh })}
                </Text>
              ) : null}
            </Group>
          ) : (
            <Group gap="xs">
              <Text size="sm" c="dimmed">
                {t("station.msg.upTo")} <Time at={until} style="full" />
              </Text>
              <Button size="xs" variant="default" onClick={() => setFilters({ until: "" })}>
                {t("station.msg.toNow")}
              </Button>
            </Group>
          )}
          <Group gap="xs">
            <TimeField label={t("station.msg.since")} value={since} onChange={(value) => setFilters({ since: value })} />
            <TimeField label={t("station.msg.until")} value={until} onChange={(value) => setFilters({ until: value })} />
          <Menu>
            <Menu.Target>
              <Button size="xs" variant="default" leftSection={<IconDownload size={14} />}>
                {t("station.msg.export")}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Label>{t(filtered ? "station.msg.exportFiltered" : "station.msg.exportAll")}</Menu.Label>
              {(["csv", "json", "jsonl"] as const).map((kind) => (
                <Menu.Item key={kind} component="a" href={exportTo(kind)} download>
                  {t(`station.msg.${kind}`)}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
          </Group>
        </Group>
      </div>
      {lost ? (
        <Alert color="gray" mb="sm" withCloseButton closeButtonLabel={tc("app.close")} onClose={close}>
          {t("station.msg.lost")}
        </Alert>
      ) : null}
      {log.error === null ? null : <Trouble error={log.error} retry={log.retry} />}
      <div className={classes.split} data-open={split || undefined}>
        <VirtualTable
          id="station-messages"
          label={t("station.tab.messages")}
          rows={log.items}
          columns={columns}
          rowId={(row) => String(row.number)}
          onOpen={open}
          loading={log.loading}
          rowHeight={38}
          {...(wide && height > 0 ? { height: Math.max(320, height - topHeight - 285) } : {})}
          more={{ has: log.hasMore, loading: log.loadingMore, load: log.more }}
          rowTone={(row) => (row.outcome === "error" ? "bad" : isWrong(row) ? "wait" : undefined)}
          empty={
            log.loading || log.error !== null ? null : filtered ? (
              <Empty icon={IconArrowsExchange} title={t("station.msg.noneFound")} text={t("station.msg.noneFoundText")} />
            ) : (
              <Empty icon={IconArrowsExchange} title={t("station.msg.none")} text={t("station.msg.noneText")} />
            )
          }
        />
        {split ? (
          <Paper withBorder p="md" className={classes.aside ?? ""} component="aside" aria-label={t("station.msg.detail")}>
            {detail}
          </Paper>
        ) : null}
      </div>
      {wide ? null : (
        <Drawer opened={message !== undefined} onClose={close} position="right" size="xl" title={t("station.msg.detail")} closeButtonProps={{ "aria-label": tc("app.close") }} padding="md">
          {detail}
        </Drawer>
      )}
    </div>
  );
}
