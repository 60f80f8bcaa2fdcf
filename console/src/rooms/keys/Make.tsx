import { Button, Checkbox, Code, CopyButton, Group, Modal, NativeSelect, SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, queries, type Schema, take, useMay, useWho } from "@/api";
import { common, useTexts } from "@/i18n";
import { Copy, type Role, RoleChoice, ROLES, Trouble, useRoles, wordOfScope } from "@/ui";
import { texts } from "./texts.ts";

type Made = Schema<"NewApiKeyOut">;
type Life = "30" | "90" | "365" | "none" | "until";
const DAY_MS = 86_400_000;

function endAfter(life: Life, until: string): string | null {
  if (life === "none") return null;
  return (life === "until" ? endOf(until) : new Date(Date.now() + Number(life) * DAY_MS)).toISOString();
}

/** The end of that day, where the reader is. */
function endOf(day: string): Date {
  return new Date(`${day}T23:59:59`);
}

function Shown(props: { made: Made; close: () => void }) {
  const { t } = useTexts(texts);
  const { key } = props.made;
  const curl = `curl -H "Authorization: Bearer ${key}" ${location.origin}/api/v1/session`;
  return (
    <Stack>
      <Text size="sm">{t("keys.shown")}</Text>
      <TextInput label={t("keys.key")} value={key} readOnly onFocus={(event) => event.currentTarget.select()} styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: "0.8rem" } }} />
      <div>
        <Group justify="space-between" mb={4}>
          <Text size="sm" fw={500}>
            {t("keys.try")}
          </Text>
          <Copy text={curl} what={t("keys.curl")} />
        </Group>
        <Code block style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
          {curl}
        </Code>
      </div>
      <Group justify="flex-end">
        <Button variant="default" onClick={props.close}>
          {t("keys.finished")}
        </Button>
        <CopyButton value={key} timeout={2000}>
          {({ copied, copy }) => (
            <Button onClick={copy} leftSection={copied ? <IconCheck size={18} /> : <IconCopy size={18} />} data-autofocus>
              {copied ? t("keys.copied") : t("keys.copy")}
            </Button>
          )}
        </CopyButton>
      </Group>
    </Stack>
  );
}

function Form(props: { then: (made: Made) => void; close: () => void }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const may = useMay();
  const mine = useWho().scopes;
  const roles = useRoles().data?.items;
  const given = roles === undefined ? ROLES : roles.filter(({ scopes }) => scopes.every(may)).map(({ role }) => role);
  const [name, setName] = useState("");
  const [by, setBy] = useState<"role" | "scopes">("role");
  const [role, setRole] = useState<Role>("viewer");
  const [scopes, setScopes] = useState<string[]>(["stations:read"]);
  const [life, setLife] = useState<Life>("90");
  const [until, setUntil] = useState("");
  const endWrong = life === "until" && until !== "" && endOf(until) <= endOf(new Date().toISOString().slice(0, 10));
  const wrong = (by === "scopes" && scopes.length === 0) || endWrong || (life === "until" && until === "");
  const add = useMutation({
    mutationFn: () =>
      take(api.POST("/api/v1/api-keys", { body: { name: name.trim(), grants: by === "role" ? [role] : scopes, expires_at: endAfter(life, until) } })),
    onSuccess: (made) => {
      void queries.invalidateQueries({ queryKey: ["api-keys"] });
      props.then(made);
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!wrong) add.mutate();
      }}
    >
      <Stack>
        {add.isError ? <Trouble error={add.error} /> : null}
        <TextInput label={t("keys.name")} description={t("keys.nameHint")} required withAsterisk={false} data-autofocus autoComplete="off" maxLength={200} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <Stack gap={6}>
          <SegmentedControl
            aria-label={t("keys.grant")}
            value={by}
            onChange={setBy}
            data={[
              { value: "role", label: t("keys.grantRole") },
              { value: "scopes", label: t("keys.grantScopes") },
            ]}
          />
          {by === "role" ? (
            <RoleChoice label={t("keys.grant")} value={role} onChange={setRole} roles={given} />
          ) : (
            <Checkbox.Group label={t("keys.scopes")} description={t("keys.scopesHint")} error={scopes.length === 0 ? t("keys.scopesNone") : undefined} value={scopes} onChange={setScopes}>
              <Stack gap={8} mt="xs">
                {mine.map((scope) => (
                  <Checkbox key={scope} value={scope} label={wordOfScope(scope)} description={scope} />
                ))}
              </Stack>
            </Checkbox.Group>
          )}
        </Stack>
        <Group align="flex-start" grow>
          <NativeSelect
            label={t("keys.life")}
            description={life === "none" ? t("keys.lifeNoneWhy") : undefined}
            inputWrapperOrder={["label", "input", "description"]}
            value={life}
            onChange={(event) => setLife(event.currentTarget.value as Life)}
            data={[
              { value: "30", label: t("keys.life30") },
              { value: "90", label: t("keys.life90") },
              { value: "365", label: t("keys.life365") },
              { value: "until", label: t("keys.lifeUntil") },
              { value: "none", label: t("keys.lifeNone") },
            ]}
          />
          {life === "until" ? (
            <TextInput type="date" label={t("keys.until")} required withAsterisk={false} value={until} onChange={(event) => setUntil(event.currentTarget.value)} error={endWrong ? t("keys.untilWrong") : undefined} />
          ) : null}
        </Group>
        <Group justify="flex-end">
          <Button variant="default" onClick={props.close}>
            {words("ui.cancel")}
          </Button>
          <Button type="submit" loading={add.isPending}>
            {t("keys.create")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

export function Make(props: { opened: boolean; close: () => void }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const [made, setMade] = useState<Made | null>(null);
  return (
    <Modal
      opened={props.opened}
      onClose={props.close}
      onExitTransitionEnd={() => setMade(null)}
      // A key is shown once: a slip of the pointer must not lose it.
      closeOnClickOutside={made === null}
      size="lg"
      title={made === null ? t("keys.newTitle") : t("keys.shownTitle", { name: made.api_key.name.slice(0, 60) })}
      closeButtonProps={{ "aria-label": words("app.close") }}
    >
      {made === null ? <Form then={setMade} close={props.close} /> : <Shown made={made} close={props.close} />}
    </Modal>
  );
}
