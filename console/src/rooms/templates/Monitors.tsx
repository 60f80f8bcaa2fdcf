/** Templates of what stations watch in themselves. */
import { ActionIcon, Autocomplete, Button, Checkbox, Group, Modal, NativeSelect, NumberInput, Stack, Text, TextInput } from "@mantine/core";
import { IconPencil, IconPlus, IconRadar2, IconTrash, IconX } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, queries, type Schema, take, useMay } from "@/api";
import { common, speak, useTexts } from "@/i18n";
import { useLive } from "@/live";
import { confirm, done, Empty, Panel, SafeText, Skeletons, Time, Trouble, visible } from "@/ui";
import { type Aim, AimFields, AimText } from "@/ui/aim.tsx";
import { SeverityTag, useSeverityOptions } from "@/ui/severity.tsx";
import { Actor } from "@/ui/words/Actor.tsx";
import classes from "./templates.module.css";
import { texts } from "./texts.ts";

type Template = Schema<"TemplateOut">;
type Monitor = Schema<"MonitorIn">;

const KEY = ["monitor-templates"];
const NO_AIM: Aim = { vendor: "", model: "", firmware: "", site_id: "" };
const KINDS = ["UpperThreshold", "LowerThreshold", "Delta", "Periodic", "PeriodicClockAligned"] as const;
type Kind = (typeof KINDS)[number];
const SHOWN = 6;

interface Line {
  component: string;
  variable: string;
  kind: Monitor["kind"];
  value: number | string;
  severity: string;
  /** What the form does not show is kept as it was. */
  rest: Partial<Monitor>;
}

const NEW: Line = { component: "", variable: "", kind: "UpperThreshold", value: "", severity: "5", rest: {} };

function lineOf(monitor: Monitor): Line {
  return { component: monitor.component, variable: monitor.variable, kind: monitor.kind, value: monitor.value, severity: String(monitor.severity), rest: monitor };
}

function isKind(kind: string): kind is Kind {
  return (KINDS as readonly string[]).includes(kind);
}

function askRemove(template: Template): void {
  const { t } = speak(texts);
  confirm({
    title: t("templates.removeAsk", { name: visible(template.name.slice(0, 60)) }),
    text: t("templates.removeMonitorsText"),
    action: t("templates.remove"),
    danger: true,
    run: async () => {
      await take(api.DELETE("/api/v1/monitor-templates/{template_id}", { params: { path: { template_id: template.id } } }));
      await queries.invalidateQueries({ queryKey: KEY });
      done(t("templates.removed"));
    },
  });
}

function Form(props: { template: Template | null; leave: () => void }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const severities = useSeverityOptions();
  const { template } = props;
  const [name, setName] = useState(template?.name ?? "");
  const [aim, setAim] = useState<Aim>(template?.aim ?? NO_AIM);
  const [lines, setLines] = useState<readonly Line[]>(() => template?.monitors.map(lineOf) ?? [NEW]);
  const known = useQuery({ queryKey: ["settings", "names"], queryFn: () => take(api.GET("/api/v1/settings", { params: { query: { limit: 500 } } })), staleTime: 5 * 60_000 });
  const items = known.data?.items ?? [];
  const components = [...new Set(items.map((each) => each.component))].sort();
  const whole = lines.every((line) => line.component.trim() !== "" && line.variable.trim() !== "" && line.value !== "");
  const save = useMutation({
    mutationFn: () => {
      const monitors = lines.map(
        (line): Monitor => ({
          component_instance: "",
          variable_instance: "",
          in_transaction: false,
          ...line.rest,
          component: line.component.trim(),
          variable: line.variable.trim(),
          kind: line.kind,
          value: Number(line.value),
          severity: Number(line.severity),
        }),
      );
      const body = { name: name.trim(), aim, monitors };
      return template === null ? take(api.POST("/api/v1/monitor-templates", { body })) : take(api.PUT("/api/v1/monitor-templates/{template_id}", { params: { path: { template_id: template.id } }, body }));
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: KEY });
      done(t("templates.saved"));
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
        <TextInput label={t("templates.name")} required maxLength={100} autoComplete="off" data-autofocus value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <fieldset className={classes.part}>
          <legend>{t("templates.whom")}</legend>
          <AimFields aim={aim} onChange={setAim} />
        </fieldset>
        <fieldset className={classes.part}>
          <legend>{t("templates.watch")}</legend>
          <Stack gap="md">
            {lines.map((line, index) => (
              <div key={index} className={classes.monitor} role="group" aria-label={t("templates.monitorN", { n: index + 1 })}>
                <Autocomplete label={t("templates.component")} required maxLength={50} data={components} limit={60} value={line.component} onChange={(component) => setLine(index, { component })} />
                <Autocomplete
                  label={t("templates.variable")}
                  required
                  maxLength={50}
                  data={[...new Set(items.filter((each) => line.component === "" || each.component === line.component).map((each) => each.variable))].sort()}
                  limit={60}
                  value={line.variable}
                  onChange={(variable) => setLine(index, { variable })}
                />
                <NativeSelect
                  label={t("templates.tell")}
                  value={line.kind}
                  onChange={(event) => setLine(index, { kind: event.currentTarget.value as Monitor["kind"] })}
                  data={[...KINDS.map((each) => ({ value: each, label: t(`templates.kind.${each}`) })), ...(isKind(line.kind) ? [] : [{ value: line.kind, label: line.kind }])]}
                />
                <NumberInput label={line.kind === "Periodic" || line.kind === "PeriodicClockAligned" ? t("templates.every") : t("templates.value")} required value={line.value} onChange={(value) => setLine(index, { value })} />
                <NativeSelect label={t("templates.severity")} value={line.severity} onChange={(event) => setLine(index, { severity: event.currentTarget.value })} data={severities} />
                <Group gap="xs" wrap="nowrap" justify="space-between">
                  <Checkbox size="sm" label={t("templates.charging")} checked={line.rest.in_transaction ?? false} onChange={(event) => setLine(index, { rest: { ...line.rest, in_transaction: event.currentTarget.checked } })} />
                  <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("templates.removeLine", { n: index + 1 })} disabled={lines.length < 2} onClick={() => setLines(lines.filter((_, at) => at !== index))}>
                    <IconX size={16} />
                  </ActionIcon>
                </Group>
              </div>
            ))}
            <Group>
              <Button variant="default" size="compact-sm" leftSection={<IconPlus size={14} />} disabled={lines.length >= 100} onClick={() => setLines([...lines, NEW])}>
                {t("templates.addMonitor")}
              </Button>
            </Group>
          </Stack>
        </fieldset>
        {save.isError ? <Trouble error={save.error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={props.leave} disabled={save.isPending}>
            {words("ui.cancel")}
          </Button>
          <Button type="submit" loading={save.isPending} disabled={name.trim() === "" || !whole}>
            {t("templates.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Card(props: { of: Template; edit: () => void; writes: boolean }) {
  const { t } = useTexts(texts);
  const { of } = props;
  return (
    <Panel>
      <Group justify="space-between" align="flex-start" wrap="nowrap" mb="xs">
        <div className={classes.grow}>
          <h2 className={classes.cardTitle}>
            <SafeText text={of.name} most={80} />
          </h2>
          <AimText aim={of.aim} />
        </div>
        {props.writes ? (
          <Group gap={2} wrap="nowrap">
            <ActionIcon variant="subtle" color="gray" aria-label={t("templates.editOf", { name: visible(of.name.slice(0, 60)) })} onClick={props.edit}>
              <IconPencil size={16} />
            </ActionIcon>
            <ActionIcon variant="subtle" color="gray" aria-label={t("templates.removeOf", { name: visible(of.name.slice(0, 60)) })} onClick={() => askRemove(of)}>
              <IconTrash size={16} />
            </ActionIcon>
          </Group>
        ) : null}
      </Group>
      <ul className={classes.monitors}>
        {of.monitors.slice(0, SHOWN).map((each, index) => (
          <li key={index}>
            <span className={classes.grow}>
              <SafeText mono text={`${each.component}.${each.variable}`} most={60} />{" "}
              <Text span size="sm" c="dimmed">
                {isKind(each.kind) ? t(`templates.is.${each.kind}`, { n: each.value }) : `${each.kind} ${each.value}`}
              </Text>
            </span>
            <SeverityTag severity={each.severity} />
          </li>
        ))}
      </ul>
      <Text size="sm" c="dimmed" mt="xs" component="div">
        {of.monitors.length > SHOWN ? `${t("templates.andMore", { n: of.monitors.length - SHOWN })} · ` : ""}
        <Time at={of.changed_at} /> · <Actor name={of.actor} />
      </Text>
    </Panel>
  );
}

export function MonitorTemplates(props: { edit: string; setEdit: (edit: string) => void }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const may = useMay();
  const writes = may("stations:write");
  const { edit, setEdit } = props;
  useLive(["monitors.template_changed"], () => void queries.invalidateQueries({ queryKey: KEY }));
  const found = useQuery({ queryKey: KEY, queryFn: ({ signal }) => take(api.GET("/api/v1/monitor-templates", { signal })) });
  const edited = found.data?.find((each) => each.id === edit) ?? null;
  return (
    <>
      {found.data === undefined ? (
        found.isError ? (
          <Trouble error={found.error} retry={() => void found.refetch()} />
        ) : (
          <Skeletons rows={4} height={90} />
        )
      ) : found.data.length === 0 ? (
        <Empty icon={IconRadar2} title={t("templates.noMonitors")} text={t("templates.noMonitorsText")}>
          {writes ? (
            <Button leftSection={<IconPlus size={16} />} onClick={() => setEdit("new")}>
              {t("templates.add")}
            </Button>
          ) : null}
        </Empty>
      ) : (
        <div className={classes.cards}>
          {found.data.map((each) => (
            <Card key={each.id} of={each} writes={writes} edit={() => setEdit(each.id)} />
          ))}
        </div>
      )}
      <Modal opened={writes && (edit === "new" || edited !== null)} onClose={() => setEdit("")} size="xl" title={t(edited === null ? "templates.addMonitors" : "templates.editTitle")} closeButtonProps={{ "aria-label": words("app.close") }}>
        <Form key={edit} template={edited} leave={() => setEdit("")} />
      </Modal>
    </>
  );
}
