/** Adding an image: what it is, whom it is for, who signed it, and its content. */
import { Autocomplete, Button, Group, Modal, SimpleGrid, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, Problem, queries, take } from "@/api";
import { common, useTexts } from "@/i18n";
import { Trouble } from "@/ui";
import { ContentField, MOST_BYTES, Progress, useSending } from "./content.tsx";
import { type Image, useMakes } from "./queries.ts";
import { texts } from "./texts.ts";

const NOTHING = { version: "", vendor: "", model: "", signature: "", certificate: "", notes: "" };

/** Pure. The version that a file's name seems to say: "talon-24.0.3.bin" → "24.0.3". */
export function versionIn(name: string): string {
  return /\d+(?:\.\d+)+(?:[-_][0-9A-Za-z]+)?(?=[^0-9A-Za-z]|$)/.exec(name.replace(/\.(?:bin|img|zip|tar|gz|tgz|hex|fw|swu|raucb|deb|upd)$/i, ""))?.[0] ?? "";
}

function Form(props: { leave: () => void }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const makes = useMakes();
  const [fields, setFields] = useState(NOTHING);
  const [file, setFile] = useState<File | null>(null);
  // The image that was made when its content was refused, or did not arrive: the next try is about that one.
  const [made, setMade] = useState<Image | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const sending = useSending();
  const set = (changes: Partial<typeof NOTHING>): void => setFields((now) => ({ ...now, ...changes }));
  const vendors = [...new Set(makes.map((make) => make.vendor))].filter(Boolean).sort();
  const models = [...new Set(makes.filter((make) => fields.vendor === "" || make.vendor === fields.vendor).map((make) => make.model))].filter(Boolean).sort();
  const reasons = error instanceof Problem ? error.reasonsByField : new Map<string, string>();
  const wrong = (name: string): { error?: string } => (reasons.has(name) ? { error: reasons.get(name) ?? "" } : {});
  const takeFile = (chosen: File | null): void => {
    setFile(chosen);
    if (chosen !== null && fields.version === "") set({ version: versionIn(chosen.name) });
  };
  const save = async (): Promise<void> => {
    if (file === null) return;
    setBusy(true);
    setError(null);
    try {
      let image = made;
      if (image === null) {
        image = await take(api.POST("/api/v1/firmware/images", { body: { ...fields, file_name: file.name.slice(0, 100).replace(/[^\x20-\x7e]/g, "_") } }));
        setMade(image);
        void queries.invalidateQueries({ queryKey: ["firmware", "images"] });
      }
      if (await sending.send(image.id, file)) props.leave();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  /** What was signed, or said of it, was wrong: the empty image goes, and the form begins anew with what is typed. */
  const again = async (): Promise<void> => {
    if (made === null) return;
    setBusy(true);
    try {
      await take(api.DELETE("/api/v1/firmware/images/{image_id}", { params: { path: { image_id: made.id } } }));
      setMade(null);
      await queries.invalidateQueries({ queryKey: ["firmware", "images"] });
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const fixed = made !== null || busy;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Stack>
        <ContentField file={file} onChange={takeFile} disabled={busy} />
        <TextInput
          label={t("firmware.version")}
          description={t("firmware.versionHint")}
          required
          maxLength={50}
          autoComplete="off"
          spellCheck={false}
          disabled={fixed}
          value={fields.version}
          onChange={(event) => set({ version: event.currentTarget.value })}
          {...wrong("version")}
        />
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <Autocomplete label={t("firmware.vendor")} description={t("firmware.vendorHint")} maxLength={100} data={vendors} limit={50} disabled={fixed} value={fields.vendor} onChange={(vendor) => set({ vendor })} {...wrong("vendor")} />
          <Autocomplete label={t("firmware.model")} description={t("firmware.modelHint")} maxLength={100} data={models} limit={50} disabled={fixed} value={fields.model} onChange={(model) => set({ model })} {...wrong("model")} />
        </SimpleGrid>
        <Textarea
          label={t("firmware.signatureField")}
          description={t("firmware.signatureHint")}
          autosize
          minRows={2}
          maxRows={6}
          maxLength={2000}
          spellCheck={false}
          disabled={fixed}
          value={fields.signature}
          onChange={(event) => set({ signature: event.currentTarget.value })}
          {...wrong("signature")}
        />
        {fields.signature.trim() === "" ? (
          <Text size="sm" c="dimmed">
            {t("firmware.unsignedHint")}
          </Text>
        ) : (
          <Textarea
            label={t("firmware.certificate")}
            placeholder="-----BEGIN CERTIFICATE-----"
            autosize
            minRows={3}
            maxRows={8}
            maxLength={10_000}
            spellCheck={false}
            required
            disabled={fixed}
            value={fields.certificate}
            onChange={(event) => set({ certificate: event.currentTarget.value })}
            {...wrong("certificate")}
          />
        )}
        <Textarea label={t("firmware.notes")} autosize minRows={1} maxLength={1000} disabled={fixed} value={fields.notes} onChange={(event) => set({ notes: event.currentTarget.value })} {...wrong("notes")} />
        {sending.sent === null || file === null ? null : <Progress sent={sending.sent} total={file.size} />}
        {error === null ? null : <Trouble error={error} />}
        {sending.error === null ? null : <Trouble error={sending.error} />}
        <Group justify="flex-end">
          {made !== null && !busy ? (
            <Button variant="default" onClick={() => void again()}>
              {t("firmware.correct")}
            </Button>
          ) : (
            <Button variant="default" onClick={props.leave} disabled={busy && sending.sent === null}>
              {words("ui.cancel")}
            </Button>
          )}
          <Button type="submit" loading={busy} disabled={file === null || file.size > MOST_BYTES}>
            {t(made === null ? "firmware.addImage" : "firmware.uploadAgain")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

export function ImageForm(props: { opened: boolean; leave: () => void }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  return (
    <Modal opened={props.opened} onClose={props.leave} title={t("firmware.addTitle")} size="lg" closeButtonProps={{ "aria-label": words("app.close") }}>
      <Form leave={props.leave} />
    </Modal>
  );
}
