/** What is asked of many stations, each with its own small form. A form tells its request, or null while it is not whole. */
import { ActionIcon, Autocomplete, Button, Group, NativeSelect, NumberInput, Radio, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { api, type Schema, take } from "@/api";
import { useTexts } from "@/i18n";
import { visible } from "@/ui";
import { newSettingOf, writtenNameOf } from "@/ui/settingName.ts";
import type { Action, Requests } from "./asking.ts";
import classes from "./stations.module.css";
import { texts } from "./texts.ts";

type Setting = Schema<"SettingOut">;
type NewValue = Requests["settings"]["settings"][number];

export interface FormProps<A extends Action> {
  initial: Requests[A] | null;
  /** A station whose settings serve as an example. */
  example: string | null;
  onChange: (request: Requests[A] | null) => void;
}

// ---- settings

interface Line {
  key: number;
  name: string;
  value: string;
}

const MOST_SETTINGS = 500;
const MOST_LINES = 100;

function writtenOf(setting: NewValue): string {
  if (setting.key !== null && setting.key !== undefined) return setting.key;
  return writtenNameOf({
    component: setting.component ?? "",
    variable: setting.variable ?? "",
    component_instance: setting.component_instance,
    variable_instance: setting.variable_instance,
    evse: setting.evse ?? null,
    connector: setting.connector ?? null,
  });
}

function useExample(station: string | null): readonly Setting[] | undefined {
  const { data } = useQuery({
    queryKey: ["stations", station, "settings", "example"],
    queryFn: async ({ signal }) => {
      const all: Setting[] = [];
      for (let after: string | undefined; all.length < 4 * MOST_SETTINGS; ) {
        const query = { limit: MOST_SETTINGS, ...(after === undefined ? {} : { after }) };
        const page = await take(api.GET("/api/v1/stations/{station_id}/settings", { params: { path: { station_id: station ?? "" }, query }, signal }));
        all.push(...page.items);
        if (page.next === null || page.next === undefined) break;
        after = page.next;
      }
      return all.filter((each) => each.attribute === "Actual");
    },
    enabled: station !== null,
  });
  return data;
}

function Value(props: { label: string; setting: Setting | undefined; value: string; onChange: (value: string) => void }) {
  const { setting, value, onChange } = props;
  const type = setting?.data_type.toLowerCase();
  const list = setting === undefined || setting.values_list === "" ? [] : setting.values_list.split(",").map((each) => each.trim());
  const allowed = type === "boolean" ? ["true", "false"] : type === "optionlist" ? list : [];
  if (allowed.length > 0) {
    return <NativeSelect label={props.label} value={value} onChange={(event) => onChange(event.currentTarget.value)} data={[{ value: "", label: "" }, ...allowed]} />;
  }
  const range = [setting?.min_limit, setting?.max_limit].map((limit) => limit ?? "");
  return (
    <TextInput
      label={props.label}
      value={value}
      maxLength={2500}
      inputMode={type === "integer" || type === "decimal" ? "decimal" : "text"}
      placeholder={range.some((each) => each !== "") ? range.join(" … ") : ""}
      rightSection={setting === undefined || setting.unit === "" ? null : <Text size="xs" c="dimmed">{setting.unit}</Text>}
      rightSectionWidth={setting === undefined || setting.unit === "" ? undefined : 12 + setting.unit.length * 8}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

let keys = 0;

function blank(): Line {
  keys += 1;
  return { key: keys, name: "", value: "" };
}

export function SettingsForm(props: FormProps<"settings">) {
  const { t } = useTexts(texts);
  const { example, onChange } = props;
  const settings = useExample(example);
  const [lines, setLines] = useState<readonly Line[]>(
    () => props.initial?.settings.map((each) => ({ ...blank(), name: writtenOf(each), value: each.value })) ?? [blank()],
  );
  const byName = useMemo(() => new Map((settings ?? []).map((setting) => [writtenNameOf(setting), setting])), [settings]);
  const names = useMemo(() => [...byName].filter(([, { mutability }]) => mutability !== "ReadOnly").map(([name]) => name), [byName]);
  useEffect(() => {
    const whole = lines.every((line) => line.name.trim() !== "") && lines.some((line) => line.value !== "");
    onChange(whole ? { settings: lines.map((line) => newSettingOf(line.name, line.value)) } : null);
  }, [lines, onChange]);
  const change = (key: number, part: Partial<Line>): void => setLines((before) => before.map((line) => (line.key === key ? { ...line, ...part } : line)));
  return (
    <Stack gap="sm">
      {lines.map((line, index) => {
        const setting = byName.get(line.name);
        return (
          <div key={line.key} className={classes.settingRow}>
            <Autocomplete
              label={t("bulk.setting")}
              description={index === 0 ? t("bulk.settingHint") : null}
              inputWrapperOrder={["label", "input", "description"]}
              data={names}
              limit={60}
              comboboxProps={{ width: 470, position: "bottom-start" }}
              maxLength={150}
              value={line.name}
              onChange={(name) => change(line.key, { name })}
              data-autofocus={index === 0 || undefined}
              renderOption={({ option }) => (
                <span className={classes.settingOption}>
                  <bdi className={classes.cut}>{visible(option.value)}</bdi>
                  <Text span size="xs" c="dimmed" className={classes.settingValue ?? ""}>
                    <bdi>{visible(byName.get(option.value)?.value ?? "")}</bdi>
                  </Text>
                </span>
              )}
            />
            <div>
              <Value label={t("bulk.value")} setting={setting} value={line.value} onChange={(value) => change(line.key, { value })} />
              {setting === undefined || example === null || setting.value === null ? null : (
                <Text size="xs" c="dimmed" mt={4} truncate>
                  {t("bulk.settingNow", { value: setting.value === "" ? "“”" : setting.value, station: example })}
                </Text>
              )}
            </div>
            {lines.length === 1 ? null : (
              <ActionIcon mt={26} variant="subtle" color="gray" aria-label={t("bulk.removeSetting")} onClick={() => setLines(lines.filter(({ key }) => key !== line.key))}>
                <IconX size={16} />
              </ActionIcon>
            )}
          </div>
        );
      })}
      <Group justify="space-between">
        <Button size="compact-sm" variant="light" leftSection={<IconPlus size={14} />} disabled={lines.length >= MOST_LINES} onClick={() => setLines([...lines, blank()])}>
          {t("bulk.addSetting")}
        </Button>
        {example === null || settings === undefined ? null : (
          <Text size="xs" c="dimmed">
            {settings.length === 0 ? t("bulk.noSettings", { station: example }) : t("bulk.settingsFrom", { station: example })}
          </Text>
        )}
      </Group>
    </Stack>
  );
}

// ---- reset, availability

export function ResetForm(props: FormProps<"reset">) {
  const { t } = useTexts(texts);
  const { onChange } = props;
  const [kind, setKind] = useState<Requests["reset"]["kind"]>(props.initial?.kind ?? "OnIdle");
  useEffect(() => onChange({ kind }), [kind, onChange]);
  return (
    <Radio.Group label={t("bulk.kind")} value={kind} onChange={(value) => setKind(value)}>
      <Stack gap="xs" mt="xs">
        <Radio value="OnIdle" label={t("bulk.OnIdle")} description={t("bulk.OnIdleText")} data-autofocus />
        <Radio value="Immediate" label={t("bulk.Immediate")} description={t("bulk.ImmediateText")} />
        <Radio value="ImmediateAndResume" label={t("bulk.ImmediateAndResume")} description={t("bulk.ImmediateAndResumeText")} />
      </Stack>
    </Radio.Group>
  );
}

export function AvailabilityForm(props: FormProps<"availability">) {
  const { t } = useTexts(texts);
  const { onChange } = props;
  const [availability, setAvailability] = useState<string>(props.initial?.availability ?? "");
  const [evse, setEvse] = useState(props.initial?.evse ?? 0);
  useEffect(() => onChange(availability === "Operative" || availability === "Inoperative" ? { availability, evse } : null), [availability, evse, onChange]);
  return (
    <Stack gap="md">
      <Radio.Group label={t("bulk.availability")} value={availability} onChange={setAvailability}>
        <Stack gap="xs" mt="xs">
          <Radio value="Operative" label={t("bulk.inService")} description={t("bulk.inServiceText")} data-autofocus />
          <Radio value="Inoperative" label={t("bulk.outOfService")} description={t("bulk.outOfServiceText")} />
        </Stack>
      </Radio.Group>
      <Part evse={evse} onChange={setEvse} />
    </Stack>
  );
}

/** The whole station, or one EVSE of each. */
function Part(props: { evse: number; onChange: (evse: number) => void }) {
  const { t } = useTexts(texts);
  return (
    <NativeSelect
      label={t("bulk.part")}
      maw={240}
      value={String(props.evse)}
      onChange={(event) => props.onChange(Number(event.currentTarget.value))}
      data={[{ value: "0", label: t("bulk.wholeStation") }, ...[1, 2, 3, 4, 5, 6, 7, 8].map((n) => ({ value: String(n), label: `${t("bulk.oneEvse")} ${n}` }))]}
    />
  );
}

// ---- trigger, unlock

const MESSAGES = [
  "StatusNotification",
  "MeterValues",
  "BootNotification",
  "Heartbeat",
  "TransactionEvent",
  "FirmwareStatusNotification",
  "LogStatusNotification",
  "DiagnosticsStatusNotification",
  "SignChargingStationCertificate",
  "SignV2GCertificate",
  "SignV2G20Certificate",
  "SignCombinedCertificate",
  "PublishFirmwareStatusNotification",
  "CustomTrigger",
] as const satisfies readonly Requests["trigger"]["message"][];

export function TriggerForm(props: FormProps<"trigger">) {
  const { t } = useTexts(texts);
  const { onChange } = props;
  const [message, setMessage] = useState<Requests["trigger"]["message"]>(props.initial?.message ?? "StatusNotification");
  const [custom, setCustom] = useState(props.initial?.custom ?? "");
  useEffect(() => onChange(message === "CustomTrigger" && custom === "" ? null : { message, custom: message === "CustomTrigger" ? custom : "" }), [message, custom, onChange]);
  return (
    <Stack gap="sm">
      <NativeSelect label={t("bulk.message")} data={MESSAGES} value={message} data-autofocus onChange={(event) => setMessage(MESSAGES.find((each) => each === event.currentTarget.value) ?? message)} />
      {message === "CustomTrigger" ? <TextInput label={t("bulk.custom")} required maxLength={50} value={custom} onChange={(event) => setCustom(event.currentTarget.value)} /> : null}
    </Stack>
  );
}

export function UnlockForm(props: FormProps<"unlock">) {
  const { t } = useTexts(texts);
  const { onChange } = props;
  const [evse, setEvse] = useState<number | string>(props.initial?.evse ?? 1);
  const [connector, setConnector] = useState<number | string>(props.initial?.connector ?? 1);
  useEffect(() => onChange(typeof evse === "number" && typeof connector === "number" ? { evse, connector } : null), [evse, connector, onChange]);
  return (
    <Group grow>
      <NumberInput label={t("bulk.oneEvse")} min={1} max={100} allowDecimal={false} value={evse} onChange={setEvse} data-autofocus />
      <NumberInput label={t("bulk.connector")} min={1} max={100} allowDecimal={false} value={connector} onChange={setConnector} />
    </Group>
  );
}
