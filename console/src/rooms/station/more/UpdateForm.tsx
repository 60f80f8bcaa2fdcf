/** Updating this one station. */
import { Alert, Button, Checkbox, Group, Modal, Radio, Select, Stack, Text, TextInput } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, queries, take } from "@/api";
import { common, fieldOf, format, momentOf, useTexts } from "@/i18n";
import { Link } from "@/route";
import { Skeletons, Trouble, visible } from "@/ui";
import { tell } from "../asking.tsx";
import { type Detail, useOpen } from "../data.ts";
import { texts } from "./texts.ts";

const HOUR_MS = 3_600_000;
const alike = (wanted: string, there: string): boolean => wanted === "" || wanted.trim().toLowerCase() === there.trim().toLowerCase();

function Form(props: { detail: Detail; leave: () => void }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const { detail } = props;
  const { vendor, model, firmware } = detail.hardware;
  const images = useQuery({ queryKey: ["firmware", "images", "latest"], queryFn: () => take(api.GET("/api/v1/firmware/images", { params: { query: { limit: 500 } } })) });
  const open = useOpen(detail.id).data ?? [];
  const usable = (images.data?.items ?? []).filter((each) => each.size !== null);
  const meant = usable.filter((each) => alike(each.vendor, vendor) && alike(each.model, model));
  const [all, setAll] = useState(false);
  const [chosen, setChosen] = useState<string | null>(null);
  const [when, setWhen] = useState<"now" | "later">("now");
  const [at, setAt] = useState(() => fieldOf(new Date(Date.now() + HOUR_MS)));
  const [unsigned, setUnsigned] = useState(false);
  const [replace, setReplace] = useState(false);
  const image = usable.find((each) => each.id === chosen);
  const isOther = image !== undefined && !meant.includes(image);
  const isSame = image !== undefined && firmware !== "" && alike(image.version, firmware);
  const [anyway, setAnyway] = useState(false);
  const ask = useMutation({
    mutationFn: () =>
      take(
        api.POST("/api/v1/stations/{station_id}/firmware/updates", {
          params: { path: { station_id: detail.id } },
          body: { image_id: chosen ?? "", install_at: when === "later" ? (momentOf(at)?.toISOString() ?? null) : null, allow_unsigned: unsigned, anyway: anyway && (isOther || isSame), replace },
        }),
      ),
    onSuccess: ({ answer }) => {
      tell(t("fw.update"), answer);
      void queries.invalidateQueries({ queryKey: ["firmware", "updates"] });
      props.leave();
    },
  });
  if (images.isError) return <Trouble error={images.error} retry={() => void images.refetch()} />;
  if (images.data === undefined) return <Skeletons rows={4} />;
  if (usable.length === 0) {
    return (
      <Stack>
        <Text>{t("fw.noImages")}</Text>
        <Group justify="flex-end">
          <Button component={Link} to="/firmware?tab=images&add=1">
            {t("fw.addImage")}
          </Button>
        </Group>
      </Stack>
    );
  }
  const offered = all || meant.length === 0 ? usable : meant;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        ask.mutate();
      }}
    >
      <Stack>
        <Select
          label={t("fw.image")}
          description={meant.length === 0 ? t("fw.noneMade") : t("fw.madeFor", { make: visible(`${vendor} ${model}`.trim().slice(0, 80)) })}
          placeholder={t("fw.choose")}
          required
          searchable
          data={offered.map((each) => ({ value: each.id, label: visible([each.version, `${each.vendor} ${each.model}`.trim(), format.bytes(each.size ?? 0)].filter(Boolean).join(" · ")) }))}
          value={chosen}
          onChange={setChosen}
        />
        {meant.length > 0 && meant.length < usable.length ? <Checkbox label={t("fw.allImages")} checked={all} onChange={(event) => setAll(event.currentTarget.checked)} /> : null}
        {isOther || isSame ? <Checkbox label={t(isOther ? "fw.otherMake" : "fw.sameVersion")} checked={anyway} onChange={(event) => setAnyway(event.currentTarget.checked)} /> : null}
        {image !== undefined && !image.signed ? (
          <Alert color="yellow" variant="outline" icon={<IconAlertTriangle size={18} />}>
            <Checkbox label={t("fw.unsigned")} checked={unsigned} onChange={(event) => setUnsigned(event.currentTarget.checked)} />
          </Alert>
        ) : null}
        <Radio.Group label={t("fw.when")} value={when} onChange={(value) => setWhen(value === "later" ? "later" : "now")}>
          <Stack gap="xs" mt={4}>
            <Radio value="now" label={t("fw.whenNow")} {...(open.length > 0 ? { description: t("fw.charging", { n: open.length }) } : {})} />
            <Radio value="later" label={t("fw.whenLater")} />
          </Stack>
        </Radio.Group>
        {when === "later" ? <TextInput type="datetime-local" label={t("fw.installAt")} required value={at} onChange={(event) => setAt(event.currentTarget.value)} /> : null}
        <Checkbox label={t("fw.replace")} checked={replace} onChange={(event) => setReplace(event.currentTarget.checked)} />
        {ask.isError ? <Trouble error={ask.error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={props.leave} disabled={ask.isPending}>
            {words("ui.cancel")}
          </Button>
          <Button type="submit" loading={ask.isPending} disabled={image === undefined || (!image.signed && !unsigned) || ((isOther || isSame) && !anyway)}>
            {t("fw.update")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

export function UpdateForm(props: { detail: Detail; opened: boolean; leave: () => void }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  return (
    <Modal opened={props.opened} onClose={props.leave} title={t("fw.updateTitle", { id: visible(props.detail.id) })} closeButtonProps={{ "aria-label": words("app.close") }}>
      <Form detail={props.detail} leave={props.leave} />
    </Modal>
  );
}
