/** The settings of the station, as it last told them: found, changed in place, with what came of it. */
import { ActionIcon, Badge, Button, Group, MultiSelect, NativeSelect, NumberInput, Popover, Stack, Text, TextInput, Tooltip } from "@mantine/core";
import { IconAdjustments, IconCheck, IconPencil, IconRefresh, IconStack2, IconX } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, lazy, Suspense, useCallback, useMemo, useState } from "react";
import { api, queries, type Schema, take, useMay } from "@/api";
import { common, format, speak, useTexts } from "@/i18n";
import { useLive } from "@/live";
import { useFilters, useParams } from "@/route";
import { Age, type Column, done, doneWithUndo, Empty, failed, FilterBar, SafeText, sayProblem, Trouble, VirtualTable, visible } from "@/ui";
import { Actor } from "@/ui/words/Actor.tsx";
import { askReset, tell } from "./asking.tsx";
import { type Detail, keys, useDetail, useOpen } from "./data.ts";
import classes from "./station.module.css";
import { texts } from "./texts.ts";

const Bulk = lazy(() => import("./BulkSettings.tsx"));

export type Setting = Schema<"SettingOut">;
type Status = Schema<"SettingStatus">;

const DEFAULTS = { q: "", show: "", component: "" } as const;
const PAGE = 500;

function placeOf(setting: Setting): string {
  const { evse, connector, component_instance: instance } = setting;
  return [setting.component === "OCPP16" ? "" : setting.component, instance === "" ? "" : `[${instance}]`, evse === null ? "" : `@${evse}${connector === null ? "" : `.${connector}`}`].join("");
}

export function nameOf(setting: Setting): string {
  return setting.variable + (setting.variable_instance === "" ? "" : `[${setting.variable_instance}]`);
}

/** What tells a setting from all others of the station, as people write it. */
export function keyOf(setting: Setting): string {
  const place = placeOf(setting);
  return `${place === "" ? "" : `${place}.`}${nameOf(setting)}${setting.attribute === "Actual" ? "" : ` (${setting.attribute})`}`;
}

export function newValueOf(setting: Setting, value: string): Schema<"NewValueIn"> {
  return {
    component: setting.component,
    variable: setting.variable,
    component_instance: setting.component_instance,
    variable_instance: setting.variable_instance,
    ...(setting.evse === null ? {} : { evse: setting.evse }),
    ...(setting.connector === null ? {} : { connector: setting.connector }),
    attribute: setting.attribute,
    value,
  };
}

function useSettings(id: string) {
  return useQuery({
    queryKey: keys.settings(id),
    queryFn: async () => {
      const all: Setting[] = [];
      let after: string | null = null;
      do {
        const page: Schema<"PageOfSettingOut"> = await take(
          api.GET("/api/v1/stations/{station_id}/settings", { params: { path: { station_id: id }, query: { limit: PAGE, ...(after === null ? {} : { after }) } } }),
        );
        all.push(...page.items);
        after = page.next ?? null;
      } while (after !== null);
      return all;
    },
  });
}

/** "integer · 1 to 3 600 s": what may be entered, in words. */
export function rangeOf(setting: Setting): string {
  const { t } = speak(texts);
  const parts: string[] = [];
  const type = setting.data_type;
  if (type !== "") parts.push(t((`station.set.type.${type}` in texts.en ? `station.set.type.${type}` : "station.set.type.string") as "station.set.type.string"));
  const { min_limit: min, max_limit: max } = setting;
  const text = /string|List/.test(type);
  const number = (value: number): string => format.number(value, { maximumFractionDigits: 6 });
  if (text && max !== null) parts.push(t("station.set.letters", { n: max }));
  else if (min !== null && max !== null) parts.push(t("station.set.between", { min: number(min), max: number(max) }));
  else if (min !== null) parts.push(t("station.set.least", { min: number(min) }));
  else if (max !== null) parts.push(t("station.set.most", { max: number(max) }));
  if (setting.unit !== "") parts.push(visible(setting.unit.slice(0, 30)));
  return parts.join(" · ");
}

const TONES: Readonly<Record<Status, "free" | "wait" | "bad">> = {
  accepted: "free",
  reboot_required: "wait",
  rejected: "bad",
  read_only: "bad",
  unknown: "bad",
  unsupported_attribute: "bad",
};

function Outcome(props: { setting: Setting }) {
  const { t } = useTexts(texts);
  const { last_set: last } = props.setting;
  if (!last) return null;
  const why = [last.said, last.reason].filter(Boolean).map((text) => visible(text.slice(0, 200))).join(" · ");
  return (
    <Group gap={6} wrap="nowrap">
      <Tooltip label={why || t(`station.set.status.${last.status}`)}>
        <span className={classes.direction} style={{ flex: "none" }} data-tone={TONES[last.status]} tabIndex={0}>
          {last.reboot_needed ? (
            <Badge variant="light" color="orange" tt="none" style={{ flex: "none", maxWidth: "none", color: "var(--tone-wait-text)", background: "var(--tone-wait-paper)" }}>
              {t("station.set.rebootNeeded")}
            </Badge>
          ) : TONES[last.status] === "bad" ? (
            <Badge variant="light" color="red" tt="none" style={{ flex: "none", maxWidth: "none", color: "var(--tone-bad-text)", background: "var(--tone-bad-paper)" }}>
              {t(`station.set.status.${last.status}`)}
            </Badge>
          ) : (
            <IconCheck size={16} aria-label={t("station.set.status.accepted")} role="img" />
          )}
        </span>
      </Tooltip>
      <Text size="sm" c="dimmed" className={classes.gist ?? ""}>
        <Age at={last.at} /> · <Actor name={last.actor} most={48} />
      </Text>
    </Group>
  );
}

function listOf(setting: Setting): readonly string[] {
  return setting.values_list.split(",").map((each) => each.trim()).filter(Boolean);
}

function optionOf(value: string): { value: string; label: string } {
  return { value, label: visible(value) };
}

/** The field for a value, by its type. */
function ValueField(props: { setting: Setting; value: string; onChange: (value: string) => void; onKeyDown: (event: KeyboardEvent) => void; label: string; error: string | null }) {
  const { setting, value, onChange } = props;
  const shared = { size: "xs", "aria-label": props.label, error: props.error !== null, onKeyDown: props.onKeyDown, "data-autofocus": true, autoFocus: true, style: { flex: 1, minWidth: 0 } } as const;
  const list = listOf(setting);
  if (setting.data_type === "boolean") {
    const spelled = /^[A-Z]/.test(setting.value ?? "") ? ["True", "False"] : ["true", "false"];
    return <NativeSelect {...shared} value={value} onChange={(event) => onChange(event.currentTarget.value)} data={(spelled.includes(value) ? spelled : [value, ...spelled]).map(optionOf)} />;
  }
  if (setting.data_type === "OptionList" && list.length > 0) {
    return <NativeSelect {...shared} value={value} onChange={(event) => onChange(event.currentTarget.value)} data={(list.includes(value) ? list : [value, ...list]).map(optionOf)} />;
  }
  if ((setting.data_type === "MemberList" || setting.data_type === "SequenceList") && list.length > 0) {
    return (
      <MultiSelect
        {...shared}
        data={list.map(optionOf)}
        value={value.split(",").map((each) => each.trim()).filter((each) => list.includes(each))}
        onChange={(chosen) => onChange(chosen.join(","))}
      />
    );
  }
  if (setting.data_type === "integer" || setting.data_type === "decimal") {
    return (
      <NumberInput
        {...shared}
        allowDecimal={setting.data_type === "decimal"}
        {...(setting.min_limit === null ? {} : { min: setting.min_limit })}
        {...(setting.max_limit === null ? {} : { max: setting.max_limit })}
        clampBehavior="none"
        value={value}
        onChange={(typed) => onChange(String(typed))}
        hideControls
      />
    );
  }
  return <TextInput {...shared} type={setting.secret ? "password" : "text"} autoComplete="off" maxLength={2500} value={value} onChange={(event) => onChange(event.currentTarget.value)} />;
}

/** Pure. Why the station will not take it, as far as it told its limits; null: nothing speaks against it. */
export function wrongWith(setting: Setting, value: string): string | null {
  const { t } = speak(texts);
  if (/integer|decimal/.test(setting.data_type)) {
    const number = Number(value);
    if (value.trim() === "" || Number.isNaN(number) || (setting.data_type === "integer" && !Number.isInteger(number))) return t("station.set.notNumber");
    if ((setting.min_limit !== null && number < setting.min_limit) || (setting.max_limit !== null && number > setting.max_limit)) return rangeOf(setting);
  } else if (setting.max_limit !== null && value.length > setting.max_limit && !/boolean|dateTime/.test(setting.data_type)) return rangeOf(setting);
  return null;
}

function Editor(props: { detail: Detail; setting: Setting; close: () => void }) {
  const { t } = useTexts(texts);
  const { t: tc } = useTexts(common);
  const { setting, detail, close } = props;
  const [value, setValue] = useState(setting.value ?? "");
  const [refused, setRefused] = useState<string | null>(null);
  const name = nameOf(setting);
  const put = (text: string) =>
    take(api.POST("/api/v1/stations/{station_id}/settings", { params: { path: { station_id: detail.id } }, body: { settings: [newValueOf(setting, text)] } }));
  const again = () => queries.invalidateQueries({ queryKey: keys.settings(detail.id) });
  const keep = useMutation({
    mutationFn: () => put(value),
    onSuccess: async ([answer]) => {
      await again();
      if (answer === undefined) return;
      const { status } = answer;
      const old = setting.value;
      if (status === "accepted") {
        if (old === null || setting.secret) done(t("station.set.done", { name }));
        else doneWithUndo(t("station.set.done", { name }), () => void put(old).then(again, failed));
        close();
      } else if (status === "reboot_required") {
        done(t("station.set.doneReboot", { name }));
        close();
      } else setRefused([t(`station.set.status.${status}`), visible(answer.said), visible(answer.reason)].filter(Boolean).join(" · "));
    },
    onError: (error) => setRefused(sayProblem(error)),
  });
  const wrong = value === (setting.value ?? "") ? null : wrongWith(setting, value);
  const save = (): void => {
    if (!keep.isPending && wrong === null && detail.link.connected) keep.mutate();
  };
  const range = rangeOf(setting);
  const list = listOf(setting);
  return (
    <Popover opened withRoles={false} position="bottom-start" withArrow width={320} trapFocus={false} closeOnClickOutside={false} shadow="md">
      <Popover.Target>
        <Group gap={4} wrap="nowrap" w="100%" onClick={(event) => event.stopPropagation()}>
          <ValueField
            setting={setting}
            value={value}
            label={t("station.set.newValue", { name })}
            error={refused ?? wrong}
            onChange={(text) => {
              setValue(text);
              setRefused(null);
            }}
            onKeyDown={(event) => {
              event.stopPropagation();
              if (event.key === "Enter" && setting.data_type !== "MemberList" && setting.data_type !== "SequenceList") {
                event.preventDefault();
                save();
              } else if (event.key === "Escape") close();
            }}
          />
          <ActionIcon size="md" aria-label={t("station.set.keep", { name })} loading={keep.isPending} disabled={wrong !== null || !detail.link.connected} onClick={save}>
            <IconCheck size={16} />
          </ActionIcon>
          <ActionIcon size="md" variant="default" aria-label={tc("ui.cancel")} onClick={close} disabled={keep.isPending}>
            <IconX size={16} />
          </ActionIcon>
        </Group>
      </Popover.Target>
      <Popover.Dropdown onClick={(event) => event.stopPropagation()}>
        <Stack gap={4}>
          {refused ?? wrong ? (
            <Text size="sm" c="var(--mantine-color-error)" role="alert" style={{ overflowWrap: "anywhere" }}>
              {refused ?? wrong}
            </Text>
          ) : null}
          {range === "" ? null : <Text size="sm">{range}</Text>}
          {list.length === 0 ? null : (
            <Text size="sm" c="dimmed">
              <SafeText text={list.join(", ")} most={300} />
            </Text>
          )}
          {setting.mutability === "WriteOnly" || setting.secret ? <Text size="sm">{t("station.set.secret")}</Text> : null}
          <Text size="xs" c="dimmed">
            {detail.link.connected ? t("station.set.keys") : t("station.set.away")}
          </Text>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

export default function Settings() {
  const { t } = useTexts(texts);
  const { id } = useParams<{ id: string }>();
  const may = useMay();
  const asks = may("stations:command");
  const [filters, setFilters] = useFilters<"q" | "show" | "component">(DEFAULTS);
  const found = useSettings(id);
  const detail = useDetail(id).data;
  const open = useOpen(id).data ?? [];
  const [editing, setEditing] = useState<string | null>(null);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [bulk, setBulk] = useState(false);
  const [reporting, setReporting] = useState(false);
  useLive(["station.settings_received"], (happenings) => {
    for (const { data } of happenings) {
      if (data.station_id !== id || !reporting) continue;
      setReporting(false);
      done(t("station.set.received", { n: data.count }));
    }
  });
  const report = useMutation({
    mutationFn: () => take(api.POST("/api/v1/stations/{station_id}/settings/report", { params: { path: { station_id: id } }, body: { base: "FullInventory" } })),
    onMutate: () => setReporting(true),
    onSuccess: (answer) => {
      if (answer.outcome === "rejected") {
        setReporting(false);
        tell(t("station.set.readAnew"), answer);
      }
      void queries.invalidateQueries({ queryKey: keys.settings(id) });
    },
    onError: (error) => {
      setReporting(false);
      failed(error);
    },
  });
  const asked = filters.q.toLowerCase();
  const all = useMemo(() => found.data ?? [], [found.data]);
  const reboots = all.filter((each) => each.last_set?.reboot_needed === true).length;
  const rows = useMemo(() => {
      const words = asked.split(/\s+/).filter(Boolean);
      return all.filter((each) => {
        if (filters.component !== "" && each.component !== filters.component) return false;
        if (filters.show === "changeable" && each.mutability === "ReadOnly") return false;
        if (filters.show === "reboot" && each.last_set?.reboot_needed !== true) return false;
        if (filters.show === "ours" && !each.last_set) return false;
        const text = `${each.component} ${each.component_instance} ${each.variable} ${each.variable_instance} ${each.value ?? ""}`.toLowerCase();
        return words.every((word) => text.includes(word));
      });
    }, [all, filters.component, filters.show, asked]);
  const components = useMemo(() => {
    const counts = new Map<string, number>();
    for (const each of all) counts.set(each.component, (counts.get(each.component) ?? 0) + 1);
    return [...counts].sort(([a], [b]) => a.localeCompare(b)).map(([value, count]) => ({ value, label: visible(value.slice(0, 60)), count }));
  }, [all]);
  const columns = useMemo<readonly Column<Setting>[]>(
    () => [
      {
        id: "name",
        title: t("station.set.name"),
        min: 200,
        grow: 1.4,
        keep: true,
        card: "title",
        cell: (row) => (
          <span className={classes.setting}>
            <span className={classes.action}>{visible(nameOf(row).slice(0, 120))}</span>
            <small>{visible(placeOf(row).slice(0, 120))}</small>
          </span>
        ),
      },
      {
        id: "value",
        title: t("station.set.value"),
        min: 190,
        grow: 1.4,
        keep: true,
        cell: (row) => {
          const key = keyOf(row);
          if (editing === key && detail !== undefined) return <Editor detail={detail} setting={row} close={() => setEditing(null)} />;
          return (
            <Group gap={4} wrap="nowrap" miw={0} w="100%">
              <span className={classes.value}>
                {row.secret ? (
                  <Text span size="sm" c="dimmed">
                    {t("station.set.hidden")}
                  </Text>
                ) : row.value === null ? (
                  <Text span size="sm" c="dimmed">
                    {t("station.set.notTold")}
                  </Text>
                ) : row.value === "" ? (
                  <Text span size="sm" c="dimmed">
                    {t("station.set.empty")}
                  </Text>
                ) : (
                  <SafeText text={row.value} most={80} />
                )}
                {row.attribute === "Actual" ? null : ` (${row.attribute})`}
              </span>
              {asks && row.mutability !== "ReadOnly" ? (
                <ActionIcon variant="subtle" color="gray" size="sm" aria-label={t("station.set.edit", { name: nameOf(row) })} onClick={() => setEditing(key)}>
                  <IconPencil size={15} />
                </ActionIcon>
              ) : null}
            </Group>
          );
        },
      },
      {
        id: "kind",
        title: t("station.set.kind"),
        min: 150,
        grow: 1,
        card: "none",
        cell: (row) => (
          <Text span size="sm" c="dimmed" className={classes.gist ?? ""} title={rangeOf(row)}>
            {row.mutability === "ReadOnly" ? `${t("station.set.readOnly")} · ` : ""}
            {rangeOf(row)}
          </Text>
        ),
      },
      { id: "last", title: t("station.set.last"), min: 250, grow: 1.2, cell: (row) => (row.last_set ? <Outcome setting={row} /> : null) },
      { id: "told", title: t("station.set.told"), min: 110, grow: 0.5, hidden: true, card: "none", cell: (row) => <Age at={row.reported_at ?? null} /> },
    ],
    [t, editing, detail, asks],
  );
  const edit = useCallback(
    (row: Setting) => {
      if (asks && row.mutability !== "ReadOnly") setEditing(keyOf(row));
    },
    [asks],
  );
  const connected = detail?.link.connected ?? false;
  const readAnew = asks ? (
    <Button variant="default" leftSection={<IconRefresh size={16} />} loading={report.isPending || reporting} disabled={!connected} onClick={() => report.mutate()}>
      {t("station.set.readAnew")}
    </Button>
  ) : null;
  const newest = all.reduce<string | null>((latest, each) => ((each.reported_at ?? "") > (latest ?? "") ? (each.reported_at ?? null) : latest), null);
  if (found.isError) return <Trouble error={found.error} retry={() => void found.refetch()} />;
  return (
    <>
      {reboots > 0 && detail !== undefined ? (
        <section className={classes.trouble} data-tone="wait" style={{ marginBottom: "var(--mantine-spacing-sm)" }}>
          <Group justify="space-between">
            <Text size="sm">{t("station.set.reboots", { n: reboots })}</Text>
            <Group gap="xs">
              <Button size="xs" variant="default" onClick={() => setFilters({ show: "reboot" })}>
                {t("station.set.show")}
              </Button>
              {asks && connected ? (
                <Button size="xs" onClick={() => askReset(detail, open, false)}>
                  {t("station.reset.do")}
                </Button>
              ) : null}
            </Group>
          </Group>
        </section>
      ) : null}
      <FilterBar
        values={filters}
        defaults={DEFAULTS}
        onChange={setFilters}
        filters={[
          { kind: "search", name: "q", label: t("station.set.search") },
          { kind: "choice", name: "component", label: t("station.set.anyComponent"), options: components, searchable: true },
          {
            kind: "choice",
            name: "show",
            label: t("station.set.all"),
            options: [
              { value: "changeable", label: t("station.set.changeable") },
              { value: "ours", label: t("station.set.ours") },
              { value: "reboot", label: t("station.set.rebootNeeded") },
            ],
          },
        ]}
      >
        {all.length === 0 ? null : readAnew}
        {asks && chosen.size > 0 ? (
          <Button leftSection={<IconStack2 size={16} />} onClick={() => setBulk(true)}>
            {t("station.bulk.do", { n: chosen.size })}
          </Button>
        ) : null}
      </FilterBar>
      <VirtualTable
        id="station-settings"
        label={t("station.tab.settings")}
        rows={rows}
        columns={columns}
        rowId={keyOf}
        rowHeight={54}
        onOpen={edit}
        loading={found.isPending}
        {...(asks ? { selection: chosen, onSelection: setChosen } : {})}
        beside={
          newest === null ? null : (
            <Text size="sm" c="dimmed">
              {t("station.set.asOf")} <Age at={newest} />
            </Text>
          )
        }
        empty={
          all.length > 0 ? (
            <Empty icon={IconAdjustments} title={t("station.set.noneFound")} text={t("station.set.noneFoundText")} />
          ) : (
            <Empty icon={IconAdjustments} title={t("station.set.none")} text={connected ? t(asks ? "station.set.noneText" : "station.set.noneViewer") : t("station.set.noneAway")}>
              {readAnew}
            </Empty>
          )
        }
      />
      <Suspense fallback={null}>
        {bulk && detail !== undefined ? (
          <Bulk
            detail={detail}
            settings={all.filter((each) => chosen.has(keyOf(each)))}
            close={() => {
              setBulk(false);
              setChosen(new Set());
            }}
          />
        ) : null}
      </Suspense>
    </>
  );
}
