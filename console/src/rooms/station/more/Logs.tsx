/** Logs of the station: asked for, on their way, and here to be read. */
import { ActionIcon, Anchor, Button, Group, Modal, Radio, SimpleGrid, Stack, TextInput } from "@mantine/core";
import {
  IconCheck,
  IconCloudUpload,
  IconDownload,
  IconFileText,
  IconHandStop,
  IconHelp,
  IconHourglass,
  type Icon,
  IconTrash,
  IconX,
} from "@tabler/icons-react";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { api, queries, type Schema, take, useMay } from "@/api";
import { common, format, momentOf, speak, useTexts } from "@/i18n";
import { useLive } from "@/live";
import { useFilters } from "@/route";
import { Age, type Column, confirm, done, Empty, Panel, SafeText, type Tone, Trouble, useThrottled, visible, VirtualTable } from "@/ui";
import { Tag } from "@/ui/Tag.tsx";
import { Actor } from "@/ui/words/Actor.tsx";
import { tell } from "../asking.tsx";
import type { Detail } from "../data.ts";
import classes from "./more.module.css";
import { texts } from "./texts.ts";

type Log = Schema<"LogOut">;
type Kind = Log["kind"];
type State = Log["state"];

const ADDRESS = { do: "" };
const PAGE = 50;
const rowId = (row: Log): string => String(row.id);

const LOOKS: Readonly<Record<State, { tone: Tone; icon: Icon }>> = {
  asked: { tone: "busy", icon: IconHourglass },
  accepted: { tone: "busy", icon: IconHourglass },
  uploading: { tone: "busy", icon: IconCloudUpload },
  received: { tone: "free", icon: IconCheck },
  refused: { tone: "bad", icon: IconHandStop },
  failed: { tone: "bad", icon: IconX },
  silent: { tone: "wait", icon: IconHelp },
};

/** 1.6 has no data collector's log, and one kind of diagnostics; what it lacks the server says itself. */
const KINDS: readonly Kind[] = ["DiagnosticsLog", "SecurityLog", "DataCollectorLog"];

function kindsOf(protocol: string): readonly Kind[] {
  return protocol === "ocpp2.1" ? KINDS : KINDS.slice(0, 2);
}

function askRemove(log: Log): void {
  const { t } = speak(texts);
  confirm({
    title: t("log.removeAsk"),
    text: t("log.removeText"),
    action: t("log.remove"),
    danger: true,
    run: async () => {
      await take(api.DELETE("/api/v1/logs/{log_id}", { params: { path: { log_id: log.id } } }));
      await queries.invalidateQueries({ queryKey: ["logs", log.station_id] });
      done(t("log.removed"));
    },
  });
}

function Form(props: { detail: Detail; leave: () => void }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const { id, link } = props.detail;
  const [kind, setKind] = useState<Kind>("DiagnosticsLog");
  const [oldest, setOldest] = useState("");
  const [latest, setLatest] = useState("");
  const ask = useMutation({
    mutationFn: () =>
      take(
        api.POST("/api/v1/stations/{station_id}/logs", {
          params: { path: { station_id: id } },
          body: { kind, oldest: momentOf(oldest)?.toISOString() ?? null, latest: momentOf(latest)?.toISOString() ?? null },
        }),
      ),
    onSuccess: ({ answer }) => {
      tell(t("log.ask"), answer);
      void queries.invalidateQueries({ queryKey: ["logs", id] });
      props.leave();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        ask.mutate();
      }}
    >
      <Stack>
        <Radio.Group label={t("log.which")} value={kind} onChange={(value) => setKind(value)}>
          <Stack gap="xs" mt={4}>
            {kindsOf(link.protocol).map((each) => (
              <Radio key={each} value={each} label={t(`log.kind.${each}`)} description={t(`log.about.${each}`)} />
            ))}
          </Stack>
        </Radio.Group>
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <TextInput type="datetime-local" label={t("log.oldest")} value={oldest} onChange={(event) => setOldest(event.currentTarget.value)} />
          <TextInput type="datetime-local" label={t("log.latest")} value={latest} onChange={(event) => setLatest(event.currentTarget.value)} />
        </SimpleGrid>
        {ask.isError ? <Trouble error={ask.error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={props.leave} disabled={ask.isPending}>
            {words("ui.cancel")}
          </Button>
          <Button type="submit" loading={ask.isPending}>
            {t("log.ask")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

export function Logs(props: { detail: Detail }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const may = useMay();
  const { detail } = props;
  const { id } = detail;
  const [address, setAddress] = useFilters<"do">(ADDRESS);
  const again = useThrottled(() => void queries.invalidateQueries({ queryKey: ["logs", id] }), 500);
  useLive(["log.changed"], (happenings) => {
    if (happenings.some(({ data }) => data.station_id === id)) again();
  });
  const found = useInfiniteQuery({
    queryKey: ["logs", id],
    queryFn: ({ pageParam, signal }) => take(api.GET("/api/v1/logs", { params: { query: { station_id: id, limit: PAGE, ...(pageParam === undefined ? {} : { after: pageParam }) } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
  });
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data]);
  const mayAsk = may("stations:command");
  const mayRead = may("messages:read");
  const mayRemove = may("stations:write");
  const columns = useMemo<readonly Column<Log>[]>(
    () => [
      { id: "kind", title: t("log.which"), min: 150, keep: true, card: "title", cell: (row) => <strong>{t(`log.kind.${row.kind}`)}</strong> },
      {
        id: "state",
        title: t("log.state"),
        min: 150,
        grow: 0,
        keep: true,
        card: "aside",
        cell: (row) => <Tag look={LOOKS[row.state]}>{t(`log.state.${row.state}`)}</Tag>,
      },
      {
        id: "file",
        title: t("log.file"),
        min: 190,
        grow: 2,
        keep: true,
        cell: (row) =>
          row.state === "received" && row.size !== null && mayRead ? (
            <Anchor href={`/api/v1/logs/${row.id}/content`} download size="sm" className={classes.file ?? ""}>
              <IconDownload size={16} aria-hidden /> {t("log.download")} ({format.bytes(row.size)})
            </Anchor>
          ) : row.reason === "" ? null : (
            <SafeText text={row.reason} most={90} />
          ),
      },
      { id: "asked", title: t("log.asked"), min: 110, grow: 0, cell: (row) => <Age at={row.asked_at} /> },
      { id: "who", title: t("log.who"), min: 110, card: "none", cell: (row) => <Actor name={row.actor} most={30} /> },
      {
        id: "remove",
        title: "",
        min: 48,
        grow: 0,
        keep: true,
        align: "end",
        card: "aside",
        cell: (row) =>
          mayRemove ? (
            <ActionIcon variant="subtle" color="gray" aria-label={t("log.removeOf", { what: t(`log.kind.${row.kind}`), time: format.time(new Date(row.asked_at), "short") })} onClick={() => askRemove(row)}>
              <IconTrash size={16} />
            </ActionIcon>
          ) : null,
      },
    ],
    [t, mayRead, mayRemove],
  );
  const askButton = mayAsk ? (
    <Button size="compact-sm" variant="default" leftSection={<IconFileText size={16} />} disabled={!detail.link.connected} onClick={() => setAddress({ do: "log" })}>
      {t("log.ask")}
    </Button>
  ) : null;
  return (
    <Panel title={t("log.title")} beside={askButton}>
      {found.isError && rows.length === 0 ? (
        <Trouble error={found.error} retry={() => void found.refetch()} />
      ) : (
        <VirtualTable
          id="station-logs"
          label={t("log.title")}
          rows={rows}
          columns={columns}
          rowId={rowId}
          primary={false}
          loading={found.isPending}
          more={{ has: found.hasNextPage, loading: found.isFetchingNextPage, load: () => void found.fetchNextPage() }}
          empty={<Empty icon={IconFileText} title={t("log.none")} text={t("log.noneText")} />}
        />
      )}
      {mayAsk ? (
        <Modal opened={address.do === "log"} onClose={() => setAddress({ do: "" })} title={t("log.askTitle", { id: visible(id) })} closeButtonProps={{ "aria-label": words("app.close") }}>
          <Form detail={detail} leave={() => setAddress({ do: "" })} />
        </Modal>
      ) : null}
    </Panel>
  );
}
