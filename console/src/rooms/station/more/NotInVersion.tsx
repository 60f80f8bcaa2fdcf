/** What the station's OCPP has no words for. */
import type { Icon } from "@tabler/icons-react";
import { useTexts } from "@/i18n";
import { Empty, Panel } from "@/ui";
import { texts } from "./texts.ts";

export function NotInVersion(props: { icon: Icon; text: string }) {
  const { t } = useTexts(texts);
  return (
    <Panel>
      <Empty icon={props.icon} title={t("more.notIn16")} text={props.text} />
    </Panel>
  );
}
