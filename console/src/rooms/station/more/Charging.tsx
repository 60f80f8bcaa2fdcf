/** How the station may charge: what all its profiles come to, the profiles, and what others impose. */
import { Alert, Anchor, Button, Drawer, Group, Menu, NativeSelect, SegmentedControl, Stack, Text } from "@mantine/core";
import { IconChartHistogram, IconChevronDown, IconCircleX, IconCheck, IconHandStop, IconHourglass, type Icon, IconPlus, IconRefresh, IconReplace, IconTrash } from "@tabler/icons-react";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { api, queries, type Schema, take, useMay } from "@/api";
import { common, format, speak, useTexts } from "@/i18n";
import { useLive } from "@/live";
import { Link, pathOf, useFilters, useParams } from "@/route";
import { Age, type Column, confirm, done, Empty, JsonView, Panel, SafeText, Skeletons, Time, type Tone, Trouble, useThrottled, visible, VirtualTable } from "@/ui";
import { Chart } from "@/ui/Chart.tsx";
import { Facts } from "@/ui/Facts.tsx";
import { Tag } from "@/ui/Tag.tsx";
import { Actor } from "@/ui/words/Actor.tsx";
import { wordOfActor } from "@/ui/words/words.ts";
import { tell } from "../asking.tsx";
import { type Detail, useDetail } from "../data.ts";
import { evsesOf } from "../Start.tsx";
import { useActing } from "./acting.ts";
import classes from "./more.module.css";
import { ProfileForm } from "./ProfileForm.tsx";
import { gistOf, type Kept, rateOf, type Schedule, stepsOf, type Steps, together } from "./schedule.ts";
import { texts } from "./texts.ts";

type State = Kept["state"];
type Said = Pick<Schema<"CompositeOut">, "unit" | "starts_at" | "duration_s"> & { periods: Schedule["periods"] };

const ADDRESS = { evse: "0", hours: "24", profile: "", past: "", do: "" };
const HOURS = ["6", "24", "168"] as const;
const PAGE = 100;
const IN_FORCE = ["asked", "installed"] as const satisfies readonly State[];
const rowId = (row: Kept): string => String(row.number);

const LOOKS: Readonly<Record<State, { tone: Tone; icon: Icon }>> = {
  asked: { tone: "busy", icon: IconHourglass },
  installed: { tone: "free", icon: IconCheck },
  refused: { tone: "bad", icon: IconHandStop },
  replaced: { tone: "away", icon: IconReplace },
  cleared: { tone: "away", icon: IconTrash },
  ended: { tone: "away", icon: IconCheck },
  gone: { tone: "wait", icon: IconCircleX },
};

const keyOf = (id: string) => ["charging", id] as const;

function useFresh(id: string): void {
  const again = useThrottled(() => void queries.invalidateQueries({ queryKey: keyOf(id) }), 500);
  useLive(["charging.profile_changed", "charging.limit_changed"], (happenings) => {
    if (happenings.some(({ data }) => data.station_id === id)) again();
  });
}

// ---- what it comes to

function Composite(props: { detail: Detail; evse: number; hours: number; choose: (changes: { evse?: string; hours?: string }) => void }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const { detail, evse, hours } = props;
  const { id } = detail;
  const { busy, act } = useActing();
  const [said, setSaid] = useState<{ of: string; schedule: Said } | null>(null);
  const found = useQuery({
    queryKey: [...keyOf(id), "composite", evse, hours],
    queryFn: ({ signal }) => take(api.GET("/api/v1/stations/{station_id}/composite", { params: { path: { station_id: id }, query: { evse, duration_s: hours * 3600 } }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: 5 * 60_000,
  });
  const key = `${evse} ${hours}`;
  const told = said?.of === key ? said.schedule : null;
  const drawn = useMemo(() => {
    if (found.data === undefined) return null;
    const { spans, starts_at, duration_s } = found.data;
    const from = new Date(starts_at).getTime() / 1000;
    const inAmperes = told !== null && told.unit === "A";
    const ours: Steps = {
      at: [...spans.map((span) => new Date(span.starts_at).getTime() / 1000), from + duration_s],
      limit: [...spans, spans.at(-1)].map((span) => (span === undefined ? null : inAmperes ? span.limit_a : span.limit_w)),
    };
    const span = [from, from + duration_s] as const;
    if (told === null) return { at: ours.at, values: [ours.limit], span, unit: "W" as const };
    const theirs = stepsOf(told, told.starts_at === null ? from : new Date(told.starts_at).getTime() / 1000);
    return { ...together(ours, theirs), span, unit: told.unit };
  }, [found.data, told]);
  const series = useMemo(
    () => (told === null ? [{ label: t("prof.limit"), kind: "step" as const }] : [{ label: t("prof.reckoned"), kind: "step" as const }, { label: t("prof.stationSays"), kind: "step" as const, color: "--chart-4" }]),
    [told, t],
  );
  const ask = (): void =>
    act("composite", async () => {
      const answer = await take(api.POST("/api/v1/stations/{station_id}/composite-schedule", { params: { path: { station_id: id } }, body: { evse, duration_s: hours * 3600 } }));
      if (answer.schedule == null) tell(t("prof.askStation"), answer);
      else setSaid({ of: key, schedule: answer.schedule });
    });
  return (
    <Panel
      title={t("prof.composite")}
      beside={
        <Group gap="xs">
          <NativeSelect
            size="xs"
            aria-label={t("prof.where")}
            value={String(evse)}
            onChange={(event) => props.choose({ evse: event.currentTarget.value })}
            data={[{ value: "0", label: t("prof.station") }, ...evsesOf(detail).map((each) => ({ value: String(each), label: t("prof.evse", { n: each }) }))]}
          />
          <SegmentedControl size="xs" aria-label={t("prof.howLong")} value={String(hours)} onChange={(value) => props.choose({ hours: value })} data={HOURS.map((each) => ({ value: each, label: t(`prof.hours.${each}`) }))} />
        </Group>
      }
    >
      {drawn === null ? (
        found.isError ? (
          <Trouble error={found.error} retry={() => void found.refetch()} />
        ) : (
          <Skeletons rows={1} height={220} />
        )
      ) : (
        <Chart label={t("prof.composite")} series={series} at={drawn.at} values={drawn.values} format={(value) => rateOf(drawn.unit, value)} span={drawn.span} height={220} rest={Math.max(0, drawn.at.findIndex((_, index) => drawn.values.every((list) => list[index] !== null)))} empty={t("prof.nothingLimits")} />
      )}
      <Group justify="space-between" mt="xs" gap="xs">
        <Text size="sm" c="dimmed">
          {t("prof.reckonedText")}
        </Text>
        {may("stations:command") ? (
          <Button size="compact-sm" variant="default" disabled={!detail.link.connected} loading={busy === "composite"} onClick={ask}>
            {t("prof.askStation")}
          </Button>
        ) : null}
      </Group>
    </Panel>
  );
}

// ---- one profile

function ProfileDrawer(props: { kept: Kept | undefined; detail: Detail; close: () => void }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const may = useMay();
  const [shown, setShown] = useState(props.kept);
  if (props.kept !== undefined && props.kept !== shown) setShown(props.kept);
  return (
    <Drawer opened={props.kept !== undefined} onClose={props.close} onExitTransitionEnd={() => setShown(undefined)} position="right" size="lg" title={shown === undefined ? null : t(`prof.purpose.${shown.profile.purpose}`)} closeButtonProps={{ "aria-label": words("app.close") }}>
      {shown === undefined ? null : (
        <Stack gap="lg">
          <Group>
            <Tag look={LOOKS[shown.state]}>{t(`prof.state.${shown.state}`)}</Tag>
            {shown.said === "" ? null : (
              <Text size="sm" c="dimmed" component="div">
                {t("prof.said")} <SafeText text={shown.said} most={60} />
              </Text>
            )}
          </Group>
          {shown.profile.schedules.map((schedule, index) => {
            const from = new Date(schedule.starts_at ?? shown.profile.valid_from ?? shown.asked_at).getTime() / 1000;
            const steps = stepsOf(schedule, from);
            return <Chart key={index} label={t("prof.schedule")} series={[{ label: t("prof.limit"), kind: "step" }]} at={steps.at} values={[steps.limit]} format={(value) => rateOf(schedule.unit, value)} height={180} rest={0} />;
          })}
          <Facts
            rows={[
              [t("prof.where"), shown.evse === 0 ? t("prof.station") : t("prof.evse", { n: shown.evse })],
              [t("prof.kind"), t(`prof.kind.${shown.profile.kind}`)],
              [t("prof.recurrence"), shown.profile.recurrence === null ? null : t(`prof.recurs.${shown.profile.recurrence}`)],
              [t("prof.level"), String(shown.profile.stack_level)],
              [t("prof.id"), String(shown.profile.id)],
              [t("prof.source"), <SafeText key="source" text={shown.source} most={30} />],
              [t("prof.validFrom"), shown.profile.valid_from === null ? null : <Time key="from" at={shown.profile.valid_from} />],
              [t("prof.validTo"), shown.profile.valid_to === null ? null : <Time key="to" at={shown.profile.valid_to} />],
              [
                t("prof.transaction"),
                shown.transaction_id === "" ? null : (
                  <Anchor key="transaction" component={Link} size="sm" to={pathOf("transactions", shown.station_id, shown.transaction_id)}>
                    <SafeText text={shown.transaction_id} most={40} />
                  </Anchor>
                ),
              ],
              [t("prof.asked"), <span key="asked"><Age at={shown.asked_at} /> · <Actor name={shown.actor} /></span>],
              [t("prof.reportedAt"), shown.reported_at === null ? null : <Age key="reported" at={shown.reported_at} />],
            ]}
          />
          {shown.reported === null ? null : <Alert color="yellow" variant="outline">{t("prof.differs")}</Alert>}
          <JsonView value={shown.reported ?? shown.profile} what={t("prof.profile")} search={false} />
          {may("stations:command") && (shown.state === "installed" || shown.state === "asked") ? (
            <Group>
              <Button variant="default" c="var(--mantine-color-error)" leftSection={<IconTrash size={16} />} disabled={!props.detail.link.connected} onClick={() => askClear(shown.station_id, { profile_id: shown.profile.id }, t("prof.clearOne"), props.close)}>
                {t("prof.clear")}
              </Button>
            </Group>
          ) : null}
        </Stack>
      )}
    </Drawer>
  );
}

function askClear(id: string, body: Schema<"ChargingProfilesClearIn">, title: string, then: () => void): void {
  const { t } = speak(texts);
  confirm({
    title,
    text: t("prof.clearText"),
    action: t("prof.clear"),
    danger: true,
    run: async () => {
      tell(t("prof.clear"), await take(api.POST("/api/v1/stations/{station_id}/charging-profiles/clear", { params: { path: { station_id: id } }, body })));
      await queries.invalidateQueries({ queryKey: keyOf(id) });
      then();
    },
  });
}

// ---- all of them

function Limits(props: { id: string }) {
  const { t } = useTexts(texts);
  const { id } = props;
  const found = useQuery({ queryKey: [...keyOf(id), "limits"], queryFn: ({ signal }) => take(api.GET("/api/v1/stations/{station_id}/charging-limits", { params: { path: { station_id: id }, query: {} }, signal })) });
  const items = found.data ?? [];
  if (items.length === 0) return null;
  return (
    <Panel title={t("prof.others")}>
      <ul className={classes.list}>
        {items.map((each) => (
          <li key={`${each.evse} ${each.source} ${each.since}`}>
            <div className={classes.grow}>
              <strong>
                <SafeText text={each.source} most={40} />
              </strong>{" "}
              · {each.evse === 0 ? t("prof.station") : t("prof.evse", { n: each.evse })}
              {each.grid_critical ? ` · ${t("prof.critical")}` : ""}
              {each.local_generation ? ` · ${t("prof.generation")}` : ""}
              <div className={classes.quiet}>
                {t("prof.since")} <Age at={each.since} />
                {each.schedules.map((schedule, index) => {
                  const limits = schedule.periods.map((period) => period.limit).filter((limit) => typeof limit === "number");
                  return limits.length === 0 ? null : <span key={index}> · {rateOf(schedule.unit, Math.min(...limits))}</span>;
                })}
              </div>
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

export default function Charging() {
  const { t } = useTexts(texts);
  const { id } = useParams<{ id: string }>();
  const may = useMay();
  const detail = useDetail(id).data;
  const { busy, act } = useActing();
  const [address, setAddress] = useFilters<keyof typeof ADDRESS>(ADDRESS);
  useFresh(id);
  const past = address.past !== "";
  const found = useInfiniteQuery({
    queryKey: [...keyOf(id), "profiles", past],
    queryFn: ({ pageParam, signal }) => {
      const query = { station_id: id, limit: PAGE, ...(past ? {} : { state: [...IN_FORCE] }), ...(pageParam === undefined ? {} : { after: pageParam }) };
      return take(api.GET("/api/v1/charging-profiles", { params: { query }, signal }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: keepPreviousData,
  });
  const rows = useMemo((): readonly Kept[] => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data]);
  const columns = useMemo<readonly Column<Kept>[]>(
    () => [
      {
        id: "purpose",
        title: t("prof.purpose"),
        min: 190,
        grow: 1.4,
        keep: true,
        card: "title",
        cell: (row) => (
          <button type="button" className={classes.open} onClick={() => setAddress({ profile: String(row.number) })}>
            {t(`prof.purpose.${row.profile.purpose}`)}
          </button>
        ),
      },
      { id: "state", title: t("prof.stateName"), min: 130, grow: 0, keep: true, card: "aside", cell: (row) => <Tag look={LOOKS[row.state]}>{t(`prof.state.${row.state}`)}</Tag> },
      { id: "where", title: t("prof.where"), min: 110, grow: 0, cell: (row) => (row.evse === 0 ? t("prof.station") : t("prof.evse", { n: row.evse })) },
      { id: "limit", title: t("prof.limit"), min: 190, grow: 1.4, keep: true, cell: (row) => gistOf(row.profile, (n) => t("prof.steps", { n })) || null },
      { id: "kind", title: t("prof.kind"), min: 110, cell: (row) => t(`prof.kind.${row.profile.kind}`) },
      { id: "level", title: t("prof.level"), min: 110, grow: 0, align: "end", card: "none", cell: (row) => format.number(row.profile.stack_level) },
      { id: "asked", title: t("prof.asked"), min: 110, grow: 0, cell: (row) => <Age at={row.asked_at} /> },
      { id: "who", title: t("prof.by"), min: 100, card: "none", cell: (row) => <SafeText text={row.actor === "" ? row.source : wordOfActor(row.actor)} most={30} /> },
    ],
    [t, setAddress],
  );
  if (detail === undefined) return <Skeletons rows={4} height={60} />;
  const connected = detail.link.connected;
  const asks = may("stations:command");
  const evse = /^\d{1,4}$/.test(address.evse) ? Number(address.evse) : 0;
  const hours = Number(HOURS.find((each) => each === address.hours) ?? "24");
  const report = (): void =>
    act("report", async () => {
      const answer = await take(api.POST("/api/v1/stations/{station_id}/charging-profiles/report", { params: { path: { station_id: id } }, body: { profile_ids: [], sources: [] } }));
      if (answer.outcome === "accepted") done(t("prof.reporting"));
      else tell(t("prof.report"), answer);
    });
  return (
    <Stack gap="md">
      <Composite detail={detail} evse={evse} hours={hours} choose={setAddress} />
      <Limits id={id} />
      <Panel
        title={t("prof.profiles")}
        beside={
          <Group gap="xs">
            <SegmentedControl
              size="xs"
              aria-label={t("prof.which")}
              value={past ? "all" : "now"}
              onChange={(value) => setAddress({ past: value === "all" ? "1" : "" })}
              data={[
                { value: "now", label: t("prof.inForce") },
                { value: "all", label: t("prof.all") },
              ]}
            />
            {asks ? (
              <>
                <Menu>
                  <Menu.Target>
                    <Button size="compact-sm" variant="default" rightSection={<IconChevronDown size={16} />} disabled={!connected} loading={busy === "report"}>
                      {t("prof.actions")}
                    </Button>
                  </Menu.Target>
                  <Menu.Dropdown>
                    {detail.link.protocol === "ocpp1.6" ? null : (
                      <Menu.Item leftSection={<IconRefresh size={16} />} onClick={report}>
                        {t("prof.report")}
                      </Menu.Item>
                    )}
                    <Menu.Item leftSection={<IconTrash size={16} />} onClick={() => askClear(id, evse === 0 ? {} : { evse }, evse === 0 ? t("prof.clearAllAsk", { id: visible(id) }) : t("prof.clearEvseAsk", { n: evse }), () => undefined)}>
                      {evse === 0 ? t("prof.clearAll") : t("prof.clearEvse", { n: evse })}
                    </Menu.Item>
                  </Menu.Dropdown>
                </Menu>
                <Button size="compact-sm" leftSection={<IconPlus size={16} />} disabled={!connected} onClick={() => setAddress({ do: "profile" })}>
                  {t("prof.set")}
                </Button>
              </>
            ) : null}
          </Group>
        }
      >
        {found.isError && rows.length === 0 ? (
          <Trouble error={found.error} retry={() => void found.refetch()} />
        ) : (
          <VirtualTable
            id="station-profiles"
            label={t("prof.profiles")}
            rows={rows}
            columns={columns}
            rowId={rowId}
            onOpen={(row) => setAddress({ profile: String(row.number) })}
            loading={found.isPending}
            more={{ has: found.hasNextPage, loading: found.isFetchingNextPage, load: () => void found.fetchNextPage() }}
            empty={<Empty icon={IconChartHistogram} title={t(past ? "prof.noneEver" : "prof.none")} text={t("prof.noneText")} />}
          />
        )}
      </Panel>
      <ProfileDrawer kept={rows.find((row) => rowId(row) === address.profile)} detail={detail} close={() => setAddress({ profile: "" })} />
      {asks ? <ProfileForm detail={detail} evse={evse} opened={address.do === "profile"} leave={() => setAddress({ do: "" })} /> : null}
    </Stack>
  );
}
