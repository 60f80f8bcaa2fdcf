/** The content of an image: chosen or dropped, sent, with how far it is. */
import { Button, FileButton, Group, Progress as Bar, Text } from "@mantine/core";
import { IconFile, IconUpload } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { queries } from "@/api";
import { type Upload, upload } from "@/api/upload.ts";
import { format, speak, useTexts } from "@/i18n";
import { done, visible } from "@/ui";
import classes from "./firmware.module.css";
import type { Image } from "./queries.ts";
import { texts } from "./texts.ts";

/** As the server has it: 1 GiB. */
export const MOST_BYTES = 1 << 30;

export function ContentField(props: { file: File | null; onChange: (file: File | null) => void; disabled: boolean }) {
  const { t } = useTexts(texts);
  const [over, setOver] = useState(false);
  const { file } = props;
  return (
    <div
      className={classes.drop}
      data-over={over || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const [first] = event.dataTransfer.files;
        if (first !== undefined && !props.disabled) props.onChange(first);
      }}
    >
      {file === null ? (
        <Text size="sm" c="dimmed">
          {t("firmware.drop")}
        </Text>
      ) : (
        <Group gap={6} justify="center">
          <IconFile size={18} aria-hidden />
          <Text fw={600} component="bdi" className={classes.fileName ?? ""}>
            {visible(file.name)}
          </Text>
          <Text size="sm" c={file.size > MOST_BYTES ? "var(--tone-bad-text)" : "dimmed"}>
            {format.bytes(file.size)}
            {file.size > MOST_BYTES ? ` · ${t("firmware.tooLarge")}` : ""}
          </Text>
        </Group>
      )}
      <FileButton onChange={props.onChange} disabled={props.disabled}>
        {(button) => (
          <Button {...button} variant="default" size="sm" leftSection={<IconUpload size={16} />}>
            {t(file === null ? "firmware.choose" : "firmware.chooseOther")}
          </Button>
        )}
      </FileButton>
    </div>
  );
}

export function Progress(props: { sent: number; total: number }) {
  const { t } = useTexts(texts);
  const share = props.total === 0 ? 0 : Math.min(1, props.sent / props.total);
  return (
    <div role="status">
      <Bar value={share * 100} aria-label={t("firmware.sending")} size="lg" />
      <Text size="sm" c="dimmed" mt={4}>
        {share < 1 ? t("firmware.sent", { sent: format.bytes(props.sent), total: format.bytes(props.total) }) : t("firmware.checking")}
      </Text>
    </div>
  );
}

/** sent: bytes so far; null while nothing is sent. Leaving the page stops it. */
export function useSending() {
  const [sent, setSent] = useState<number | null>(null);
  const [error, setError] = useState<unknown>(null);
  const running = useRef<Upload<Image>>(undefined);
  useEffect(() => () => running.current?.stop(), []);
  const send = async (id: string, file: File): Promise<boolean> => {
    const { t } = speak(texts);
    setError(null);
    setSent(0);
    running.current = upload<Image>(`/api/v1/firmware/images/${encodeURIComponent(id)}/content`, file, setSent);
    try {
      const image = await running.current.answer;
      await queries.invalidateQueries({ queryKey: ["firmware", "images"] });
      done(t("firmware.uploaded", { version: visible(image.version).slice(0, 50) }));
      return true;
    } catch (problem) {
      if (!(problem instanceof DOMException)) setError(problem);
      return false;
    } finally {
      running.current = undefined;
      setSent(null);
    }
  };
  return { sent, error, send };
}
