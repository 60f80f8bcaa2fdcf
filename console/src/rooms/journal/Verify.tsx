import { Alert, Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { IconShieldCheck, IconShieldX } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schema, take } from "@/api";
import { common, useTexts } from "@/i18n";
import { Copy, Time, Trouble, useKept } from "@/ui";
import classes from "./journal.module.css";
import { texts } from "./texts.ts";

type Verdict = Schema<"VerdictOut">;

/** The head of a good log as this browser saw it: another day it must still be there. */
interface Kept {
  head: string;
  at: string;
}

function Good(props: { verdict: Verdict; compared: boolean }) {
  const { t } = useTexts(texts);
  const { verdict } = props;
  return (
    <Alert color="brand" icon={<IconShieldCheck aria-hidden />} title={t("verify.good", { n: verdict.entries })} role="status">
      <Stack gap="xs">
        <Text size="sm">
          {t("verify.goodText")} {props.compared ? t("verify.goodHead") : null}
        </Text>
        <Text size="sm">{t("verify.keep")}</Text>
        <Group gap={4} wrap="nowrap">
          <Text ff="monospace" size="xs" style={{ overflowWrap: "anywhere" }}>
            {verdict.head}
          </Text>
          <Copy text={verdict.head} what={t("verify.headName")} />
        </Group>
      </Stack>
    </Alert>
  );
}

function Bad(props: { verdict: Verdict }) {
  const { t } = useTexts(texts);
  const { verdict } = props;
  const why = verdict.reason.includes("missing") ? "verify.missing" : verdict.reason.includes("head") ? "verify.cut" : "verify.changed";
  return (
    <Alert color="red" icon={<IconShieldX aria-hidden />} title={t("verify.bad")} role="alert" className={classes.bad ?? ""}>
      <Text size="sm">
        {t("verify.badText", { n: verdict.entries, at: String(verdict.broken_at ?? "") })} {t(why)}.
      </Text>
      <Text size="sm" mt="xs">
        {t("verify.badDo")}
      </Text>
    </Alert>
  );
}

export function Verify() {
  const { t, rich } = useTexts(texts);
  const { t: words } = useTexts(common);
  const [opened, setOpened] = useState(false);
  const [typed, setTyped] = useState("");
  const [kept, keep] = useKept<Kept | null>("audit-head", null);
  const check = useMutation({
    mutationFn: async () => {
      const head = typed.trim() || (kept?.head ?? "");
      const verdict = await take(api.GET("/api/v1/audit/verify", { params: { query: { head } } }));
      if (verdict.good) keep({ head: verdict.head, at: new Date().toISOString() });
      return { verdict, compared: head !== "" };
    },
  });
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconShieldCheck size={18} stroke={1.7} />}
        onClick={() => {
          check.reset();
          setOpened(true);
        }}
      >
        {t("verify.button")}
      </Button>
      <Modal opened={opened} onClose={() => setOpened(false)} title={t("verify.title")} size="lg" closeButtonProps={{ "aria-label": words("app.close") }}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            check.mutate();
          }}
        >
          <Stack>
            <Text size="sm">{t("verify.text")}</Text>
            <TextInput
              label={t("verify.head")}
              description={t("verify.headHint")}
              placeholder={kept?.head.slice(0, 24)}
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
              maxLength={64}
              pattern="[0-9a-f]{64}"
              spellCheck={false}
              autoComplete="off"
              styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
            />
            {kept !== null && typed === "" && check.data === undefined ? (
              <Text size="sm" c="dimmed">
                {rich("verify.headKept", { when: <Time at={kept.at} /> })}
              </Text>
            ) : null}
            {check.isError ? <Trouble error={check.error} /> : null}
            {check.data === undefined ? null : check.data.verdict.good ? <Good {...check.data} /> : <Bad verdict={check.data.verdict} />}
            <Group justify="flex-end">
              <Button type="submit" loading={check.isPending} data-autofocus>
                {t("verify.go")}
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
