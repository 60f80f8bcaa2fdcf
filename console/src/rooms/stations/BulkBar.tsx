/** What can be done with the stations that are selected. It stays in sight while one scrolls. */
import { Button, Menu, Paper, Text } from "@mantine/core";
import { IconAdjustments, IconChevronUp, type Icon, IconLockOpen, IconMessageQuestion, IconPower, IconReload } from "@tabler/icons-react";
import { useState } from "react";
import { useTexts } from "@/i18n";
import type { Station } from "@/live";
import { PHONE, useMedia } from "@/ui/useMedia.ts";
import { ACTIONS, type Action } from "./asking.ts";
import { BulkDialog } from "./BulkDialog.tsx";
import classes from "./stations.module.css";
import { texts } from "./texts.ts";

const ICONS: Readonly<Record<Action, Icon>> = { settings: IconAdjustments, reset: IconReload, availability: IconPower, trigger: IconMessageQuestion, unlock: IconLockOpen };

export function BulkBar(props: {
  selection: ReadonlySet<string>;
  shown: readonly Station[];
  byId: ReadonlyMap<string, Station>;
  onSelection: (selection: ReadonlySet<string>) => void;
}) {
  const { t } = useTexts(texts);
  const { selection, shown } = props;
  const [action, setAction] = useState<Action | null>(null);
  const phone = useMedia(PHONE);
  // Those that were removed meanwhile are no longer meant.
  const stations = [...selection].filter((id) => props.byId.has(id));
  const seen = shown.reduce((n, row) => n + Number(selection.has(row.id)), 0);
  const hidden = stations.length - seen;
  return (
    <div className={`${classes.bulk} no-print`} role="region" aria-label={t("bulk.actions")}>
      <Paper withBorder className={classes.bulkPaper ?? ""}>
        <Text size="sm" fw={600} role="status">
          {t("bulk.selected", { n: stations.length })}
          {hidden > 0 ? (
            <Text span size="sm" c="dimmed" fw={400}>
              {` · ${t("bulk.hidden", { n: hidden })}`}
            </Text>
          ) : null}
        </Text>
        {seen < shown.length ? (
          <Button size="compact-sm" variant="subtle" onClick={() => props.onSelection(new Set([...selection, ...shown.map((row) => row.id)]))}>
            {t("bulk.all", { n: shown.length })}
          </Button>
        ) : null}
        <Button size="compact-sm" variant="subtle" color="gray" onClick={() => props.onSelection(new Set())}>
          {t("bulk.clear")}
        </Button>
        <div className={classes.bulkActions}>
          {phone ? (
            <Menu position="top-end" width={260}>
              <Menu.Target>
                <Button fullWidth rightSection={<IconChevronUp size={16} />}>
                  {t("bulk.do")}
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                {ACTIONS.map((each) => {
                  const ActionIcon = ICONS[each];
                  return (
                    <Menu.Item key={each} leftSection={<ActionIcon size={16} />} onClick={() => setAction(each)}>
                      {t(`bulk.${each}`)}
                    </Menu.Item>
                  );
                })}
              </Menu.Dropdown>
            </Menu>
          ) : (
            ACTIONS.map((each) => {
              const ActionIcon = ICONS[each];
              return (
                <Button key={each} size="xs" variant={each === "settings" ? "filled" : "default"} leftSection={<ActionIcon size={15} />} onClick={() => setAction(each)}>
                  {t(`bulk.${each}`)}
                </Button>
              );
            })
          )}
        </div>
      </Paper>
      <BulkDialog action={action} stations={stations} onClose={() => setAction(null)} />
    </div>
  );
}
