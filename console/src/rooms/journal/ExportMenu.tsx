import { Button, Menu } from "@mantine/core";
import { IconDownload, IconFileTypeCsv, IconJson } from "@tabler/icons-react";
import { useTexts } from "@/i18n";
import { texts } from "./texts.ts";

/** path: of the API's export; query: as the list was asked for. */
export function ExportMenu(props: { path: string; query: Readonly<Record<string, string | boolean | null | undefined>> }) {
  const { t } = useTexts(texts);
  const address = (format: string): string => {
    const query = new URLSearchParams({ format });
    for (const [name, value] of Object.entries(props.query)) {
      if (value !== null && value !== undefined && value !== "") query.set(name, String(value));
    }
    return `${props.path}?${query.toString()}`;
  };
  return (
    <Menu>
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={18} stroke={1.7} />}>
          {t("export.button")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t("export.label")}</Menu.Label>
        <Menu.Item component="a" href={address("csv")} download leftSection={<IconFileTypeCsv size={16} />}>
          {t("export.csv")}
        </Menu.Item>
        <Menu.Item component="a" href={address("jsonl")} download leftSection={<IconJson size={16} />}>
          {t("export.json")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
