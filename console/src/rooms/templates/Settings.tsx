/** Templates of settings. */
import { ActionIcon, Autocomplete, Badge, Button, Group, Modal, Radio, Stack, Switch, Text, TextInput } from "@mantine/core";
import { IconAdjustments, IconPencil, IconPlus, IconTrash, IconX } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, queries, type Schema, take, useMay } from "@/api";
import { common, speak, useTexts } from "@/i18n";
import { useLive } from "@/live";
import { confirm, done, Empty, Panel, SafeText, Skeletons, Time, Trouble, visible } from "@/ui";
import { type Aim, AimFields, AimText } from "@/ui/aim.tsx";
import { newSettingOf, settingNameOf } from "@/ui/settingName.ts";
import { Actor } from "@/ui/words/Actor.tsx";
import classes from "./templates.module.css";
import { texts } from "./texts.ts";

type Template = Schema<"SettingTemplateOut">;
type WhenRefused = Template["when_refused"];

const KEY = ["setting-templates"];
const NO_AIM: Aim = { vendor: "", model: "", firmware: "", site_id: "" };
const SHOWN = 6;

export function useSettingTemplates() {
  useLive(["settings.wanted_changed"], () => void queries.invalidateQueries({ queryKey: KEY }));
  return useQuery({ queryKey: KEY, queryFn: ({ signal }) => take(api.GET("/api/v1/setting-templates", { signal })) });
}

function askRemove(template: Template): void {
  const { t } = speak(texts);
  confirm({
    title: t("templates.removeAsk", { name: visible(template.name.slice(0, 60)) }),
    text: t("templates.removeText"),
    action: t("templates.remove"),
    danger: true,
    run: async () => {
      await take(api.DELETE("/api/v1/setting-templates/{template_id}", { params: { path: { template_id: template.id } } }));
      await queries.invalidateQueries({ queryKey: KEY });
      done(t("templates.removed"));
    },
  });
}

interface Line {
  name: string;
  value: string;
}

function Form(props: { template: Template | null; leave: () => void }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const { template } = props;
  const [name, setName] = useState(template?.name ?? "");
  const [aim, setAim] = useState<Aim>(template?.aim ?? NO_AIM);
  const [lines, setLines] = useState<readonly Line[]>(() => template?.settings.map((each) => ({ name: settingNameOf(each), value: each.value })) ?? [{ name: "", value: "" }]);
  const [before, setBefore] = useState(template?.before_accepted ?? false);
  const [refused, setRefused] = useState<WhenRefused>(template?.when_refused ?? "accept");
  // Names that stations have told of: to choose from.
  const known = useQuery({ queryKey: ["settings", "names"], queryFn: () => take(api.GET("/api/v1/settings", { params: { query: { limit: 500 } } })), staleTime: 5 * 60_000 });
  const names = [...new Set((known.data?.items ?? []).map(settingNameOf))].sort();
  const written = lines.filter((line) => line.name.trim() !== "");
  const save = useMutation({
    mutationFn: () => {
      const body = { name: name.trim(), aim, settings: written.map((line) => newSettingOf(line.name, line.value)), before_accepted: before, when_refused: refused };
      return template === null ? take(api.POST("/api/v1/setting-templates", { body })) : take(api.PUT("/api/v1/setting-templates/{template_id}", { params: { path: { template_id: template.id } }, body }));
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: KEY });
      void queries.invalidateQueries({ queryKey: ["drift"] });
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
          <legend>{t("templates.what")}</legend>
          <Stack gap="xs">
            {lines.map((line, index) => (
              <div key={index} className={classes.line}>
                <Autocomplete
                  aria-label={t("templates.settingN", { n: index + 1 })}
                  {...(index === 0 ? { label: t("templates.setting"), description: t("templates.settingHint") } : {})}
                  maxLength={250}
                  spellCheck={false}
                  data={names}
                  limit={60}
                  value={line.name}
                  onChange={(value) => setLine(index, { name: value })}
                />
                <TextInput aria-label={t("templates.valueN", { n: index + 1 })} {...(index === 0 ? { label: t("templates.value") } : {})} maxLength={2500} autoComplete="off" spellCheck={false} value={line.value} onChange={(event) => setLine(index, { value: event.currentTarget.value })} />
                <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("templates.removeLine", { n: index + 1 })} onClick={() => setLines(lines.filter((_, at) => at !== index))}>
                  <IconX size={16} />
                </ActionIcon>
              </div>
            ))}
            <Group>
              <Button variant="default" size="compact-sm" leftSection={<IconPlus size={14} />} disabled={lines.length >= 200} onClick={() => setLines([...lines, { name: "", value: "" }])}>
                {t("templates.addLine")}
              </Button>
            </Group>
          </Stack>
        </fieldset>
        <Switch label={t("templates.before")} description={t("templates.beforeHint")} checked={before} onChange={(event) => setBefore(event.currentTarget.checked)} />
        {before ? (
          <Radio.Group label={t("templates.refused")} value={refused} onChange={(value) => setRefused(value)}>
            <Stack gap="xs" mt={4}>
              <Radio value="accept" label={t("templates.refused.accept")} />
              <Radio value="hold_back" label={t("templates.refused.hold_back")} />
            </Stack>
          </Radio.Group>
        ) : null}
        {save.isError ? <Trouble error={save.error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={props.leave} disabled={save.isPending}>
            {words("ui.cancel")}
          </Button>
          <Button type="submit" loading={save.isPending} disabled={name.trim() === "" || written.length === 0}>
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
      {of.before_accepted ? (
        <Badge variant="light" tt="none" mb="xs">
          {t(of.when_refused === "hold_back" ? "templates.mustHave" : "templates.first")}
        </Badge>
      ) : null}
      <dl className={classes.wanted}>
        {of.settings.slice(0, SHOWN).map((each) => (
          <div key={each.name}>
            <dt>
              <SafeText mono text={settingNameOf(each)} most={60} />
            </dt>
            <dd>
              <SafeText mono text={each.value} most={40} />
            </dd>
          </div>
        ))}
      </dl>
      <Text size="sm" c="dimmed" mt="xs" component="div">
        {of.settings.length > SHOWN ? `${t("templates.andMore", { n: of.settings.length - SHOWN })} · ` : ""}
        <Time at={of.changed_at} /> · <Actor name={of.actor} />
      </Text>
    </Panel>
  );
}

export function SettingTemplates(props: { edit: string; setEdit: (edit: string) => void }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const may = useMay();
  const writes = may("stations:write");
  const found = useSettingTemplates();
  const { edit, setEdit } = props;
  const edited = found.data?.find((each) => each.id === edit) ?? null;
  const opened = writes && (edit === "new" || edited !== null);
  return (
    <>
      {found.data === undefined ? (
        found.isError ? (
          <Trouble error={found.error} retry={() => void found.refetch()} />
        ) : (
          <Skeletons rows={4} height={90} />
        )
      ) : found.data.length === 0 ? (
        <Empty icon={IconAdjustments} title={t("templates.none")} text={t("templates.noneText")}>
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
      <Modal opened={opened} onClose={() => setEdit("")} size="xl" title={t(edited === null ? "templates.addTitle" : "templates.editTitle")} closeButtonProps={{ "aria-label": words("app.close") }}>
        <Form key={edit} template={edited} leave={() => setEdit("")} />
      </Modal>
    </>
  );
}
