/** The periodic streams of a 2.1 station: which are open, how often they come, and their latest values. */
import { Badge, Button, Group, Modal, NumberInput, SimpleGrid, Stack, Text, UnstyledButton } from "@mantine/core";
import { IconChartLine, IconChevronRight, IconGauge, IconRefresh } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, queries, type Schema, take, useMay } from "@/api";
import { common, format, useTexts } from "@/i18n";
import { useLive } from "@/live";
import { done, Empty, SafeText, Skeletons, Time, Trouble } from "@/ui";
import Chart from "@/ui/Chart.tsx";
import { tell } from "../asking.tsx";
import type { Detail } from "../data.ts";
import { useActing } from "./acting.ts";
import classes from "./more.module.css";
import { texts } from "./texts.ts";

type Stream = Schema<"StreamOut">;

const VALUES = 500;
/** Values come when they come, and nothing tells of each: what is looked at is asked for anew. */
const AGAIN_MS = 15_000;
const keyOf = (id: string) => ["monitoring", id, "streams"] as const;

function Values(props: { id: string; stream: Stream }) {
  const { t } = useTexts(texts);
  const { id, stream } = props;
  const found = useQuery({
    queryKey: [...keyOf(id), stream.id, "values"],
    queryFn: ({ signal }) => take(api.GET("/api/v1/stations/{station_id}/streams/{stream_id}/values", { params: { path: { station_id: id, stream_id: stream.id }, query: { limit: VALUES } }, signal })),
    refetchInterval: stream.closed_at === null ? AGAIN_MS : false,
  });
  if (found.data === undefined) return found.isError ? <Trouble error={found.error} retry={() => void found.refetch()} /> : <Skeletons rows={3} height={60} />;
  const values = found.data.items.toReversed();
  if (values.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t("stream.noValues")}
      </Text>
    );
  }
  // Units are the monitor's, and not told with the values.
  const numbers = values.map((each) => (each.value.trim() === "" ? Number.NaN : Number(each.value)));
  if (numbers.every((each) => Number.isFinite(each))) {
    return (
      <Chart
        label={t("stream.values", { n: stream.id })}
        series={[{ label: t("mon.value"), kind: "line" }]}
        at={values.map((each) => Date.parse(each.at) / 1000)}
        values={[numbers]}
        format={(value) => format.number(value, { maximumFractionDigits: 3 })}
        height={200}
      />
    );
  }
  return (
    <ul className={classes.values} aria-label={t("stream.values", { n: stream.id })}>
      {found.data.items.slice(0, 50).map((each) => (
        <li key={each.at}>
          <Time at={each.at} style="seconds" />
          <SafeText mono text={each.value} most={100} />
        </li>
      ))}
    </ul>
  );
}

function paceOf(t: ReturnType<typeof useTexts<typeof texts.en>>["t"], stream: Pick<Stream, "interval_s" | "values">): string {
  return [stream.interval_s === null ? "" : t("stream.every", { time: format.duration(stream.interval_s) }), stream.values === null ? "" : t("stream.whenMany", { n: stream.values })].filter(Boolean).join(", ");
}

function PaceForm(props: { id: string; stream: Stream; leave: () => void }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const { id, stream } = props;
  const [interval, setInterval] = useState<number | string>(stream.interval_s ?? "");
  const [many, setMany] = useState<number | string>(stream.values ?? "");
  const save = useMutation({
    mutationFn: () =>
      take(
        api.POST("/api/v1/stations/{station_id}/streams/{stream_id}/pace", {
          params: { path: { station_id: id, stream_id: stream.id } },
          body: { interval_s: interval === "" ? null : Number(interval), values: many === "" ? null : Number(many) },
        }),
      ),
    onSuccess: (answer) => {
      tell(t("stream.pace"), answer);
      void queries.invalidateQueries({ queryKey: keyOf(id) });
      if (answer.outcome === "accepted") props.leave();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack>
        <Text size="sm">{t("stream.paceText")}</Text>
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <NumberInput label={t("stream.interval")} suffix=" s" min={1} max={86_400} allowDecimal={false} value={interval} onChange={setInterval} data-autofocus />
          <NumberInput label={t("stream.many")} min={1} max={1000} allowDecimal={false} value={many} onChange={setMany} />
        </SimpleGrid>
        {save.isError ? <Trouble error={save.error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={props.leave} disabled={save.isPending}>
            {words("ui.cancel")}
          </Button>
          <Button type="submit" loading={save.isPending} disabled={interval === "" && many === ""}>
            {t("stream.pace")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Row(props: { detail: Detail; stream: Stream; first: boolean; pace: () => void }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const { detail, stream } = props;
  const isOpen = stream.closed_at === null;
  const [shown, setShown] = useState(props.first && isOpen);
  return (
    <li data-closed={!isOpen || undefined}>
      <div className={classes.grow}>
        <UnstyledButton className={classes.fold ?? ""} aria-expanded={shown} onClick={() => setShown(!shown)}>
          <IconChevronRight size={16} aria-hidden />
          {t("stream.name", { n: stream.id, monitor: stream.monitor_id })}
        </UnstyledButton>
        <div className={classes.quiet}>
          {[paceOf(t, stream), stream.pending > 0 ? t("stream.pending", { n: stream.pending }) : ""].filter(Boolean).map((each) => `${each} · `)}
          {stream.heard_at === null ? t("stream.neverHeard") : <>{t("stream.heard")} <Time at={stream.heard_at} style="seconds" /></>}
          {" · "}
          {isOpen ? t("stream.since") : t("stream.closedAt")} <Time at={stream.closed_at ?? stream.opened_at} style="short" />
        </div>
      </div>
      <Badge variant="light" color={isOpen ? "brand" : "gray"} tt="none">
        {t(isOpen ? "stream.open" : "stream.closed")}
      </Badge>
      {isOpen && may("stations:command") ? (
        <Button size="compact-sm" variant="default" leftSection={<IconGauge size={14} />} disabled={!detail.link.connected} aria-label={t("stream.paceOf", { n: stream.id })} onClick={props.pace}>
          {t("stream.pace")}
        </Button>
      ) : null}
      {shown ? (
        <div className={classes.wide}>
          <Values id={detail.id} stream={stream} />
        </div>
      ) : null}
    </li>
  );
}

export function Streams(props: { detail: Detail }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const may = useMay();
  const { busy, act } = useActing();
  const [paced, setPaced] = useState<Stream | null>(null);
  const { id, link } = props.detail;
  const found = useQuery({ queryKey: [...keyOf(id)], queryFn: ({ signal }) => take(api.GET("/api/v1/stations/{station_id}/streams", { params: { path: { station_id: id } }, signal })) });
  useLive(["station.stream_changed"], (happenings) => {
    if (happenings.some(({ data }) => data.station_id === id)) void queries.invalidateQueries({ queryKey: keyOf(id) });
  });
  if (found.data === undefined) return found.isError ? <Trouble error={found.error} retry={() => void found.refetch()} /> : <Skeletons rows={3} height={56} />;
  const streams = found.data.toSorted((a, b) => Number(a.closed_at !== null) - Number(b.closed_at !== null) || a.id - b.id);
  return (
    <Stack gap="sm">
      {may("stations:command") ? (
        <Group justify="flex-end">
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconRefresh size={16} />}
            loading={busy === "read"}
            disabled={!link.connected}
            onClick={() =>
              act("read", async () => {
                const open = await take(api.POST("/api/v1/stations/{station_id}/streams/read", { params: { path: { station_id: id } } }));
                await queries.invalidateQueries({ queryKey: keyOf(id) });
                done(t("stream.told", { n: open.length }));
              })
            }
          >
            {t("stream.read")}
          </Button>
        </Group>
      ) : null}
      {streams.length === 0 ? (
        <Empty icon={IconChartLine} title={t("stream.none")} text={t("stream.noneText")} />
      ) : (
        <ul className={classes.list} aria-label={t("stream.title")}>
          {streams.map((stream, index) => (
            <Row key={stream.id} detail={props.detail} stream={stream} first={index === 0} pace={() => setPaced(stream)} />
          ))}
        </ul>
      )}
      <Modal opened={paced !== null} onClose={() => setPaced(null)} title={paced === null ? "" : t("stream.paceOf", { n: paced.id })} closeButtonProps={{ "aria-label": words("app.close") }}>
        {paced === null ? null : <PaceForm id={id} stream={paced} leave={() => setPaced(null)} />}
      </Modal>
    </Stack>
  );
}
