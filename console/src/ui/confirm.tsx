/** Asking before what cannot be taken back, with how far it reaches. */
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { type ReactNode, useState, useSyncExternalStore } from "react";
import { common, useTexts } from "@/i18n";
import { Trouble } from "./basics.tsx";

/**
 * title    the question: "Reset 12 stations?"
 * blast    how far it reaches, as said by a dry run: "3 of them charge now and will stop."
 * action   the word on the button: "Reset", never "OK"
 * run      what is done; while it runs the button waits, and what goes wrong is told in place
 */
export interface Question {
  title: string;
  text?: ReactNode;
  blast?: ReactNode;
  action: string;
  danger?: boolean;
  run: () => Promise<unknown>;
}

/** What was asked stays while the dialog fades. */
let standing: { question: Question | null; open: boolean } = { question: null, open: false };
const listeners = new Set<() => void>();

/** Ask. Nothing happens before the reader says yes. */
export function confirm(asked: Question): void {
  standing = { question: asked, open: true };
  for (const listener of listeners) listener();
}

function close(): void {
  standing = { ...standing, open: false };
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Once, in the shell. */
export function ConfirmHost() {
  const { t } = useTexts(common);
  const { question: shown, open } = useSyncExternalStore(subscribe, () => standing);
  const [running, setRunning] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const leave = (): void => {
    if (running) return;
    setError(null);
    close();
  };
  const run = async (): Promise<void> => {
    if (shown === null || !open) return;
    setRunning(true);
    setError(null);
    try {
      await shown.run();
      close();
    } catch (problem) {
      setError(problem);
    } finally {
      setRunning(false);
    }
  };
  return (
    <Modal opened={open} onClose={leave} title={shown?.title} closeButtonProps={{ "aria-label": t("app.close") }}>
      {shown === null ? null : (
        <Stack>
          {shown.text === undefined ? null : <Text component="div">{shown.text}</Text>}
          {shown.blast === undefined ? null : (
            <Text component="div" fw={600}>
              {shown.blast}
            </Text>
          )}
          {error === null ? null : <Trouble error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={leave} disabled={running} data-autofocus={shown.danger === true || undefined}>
              {t("ui.cancel")}
            </Button>
            <Button
              color={shown.danger === true ? "red.9" : "brand"}
              loading={running}
              onClick={() => void run()}
              data-autofocus={shown.danger === true ? undefined : true}
            >
              {shown.action}
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}
