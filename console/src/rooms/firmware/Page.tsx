/** `/firmware`: campaigns, the images they bring, and what became of each update. */
import { Button, Tabs } from "@mantine/core";
import { IconListDetails, IconPackage, IconPlus, IconStairsUp } from "@tabler/icons-react";
import { useMay } from "@/api";
import { useTexts } from "@/i18n";
import { Link, useFilters } from "@/route";
import { PageHeader } from "@/ui";
import { UpdateDrawer } from "@/ui/firmware";
import { Campaigns } from "./Campaigns.tsx";
import { ImageDrawer } from "./ImageDrawer.tsx";
import { ImageForm } from "./ImageForm.tsx";
import { Images } from "./Images.tsx";
import { texts } from "./texts.ts";
import { Updates } from "./Updates.tsx";

const ADDRESS = { tab: "", add: "", image: "", update: "" };
const TABS = [
  { id: "", icon: IconStairsUp, name: "firmware.campaigns" },
  { id: "images", icon: IconPackage, name: "firmware.images" },
  { id: "updates", icon: IconListDetails, name: "firmware.updates" },
] as const;

export default function FirmwarePage() {
  const { t } = useTexts(texts);
  const may = useMay();
  const [address, setAddress] = useFilters<keyof typeof ADDRESS>(ADDRESS);
  const tab = TABS.find(({ id }) => id === address.tab) ?? TABS[0];
  const writes = may("stations:write");
  const add = (): void => setAddress({ tab: "images", add: "1" });
  const updateId = /^\d{1,10}$/.test(address.update) ? Number(address.update) : null;
  return (
    <>
      <PageHeader title={t("firmware.title")}>
        {writes ? (
          <Button variant={tab.id === "images" ? "filled" : "default"} leftSection={<IconPlus size={16} />} onClick={add}>
            {t("firmware.addImage")}
          </Button>
        ) : null}
        {may("stations:command") && tab.id === "" ? (
          <Button component={Link} to="/firmware/campaigns/new" leftSection={<IconStairsUp size={16} />}>
            {t("firmware.newCampaign")}
          </Button>
        ) : null}
      </PageHeader>
      <Tabs value={tab.id === "" ? "campaigns" : tab.id} onChange={(chosen) => setAddress({ tab: chosen === "campaigns" || chosen === null ? "" : chosen, image: "", update: "" })} keepMounted={false}>
        <Tabs.List mb="md">
          {TABS.map(({ id, icon: TabIcon, name }) => (
            <Tabs.Tab key={id} value={id === "" ? "campaigns" : id} leftSection={<TabIcon size={16} aria-hidden />}>
              {t(name)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="campaigns">
          <Campaigns add={writes ? add : null} />
        </Tabs.Panel>
        <Tabs.Panel value="images">
          <Images add={writes ? add : null} open={(image) => setAddress({ image })} />
        </Tabs.Panel>
        <Tabs.Panel value="updates">
          <Updates open={(update) => setAddress({ update: String(update) })} />
        </Tabs.Panel>
      </Tabs>
      {writes ? <ImageForm opened={address.add !== ""} leave={() => setAddress({ add: "" })} /> : null}
      <ImageDrawer id={address.image} close={() => setAddress({ image: "" })} />
      <UpdateDrawer id={updateId} close={() => setAddress({ update: "" })} />
    </>
  );
}
