/** What the station noticed in itself, and what it watches. */
import { ActionIcon, Alert, Button, Group, Menu, SegmentedControl, Stack, Text } from "@mantine/core";
import { IconBell, IconChevronDown, IconFilterOff, IconPlus, IconRadar2, IconRefresh, IconTemplate, IconTrash } from "@tabler/icons-react";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, queries, type Schema, take, useMay } from "@/api";
import { format, speak, useTexts } from "@/i18n";
import { useLive } from "@/live";
import { Link, useFilters, useParams } from "@/route";
import { type Column, confirm, done, Empty, failed, FilterBar, Panel, SafeText, Skeletons, StateBadge, Time, Trouble, useThrottled, visible, VirtualTable } from "@/ui";
import { SeverityTag, useSeverityOptions } from "@/ui/severity.tsx";
import { PHONE, useMedia } from "@/ui/useMedia.ts";
import { tell } from "../asking.tsx";
import { type Detail, useDetail } from "../data.ts";
import { useActing } from "./acting.ts";
import { MonitorForm } from "./MonitorForm.tsx";
import classes from "./more.module.css";
import { NotInVersion } from "./NotInVersion.tsx";
import { Streams } from "./Streams.tsx";
import { texts } from "./texts.ts";

type Monitor = Schema<"MonitorOut">;
type Noticed = Schema<"EventOut">;

const ADDRESS = { of: "", q: "", severity: "", do: "" };
const FILTERS = { q: "", severity: "" };
const PAGE = 100;
const BASES = ["All", "FactoryDefault", "HardWiredOnly"] as const;
const KINDS = ["UpperThreshold", "LowerThreshold", "Delta", "Periodic", "PeriodicClockAligned", "TargetDelta", "TargetDeltaRelative"] as const;
const keyOf = (id: string) => ["monitoring", id] as const;
const monitorId = (row: Monitor): string => String(row.id);
const eventId = (row: Noticed): string => String(row.number);

interface Named {
  readonly component: string;
  readonly variable: string;
  readonly component_instance: string;
  readonly variable_instance: string;
  readonly evse: number | null;
  readonly connector: number | null;
}

function What(props: { of: Named }) {
  const { t } = useTexts(texts);
  const { of } = props;
  const inst = (name: string, instance: string): string => (instance === "" ? name : `${name} (${instance})`);
  return (
    <span className={classes.what}>
      <strong>
        <SafeText text={inst(of.variable, of.variable_instance)} most={50} />
      </strong>
      <small>
        <SafeText text={inst(of.component, of.component_instance)} most={50} />
        {of.evse === null ? "" : ` · ${t("prof.evse", { n: of.evse })}`}
        {of.connector === null ? "" : ` · ${t("mon.connector", { n: of.connector })}`}
      </small>
    </span>
  );
}

function Events(props: { id: string; q: string; severity: string; change: (changes: { q?: string; severity?: string }) => void }) {
  const { t } = useTexts(texts);
  const { id, q, severity, change } = props;
  const options = useSeverityOptions();
  const again = useThrottled(() => {
    if ((found.data?.pages.length ?? 0) <= 3) void queries.invalidateQueries({ queryKey: [...keyOf(id), "events"] });
  }, 1500);
  useLive(["station.event_noticed"], (happenings) => {
    if (happenings.some(({ data }) => data.station_id === id)) again();
  });
  const gravest = /^\d$/.test(severity) ? Number(severity) : null;
  const found = useInfiniteQuery({
    queryKey: [...keyOf(id), "events", q, gravest],
    queryFn: ({ pageParam, signal }) =>
      take(api.GET("/api/v1/station-events", { params: { query: { station_id: id, limit: PAGE, q, ...(gravest === null ? {} : { severity: gravest }), ...(pageParam === undefined ? {} : { after: pageParam }) } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: keepPreviousData,
  });
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data]);
  const columns = useMemo<readonly Column<Noticed>[]>(
    () => [
      { id: "what", title: t("mon.what"), min: 190, grow: 1.2, keep: true, card: "title", cell: (row) => <What of={row} /> },
      { id: "severity", title: t("mon.severity"), min: 150, grow: 0, keep: true, card: "aside", cell: (row) => (row.cleared ? <StateBadge state="Ended" size="sm" label={t("mon.cleared")} /> : <SeverityTag severity={row.severity} />) },
      { id: "value", title: t("mon.value"), min: 130, keep: true, cell: (row) => <SafeText mono text={row.value} most={60} /> },
      { id: "trigger", title: t("mon.trigger"), min: 100, grow: 0, card: "none", cell: (row) => <SafeText text={row.trigger} most={20} /> },
      { id: "text", title: t("mon.text"), min: 160, grow: 1.6, cell: (row) => (row.tech_code + row.tech_info === "" ? null : <SafeText text={[row.tech_code, row.tech_info].filter(Boolean).join(": ")} most={120} />) },
      { id: "at", title: t("mon.at"), min: 120, grow: 0, cell: (row) => <Time at={row.at} style="seconds" /> },
    ],
    [t],
  );
  return (
    <>
      <FilterBar
        values={{ q, severity }}
        defaults={FILTERS}
        onChange={change}
        filters={[
          { kind: "search", name: "q", label: t("mon.search") },
          { kind: "choice", name: "severity", label: t("mon.severity"), options },
        ]}
      />
      {found.isError && rows.length === 0 ? (
        <Trouble error={found.error} retry={() => void found.refetch()} />
      ) : (
        <VirtualTable
          id="station-noticed"
          label={t("mon.noticed")}
          rows={rows}
          columns={columns}
          rowId={eventId}
          rowHeight={52}
          loading={found.isPending}
          more={{ has: found.hasNextPage, loading: found.isFetchingNextPage, load: () => void found.fetchNextPage() }}
          empty={
            q === "" && gravest === null ? (
              <Empty icon={IconBell} title={t("mon.noEvents")} text={t("mon.noEventsText")} />
            ) : (
              <Empty icon={IconFilterOff} title={t("mon.noneFits")}>
                <Button variant="default" onClick={() => change(FILTERS)}>
                  {t("mon.showAll")}
                </Button>
              </Empty>
            )
          }
        />
      )}
    </>
  );
}

function askClear(id: string, monitor: Monitor): void {
  const { t } = speak(texts);
  confirm({
    title: t("mon.clearAsk", { name: visible(`${monitor.component}.${monitor.variable}`.slice(0, 80)) }),
    text: t("mon.clearText"),
    action: t("mon.clear"),
    danger: true,
    run: async () => {
      const [answer] = await take(api.POST("/api/v1/stations/{station_id}/monitors/clear", { params: { path: { station_id: id } }, body: { ids: [monitor.id] } }));
      if (answer !== undefined) tell(t("mon.clear"), { outcome: answer.outcome, status: answer.said, reason: answer.reason });
      await queries.invalidateQueries({ queryKey: keyOf(id) });
    },
  });
}

function Monitors(props: { detail: Detail }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const { id, link } = props.detail;
  const asks = may("stations:command");
  const found = useInfiniteQuery({
    queryKey: [...keyOf(id), "monitors"],
    queryFn: ({ pageParam, signal }) => take(api.GET("/api/v1/monitors", { params: { query: { station_id: id, limit: PAGE, ...(pageParam === undefined ? {} : { after: pageParam }) } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
  });
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data]);
  const columns = useMemo<readonly Column<Monitor>[]>(
    () => [
      { id: "what", title: t("mon.what"), min: 200, grow: 1.4, keep: true, card: "title", cell: (row) => <What of={row} /> },
      { id: "severity", title: t("mon.severity"), min: 150, grow: 0, keep: true, card: "aside", cell: (row) => <SeverityTag severity={row.severity} /> },
      {
        id: "when",
        title: t("mon.when"),
        min: 190,
        grow: 1.2,
        keep: true,
        cell: (row) => {
          const kind = KINDS.find((each) => each === row.kind);
          return (
            <span>
              {kind === undefined ? <SafeText text={row.kind} most={30} /> : t(`mon.kind.${kind}`, { n: row.value })}
              {row.in_transaction ? ` · ${t("mon.inTransaction")}` : ""}
            </span>
          );
        },
      },
      { id: "origin", title: t("mon.origin"), min: 120, card: "none", cell: (row) => (row.origin === "" ? null : <SafeText text={row.origin} most={30} />) },
      { id: "id", title: t("mon.number"), min: 70, grow: 0, align: "end", card: "none", cell: (row) => format.number(row.id) },
      {
        id: "clear",
        title: "",
        min: 48,
        grow: 0,
        keep: true,
        align: "end",
        card: "aside",
        cell: (row) =>
          asks ? (
            <ActionIcon variant="subtle" color="gray" disabled={!link.connected} aria-label={t("mon.clearOf", { name: visible(`${row.component}.${row.variable}`.slice(0, 60)), n: row.id })} onClick={() => askClear(id, row)}>
              <IconTrash size={16} />
            </ActionIcon>
          ) : null,
      },
    ],
    [t, asks, id, link.connected],
  );
  if (found.isError && rows.length === 0) return <Trouble error={found.error} retry={() => void found.refetch()} />;
  return (
    <VirtualTable
      id="station-monitors"
      label={t("mon.watches")}
      rows={rows}
      columns={columns}
      rowId={monitorId}
      rowHeight={52}
      loading={found.isPending}
      more={{ has: found.hasNextPage, loading: found.isFetchingNextPage, load: () => void found.fetchNextPage() }}
      empty={<Empty icon={IconRadar2} title={t("mon.none")} text={t("mon.noneText")} />}
    />
  );
}

function Templates(props: { id: string }) {
  const { t } = useTexts(texts);
  const { id } = props;
  const found = useQuery({ queryKey: ["monitor-templates"], queryFn: () => take(api.GET("/api/v1/monitor-templates")) });
  const set = async (template: Schema<"TemplateOut">): Promise<void> => {
    const answers = await take(api.POST("/api/v1/stations/{station_id}/monitors", { params: { path: { station_id: id } }, body: { monitors: template.monitors } }));
    await queries.invalidateQueries({ queryKey: keyOf(id) });
    const refused = answers.filter((answer) => answer.outcome === "rejected");
    if (refused.length === 0) done(t("mon.setAll", { n: answers.length }));
    else failed(new Error(t("mon.setSome", { n: answers.length - refused.length, refused: refused.length })));
  };
  const templates = found.data ?? [];
  return (
    <>
      <Menu.Label>{t("mon.templates")}</Menu.Label>
      {templates.map((each) => (
        <Menu.Item key={each.id} leftSection={<IconTemplate size={16} />} onClick={() => void set(each).catch(failed)}>
          {t("mon.setTemplate", { name: visible(each.name.slice(0, 60)), n: each.monitors.length })}
        </Menu.Item>
      ))}
      <Menu.Item component={Link} to="/templates?tab=monitors">
        {templates.length === 0 ? t("mon.makeTemplate") : t("mon.allTemplates")}
      </Menu.Item>
    </>
  );
}

function Actions(props: { detail: Detail; set: () => void }) {
  const { t } = useTexts(texts);
  const { id, link } = props.detail;
  const { busy, act } = useActing();
  const options = useSeverityOptions();
  const params = { params: { path: { station_id: id } } };
  const again = (): Promise<void> => queries.invalidateQueries({ queryKey: keyOf(id) });
  return (
    <Group gap="xs">
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<IconRefresh size={16} />}
        disabled={!link.connected}
        loading={busy === "report"}
        onClick={() =>
          act("report", async () => {
            const answer = await take(api.POST("/api/v1/stations/{station_id}/monitors/report", { ...params, body: { criteria: [], parts: [] } }));
            if (answer.outcome === "accepted") done(t("mon.reporting"));
            else tell(t("mon.report"), answer);
          })
        }
      >
        {t("mon.report")}
      </Button>
      <Menu>
        <Menu.Target>
          <Button size="compact-sm" variant="default" disabled={!link.connected} loading={busy === "set"} rightSection={<IconChevronDown size={16} />}>
            {t("mon.change")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown mah={420} style={{ overflowY: "auto" }}>
          <Templates id={id} />
          <Menu.Divider />
          <Menu.Label>{t("mon.base")}</Menu.Label>
          {BASES.map((base) => (
            <Menu.Item
              key={base}
              onClick={() =>
                confirm({
                  title: t("mon.baseAsk"),
                  text: t(`mon.baseText.${base}`),
                  action: t(`mon.base.${base}`),
                  danger: base !== "All",
                  run: async () => {
                    tell(t("mon.base"), await take(api.POST("/api/v1/stations/{station_id}/monitors/base", { ...params, body: { base } })));
                    await again();
                  },
                })
              }
            >
              {t(`mon.base.${base}`)}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Label>{t("mon.level")}</Menu.Label>
          {options.map(({ value, label }) => (
            <Menu.Item
              key={value}
              onClick={() =>
                act("set", async () => {
                  tell(t("mon.level"), await take(api.POST("/api/v1/stations/{station_id}/monitors/level", { ...params, body: { severity: Number(value) } })));
                  await again();
                })
              }
            >
              {label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Button size="compact-sm" leftSection={<IconPlus size={16} />} disabled={!link.connected} onClick={props.set}>
        {t("mon.set")}
      </Button>
    </Group>
  );
}

export default function Monitoring() {
  const { t } = useTexts(texts);
  const { id } = useParams<{ id: string }>();
  const may = useMay();
  const detail = useDetail(id).data;
  const [address, setAddress] = useFilters<keyof typeof ADDRESS>(ADDRESS);
  const standing = useQuery({ queryKey: [...keyOf(id), "standing"], queryFn: ({ signal }) => take(api.GET("/api/v1/stations/{station_id}/monitoring", { params: { path: { station_id: id } }, signal })) });
  useLive(["station.monitors_received"], (happenings) => {
    if (happenings.some(({ data }) => data.station_id === id)) void queries.invalidateQueries({ queryKey: keyOf(id) });
  });
  const options = useSeverityOptions();
  const narrow = useMedia(PHONE);
  if (detail === undefined) return <Skeletons rows={4} height={60} />;
  if (detail.link.protocol === "ocpp1.6") return <NotInVersion icon={IconRadar2} text={t("mon.notIn16")} />;
  // Streams are new in 2.1.
  const has21 = detail.link.protocol === "ocpp2.1";
  const of = address.of === "watches" || (address.of === "streams" && has21) ? address.of : "noticed";
  const now = standing.data;
  const base = BASES.find((each) => each === now?.base);
  return (
    <Stack gap="md">
      <Panel title={t("mon.title")} beside={may("stations:command") ? <Actions detail={detail} set={() => setAddress({ do: "monitor" })} /> : null}>
        <Stack gap="md">
          {standing.isError ? <Trouble error={standing.error} retry={() => void standing.refetch()} /> : null}
          <Group justify="space-between">
            <SegmentedControl
              aria-label={t("mon.title")}
              orientation={narrow && has21 ? "vertical" : "horizontal"}
              fullWidth={narrow}
              w={narrow ? "100%" : undefined}
              value={of}
              onChange={(value) => setAddress({ of: value === "noticed" ? "" : value, q: "", severity: "" })}
              data={[
                { value: "noticed", label: t("mon.noticed") },
                { value: "watches", label: t("mon.watches") },
                ...(has21 ? [{ value: "streams", label: t("stream.title") }] : []),
              ]}
            />
            {now === undefined ? null : (
              <Text size="sm" c="dimmed" component="div">
                {[base === undefined ? "" : t("mon.baseIs", { base: t(`mon.base.${base}`) }), now.level === null ? "" : t("mon.levelIs", { level: options[now.level]?.label ?? String(now.level) })].filter(Boolean).join(" · ")}
                {now.reported_at === null ? (
                  t("mon.neverReported")
                ) : (
                  <>
                    {" "}
                    {t("mon.reportedAt")} <Time at={now.reported_at} />
                  </>
                )}
              </Text>
            )}
          </Group>
          {now === undefined || now.trouble === "" ? null : (
            <Alert color="yellow" variant="outline">
              <SafeText text={now.trouble} most={200} />
            </Alert>
          )}
          {of === "streams" ? <Streams detail={detail} /> : of === "watches" ? <Monitors detail={detail} /> : <Events id={id} q={address.q} severity={address.severity} change={setAddress} />}
        </Stack>
      </Panel>
      {may("stations:command") ? <MonitorForm id={id} opened={address.do === "monitor"} leave={() => setAddress({ do: "" })} /> : null}
    </Stack>
  );
}
