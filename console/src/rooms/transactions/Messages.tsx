/** Every message that names a charge: calls with their answers, as they came. */
import { Anchor, Button, Drawer, Group, Menu, Stack, Text, Title } from "@mantine/core";
import { IconArrowLeft, IconArrowRight, IconDownload, IconMessageOff } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { api, queries, type Schema, take, useMay } from "@/api";
import { common, format, useTexts } from "@/i18n";
import { useLive } from "@/live";
import { Link, pathOf } from "@/route";
import { type Column, Copy, Empty, JsonView, Panel, SafeText, StateBadge, Time, Trouble, useThrottled, visible, VirtualTable } from "@/ui";
import type { Transaction } from "@/ui/charge";
import { PHONE, useMedia } from "@/ui/useMedia.ts";
import { texts } from "./texts.ts";
import classes from "./detail.module.css";

type Message = Schema<"MessageOut">;

/** A message comes a moment before and after what it tells of: a start is named by its answer, a stop has an end. */
const MARGIN_MS = 10 * 60_000;
const OFTEN_MS = 4000;
const idOf = (message: Message): string => String(message.number);

function queryOf(of: Transaction) {
  const since = new Date(Date.parse(of.started_at) - MARGIN_MS).toISOString();
  // One that came late, from a queue, is heard long after what it tells of.
  const last = of.ended_at === null ? null : Math.max(Date.parse(of.ended_at), Date.parse(of.heard_at)) + MARGIN_MS;
  return { transaction_id: of.known_as, since, ...(last === null ? {} : { until: new Date(last).toISOString() }) };
}

function Outcome(props: { of: Message }) {
  const { t } = useTexts(texts);
  const { outcome, trouble } = props.of;
  const bad = outcome !== "answered" || trouble !== "";
  return <StateBadge state={bad ? "Faulted" : "Available"} label={t(`messages.${outcome}`)} size="sm" />;
}

function Direction(props: { of: Message }) {
  const { t } = useTexts(texts);
  const from = props.of.direction === "from_station";
  const Arrow = from ? IconArrowLeft : IconArrowRight;
  return <Arrow size={16} role="img" aria-label={from ? t("messages.from") : t("messages.to")} />;
}

function Whole(props: { message: Message }) {
  const { t } = useTexts(texts);
  const { message } = props;
  return (
    <Stack>
      <Group gap="xs">
        <Direction of={message} />
        <Text size="sm">{message.direction === "from_station" ? t("messages.from") : t("messages.to")}</Text>
        <Outcome of={message} />
        {message.latency_ms === null ? null : (
          <Text size="sm" c="dimmed">
            {latencyText(message.latency_ms)}
          </Text>
        )}
      </Group>
      <Group gap={4}>
        <Text size="sm" c="dimmed">
          <Time at={message.at} style="millis" /> · <SafeText text={message.message_id} most={40} mono />
        </Text>
        <Copy text={message.message_id} what={message.message_id} />
      </Group>
      {message.trouble === "" ? null : (
        <div>
          <Title order={3} fz="md" mb={4}>{t("messages.trouble")}</Title>
          <SafeText text={message.trouble} most={600} />
        </div>
      )}
      <div>
        <Title order={3} fz="md" mb={4}>{t("messages.call")}</Title>
        {message.raw === "" ? <JsonView what={t("messages.call")} value={message.payload} /> : <SafeText text={message.raw} most={2000} mono />}
      </div>
      <div>
        <Title order={3} fz="md" mb={4}>{t("messages.answer")}</Title>
        {message.error !== null ? <JsonView what={t("messages.answer")} value={message.error} /> : message.outcome === "unanswered" ? t("messages.unanswered") : <JsonView what={t("messages.answer")} value={message.answer} />}
      </div>
    </Stack>
  );
}

function TheMessages(props: { of: Transaction }) {
  const { t } = useTexts(texts);
  const { t: tc } = useTexts(common);
  const { of } = props;
  const path = { station_id: of.station_id };
  const queryKey = ["transactions", of.station_id, of.id, "messages"] as const;
  const found = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) =>
      take(
        api.GET("/api/v1/stations/{station_id}/messages", {
          params: { path, query: { ...queryOf(of), limit: 50, ...(pageParam === undefined ? {} : { after: pageParam }) } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
  });
  const again = useThrottled(() => void queries.invalidateQueries({ queryKey }), OFTEN_MS);
  useLive(["transaction.updated", "command.answered"], (happenings) => {
    if (happenings.some(({ data }) => data.station_id === of.station_id)) again();
  });
  const card = useMedia(PHONE);
  const [shown, setShown] = useState<Message | null>(null);
  const [opened, setOpened] = useState(false);
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data]);
  const columns = useMemo(
    (): readonly Column<Message>[] => [
      {
        id: "action",
        title: t("messages.action"),
        min: 175,
        keep: true,
        card: "title",
        cell: (row) => (
          <span className={classes.action}>
            <Direction of={row} />
            <SafeText text={row.action} most={40} />
          </span>
        ),
      },
      { id: "outcome", title: t("messages.outcome"), min: 132, grow: 0, card: "aside", keep: true, cell: (row) => <Outcome of={row} /> },
      { id: "at", title: t("messages.at"), min: 88, grow: 0, keep: true, cell: (row) => <Time at={row.at} style="seconds" /> },
      { id: "latency", title: t("messages.latency"), min: 76, grow: 0, align: "end", cell: (row) => (row.latency_ms === null ? "–" : latencyText(row.latency_ms)) },
      { id: "said", title: t("messages.said"), min: 160, grow: 3, card: "none", cell: (row) => <span className={classes.said}>{brief(row)}</span> },
    ],
    [t],
  );
  const address = (kind: "csv" | "jsonl"): string =>
    `/api/v1/stations/${encodeURIComponent(of.station_id)}/messages/export?${new URLSearchParams({ ...queryOf(of), format: kind })}`;
  return (
    <Panel
      title={t("messages.title")}
      beside={
        <Group gap="xs" className="no-print">
          <Anchor component={Link} to={pathOf("stations", of.station_id, "messages")} size="sm">
            {t("messages.all")}
          </Anchor>
          <Menu>
            <Menu.Target>
              <Button size="compact-sm" variant="subtle" leftSection={<IconDownload size={14} />}>
                {t("messages.export")}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item component="a" href={address("csv")} download>
                CSV
              </Menu.Item>
              <Menu.Item component="a" href={address("jsonl")} download>
                JSON Lines
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </Group>
      }
    >
      {found.isError && rows.length === 0 ? (
        <Trouble error={found.error} retry={() => void found.refetch()} />
      ) : (
        <VirtualTable
          id="transaction-messages"
          label={t("messages.title")}
          rows={rows}
          columns={columns}
          rowId={idOf}
          onOpen={(row) => {
            setShown(row);
            setOpened(true);
          }}
          loading={found.isPending}
          height={card ? Math.min(480, rows.length * 104 + 8) : Math.min(420, rows.length * 44 + 44)}
          empty={<Empty icon={IconMessageOff} title={t("messages.none")} text={t("messages.noneText")} />}
          more={{ has: found.hasNextPage, loading: found.isFetchingNextPage, load: () => void found.fetchNextPage() }}
        />
      )}
      <Drawer
        opened={opened}
        onClose={() => setOpened(false)}
        position="right"
        size="lg"
        title={shown === null ? "" : <SafeText text={shown.action} most={60} />}
        closeButtonProps={{ "aria-label": tc("app.close") }}
      >
        {shown === null ? null : <Whole key={shown.number} message={shown} />}
      </Drawer>
    </Panel>
  );
}

function latencyText(ms: number): string {
  return ms < 1000 ? `${format.number(ms, { maximumFractionDigits: ms < 10 ? 1 : 0 })}\u00a0ms` : format.duration(ms / 1000);
}

const TELLING = ["eventType", "triggerReason", "chargingState", "stoppedReason", "reason", "status", "idTag", "meterStart", "meterStop", "requestedMessage"] as const;
const MOST_BRIEF = 160;

/** Pure. What is telling in a message, on one line; the whole is a click away. */
function brief(message: Message): string {
  const { payload, raw } = message;
  if (raw !== "" || typeof payload !== "object" || payload === null) return visible(raw.slice(0, MOST_BRIEF));
  const all: Record<string, unknown> = { ...payload };
  for (const inner of Object.values(payload)) if (typeof inner === "object" && inner !== null && !Array.isArray(inner)) Object.assign(all, inner);
  const told = TELLING.flatMap((name) => (typeof all[name] === "string" || typeof all[name] === "number" ? [String(all[name]).slice(0, 40)] : []));
  const text = told.length > 0 ? told.join(" · ") : JSON.stringify(payload);
  return visible(text.length > MOST_BRIEF ? `${text.slice(0, MOST_BRIEF)}…` : text);
}

/** Messages are for those who may read them. */
export function Messages(props: { of: Transaction }) {
  const may = useMay();
  return may("messages:read") ? <TheMessages of={props.of} /> : null;
}
