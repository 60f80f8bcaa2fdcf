import { ActionIcon, Anchor, Button, Divider, Drawer, Group, Modal, Stack, Text, TextInput, Tooltip } from "@mantine/core";
import { IconHistory, IconLink, IconLogout, IconShieldOff, IconTrash, IconUserCheck, IconUserOff } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, queries, type Schema, signedIn, take, useMay, useWho } from "@/api";
import { common, useTexts } from "@/i18n";
import { Link } from "@/route";
import { Age, confirm, Copy, Device, deviceOf, done, type Role, RoleChoice, ROLES, SafeText, Skeletons, Trouble } from "@/ui";
import { LinkToHand, useRolesToGive } from "./Invite.tsx";
import { type Person, useSessionsOf } from "./people.ts";
import { PersonState, useAboutState } from "./PersonState.tsx";
import { texts } from "./texts.ts";

const again = (): void => void queries.invalidateQueries({ queryKey: ["people"] });

function change(person: Person, body: Schema<"PersonChangeIn">): Promise<Person> {
  return take(api.PATCH("/api/v1/people/{person_id}", { params: { path: { person_id: person.id } }, body }));
}

function Entry(props: { person: Person }) {
  const { t } = useTexts(texts);
  const me = useWho().person?.id;
  const { person } = props;
  const own = person.id === me;
  const given = useRolesToGive();
  const roles = ROLES.filter((role) => given.includes(role) || role === person.role);
  const [name, setName] = useState(person.name);
  const [role, setRole] = useState<Role>(person.role);
  const save = useMutation({
    mutationFn: () => change(person, { name: name.trim() || person.login, role }),
    onSuccess: async (saved) => {
      again();
      if (own) signedIn(await take(api.GET("/api/v1/session")));
      done(t("people.saved", { name: saved.name }));
    },
  });
  const changed = name.trim() !== person.name || role !== person.role;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack>
        {save.isError ? <Trouble error={save.error} /> : null}
        <TextInput label={t("people.name")} maxLength={200} value={name} onChange={(event) => setName(event.currentTarget.value)} autoComplete="off" />
        <RoleChoice label={t("people.role")} value={role} onChange={setRole} roles={own ? [person.role] : roles} />
        {own ? (
          <Text size="sm" c="dimmed">
            {t("people.ownRole")}
          </Text>
        ) : null}
        <Group justify="flex-end">
          <Button type="submit" disabled={!changed} loading={save.isPending}>
            {t("people.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Sessions(props: { person: Person }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const sessions = useSessionsOf(props.person.login);
  const end = useMutation({
    mutationFn: (id: string) => take(api.DELETE("/api/v1/sessions/{session_id}", { params: { path: { session_id: id } } })),
    onSuccess: again,
  });
  if (sessions.isPending) return <Skeletons rows={2} />;
  if (sessions.isError) return <Trouble error={sessions.error} retry={() => void sessions.refetch()} />;
  if (sessions.data.length === 0) return <Text c="dimmed">{t("people.sessionsNone")}</Text>;
  return (
    <Stack gap="xs" component="ul" m={0} p={0} style={{ listStyle: "none" }}>
      {end.isError ? <Trouble error={end.error} /> : null}
      {sessions.data.map((session) => (
        <Group key={session.id} component="li" justify="space-between" wrap="nowrap" gap="sm">
          <Stack gap={0} miw={0}>
            <Device agent={session.agent} />
            <Text size="sm" c="dimmed">
              <bdi>{session.address || words("ui.unknown")}</bdi> · <Age at={session.last_seen_at} />
            </Text>
          </Stack>
          {session.current ? null : (
            <Tooltip label={t("people.endSession", { device: deviceOf(session.agent) })}>
              <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("people.endSession", { device: deviceOf(session.agent) })} onClick={() => end.mutate(session.id)}>
                <IconLogout size={18} />
              </ActionIcon>
            </Tooltip>
          )}
        </Group>
      ))}
    </Stack>
  );
}

function Doings(props: { person: Person; close: () => void }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const { person } = props;
  const name = person.name;
  const own = person.id === useWho().person?.id;
  const sessions = useSessionsOf(person.login);
  const [made, setMade] = useState<Schema<"LinkOut"> | null>(null);
  const path = { params: { path: { person_id: person.id } } };
  const link = useMutation({
    mutationFn: () => take(api.POST("/api/v1/people/{person_id}/link", path)),
    onSuccess: (answer) => {
      setMade(answer);
      again();
    },
  });
  const blast = (sessions.data?.length ?? 0) === 0 ? undefined : t("people.openSessions", { n: sessions.data?.length ?? 0 });
  return (
    <>
      {link.isError ? <Trouble error={link.error} /> : null}
      <Group gap="xs">
        {person.standing === "active" ? (
          <Tooltip label={t("people.newLinkWhy")} multiline maw={280}>
            <Button variant="default" leftSection={<IconLink size={18} />} loading={link.isPending} onClick={() => link.mutate()}>
              {t("people.newLink")}
            </Button>
          </Tooltip>
        ) : null}
        {person.has_second_factor && !own ? (
          <Button
            variant="default"
            leftSection={<IconShieldOff size={18} />}
            onClick={() =>
              confirm({
                title: t("people.resetFactorAsk", { name }),
                text: t("people.resetFactorText"),
                blast,
                action: t("people.resetFactor"),
                danger: true,
                run: async () => {
                  await take(api.DELETE("/api/v1/people/{person_id}/second-factor", path));
                  again();
                  done(t("people.resetFactorDone", { name }));
                },
              })
            }
          >
            {t("people.resetFactor")}
          </Button>
        ) : null}
        {own ? null : person.standing === "active" ? (
          <Button
            variant="default"
            leftSection={<IconUserOff size={18} />}
            onClick={() =>
              confirm({
                title: t("people.disableAsk", { name }),
                text: t("people.disableText"),
                blast,
                action: t("people.disable"),
                danger: true,
                run: async () => {
                  await change(person, { standing: "disabled" });
                  again();
                  done(t("people.disabled", { name }));
                },
              })
            }
          >
            {t("people.disable")}
          </Button>
        ) : (
          <Button
            leftSection={<IconUserCheck size={18} />}
            onClick={() =>
              void change(person, { standing: "active" }).then(() => {
                again();
                done(t("people.enabled", { name }));
              })
            }
          >
            {t("people.enable")}
          </Button>
        )}
        {own ? null : (
          <Button
            variant="default"
            c="var(--mantine-color-error)"
            leftSection={<IconTrash size={18} />}
            onClick={() =>
              confirm({
                title: t("people.removeAsk", { name }),
                text: t("people.removeText"),
                blast,
                action: t("people.remove"),
                danger: true,
                run: async () => {
                  await take(api.DELETE("/api/v1/people/{person_id}", path));
                  props.close();
                  again();
                  done(t("people.removed", { name }));
                },
              })
            }
          >
            {t("people.remove")}
          </Button>
        )}
      </Group>
      <Modal opened={made !== null} onClose={() => setMade(null)} closeOnClickOutside={false} size="lg" title={t("people.linkTitle", { name })} closeButtonProps={{ "aria-label": words("app.close") }}>
        {made === null ? null : <LinkToHand made={made} close={() => setMade(null)} />}
      </Modal>
    </>
  );
}

function Inside(props: { person: Person; close: () => void }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const aboutState = useAboutState();
  const { person } = props;
  return (
    <Stack gap="lg">
      <Stack gap={6}>
        <Group gap="xs" wrap="nowrap">
          <Text ff="monospace" size="sm" style={{ overflowWrap: "anywhere" }}>
            {person.login}
          </Text>
          <Copy text={person.login} what={person.login} />
        </Group>
        <Group gap="sm">
          <PersonState person={person} />
          <Text size="sm" c="dimmed">
            {aboutState(person)}
          </Text>
        </Group>
      </Stack>
      <Entry key={`${person.id} ${person.name} ${person.role}`} person={person} />
      <Divider label={t("people.sessions")} labelPosition="left" />
      <Sessions person={person} />
      <Divider label={t("people.danger")} labelPosition="left" />
      <Doings person={person} close={props.close} />
      {may("audit:read") ? (
        <Anchor component={Link} to={`/audit?who=${encodeURIComponent(person.id)}`}>
          <Group gap={6}>
            <IconHistory size={18} aria-hidden />
            {t("people.did")}
          </Group>
        </Anchor>
      ) : null}
    </Stack>
  );
}

export function PersonDrawer(props: { person: Person | undefined; close: () => void }) {
  const { t: words } = useTexts(common);
  const [shown, setShown] = useState<Person | undefined>(props.person);
  if (props.person !== undefined && props.person !== shown) setShown(props.person);
  return (
    <Drawer
      opened={props.person !== undefined}
      onClose={props.close}
      onExitTransitionEnd={() => setShown(undefined)}
      position="right"
      size="md"
      title={shown === undefined ? null : <SafeText text={shown.name} most={60} />}
      closeButtonProps={{ "aria-label": words("app.close") }}
    >
      {shown === undefined ? null : <Inside person={shown} close={props.close} />}
    </Drawer>
  );
}
