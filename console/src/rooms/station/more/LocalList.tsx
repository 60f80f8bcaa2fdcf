/** Whom the station lets charge without asking: its list, kept in step with the tokens, and how it acts when it is offline. */
import { Button, Group, NativeSelect, Stack, Switch, TagsInput, Text } from "@mantine/core";
import { IconBan, IconCheck, IconHourglass, type Icon, IconListCheck, IconRefresh, IconSend, IconTrash, IconX } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo, useState } from "react";
import { api, isMissing, queries, type Schema, take, useMay } from "@/api";
import { common, format, useTexts } from "@/i18n";
import { useLive } from "@/live";
import { pathOf, useParams } from "@/route";
import { Age, type Column, confirm, done, Empty, Id, Panel, SafeText, Skeletons, StateBadge, Time, type Tone, Trouble, useThrottled, visible, VirtualTable } from "@/ui";
import { Tag } from "@/ui/Tag.tsx";
import { tell } from "../asking.tsx";
import { type Detail, useDetail } from "../data.ts";
import { useActing } from "./acting.ts";
import classes from "./more.module.css";
import { texts } from "./texts.ts";

type State = Schema<"LocalAuthorizationState">;
type Entry = Schema<"EntryOut">;
type Behaviour = Schema<"BehaviourOut">;
type Mode = Schema<"Mode">;

const PAGE = 100;
const keyOf = (id: string) => ["local-list", id] as const;
const rowId = (row: Entry): string => row.token;

const LOOKS: Readonly<Record<State, { tone: Tone; icon: Icon }>> = {
  pending: { tone: "busy", icon: IconHourglass },
  current: { tone: "free", icon: IconCheck },
  failed: { tone: "bad", icon: IconX },
  unsupported: { tone: "away", icon: IconBan },
  off: { tone: "away", icon: IconBan },
};

const FLAGS = ["offline_known", "offline_unknown", "without_asking", "remote_asks", "stop_invalid", "list_enabled", "cache_enabled"] as const satisfies readonly (keyof Behaviour)[];

function Entries(props: { id: string }) {
  const { t } = useTexts(texts);
  const { id } = props;
  const found = useInfiniteQuery({
    queryKey: [...keyOf(id), "entries"],
    queryFn: ({ pageParam, signal }) =>
      take(api.GET("/api/v1/stations/{station_id}/local-list/entries", { params: { path: { station_id: id }, query: { limit: PAGE, ...(pageParam === undefined ? {} : { after: pageParam }) } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
  });
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data]);
  const columns = useMemo<readonly Column<Entry>[]>(
    () => [
      { id: "token", title: t("list.token"), min: 180, grow: 1.3, keep: true, card: "title", cell: (row) => <Id id={row.token} to={pathOf("tokens", row.token)} copy /> },
      { id: "status", title: t("list.status"), min: 140, grow: 0, keep: true, card: "aside", cell: (row) => <StateBadge state={row.status} size="sm" /> },
      { id: "group", title: t("list.group"), min: 130, cell: (row) => (row.group === "" ? null : <SafeText text={row.group} most={40} />) },
      { id: "until", title: t("list.until"), min: 130, cell: (row) => (row.expires_at === "" ? null : <Time at={row.expires_at} />) },
    ],
    [t],
  );
  if (found.isError && rows.length === 0) return <Trouble error={found.error} retry={() => void found.refetch()} />;
  return (
    <VirtualTable
      id="station-list"
      label={t("list.entries")}
      rows={rows}
      columns={columns}
      rowId={rowId}
      to={(row) => pathOf("tokens", row.token)}
      {...(rows.length > 10 ? { height: 480 } : {})}
      loading={found.isPending}
      more={{ has: found.hasNextPage, loading: found.isFetchingNextPage, load: () => void found.fetchNextPage() }}
      empty={<Empty icon={IconListCheck} title={t("list.none")} text={t("list.noneText")} />}
    />
  );
}

/** What of the tokens belongs on this station's list; its own choice, or its site's, or the network's. */
function Selection(props: { id: string }) {
  const { id } = props;
  const may = useMay();
  const found = useQuery({ queryKey: ["local-list", "selections"], queryFn: ({ signal }) => take(api.GET("/api/v1/local-list-selections", { signal })), enabled: may("tokens:read") });
  const own = found.data?.find((each) => each.scope === "station" && each.scope_id === id);
  if (found.data === undefined) return found.isError ? <Trouble error={found.error} retry={() => void found.refetch()} /> : may("tokens:read") ? <Skeletons rows={2} /> : null;
  return <SelectionForm key={JSON.stringify(own ?? null)} id={id} own={own} />;
}

function SelectionForm(props: { id: string; own: Schema<"SelectionOut"> | undefined }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const { id, own } = props;
  const [mode, setMode] = useState<Mode | "inherit">(own?.mode ?? "inherit");
  const [groups, setGroups] = useState<string[]>(own?.groups ?? []);
  const [tokens, setTokens] = useState<string[]>(own?.tokens ?? []);
  const known = useQuery({ queryKey: ["tokens", "group-names"], queryFn: () => take(api.GET("/api/v1/token-groups", { params: { query: { limit: 500 } } })), enabled: mode === "chosen" });
  const save = useMutation({
    mutationFn: async () => {
      const params = { params: { path: { scope_id: id } } };
      if (mode === "inherit") await take(api.DELETE("/api/v1/local-list-selections/stations/{scope_id}", params));
      else await take(api.PUT("/api/v1/local-list-selections/stations/{scope_id}", { ...params, body: { mode, groups: mode === "chosen" ? groups : [], tokens: mode === "chosen" ? tokens : [] } }));
    },
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["local-list"] });
      done(t("list.selected"));
    },
  });
  const writes = may("tokens:write");
  const changed = mode !== (own?.mode ?? "inherit") || (mode === "chosen" && JSON.stringify([groups, tokens]) !== JSON.stringify([own?.groups ?? [], own?.tokens ?? []]));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack gap="sm">
        <NativeSelect
          label={t("list.selection")}
          disabled={!writes}
          value={mode}
          onChange={(event) => setMode(event.currentTarget.value as Mode | "inherit")}
          data={(["inherit", "everything", "chosen", "off"] as const).map((each) => ({ value: each, label: t(`list.mode.${each}`) }))}
        />
        {mode === "chosen" ? (
          <>
            <TagsInput label={t("list.groups")} data={(known.data?.items ?? []).map((each) => each.id)} value={groups} onChange={setGroups} disabled={!writes} />
            <TagsInput label={t("list.tokens")} value={tokens} onChange={setTokens} disabled={!writes} splitChars={[",", ";", " "]} />
          </>
        ) : null}
        {save.isError ? <Trouble error={save.error} /> : null}
        {writes ? (
          <Group justify="flex-end">
            <Button type="submit" size="compact-sm" disabled={!changed} loading={save.isPending}>
              {t("list.save")}
            </Button>
          </Group>
        ) : null}
      </Stack>
    </form>
  );
}

function Offline(props: { detail: Detail }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const may = useMay();
  const { id, link } = props.detail;
  const { busy, act } = useActing();
  const queryKey = [...keyOf(id), "offline"];
  const found = useQuery({ queryKey, queryFn: ({ signal }) => take(api.GET("/api/v1/stations/{station_id}/offline-behaviour", { params: { path: { station_id: id } }, signal })) });
  const asks = may("stations:command");
  const params = { params: { path: { station_id: id } } };
  const read = async (): Promise<void> => {
    queries.setQueryData(queryKey, await take(api.POST("/api/v1/stations/{station_id}/offline-behaviour/read", params)));
  };
  const change = (name: (typeof FLAGS)[number], to: boolean): void =>
    act(name, async () => {
      const answers = await take(api.POST("/api/v1/stations/{station_id}/offline-behaviour", { ...params, body: { [name]: to } }));
      const [first] = answers;
      const bad = answers.find((answer) => answer.status !== "accepted" && answer.status !== "reboot_required") ?? first;
      if (bad !== undefined) tell(t(`list.flag.${name}`), { outcome: bad.status === "accepted" ? "accepted" : bad.status === "reboot_required" ? "scheduled" : "rejected", status: bad.status, reason: bad.reason });
      await queries.invalidateQueries({ queryKey });
    });
  const now = found.data;
  return (
    <Panel
      title={t("list.offline")}
      beside={
        asks ? (
          <Button size="compact-sm" variant="default" leftSection={<IconRefresh size={16} />} disabled={!link.connected} loading={busy === "read"} onClick={() => act("read", read)}>
            {t("list.read")}
          </Button>
        ) : null
      }
    >
      {now === undefined ? (
        found.isError ? (
          <Trouble error={found.error} retry={() => void found.refetch()} />
        ) : (
          <Skeletons rows={4} height={24} />
        )
      ) : (
        <dl className={classes.behaviour}>
          {FLAGS.map((name) => {
            const value = now[name];
            return (
              <Flag key={name} name={t(`list.flag.${name}`)}>
                {value === null || value === undefined ? (
                  <Text span size="sm" c="dimmed">
                    {words("ui.unknown")}
                  </Text>
                ) : asks ? (
                  <Switch size="sm" aria-label={t(`list.flag.${name}`)} checked={value} disabled={!link.connected || busy !== null} onChange={(event) => change(name, event.currentTarget.checked)} />
                ) : (
                  words(value ? "ui.yes" : "ui.no")
                )}
              </Flag>
            );
          })}
          {now.most_invalid_wh === null || now.most_invalid_wh === undefined ? null : <Flag name={t("list.mostInvalid")}>{format.energy(now.most_invalid_wh)}</Flag>}
          {now.cache_lifetime_s === null || now.cache_lifetime_s === undefined ? null : <Flag name={t("list.cacheFor")}>{format.duration(now.cache_lifetime_s)}</Flag>}
          {!now.master_group ? null : (
            <Flag name={t("list.master")}>
              <SafeText text={now.master_group} most={40} />
            </Flag>
          )}
        </dl>
      )}
    </Panel>
  );
}

function Flag(props: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </>
  );
}

export default function LocalList() {
  const { t } = useTexts(texts);
  const { id } = useParams<{ id: string }>();
  const may = useMay();
  const detail = useDetail(id).data;
  const { busy, act } = useActing();
  const again = useThrottled(() => void queries.invalidateQueries({ queryKey: keyOf(id) }), 500);
  useLive(["station.list_changed"], (happenings) => {
    if (happenings.some(({ data }) => data.station_id === id)) again();
  });
  const found = useQuery({ queryKey: [...keyOf(id), "standing"], queryFn: ({ signal }) => take(api.GET("/api/v1/stations/{station_id}/local-list", { params: { path: { station_id: id } }, signal })), retry: false });
  if (detail === undefined) return <Skeletons rows={4} height={60} />;
  const connected = detail.link.connected;
  const list = found.data;
  const missing = isMissing(found.error);
  const params = { params: { path: { station_id: id } } };
  return (
    <div className={classes.two}>
      <Stack gap="md" miw={0}>
        <Panel
          title={t("list.title")}
          beside={
            may("stations:command") ? (
              <Group gap="xs">
                <Button
                  size="compact-sm"
                  variant="default"
                  leftSection={<IconRefresh size={16} />}
                  disabled={!connected}
                  loading={busy === "version"}
                  onClick={() =>
                    act("version", async () => {
                      const { version } = await take(api.POST("/api/v1/stations/{station_id}/local-list/version", params));
                      done(version === null ? t("list.keepsNone") : t("list.versionIs", { n: version }));
                      await queries.invalidateQueries({ queryKey: keyOf(id) });
                    })
                  }
                >
                  {t("list.askVersion")}
                </Button>
                <Button
                  size="compact-sm"
                  variant="default"
                  leftSection={<IconSend size={16} />}
                  disabled={!connected || list?.state === "off" || list === undefined}
                  loading={busy === "send"}
                  onClick={() =>
                    act("send", async () => {
                      await take(api.POST("/api/v1/stations/{station_id}/local-list/send", { ...params, body: { full: true } }));
                      done(t("list.sent"));
                      await queries.invalidateQueries({ queryKey: keyOf(id) });
                    })
                  }
                >
                  {t("list.send")}
                </Button>
                <Button
                  size="compact-sm"
                  variant="default"
                  leftSection={<IconTrash size={16} />}
                  disabled={!connected}
                  onClick={() =>
                    confirm({
                      title: t("list.clearAsk", { id: visible(id) }),
                      text: t("list.clearText"),
                      action: t("list.clear"),
                      danger: true,
                      run: async () => tell(t("list.clear"), await take(api.POST("/api/v1/stations/{station_id}/cache/clear", params))),
                    })
                  }
                >
                  {t("list.clear")}
                </Button>
              </Group>
            ) : null
          }
        >
          {list === undefined ? (
            missing ? (
              <Text size="sm" c="dimmed">
                {t("list.notYet")}
              </Text>
            ) : found.isError ? (
              <Trouble error={found.error} retry={() => void found.refetch()} />
            ) : (
              <Skeletons rows={2} />
            )
          ) : (
            <Stack gap="sm">
              <Group gap="sm">
                <Tag look={LOOKS[list.state]}>{t(`list.state.${list.state}`)}</Tag>
                <Text size="sm" c="dimmed" component="div">
                  {list.changed_at === null ? null : <Age at={list.changed_at} />}
                  {list.said === "" ? null : (
                    <>
                      {" "}
                      · {t("list.said")} <SafeText text={list.said} most={60} />
                    </>
                  )}
                  {list.next_at === null ? "" : ` · ${t("list.again", { time: format.time(new Date(list.next_at), "time") })}`}
                </Text>
              </Group>
              <div className={classes.figures}>
                <Figure name={t("list.onIt")} value={format.number(list.entries)} />
                <Figure name={t("list.version")} value={format.number(list.version)} />
                {list.room === null ? null : <Figure name={t("list.room")} value={format.number(list.room)} />}
                {list.left_out === 0 ? null : <Figure name={t("list.leftOut")} value={format.number(list.left_out)} />}
                {list.unsayable === 0 ? null : <Figure name={t("list.unsayable")} value={format.number(list.unsayable)} />}
              </div>
            </Stack>
          )}
        </Panel>
        {may("tokens:read") ? (
          <Panel title={t("list.entries")}>
            <Entries id={id} />
          </Panel>
        ) : null}
      </Stack>
      <Stack gap="md" miw={0}>
        {may("tokens:read") ? (
          <Panel title={t("list.who")}>
            <Selection id={id} />
          </Panel>
        ) : null}
        <Offline detail={detail} />
      </Stack>
    </div>
  );
}

function Figure(props: { name: string; value: string }) {
  return (
    <span className={classes.figure}>
      <span>{props.name}</span>
      <span>{props.value}</span>
    </span>
  );
}
