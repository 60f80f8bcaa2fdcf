/** One more thing the station is to watch. */
import { Autocomplete, Button, Checkbox, Group, Modal, NativeSelect, NumberInput, SimpleGrid, Stack } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, queries, type Schema, take } from "@/api";
import { common, useTexts } from "@/i18n";
import { Trouble, visible } from "@/ui";
import { useSeverityOptions } from "@/ui/severity.tsx";
import { tell } from "../asking.tsx";
import { texts } from "./texts.ts";

const KINDS = ["UpperThreshold", "LowerThreshold", "Delta", "Periodic", "PeriodicClockAligned"] as const satisfies readonly Schema<"MonitorKind">[];
type Kind = (typeof KINDS)[number];

function Form(props: { id: string; leave: () => void }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const { id } = props;
  const severities = useSeverityOptions();
  const [component, setComponent] = useState("");
  const [variable, setVariable] = useState("");
  const [evse, setEvse] = useState<number | string>("");
  const [kind, setKind] = useState<Kind>("UpperThreshold");
  const [value, setValue] = useState<number | string>("");
  const [severity, setSeverity] = useState("5");
  const [inTransaction, setInTransaction] = useState(false);
  // What the station has told of itself: names to choose from.
  const known = useQuery({ queryKey: ["stations", id, "settings", "names"], queryFn: () => take(api.GET("/api/v1/stations/{station_id}/settings", { params: { path: { station_id: id }, query: { limit: 500 } } })) });
  const items = known.data?.items ?? [];
  const components = [...new Set(items.map((each) => each.component))].sort();
  const variables = [...new Set(items.filter((each) => component === "" || each.component === component).map((each) => each.variable))].sort();
  const save = useMutation({
    mutationFn: async () => {
      const [answer] = await take(
        api.POST("/api/v1/stations/{station_id}/monitors", {
          params: { path: { station_id: id } },
          body: { monitors: [{ component: component.trim(), variable: variable.trim(), component_instance: "", variable_instance: "", evse: evse === "" ? null : Number(evse), kind, value: Number(value), severity: Number(severity), in_transaction: inTransaction }] },
        }),
      );
      return answer;
    },
    onSuccess: (answer) => {
      if (answer !== undefined) tell(t("mon.set"), { outcome: answer.outcome, status: answer.said, reason: answer.reason });
      void queries.invalidateQueries({ queryKey: ["monitoring", id] });
      if (answer?.outcome === "accepted") props.leave();
    },
  });
  const periodic = kind === "Periodic" || kind === "PeriodicClockAligned";
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack>
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <Autocomplete label={t("mon.component")} required maxLength={50} data={components} limit={100} value={component} onChange={setComponent} data-autofocus />
          <Autocomplete label={t("mon.variable")} required maxLength={50} data={variables} limit={100} value={variable} onChange={setVariable} />
          <NumberInput label={t("mon.evse")} placeholder={t("mon.wholeStation")} min={1} max={10_000} allowDecimal={false} value={evse} onChange={setEvse} />
          <NativeSelect label={t("mon.severity")} value={severity} onChange={(event) => setSeverity(event.currentTarget.value)} data={severities} />
          <NativeSelect label={t("mon.kindName")} value={kind} onChange={(event) => setKind(event.currentTarget.value as Kind)} data={KINDS.map((each) => ({ value: each, label: t(`mon.choose.${each}`) }))} />
          <NumberInput label={periodic ? t("mon.every") : t("mon.threshold")} required {...(periodic ? { min: 1, suffix: " s" } : {})} value={value} onChange={setValue} />
        </SimpleGrid>
        <Checkbox label={t("mon.onlyTransaction")} checked={inTransaction} onChange={(event) => setInTransaction(event.currentTarget.checked)} />
        {save.isError ? <Trouble error={save.error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={props.leave} disabled={save.isPending}>
            {words("ui.cancel")}
          </Button>
          <Button type="submit" loading={save.isPending} disabled={component.trim() === "" || variable.trim() === "" || value === ""}>
            {t("mon.set")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

export function MonitorForm(props: { id: string; opened: boolean; leave: () => void }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  return (
    <Modal opened={props.opened} onClose={props.leave} size="lg" title={t("mon.setTitle", { id: visible(props.id) })} closeButtonProps={{ "aria-label": words("app.close") }}>
      <Form id={props.id} leave={props.leave} />
    </Modal>
  );
}
