/** Asking many stations: what, how far it reaches, then go. The job that comes of it has a page of its own. */
import { Button, Group, Modal, Stack } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { common, useTexts } from "@/i18n";
import { currentFleet } from "@/live";
import { navigate, pathOf } from "@/route";
import { done, Trouble } from "@/ui";
import { PHONE, useMedia } from "@/ui/useMedia.ts";
import { type Action, type Asked, askMany, type Requests, useBlast } from "./asking.ts";
import { BlastPanel, isDangerous } from "./BlastPanel.tsx";
import { AvailabilityForm, ResetForm, SettingsForm, TriggerForm, UnlockForm } from "./forms.tsx";
import { texts } from "./texts.ts";

const PAUSE_MS = 250;

/** One of them whose settings serve as an example: connected, and of the protocol that most have. */
function exampleOf(stations: readonly string[]): string | null {
  const { byId } = currentFleet();
  const rows = stations.flatMap((id) => byId.get(id) ?? []);
  return (rows.find((row) => row.connected) ?? rows[0])?.id ?? null;
}

function Form(props: { action: Action; initial: Asked | null; example: string | null; onChange: (asked: Asked | null) => void }) {
  const { action, initial, onChange } = props;
  // Every form has its own request; here they are told apart by the action.
  const tell = useCallback((request: Requests[Action] | null) => onChange(request === null ? null : ({ action, request } as Asked)), [action, onChange]);
  const given = { example: props.example, onChange: tell };
  switch (action) {
    case "settings":
      return <SettingsForm {...given} initial={initial?.action === "settings" ? initial.request : null} />;
    case "reset":
      return <ResetForm {...given} initial={initial?.action === "reset" ? initial.request : null} />;
    case "availability":
      return <AvailabilityForm {...given} initial={initial?.action === "availability" ? initial.request : null} />;
    case "trigger":
      return <TriggerForm {...given} initial={initial?.action === "trigger" ? initial.request : null} />;
    case "unlock":
      return <UnlockForm {...given} initial={initial?.action === "unlock" ? initial.request : null} />;
  }
}

export function BulkDialog(props: { action: Action | null; stations: readonly string[]; initial?: Asked | null; onClose: () => void }) {
  const { t } = useTexts(texts);
  const { t: c } = useTexts(common);
  const phone = useMedia(PHONE);
  return (
    <Modal
      opened={props.action !== null}
      onClose={props.onClose}
      size="xl"
      fullScreen={phone}
      title={props.action === null ? "" : t(`bulk.${props.action}.title`, { n: props.stations.length })}
      closeButtonProps={{ "aria-label": c("app.close") }}
    >
      {props.action === null ? null : <Inside {...props} action={props.action} />}
    </Modal>
  );
}

function Inside(props: { action: Action; stations: readonly string[]; initial?: Asked | null; onClose: () => void }) {
  const { t } = useTexts(texts);
  const { t: c } = useTexts(common);
  const { action } = props;
  // What was selected when the dialog was opened: what changes behind it does not change what is confirmed.
  const [stations] = useState(props.stations);
  const example = useMemo(() => exampleOf(stations), [stations]);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [settled] = useDebouncedValue(asked, PAUSE_MS);
  const blast = useBlast(settled, stations);
  const start = useMutation({
    mutationFn: (wanted: Asked) => askMany(wanted, stations, false),
    onSuccess: ({ job_id }) => {
      props.onClose();
      done(t("job.started"));
      if (job_id !== null) navigate(pathOf("jobs", job_id));
    },
  });
  const known = asked !== null && settled === asked && blast.data !== undefined && blast.data !== null && !blast.isPlaceholderData;
  const can = known && blast.data !== null && blast.data.missing.length === 0;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (can) start.mutate(asked);
      }}
    >
      <Stack>
        <Form action={action} initial={props.initial ?? null} example={example} onChange={setAsked} />
        <BlastPanel asked={asked} blast={blast.data} error={blast.error} loading={blast.isFetching} />
        {start.error === null ? null : <Trouble error={start.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={props.onClose}>
            {c("ui.cancel")}
          </Button>
          <Button type="submit" disabled={!can} loading={start.isPending} color={isDangerous(asked, blast.data) ? "red.9" : "brand"}>
            {t(`bulk.${action}.go`, { n: stations.length })}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
