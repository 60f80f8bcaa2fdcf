import { Button, CopyButton, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { IconCheck, IconCopy, IconMail } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, Problem, queries, type Schema, take, useMay } from "@/api";
import { common, format, useTexts } from "@/i18n";
import { type Role, RoleChoice, ROLES, Time, Trouble, useRoles } from "@/ui";
import { texts } from "./texts.ts";

/** Roles that the reader may give: nobody gives away more than they have. */
export function useRolesToGive(): readonly Role[] {
  const may = useMay();
  const roles = useRoles();
  const items = roles.data?.items;
  return items === undefined ? ROLES : items.filter(({ scopes }) => scopes.every(may)).map(({ role }) => role);
}

/** A one-time link, which is told this once: copied, or put into a mail that the reader sends. */
export function LinkToHand(props: { made: Schema<"LinkOut">; close: () => void }) {
  const { t, rich } = useTexts(texts);
  const { person, path, expires_at } = props.made;
  const link = `${location.origin}${path}`;
  const values = { name: person.name, time: format.time(new Date(expires_at), "full"), link };
  const mail = `mailto:${person.login.includes("@") ? encodeURIComponent(person.login) : ""}?subject=${encodeURIComponent(t("people.mailSubject"))}&body=${encodeURIComponent(t("people.mailBody", values))}`;
  return (
    <Stack>
      <Text size="sm">{t("people.linkText")}</Text>
      <TextInput label={t("people.link")} value={link} readOnly onFocus={(event) => event.currentTarget.select()} styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: "0.8rem" } }} />
      <Text size="sm" c="dimmed">
        {rich("people.linkUntil", { time: <Time at={expires_at} /> })}
      </Text>
      <Group justify="flex-end">
        <Button variant="default" component="a" href={mail} leftSection={<IconMail size={18} />}>
          {t("people.mail")}
        </Button>
        <CopyButton value={link} timeout={2000}>
          {({ copied, copy }) => (
            <Button onClick={copy} leftSection={copied ? <IconCheck size={18} /> : <IconCopy size={18} />} data-autofocus>
              {copied ? t("people.copied") : t("people.copyLink")}
            </Button>
          )}
        </CopyButton>
        <Button variant="subtle" onClick={props.close}>
          {t("people.finished")}
        </Button>
      </Group>
    </Stack>
  );
}

/** The server says it finally; this says it while one types. */
const LOGIN = /^[a-z0-9][a-z0-9._+-]{0,63}(@[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){0,8})?$/i;

function Form(props: { then: (made: Schema<"LinkOut">) => void; close: () => void }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const roles = useRolesToGive();
  const [login, setLogin] = useState("");
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const add = useMutation({
    mutationFn: () => take(api.POST("/api/v1/people", { body: { login: login.trim(), name: name.trim() || null, role } })),
    onSuccess: (made) => {
      void queries.invalidateQueries({ queryKey: ["people"] });
      props.then(made);
    },
  });
  const wrong = login.trim() !== "" && !LOGIN.test(login.trim());
  const taken = add.error instanceof Problem && add.error.status === 409;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!wrong) add.mutate();
      }}
    >
      <Stack>
        {add.isError ? <Trouble error={add.error} /> : null}
        <TextInput
          label={t("people.login")}
          description={t("people.loginHint")}
          error={wrong ? t("people.loginWrong") : taken}
          required
          withAsterisk={false}
          data-autofocus
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={200}
          value={login}
          onChange={(event) => setLogin(event.currentTarget.value)}
        />
        <TextInput label={t("people.name")} description={t("people.nameHint")} autoComplete="off" maxLength={200} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <RoleChoice label={t("people.role")} value={role} onChange={setRole} roles={roles} />
        <Group justify="flex-end">
          <Button variant="default" onClick={props.close}>
            {words("ui.cancel")}
          </Button>
          <Button type="submit" loading={add.isPending}>
            {t("people.makeLink")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

export function Invite(props: { opened: boolean; close: () => void }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const [made, setMade] = useState<Schema<"LinkOut"> | null>(null);
  return (
    <Modal
      opened={props.opened}
      onClose={props.close}
      onExitTransitionEnd={() => setMade(null)}
      // A link is shown once: a slip of the pointer must not lose it.
      closeOnClickOutside={made === null}
      size="lg"
      title={made === null ? t("people.inviteSomebody") : t("people.linkTitle", { name: made.person.name })}
      closeButtonProps={{ "aria-label": words("app.close") }}
    >
      {made === null ? <Form then={setMade} close={props.close} /> : <LinkToHand made={made} close={props.close} />}
    </Modal>
  );
}
