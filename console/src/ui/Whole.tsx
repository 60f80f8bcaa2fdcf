/** The whole of a long text, on demand. */
import { Code, Group, Modal, ScrollArea } from "@mantine/core";
import { common, useTexts } from "@/i18n";
import { Copy, visible } from "./basics.tsx";
import classes from "./ui.module.css";

export default function Whole(props: { text: string; close: () => void }) {
  const { t } = useTexts(common);
  return (
    <Modal opened onClose={props.close} title={t("ui.wholeText")} size="xl" closeButtonProps={{ "aria-label": t("app.close") }}>
      <Group justify="flex-end" mb="xs">
        <Copy text={props.text} what={t("ui.wholeText")} />
      </Group>
      <ScrollArea.Autosize mah="60vh" viewportProps={{ tabIndex: 0 }}>
        <Code block className={classes.whole ?? ""}>
          <bdi>{visible(props.text)}</bdi>
        </Code>
      </ScrollArea.Autosize>
    </Modal>
  );
}
