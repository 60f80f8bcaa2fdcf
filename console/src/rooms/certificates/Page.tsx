/** `/certificates`: what stations prove themselves with and when that ends, whom is trusted, and what stations asked for. */
import { Button, Tabs } from "@mantine/core";
import { IconBuildingBank, IconCertificate, IconFileCertificate, IconPlugConnected, IconPlus } from "@tabler/icons-react";
import { useMay } from "@/api";
import { useTexts } from "@/i18n";
import { useFilters } from "@/route";
import { PageHeader } from "@/ui";
import { AddAuthority, Authorities } from "./Authorities.tsx";
import { Contracts } from "./Contracts.tsx";
import { Issued } from "./Issued.tsx";
import { Requests } from "./Requests.tsx";
import { texts } from "./texts.ts";

const ADDRESS = { tab: "", add: "" };
const TABS = [
  { id: "", icon: IconCertificate, name: "certificates.issued" },
  { id: "requests", icon: IconFileCertificate, name: "certificates.requests" },
  { id: "contracts", icon: IconPlugConnected, name: "certificates.contracts" },
  { id: "authorities", icon: IconBuildingBank, name: "certificates.authorities" },
] as const;

export default function CertificatesPage() {
  const { t } = useTexts(texts);
  const may = useMay();
  const [address, setAddress] = useFilters<keyof typeof ADDRESS>(ADDRESS);
  const tab = TABS.find(({ id }) => id === address.tab) ?? TABS[0];
  return (
    <>
      <PageHeader title={t("certificates.title")}>
        {may("stations:write") && tab.id === "authorities" ? (
          <Button leftSection={<IconPlus size={16} />} onClick={() => setAddress({ add: "1" })}>
            {t("certificates.add")}
          </Button>
        ) : null}
      </PageHeader>
      <Tabs value={tab.id === "" ? "issued" : tab.id} onChange={(chosen) => setAddress({ tab: chosen === "issued" || chosen === null ? "" : chosen })} keepMounted={false}>
        <Tabs.List mb="md">
          {TABS.map(({ id, icon: TabIcon, name }) => (
            <Tabs.Tab key={id} value={id === "" ? "issued" : id} leftSection={<TabIcon size={16} aria-hidden />}>
              {t(name)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="issued">
          <Issued />
        </Tabs.Panel>
        <Tabs.Panel value="requests">
          <Requests />
        </Tabs.Panel>
        <Tabs.Panel value="contracts">
          <Contracts />
        </Tabs.Panel>
        <Tabs.Panel value="authorities">
          <Authorities />
        </Tabs.Panel>
      </Tabs>
      {may("stations:write") ? <AddAuthority opened={address.add !== ""} leave={() => setAddress({ add: "" })} /> : null}
    </>
  );
}
