/** Signing in: a page of its own, and the same form over the page where a session has ended. */
import { Button, Code, Group, Modal, Paper, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, confirmed, currentSession, Problem, signedIn, take, useConfirming, useSession, type Who } from "@/api";
import { common, useTexts } from "@/i18n";
import { navigate } from "@/route";
import { Trouble, useTitle } from "@/ui";
import { Mark } from "./Mark.tsx";
import classes from "./shell.module.css";

/** Only an address of ours: after signing in nobody is sent anywhere else. */
export function inside(there: string): string {
  const plain = there.startsWith("/") && !/^\/[/\\]/.test(there) && !/[\\\u0000-\u001f\u007f]/.test(there);
  return plain && !there.startsWith("/sign-in") ? there : "/";
}

/** Name and password were good, and the person has a second factor. code: what was sent with them. */
function asksForCode(error: unknown, code: string): boolean {
  return error instanceof Problem && error.kind === "second-factor-needed" && code === "";
}

function CodeField(props: { value: string; onChange: (code: string) => void; beside?: boolean }) {
  const { t } = useTexts(common);
  return (
    <TextInput
      label={t("signIn.code")}
      description={t("signIn.codeHint")}
      autoComplete="one-time-code"
      autoCapitalize="none"
      spellCheck={false}
      maxLength={40}
      required
      withAsterisk={false}
      // It appears when it is asked for, and is the one thing left to type.
      ref={(field) => {
        if (props.value === "" && !props.beside) field?.focus();
      }}
      value={props.value}
      onChange={(event) => props.onChange(event.currentTarget.value)}
    />
  );
}

function PasswordForm(props: { login?: string; then: () => void }) {
  const { t, rich } = useTexts(common);
  const [login, setLogin] = useState(props.login ?? "");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const enter = useMutation({
    mutationFn: () => take(api.POST("/api/v1/session", { body: { login, password, code } })),
    onSuccess: (who) => {
      signedIn(who);
      props.then();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        enter.mutate();
      }}
    >
      <Stack>
        {enter.isError && !asksForCode(enter.error, code) ? <Trouble error={enter.error} /> : null}
        <TextInput
          label={t("signIn.login")}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          withAsterisk={false}
          autoFocus={props.login === undefined}
          value={login}
          onChange={(event) => setLogin(event.currentTarget.value)}
        />
        <PasswordInput
          label={t("signIn.password")}
          autoComplete="current-password"
          visibilityToggleButtonProps={{ "aria-label": t("ui.showPassword") }}
          required
          withAsterisk={false}
          data-autofocus={props.login !== undefined || undefined}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {code !== "" || asksForCode(enter.error, "") ? <CodeField value={code} onChange={setCode} /> : null}
        <Button type="submit" loading={enter.isPending} size="md">
          {t("signIn.go")}
        </Button>
        <Text size="sm" c="dimmed" component="div">
          {rich("signIn.lost", { command: <Code>voltloom user link</Code> })}
        </Text>
      </Stack>
    </form>
  );
}

function LinkForm(props: { link: string; then: () => void; instead: () => void }) {
  const { t } = useTexts(common);
  const [code, setCode] = useState("");
  const enter = useMutation({
    mutationFn: () => take(api.POST("/api/v1/session/link", { body: { link: props.link, code } })),
    onSuccess: (who) => {
      signedIn(who);
      props.then();
    },
  });
  return (
    <Stack>
      {/* A button, because programs that look at addresses in mails would use the link up. */}
      <Text c="dimmed">{t("signIn.linkOnce")}</Text>
      {enter.isError && !asksForCode(enter.error, code) ? <Trouble error={enter.error} /> : null}
      {code !== "" || asksForCode(enter.error, "") ? <CodeField value={code} onChange={setCode} /> : null}
      <Button size="md" onClick={() => enter.mutate()} loading={enter.isPending} autoFocus>
        {t("signIn.go")}
      </Button>
      {enter.isError && !asksForCode(enter.error, "") ? (
        <Button variant="subtle" onClick={props.instead}>
          {t("signIn.instead")}
        </Button>
      ) : null}
    </Stack>
  );
}

export default function SignInPage() {
  const { t } = useTexts(common);
  const query = new URLSearchParams(location.search);
  const [link, setLink] = useState(query.get("link") ?? "");
  const [there] = useState(() =>
    location.pathname === "/sign-in" ? inside(query.get("next") ?? "/") : `${location.pathname}${location.search}`,
  );
  useTitle(t("signIn.title"));
  const then = (): void => {
    const session = currentSession();
    // Who came with a link and has no password yet chooses one first; it can be left.
    const fresh = session.is === "in" && session.who.person?.has_password === false;
    // The API's documentation is a page of the server's own.
    if (!fresh && there.startsWith("/api/")) location.assign(there);
    else navigate(fresh ? "/password" : there, { replace: true });
  };
  return (
    <main className={classes.gate}>
      <div className={classes.gateCard}>
        <Stack align="center" gap={4} mb="lg">
          <Mark size={44} />
          <Text fw={700} fz="xl">
            voltloom
          </Text>
          <Text c="dimmed">{t("signIn.tagline")}</Text>
        </Stack>
        <Paper withBorder p="lg" radius="lg">
          <Title order={1} mb="md">
            {link === "" ? t("signIn.title") : t("signIn.withLink")}
          </Title>
          {link === "" ? <PasswordForm then={then} /> : <LinkForm link={link} then={then} instead={() => setLink("")} />}
        </Paper>
      </div>
    </main>
  );
}

/** Over the page, which stays as it is: nothing that was typed is lost. */
export function SignInAgain() {
  const { t } = useTexts(common);
  const session = useSession();
  return (
    <Modal
      opened={session.is === "expired"}
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title={t("signIn.again")}
    >
      <Text c="dimmed" mb="md">
        {t("signIn.againWhy")}
      </Text>
      {session.is === "expired" ? (
        <PasswordForm key={session.who.id} login={session.who.person?.login ?? ""} then={() => undefined} />
      ) : null}
    </Modal>
  );
}

function ConfirmForm(props: { who: Who }) {
  const { t } = useTexts(common);
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const confirm = useMutation({
    mutationFn: () => take(api.POST("/api/v1/session/confirmation", { body: { password, code } })),
    onSuccess: () => confirmed(true),
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        confirm.mutate();
      }}
    >
      <Stack>
        {confirm.isError ? <Trouble error={confirm.error} /> : null}
        {/* For password managers: whose password it is. */}
        <input type="text" autoComplete="username" value={props.who.person?.login ?? ""} readOnly hidden />
        <PasswordInput
          label={t("signIn.password")}
          autoComplete="current-password"
          visibilityToggleButtonProps={{ "aria-label": t("ui.showPassword") }}
          required
          withAsterisk={false}
          data-autofocus
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {props.who.second_factor === "on" ? <CodeField value={code} onChange={setCode} beside /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={() => confirmed(false)}>
            {t("ui.cancel")}
          </Button>
          <Button type="submit" loading={confirm.isPending}>
            {t("signIn.confirm")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Over the page, before something dangerous: what was asked for goes on by itself. */
export function ConfirmAgain() {
  const { t } = useTexts(common);
  const session = useSession();
  const opened = useConfirming() && session.is === "in";
  return (
    <Modal opened={opened} onClose={() => confirmed(false)} title={t("signIn.confirmTitle")} closeButtonProps={{ "aria-label": t("app.close") }} zIndex={400}>
      <Text c="dimmed" mb="md">
        {t("signIn.confirmWhy")}
      </Text>
      {session.is === "in" ? (
        session.who.person?.has_password === false ? (
          <Stack>
            <Text>{t("signIn.confirmNoPassword")}</Text>
            <Button
              onClick={() => {
                confirmed(false);
                navigate("/password");
              }}
            >
              {t("signIn.confirmChoose")}
            </Button>
          </Stack>
        ) : (
          <ConfirmForm who={session.who} />
        )
      ) : null}
    </Modal>
  );
}
