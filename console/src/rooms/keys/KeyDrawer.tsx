import { Anchor, Button, Drawer, Group, List, Stack, Text } from "@mantine/core";
import { IconBan, IconHistory } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { api, queries, take, useMay } from "@/api";
import { common, format, useTexts } from "@/i18n";
import { Link } from "@/route";
import { Age, confirm, done, Id, SafeText, Time } from "@/ui";
import { Actor } from "@/ui/words/Actor.tsx";
import { KeyBadge, useGrantWords } from "./KeyBadge.tsx";
import { type ApiKey, isGood, stateOf } from "./keys.ts";
import { texts } from "./texts.ts";

function Fact(props: { name: string; children: ReactNode }) {
  return (
    <div>
      <Text size="sm" c="dimmed" component="dt">
        {props.name}
      </Text>
      <Text component="dd" m={0}>
        {props.children}
      </Text>
    </div>
  );
}

function Inside(props: { apiKey: ApiKey; close: () => void }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const words = useGrantWords();
  const { apiKey } = props;
  const revoke = (): void =>
    confirm({
      title: t("keys.revokeAsk", { name: apiKey.name.slice(0, 60) }),
      text: t("keys.revokeText"),
      blast: apiKey.last_used_at === null ? t("keys.revokeUnused") : t("keys.revokeUsed", { ago: format.ago(new Date(apiKey.last_used_at), new Date()) }),
      action: t("keys.revoke"),
      danger: true,
      run: async () => {
        await take(api.DELETE("/api/v1/api-keys/{key_id}", { params: { path: { key_id: apiKey.id } } }));
        void queries.invalidateQueries({ queryKey: ["api-keys"] });
        props.close();
        done(t("keys.revoked", { name: apiKey.name.slice(0, 60) }));
      },
    });
  return (
    <Stack gap="lg">
      <Group>
        <KeyBadge apiKey={apiKey} />
        {apiKey.revoked_at === null ? null : (
          <Text size="sm" c="dimmed">
            {t("keys.revokedOn", { time: format.time(new Date(apiKey.revoked_at), "full") })}
          </Text>
        )}
      </Group>
      <Stack gap="sm" component="dl" m={0}>
        <Fact name={t("keys.may")}>
          <List size="sm" component="ul">
            {words(apiKey.grants).map((word) => (
              <List.Item key={word}>{word}</List.Item>
            ))}
          </List>
        </Fact>
        <Fact name={t("keys.lastUsed")}>
          <Age at={apiKey.last_used_at} never={t("keys.notUsed")} />
        </Fact>
        <Fact name={t("keys.expires")}>{apiKey.expires_at === null ? t("keys.never") : <Time at={apiKey.expires_at} style="full" />}</Fact>
        <Fact name={t("keys.made")}>
          <Time at={apiKey.created_at} style="full" /> · <Actor name={apiKey.created_by} most={60} />
        </Fact>
        <Fact name={t("keys.start")}>
          <Text span ff="monospace" fz="sm">
            {apiKey.start}…
          </Text>
        </Fact>
        <Fact name={t("keys.id")}>
          <Id id={apiKey.id} copy />
        </Fact>
      </Stack>
      {isGood(stateOf(apiKey, new Date())) ? (
        <Group>
          <Button variant="default" c="var(--mantine-color-error)" leftSection={<IconBan size={18} />} onClick={revoke}>
            {t("keys.revoke")}
          </Button>
        </Group>
      ) : null}
      {may("audit:read") ? (
        <Anchor component={Link} to={`/audit?who=${encodeURIComponent(apiKey.id)}`}>
          <Group gap={6}>
            <IconHistory size={18} aria-hidden />
            {t("keys.did")}
          </Group>
        </Anchor>
      ) : null}
    </Stack>
  );
}

export function KeyDrawer(props: { apiKey: ApiKey | undefined; close: () => void }) {
  const { t: words } = useTexts(common);
  const [shown, setShown] = useState<ApiKey | undefined>(props.apiKey);
  if (props.apiKey !== undefined && props.apiKey !== shown) setShown(props.apiKey);
  return (
    <Drawer
      opened={props.apiKey !== undefined}
      onClose={props.close}
      onExitTransitionEnd={() => setShown(undefined)}
      position="right"
      size="md"
      title={shown === undefined ? null : <SafeText text={shown.name} most={60} />}
      closeButtonProps={{ "aria-label": words("app.close") }}
    >
      {shown === undefined ? null : <Inside apiKey={shown} close={props.close} />}
    </Drawer>
  );
}
