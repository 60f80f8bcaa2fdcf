/** `/templates`: what stations of a kind are to be set to and to watch, and where they are not. */
import { Button, Tabs } from "@mantine/core";
import { IconAdjustments, IconArrowsDiff, IconPlus, IconRadar2 } from "@tabler/icons-react";
import { useMay } from "@/api";
import { useTexts } from "@/i18n";
import { useFilters } from "@/route";
import { PageHeader } from "@/ui";
import { Drift } from "./Drift.tsx";
import { MonitorTemplates } from "./Monitors.tsx";
import { SettingTemplates } from "./Settings.tsx";
import { texts } from "./texts.ts";

const ADDRESS = { tab: "", edit: "" };
const TABS = [
  { id: "", icon: IconAdjustments, name: "templates.settings" },
  { id: "drift", icon: IconArrowsDiff, name: "templates.drift" },
  { id: "monitors", icon: IconRadar2, name: "templates.monitors" },
] as const;

export default function TemplatesPage() {
  const { t } = useTexts(texts);
  const may = useMay();
  const [address, setAddress] = useFilters<keyof typeof ADDRESS>(ADDRESS);
  const tab = TABS.find(({ id }) => id === address.tab) ?? TABS[0];
  const writes = may("stations:write");
  return (
    <>
      <PageHeader title={t("templates.title")} detail={t("templates.text")}>
        {writes && tab.id !== "drift" ? (
          <Button leftSection={<IconPlus size={16} />} onClick={() => setAddress({ edit: "new" })}>
            {t("templates.add")}
          </Button>
        ) : null}
      </PageHeader>
      <Tabs value={tab.id === "" ? "settings" : tab.id} onChange={(chosen) => setAddress({ tab: chosen === "settings" || chosen === null ? "" : chosen, edit: "" })} keepMounted={false}>
        <Tabs.List mb="md">
          {TABS.map(({ id, icon: TabIcon, name }) => (
            <Tabs.Tab key={id} value={id === "" ? "settings" : id} leftSection={<TabIcon size={16} aria-hidden />}>
              {t(name)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="settings">
          <SettingTemplates edit={address.edit} setEdit={(edit) => setAddress({ edit })} />
        </Tabs.Panel>
        <Tabs.Panel value="drift">
          <Drift />
        </Tabs.Panel>
        <Tabs.Panel value="monitors">
          <MonitorTemplates edit={address.edit} setEdit={(edit) => setAddress({ edit })} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
