import { Anchor, Button, Group, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, signedIn, take, useMay, useWho } from "@/api";
import { useTexts } from "@/i18n";
import { Link } from "@/route";
import { Copy, done, PageHeader, Panel, RoleName, Time, Trouble } from "@/ui";
import { SecondFactor } from "./SecondFactor.tsx";
import { Sessions } from "./Sessions.tsx";
import { Shown } from "./Shown.tsx";
import { texts } from "./texts.ts";

function You() {
  const { t, rich } = useTexts(texts);
  const may = useMay();
  const who = useWho();
  const person = who.person;
  const [name, setName] = useState(person?.name ?? who.name);
  const save = useMutation({
    mutationFn: () => take(api.PATCH("/api/v1/session", { body: { name: name.trim() } })),
    onSuccess: (now) => {
      signedIn(now);
      done(t("profile.saved", { name: now.person?.name ?? now.name }));
    },
  });
  if (person === undefined || person === null) return null;
  const fresh = name.trim();
  return (
    <Panel title={t("profile.you")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack>
          {save.isError ? <Trouble error={save.error} /> : null}
          <TextInput label={t("profile.name")} autoComplete="name" maxLength={200} required withAsterisk={false} value={name} onChange={(event) => setName(event.currentTarget.value)} />
          <Group justify="space-between" align="flex-end">
            <Stack gap={2} miw={0}>
              <Text size="sm" c="dimmed">
                {t("profile.login")}
              </Text>
              <Group gap={4} wrap="nowrap">
                <Text style={{ overflowWrap: "anywhere" }}>{person.login}</Text>
                <Copy text={person.login} what={t("profile.login")} />
              </Group>
            </Stack>
            <Stack gap={2}>
              <Text size="sm" c="dimmed">
                {t("profile.role")}
              </Text>
              {may("access:write") ? (
                <Anchor component={Link} to="/people#roles" c="inherit" title={t("profile.may")}>
                  <RoleName role={person.role} />
                </Anchor>
              ) : (
                <RoleName role={person.role} />
              )}
            </Stack>
            <Button type="submit" disabled={fresh === "" || fresh === person.name} loading={save.isPending}>
              {t("profile.save")}
            </Button>
          </Group>
          {who.expires_at == null ? null : (
            <Text size="sm" c="dimmed">
              {rich("profile.expires", { time: <Time at={who.expires_at} /> })}
            </Text>
          )}
        </Stack>
      </form>
    </Panel>
  );
}

function Password() {
  const { t } = useTexts(texts);
  const has = useWho().person?.has_password === true;
  return (
    <Panel title={t("profile.password")}>
      <Stack align="flex-start">
        <Text size="sm">{t(has ? "profile.passwordIs" : "profile.passwordNone")}</Text>
        <Button variant={has ? "default" : "filled"} component={Link} to="/password">
          {t(has ? "profile.passwordChange" : "profile.passwordChoose")}
        </Button>
      </Stack>
    </Panel>
  );
}

export default function ProfilePage() {
  const { t } = useTexts(texts);
  useEffect(() => {
    if (location.hash !== "") document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }, []);
  return (
    <>
      <PageHeader title={t("profile.title")} />
      <SimpleGrid cols={{ base: 1, md: 2 }} maw={1100}>
        <Stack>
          <You />
          <Password />
          <SecondFactor />
        </Stack>
        <Stack>
          <Shown />
          <Sessions />
        </Stack>
      </SimpleGrid>
    </>
  );
}
