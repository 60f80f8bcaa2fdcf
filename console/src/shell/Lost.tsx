import { Button, Group, Text } from "@mantine/core";
import { IconPlugConnectedX } from "@tabler/icons-react";
import { knock, useServer } from "@/api";
import { common, useTexts } from "@/i18n";
import { useNow } from "@/live";
import classes from "./shell.module.css";

/** The server does not answer: said once, quietly, over everything; it goes away by itself. */
export function Lost() {
  const { t } = useTexts(common);
  const server = useServer();
  const now = useNow(1000);
  if (!server.lost) return <div role="status" />;
  const left = Math.max(0, Math.ceil((server.nextAt - now.getTime()) / 1000));
  return (
    <div role="status" className={classes.lost}>
      <Group gap="sm">
        <IconPlugConnectedX size={18} aria-hidden />
        <Text fw={600} size="sm">
          {t("lost.title")}
        </Text>
        <Text size="sm" aria-hidden>
          {t("lost.wait", { n: left })}
        </Text>
        <Button size="compact-sm" variant="default" onClick={() => void knock()}>
          {t("lost.now")}
        </Button>
      </Group>
    </div>
  );
}
