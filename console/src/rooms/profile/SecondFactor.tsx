import { Button, Code, CopyButton, Group, Modal, PasswordInput, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { IconCheck, IconCopy, IconDownload, IconShieldCheck, IconShieldOff } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { api, type Schema, signedIn, take, useWho } from "@/api";
import { common, useTexts } from "@/i18n";
import { Copy, done, Panel, Skeletons, StateBadge, Trouble } from "@/ui";
import { texts } from "./texts.ts";

const Qr = lazy(() => import("@/ui/Qr.tsx").then((file) => ({ default: file.Qr })));

type Proof = Schema<"ProofIn">;
type Wish = "setUp" | "renew" | "remove";

async function lookAgain(): Promise<void> {
  signedIn(await take(api.GET("/api/v1/session")));
}

/** That it is the reader, and not who found the browser open. */
function Prove(props: { action: string; danger?: boolean; run: (proof: Proof) => Promise<unknown> }) {
  const { t } = useTexts(texts);
  const who = useWho();
  const asksPassword = !who.may_choose_password;
  const asksCode = who.second_factor === "on";
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const go = useMutation({ mutationFn: () => props.run({ code, ...(asksPassword ? { password } : {}) }) });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        go.mutate();
      }}
    >
      <Stack>
        {go.isError ? <Trouble error={go.error} /> : null}
        {asksPassword || asksCode ? (
          <Text size="sm" c="dimmed">
            {t("factor.proveText")}
          </Text>
        ) : null}
        {asksPassword ? (
          <PasswordInput label={t("factor.yourPassword")} autoComplete="current-password" required withAsterisk={false} data-autofocus value={password} onChange={(event) => setPassword(event.currentTarget.value)} />
        ) : null}
        {asksCode ? (
          <TextInput
            label={t("factor.code")}
            description={t("factor.codeHint")}
            autoComplete="one-time-code"
            spellCheck={false}
            maxLength={40}
            required
            withAsterisk={false}
            data-autofocus={asksPassword ? undefined : true}
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
          />
        ) : null}
        <Group justify="flex-end">
          <Button type="submit" loading={go.isPending} color={props.danger === true ? "red.9" : "brand"}>
            {props.action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Enrol(props: { enrolment: Schema<"EnrolmentOut">; then: (codes: readonly string[]) => void }) {
  const { t } = useTexts(texts);
  const { secret, uri } = props.enrolment;
  const [code, setCode] = useState("");
  const confirm = useMutation({
    mutationFn: () => take(api.PUT("/api/v1/session/second-factor", { body: { code } })),
    onSuccess: async ({ recovery_codes }) => {
      props.then(recovery_codes);
      await lookAgain();
    },
  });
  const groups = secret.match(/.{1,4}/g)?.join(" ") ?? secret;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        confirm.mutate();
      }}
    >
      <Stack>
        <div>
          <Text fw={600}>{t("factor.scan")}</Text>
          <Text size="sm" c="dimmed">
            {t("factor.scanText")}
          </Text>
        </div>
        <Group justify="center">
          <Suspense fallback={<Skeletons rows={1} height={200} />}>
            <Qr text={uri} label={t("factor.qr")} size={208} />
          </Suspense>
        </Group>
        <div>
          <Text size="sm" c="dimmed">
            {t("factor.secret")}
          </Text>
          <Group gap={4} wrap="nowrap">
            <Code style={{ overflowWrap: "anywhere" }}>{groups}</Code>
            <Copy text={secret} what={t("factor.secret")} />
          </Group>
        </div>
        {confirm.isError ? <Trouble error={confirm.error} /> : null}
        <TextInput
          label={t("factor.show")}
          autoComplete="one-time-code"
          inputMode="numeric"
          pattern="[0-9 ]{6,8}"
          maxLength={8}
          required
          withAsterisk={false}
          autoFocus
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        <Group justify="flex-end">
          <Button type="submit" loading={confirm.isPending}>
            {t("factor.confirm")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function RecoveryCodes(props: { codes: readonly string[]; close: () => void }) {
  const { t } = useTexts(texts);
  const login = useWho().person?.login ?? "";
  const text = `voltloom · ${location.host} · ${login}\n\n${props.codes.join("\n")}\n`;
  const save = (): void => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    link.download = "voltloom-recovery-codes.txt";
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <Stack>
      <Text size="sm">{t("factor.recoveryText")}</Text>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs" component="ul" m={0} p={0} style={{ listStyle: "none" }}>
        {props.codes.map((code) => (
          <li key={code}>
            <Code block ta="center">
              {code}
            </Code>
          </li>
        ))}
      </SimpleGrid>
      <Group>
        <CopyButton value={props.codes.join("\n")} timeout={2000}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy} leftSection={copied ? <IconCheck size={18} /> : <IconCopy size={18} />}>
              {copied ? t("factor.copied") : t("factor.copyAll")}
            </Button>
          )}
        </CopyButton>
        <Button variant="default" onClick={save} leftSection={<IconDownload size={18} />}>
          {t("factor.download")}
        </Button>
      </Group>
      <Group justify="flex-end">
        <Button onClick={props.close}>{t("factor.kept")}</Button>
      </Group>
    </Stack>
  );
}

/** One wish from its beginning to its end: proof, then what it takes. */
function Steps(props: { wish: Wish; close: () => void; shown: (codes: readonly string[]) => void; codes: readonly string[] | null }) {
  const { t } = useTexts(texts);
  const [enrolment, setEnrolment] = useState<Schema<"EnrolmentOut"> | null>(null);
  const { wish, close, codes, shown } = props;
  if (codes !== null) {
    return (
      <RecoveryCodes
        codes={codes}
        close={() => {
          if (wish === "setUp") done(t("factor.doneOn"));
          close();
        }}
      />
    );
  }
  if (enrolment !== null) return <Enrol enrolment={enrolment} then={shown} />;
  switch (wish) {
    case "setUp":
      return <Prove action={t("factor.go")} run={async (body) => setEnrolment(await take(api.POST("/api/v1/session/second-factor", { body })))} />;
    case "renew":
      return (
        <Prove action={t("factor.renew")} run={async (body) => shown((await take(api.POST("/api/v1/session/second-factor/recovery-codes", { body }))).recovery_codes)} />
      );
    case "remove":
      return (
        <Prove
          action={t("factor.remove")}
          danger
          run={async (body) => {
            await take(api.POST("/api/v1/session/second-factor/removal", { body }));
            await lookAgain();
            done(t("factor.doneOff"));
            close();
          }}
        />
      );
  }
}

const TITLES = { setUp: "factor.title", renew: "factor.renew", remove: "factor.remove" } as const;

export function SecondFactor() {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const state = useWho().second_factor ?? "off";
  const [wish, setWish] = useState<Wish | null>(null);
  const [shownWish, setShownWish] = useState<Wish>("setUp");
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const [round, setRound] = useState(0);
  const begin = (next: Wish): void => {
    setShownWish(next);
    setWish(next);
    setCodes(null);
    setRound((before) => before + 1);
  };
  const close = (): void => setWish(null);
  const on = state === "on";
  return (
    <Panel
      title={t("factor.title")}
      id="second-factor"
      beside={<StateBadge state={on ? "Active" : state === "required" ? "Pending" : "Disabled"} label={t(on ? "factor.on" : "factor.off")} size="sm" />}
    >
      <Stack align="flex-start">
        <Text size="sm">{t(on ? "factor.isOn" : "factor.why")}</Text>
        {state === "required" ? (
          <Text size="sm" fw={600}>
            {t("factor.required")}
          </Text>
        ) : null}
        {on ? (
          <Group gap="xs">
            <Button variant="default" onClick={() => begin("renew")}>
              {t("factor.renew")}
            </Button>
            <Button variant="default" onClick={() => begin("setUp")}>
              {t("factor.move")}
            </Button>
            <Button variant="default" leftSection={<IconShieldOff size={18} />} onClick={() => begin("remove")}>
              {t("factor.remove")}
            </Button>
          </Group>
        ) : (
          <Button leftSection={<IconShieldCheck size={18} />} variant={state === "required" ? "filled" : "default"} onClick={() => begin("setUp")}>
            {t("factor.setUp")}
          </Button>
        )}
      </Stack>
      <Modal
        opened={wish !== null}
        onClose={close}
        title={codes === null ? t(TITLES[shownWish]) : t("factor.recovery")}
        // Recovery codes are shown once: a slip of the pointer must not lose them.
        closeOnClickOutside={codes === null}
        closeOnEscape={codes === null}
        withCloseButton={codes === null}
        closeButtonProps={{ "aria-label": words("app.close") }}
      >
        <Steps key={round} wish={shownWish} codes={codes} shown={setCodes} close={close} />
      </Modal>
    </Panel>
  );
}
