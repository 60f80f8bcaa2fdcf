import { Anchor, Badge, Button, Group, Stack, Text } from "@mantine/core";
import { IconShieldCheck, IconUserPlus, IconUserSearch } from "@tabler/icons-react";
import { useMemo } from "react";
import { useWho } from "@/api";
import { Age, type Column, Empty, type Filter, FilterBar, PageHeader, Panel, RoleName, ROLES, RolesTable, roleTexts, SafeText, Time, Trouble, VirtualTable } from "@/ui";
import { useTexts } from "@/i18n";
import { useNow } from "@/live";
import { useFilters } from "@/route";
import { Invite } from "./Invite.tsx";
import { isHere, type Person, STANDINGS, standingOf, usePeople } from "./people.ts";
import { PersonDrawer } from "./PersonDrawer.tsx";
import { LOOKS, PersonState } from "./PersonState.tsx";
import { texts } from "./texts.ts";

const DEFAULTS = { q: "", role: "", state: "", sort: "login", person: "", invite: "" } as const;

function LastSeen(props: { person: Person }) {
  const { t } = useTexts(texts);
  const now = useNow(10_000);
  return isHere(props.person, now) ? (
    <Group gap={6} wrap="nowrap" data-tone="free" c="var(--tone-text)" fw={600}>
      {t("people.here")}
    </Group>
  ) : (
    <Age at={props.person.last_seen_at} never={t("people.never")} />
  );
}

function useColumns(): readonly Column<Person>[] {
  const { t } = useTexts(texts);
  const me = useWho().person?.id;
  return useMemo(
    () => [
      {
        id: "login",
        title: t("people.person"),
        keep: true,
        min: 220,
        grow: 3,
        card: "title",
        sort: (person) => person.name,
        cell: (person) => (
          <Stack gap={0} miw={0}>
            <Group gap={6} wrap="nowrap">
              <Text span inherit fw={600} truncate>
                <SafeText text={person.name} most={40} />
              </Text>
              {person.id === me ? (
                <Badge size="xs" variant="light" tt="none">
                  {t("people.you")}
                </Badge>
              ) : null}
            </Group>
            {person.name === person.login ? null : (
              <Text span size="xs" c="dimmed" truncate>
                <bdi>{person.login}</bdi>
              </Text>
            )}
          </Stack>
        ),
      },
      { id: "role", title: t("people.role"), min: 150, sort: (person) => -ROLES.indexOf(person.role), cell: (person) => <RoleName role={person.role} /> },
      { id: "state", title: t("people.state"), min: 190, card: "aside", sort: (person) => standingOf(person, new Date()), cell: (person) => <PersonState person={person} /> },
      { id: "seen", title: t("people.lastSeen"), min: 130, sort: (person) => (person.last_seen_at == null ? null : -new Date(person.last_seen_at).getTime()), cell: (person) => <LastSeen person={person} /> },
      {
        id: "factor",
        title: t("people.factor"),
        min: 130,
        sort: (person) => (person.has_second_factor ? 0 : 1),
        cell: (person) =>
          person.has_second_factor ? (
            <Group gap={4} wrap="nowrap">
              <IconShieldCheck size={16} aria-hidden />
              {t("people.on")}
            </Group>
          ) : (
            <Text span inherit c="dimmed">
              {t("people.off")}
            </Text>
          ),
      },
      { id: "since", title: t("people.since"), min: 120, card: "none", sort: (person) => new Date(person.created_at).getTime(), cell: (person) => <Time at={person.created_at} style="date" /> },
    ],
    [t, me],
  );
}

export default function PeoplePage() {
  const { t } = useTexts(texts);
  const { t: role } = useTexts(roleTexts);
  const [filters, setFilters] = useFilters<keyof typeof DEFAULTS>(DEFAULTS);
  const people = usePeople();
  const columns = useColumns();
  const myRole = useWho().person?.role;
  const all = useMemo(() => people.data ?? [], [people.data]);
  const rows = useMemo(() => {
    const words = filters.q.toLowerCase().split(/\s+/).filter(Boolean);
    const now = new Date();
    return all.filter(
      (person) =>
        (filters.role === "" || person.role === filters.role) &&
        (filters.state === "" || standingOf(person, now) === filters.state) &&
        words.every((word) => `${person.name} ${person.login}`.toLowerCase().includes(word)),
    );
  }, [all, filters.q, filters.role, filters.state]);
  const bars: Filter<keyof typeof DEFAULTS>[] = [
    { kind: "search", name: "q", label: t("people.find") },
    { kind: "choice", name: "role", label: t("people.role"), options: ROLES.map((each) => ({ value: each, label: role(`role.${each}`) })) },
    { kind: "choice", name: "state", label: t("people.state"), options: STANDINGS.map((standing) => ({ value: standing, label: t(LOOKS[standing].word) })) },
  ];
  const person = all.find((each) => each.id === filters.person);
  return (
    <>
      <PageHeader
        title={t("people.title")}
        detail={
          <>
            {t("people.detail")} <Anchor href="#roles" underline="always">{t("people.roles")}</Anchor>
          </>
        }
      >
        <Button leftSection={<IconUserPlus size={18} />} onClick={() => setFilters({ invite: "1" })}>
          {t("people.invite")}
        </Button>
      </PageHeader>
      <FilterBar filters={bars} values={filters} defaults={DEFAULTS} onChange={setFilters} />
      {people.isError ? (
        <Trouble error={people.error} retry={() => void people.refetch()} />
      ) : (
        <VirtualTable
          id="people"
          label={t("people.title")}
          rows={rows}
          columns={columns}
          rowId={(each) => each.id}
          rowHeight={52}
          onOpen={(each) => setFilters({ person: each.id })}
          sort={filters.sort}
          onSort={(sort) => setFilters({ sort })}
          loading={people.isPending}
          empty={<Empty icon={IconUserSearch} title={t("people.none")} text={t("people.noneText")} />}
        />
      )}
      <Stack mt="xl">
        <Panel title={t("people.roles")} id="roles" flush>
          <RolesTable mine={myRole} />
        </Panel>
      </Stack>
      <PersonDrawer person={person} close={() => setFilters({ person: "" })} />
      <Invite opened={filters.invite !== ""} close={() => setFilters({ invite: "" })} />
    </>
  );
}
