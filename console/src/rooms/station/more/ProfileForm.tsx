/** Setting a charging profile: a limit, or its course over a day; drawn as it is typed. */
import { ActionIcon, Anchor, Button, Group, Modal, NativeSelect, NumberInput, Radio, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { api, queries, type Schema, take } from "@/api";
import { common, momentOf, useTexts } from "@/i18n";
import { Link, pathOf } from "@/route";
import { Trouble, visible } from "@/ui";
import { Chart } from "@/ui/Chart.tsx";
import { tell } from "../asking.tsx";
import { type Detail, useOpen } from "../data.ts";
import { evsesOf } from "../Start.tsx";
import classes from "./more.module.css";
import { rateOf, stepsOf, type Unit } from "./schedule.ts";
import { texts } from "./texts.ts";

const PURPOSES = ["ChargingStationMaxProfile", "TxDefaultProfile", "TxProfile"] as const satisfies readonly Schema<"Purpose">[];
type Purpose = (typeof PURPOSES)[number];

interface Line {
  from: string;
  limit: number | string;
}

const MOST_LINES = 24;

/** Pure. Seconds of the day of "06:30"; null where it is none. */
export function secondsOf(clock: string): number | null {
  const found = /^(\d{1,2}):(\d{2})$/.exec(clock);
  if (found === null) return null;
  const s = Number(found[1]) * 3600 + Number(found[2]) * 60;
  return s < 86_400 ? s : null;
}

/** Pure. Lines in order, the first at midnight; null where one is not whole, or two begin at once. */
function periodsOf(lines: readonly Line[]): Schema<"PeriodDoc">[] | null {
  const read = lines.map((line) => ({ start_s: secondsOf(line.from), limit: line.limit === "" ? null : Number(line.limit) }));
  if (read.some((each) => each.start_s === null || each.limit === null || Number.isNaN(each.limit))) return null;
  const sorted = [...read].sort((a, b) => (a.start_s ?? 0) - (b.start_s ?? 0));
  if (sorted[0]?.start_s !== 0 || sorted.some((each, index) => each.start_s === sorted[index - 1]?.start_s)) return null;
  return sorted.map(({ start_s, limit }) => ({ start_s: start_s ?? 0, limit: limit ?? 0, frequency_curve: [], signal_curve: [] }));
}

function midnight(): Date {
  const at = new Date();
  at.setHours(0, 0, 0, 0);
  return at;
}

function Form(props: { detail: Detail; evse: number; leave: () => void }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const { detail } = props;
  const open = useOpen(detail.id).data ?? [];
  const [purpose, setPurpose] = useState<Purpose>(props.evse === 0 ? "ChargingStationMaxProfile" : "TxDefaultProfile");
  const [evse, setEvse] = useState(String(props.evse));
  const [transaction, setTransaction] = useState(open[0]?.id ?? "");
  const [unit, setUnit] = useState<Unit>("W");
  const [course, setCourse] = useState<"always" | "daily">("always");
  const [limit, setLimit] = useState<number | string>("");
  const [lines, setLines] = useState<readonly Line[]>([
    { from: "00:00", limit: "" },
    { from: "06:00", limit: "" },
  ]);
  const [level, setLevel] = useState<number | string>(0);
  const [until, setUntil] = useState("");
  const factor = unit === "W" ? 1000 : 1;
  const schedule = useMemo((): Schema<"ScheduleDoc"> | null => {
    const periods = course === "always" ? (limit === "" || Number.isNaN(Number(limit)) ? null : periodsOf([{ from: "00:00", limit }])) : periodsOf(lines);
    if (periods === null) return null;
    return {
      unit,
      periods: periods.map((each) => ({ ...each, limit: (each.limit ?? 0) * factor })),
      ...(course === "daily" ? { duration_s: 86_400 } : {}),
      ...(purpose === "TxProfile" && course === "always" ? {} : { starts_at: midnight().toISOString() }),
      local_time: false,
      random_delay_s: 0,
    };
  }, [course, limit, lines, unit, factor, purpose]);
  const steps = useMemo(() => (schedule === null ? null : stepsOf({ ...schedule, duration_s: 86_400 }, midnight().getTime() / 1000)), [schedule]);
  const ofStation = purpose === "ChargingStationMaxProfile";
  const charge = open.find((each) => each.id === transaction);
  const save = useMutation({
    mutationFn: () => {
      if (schedule === null) throw new Error("not filled in");
      return take(
        api.POST("/api/v1/stations/{station_id}/charging-profiles", {
          params: { path: { station_id: detail.id } },
          body: {
            evse: ofStation ? 0 : purpose === "TxProfile" ? (charge?.evse ?? Number(evse)) : Number(evse),
            profile: {
              purpose,
              kind: course === "daily" ? "Recurring" : purpose === "TxProfile" ? "Relative" : "Absolute",
              ...(course === "daily" ? { recurrence: "Daily" as const } : {}),
              ...(purpose === "TxProfile" ? { transaction_id: transaction } : {}),
              stack_level: Number(level) || 0,
              schedules: [schedule],
              valid_to: momentOf(until)?.toISOString() ?? null,
              stays_invalid: false,
            },
          },
        }),
      );
    },
    onSuccess: ({ answer }) => {
      tell(t("prof.set"), answer);
      void queries.invalidateQueries({ queryKey: ["charging", detail.id] });
      props.leave();
    },
  });
  const setLine = (index: number, changes: Partial<Line>): void => setLines((now) => now.map((line, at) => (at === index ? { ...line, ...changes } : line)));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack>
        <Radio.Group label={t("prof.what")} value={purpose} onChange={(value) => setPurpose(value)}>
          <Stack gap="xs" mt={4}>
            {PURPOSES.map((each) => (
              <Radio key={each} value={each} label={t(`prof.purpose.${each}`)} description={t(`prof.about.${each}`)} disabled={each === "TxProfile" && open.length === 0} />
            ))}
          </Stack>
        </Radio.Group>
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          {ofStation ? null : purpose === "TxProfile" ? (
            <NativeSelect label={t("prof.transaction")} value={transaction} onChange={(event) => setTransaction(event.currentTarget.value)} data={open.map((each) => ({ value: each.id, label: `${t("prof.evse", { n: each.evse })} · ${visible(each.id.slice(0, 24))}` }))} />
          ) : (
            <NativeSelect label={t("prof.where")} value={evse} onChange={(event) => setEvse(event.currentTarget.value)} data={[{ value: "0", label: t("prof.eachEvse") }, ...evsesOf(detail).map((each) => ({ value: String(each), label: t("prof.evse", { n: each }) }))]} />
          )}
          <NativeSelect
            label={t("prof.unit")}
            value={unit}
            onChange={(event) => setUnit(event.currentTarget.value === "A" ? "A" : "W")}
            data={[
              { value: "W", label: t("prof.unitW") },
              { value: "A", label: t("prof.unitA") },
            ]}
          />
          <NumberInput label={t("prof.level")} description={t("prof.levelHint")} inputWrapperOrder={["label", "input", "description"]} min={0} max={100} allowDecimal={false} value={level} onChange={setLevel} />
          <TextInput type="datetime-local" label={t("prof.validTo")} value={until} onChange={(event) => setUntil(event.currentTarget.value)} />
        </SimpleGrid>
        <Radio.Group label={t("prof.course")} value={course} onChange={(value) => setCourse(value === "daily" ? "daily" : "always")}>
          <Group gap="lg" mt={4}>
            <Radio value="always" label={t("prof.always")} />
            <Radio value="daily" label={t("prof.daily")} />
          </Group>
        </Radio.Group>
        {course === "always" ? (
          <NumberInput label={t("prof.limit")} required min={0} decimalScale={2} suffix={unit === "W" ? " kW" : " A"} value={limit} onChange={setLimit} />
        ) : (
          <Stack gap="xs">
            {lines.map((line, index) => (
              <div key={index} className={classes.period}>
                <TextInput type="time" aria-label={t("prof.fromClock", { n: index + 1 })} {...(index === 0 ? { label: t("prof.from") } : {})} required value={line.from} onChange={(event) => setLine(index, { from: event.currentTarget.value })} />
                <NumberInput aria-label={t("prof.limitOf", { n: index + 1 })} {...(index === 0 ? { label: t("prof.limit") } : {})} required min={0} decimalScale={2} suffix={unit === "W" ? " kW" : " A"} value={line.limit} onChange={(value) => setLine(index, { limit: value })} />
                <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("prof.removeLine", { n: index + 1 })} disabled={lines.length < 2} onClick={() => setLines(lines.filter((_, at) => at !== index))}>
                  <IconX size={16} />
                </ActionIcon>
              </div>
            ))}
            <Group justify="space-between">
              <Button variant="default" size="compact-sm" leftSection={<IconPlus size={14} />} disabled={lines.length >= MOST_LINES} onClick={() => setLines([...lines, { from: "", limit: "" }])}>
                {t("prof.addLine")}
              </Button>
              {schedule === null ? (
                <Text size="sm" c="dimmed">
                  {t("prof.linesHint")}
                </Text>
              ) : null}
            </Group>
          </Stack>
        )}
        {steps === null ? null : <Chart label={t("prof.schedule")} series={[{ label: t("prof.limit"), kind: "step" }]} at={steps.at} values={[steps.limit]} format={(value) => rateOf(unit, value)} height={150} rest={0} />}
        {save.isError ? <Trouble error={save.error} /> : null}
        <Group justify="space-between">
          <Anchor component={Link} size="sm" to={`${pathOf("stations", detail.id, "commands")}?command=set_charging_profile`}>
            {t("prof.everyField")}
          </Anchor>
          <Group gap="sm">
            <Button variant="default" onClick={props.leave} disabled={save.isPending}>
              {words("ui.cancel")}
            </Button>
            <Button type="submit" loading={save.isPending} disabled={schedule === null || (purpose === "TxProfile" && charge === undefined)}>
              {t("prof.set")}
            </Button>
          </Group>
        </Group>
      </Stack>
    </form>
  );
}

export function ProfileForm(props: { detail: Detail; evse: number; opened: boolean; leave: () => void }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  return (
    <Modal opened={props.opened} onClose={props.leave} size="lg" title={t("prof.setTitle", { id: visible(props.detail.id) })} closeButtonProps={{ "aria-label": words("app.close") }}>
      <Form detail={props.detail} evse={props.evse} leave={props.leave} />
    </Modal>
  );
}
