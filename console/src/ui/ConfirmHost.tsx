/** Where questions are asked: once, in the shell. */
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { common, useTexts, visible } from "@/i18n";
import { Trouble } from "./basics.tsx";
import { closeQuestion, useQuestion } from "./confirm.ts";

function written(node: ReactNode): ReactNode {
  return typeof node === "string" ? visible(node) : node;
}

export function ConfirmHost() {
  const { t } = useTexts(common);
  const { question: shown, open } = useQuestion();
  const [running, setRunning] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const leave = (): void => {
    if (running) return;
    setError(null);
    closeQuestion();
  };
  const run = async (): Promise<void> => {
    if (shown === null || !open) return;
    setRunning(true);
    setError(null);
    try {
      await shown.run();
      closeQuestion();
    } catch (problem) {
      setError(problem);
    } finally {
      setRunning(false);
    }
  };
  return (
    <Modal opened={open} onClose={leave} title={visible(shown?.title ?? "")} closeButtonProps={{ "aria-label": t("app.close") }}>
      {shown === null ? null : (
        <Stack>
          {shown.text === undefined ? null : <Text component="div">{written(shown.text)}</Text>}
          {shown.blast === undefined ? null : (
            <Text component="div" fw={600}>
              {written(shown.blast)}
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
