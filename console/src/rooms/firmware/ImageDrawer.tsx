/** One image: who signed it, whom it is for, and what one can do with it. */
import { Anchor, Button, Drawer, Group, Stack, Text } from "@mantine/core";
import { IconPackageOff, IconStairsUp, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { api, queries, take, useMay } from "@/api";
import { common, format, speak, useTexts } from "@/i18n";
import { Link } from "@/route";
import { confirm, Copy, done, Empty, SafeText, Skeletons, Time, Trouble, visible } from "@/ui";
import { Facts } from "@/ui/Facts.tsx";
import { Actor } from "@/ui/words/Actor.tsx";
import { ContentField, Progress, useSending } from "./content.tsx";
import classes from "./firmware.module.css";
import { Signed, Usage } from "./Images.tsx";
import { type Image, useImages, useMakes } from "./queries.ts";
import { texts } from "./texts.ts";

function askRemove(image: Image, then: () => void): void {
  const { t } = speak(texts);
  confirm({
    title: t("firmware.removeAsk", { version: visible(image.version).slice(0, 50) }),
    text: t("firmware.removeText"),
    action: t("firmware.remove"),
    danger: true,
    run: async () => {
      await take(api.DELETE("/api/v1/firmware/images/{image_id}", { params: { path: { image_id: image.id } } }));
      then();
      await queries.invalidateQueries({ queryKey: ["firmware", "images"] });
      done(t("firmware.removed"));
    },
  });
}

function Hash(props: { name: string; text: string }) {
  return (
    <Group gap={2} wrap="nowrap" align="flex-start">
      <SafeText mono text={props.text} most={80} />
      <Copy text={props.text} what={props.name} />
    </Group>
  );
}

/** For an image whose content did not come. */
function Content(props: { image: Image }) {
  const { t } = useTexts(texts);
  const [file, setFile] = useState<File | null>(null);
  const sending = useSending();
  return (
    <Stack gap="sm">
      <Text size="sm">{t("firmware.noContentText")}</Text>
      <ContentField file={file} onChange={setFile} disabled={sending.sent !== null} />
      {sending.sent === null || file === null ? null : <Progress sent={sending.sent} total={file.size} />}
      {sending.error === null ? null : <Trouble error={sending.error} />}
      <Group>
        <Button disabled={file === null} loading={sending.sent !== null} onClick={() => file !== null && void sending.send(props.image.id, file)}>
          {t("firmware.upload")}
        </Button>
      </Group>
    </Stack>
  );
}

function Inside(props: { image: Image; close: () => void }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const makes = useMakes();
  const { image } = props;
  const { signer } = image;
  return (
    <Stack gap="lg">
      <Signed image={image} />
      {image.size === null && may("stations:write") ? <Content image={image} /> : null}
      <div>
        <Text size="sm" c="dimmed">
          {t("firmware.runs")}
        </Text>
        <Usage image={image} makes={makes} />
      </div>
      <Facts
        rows={[
          [t("firmware.madeFor"), <SafeText key="for" text={`${image.vendor} ${image.model}`.trim() || t("firmware.anyMake")} most={100} />],
          [t("firmware.file"), <SafeText key="file" mono text={image.file_name} most={80} />],
          [t("firmware.size"), image.size === null ? null : format.bytes(image.size)],
          ["SHA-256", image.sha256 === "" ? null : <Hash key="sha" name="SHA-256" text={image.sha256} />],
          ["MD5", image.md5 === "" ? null : <Hash key="md5" name="MD5" text={image.md5} />],
          [t("firmware.notes"), image.notes === "" ? null : <SafeText key="notes" text={image.notes} most={300} />],
          [t("firmware.added"), <span key="added"><Time at={image.created_at} /> · <Actor name={image.actor} /></span>],
        ]}
      />
      <div>
        <Text fw={600} mb="xs">
          {t("firmware.signature")}
        </Text>
        {signer === null ? (
          <Text size="sm" c="dimmed">
            {t("firmware.unsignedText")}
          </Text>
        ) : (
          <Facts
            rows={[
              [t("firmware.signer"), <SafeText key="subject" text={signer.subject} most={120} />],
              [t("firmware.issuer"), <SafeText key="issuer" text={signer.issuer} most={120} />],
              [t("firmware.trusted"), signer.trusted === null ? t("firmware.trustedAny") : t(signer.trusted ? "firmware.trustedYes" : "firmware.trustedNo")],
              [t("firmware.validUntil"), <Time key="until" at={signer.not_after} style="date" />],
              [t("firmware.algorithm"), [signer.key, image.algorithm].filter(Boolean).join(" · ")],
              [t("firmware.fingerprint"), <Hash key="print" name={t("firmware.fingerprint")} text={signer.fingerprint} />],
            ]}
          />
        )}
      </div>
      <Group>
        {image.size !== null && may("stations:command") ? (
          <Button component={Link} to={`/firmware/campaigns/new?image=${encodeURIComponent(image.id)}`} leftSection={<IconStairsUp size={16} />}>
            {t("firmware.newCampaign")}
          </Button>
        ) : null}
        {may("stations:write") ? (
          <Button variant="default" c="var(--mantine-color-error)" leftSection={<IconTrash size={16} />} onClick={() => askRemove(image, props.close)}>
            {t("firmware.remove")}
          </Button>
        ) : null}
      </Group>
      <Anchor component={Link} to={`/firmware?tab=updates&of=${encodeURIComponent(image.id)}`} className={classes.more ?? ""}>
        {t("firmware.itsUpdates")}
      </Anchor>
    </Stack>
  );
}

/** id "": closed. */
export function ImageDrawer(props: { id: string; close: () => void }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const images = useImages();
  const [shown, setShown] = useState(props.id);
  if (props.id !== "" && props.id !== shown) setShown(props.id);
  const image = images.data?.find((each) => each.id === shown);
  return (
    <Drawer
      opened={props.id !== ""}
      onClose={props.close}
      onExitTransitionEnd={() => setShown("")}
      position="right"
      size="md"
      title={image === undefined ? t("firmware.image") : <SafeText text={image.version} most={60} />}
      closeButtonProps={{ "aria-label": words("app.close") }}
    >
      {shown === "" ? null : image !== undefined ? (
        <Inside key={image.id} image={image} close={props.close} />
      ) : images.isPending ? (
        <Skeletons rows={5} />
      ) : (
        <Empty icon={IconPackageOff} title={t("firmware.noSuchImage")} />
      )}
    </Drawer>
  );
}
