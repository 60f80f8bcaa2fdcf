import { Anchor, Button, Group, Stack, Text, Tooltip } from "@mantine/core";
import { IconKey, IconPlus } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTexts } from "@/i18n";
import { useFilters } from "@/route";
import { Age, type Column, Empty, type Filter, FilterBar, PageHeader, SafeText, Time, Trouble, VirtualTable } from "@/ui";
import { Actor } from "@/ui/words/Actor.tsx";
import { KeyDrawer } from "./KeyDrawer.tsx";
import { KeyBadge, LOOKS, useGrantWords } from "./KeyBadge.tsx";
import { type ApiKey, isGood, KEY_STATES, stateOf, useKeys } from "./keys.ts";
import { Make } from "./Make.tsx";
import { texts } from "./texts.ts";

const DEFAULTS = { q: "", state: "", sort: "name", key: "", make: "" } as const;

function Grants(props: { grants: readonly string[] }) {
  const words = useGrantWords()(props.grants);
  const [first, ...more] = words;
  if (more.length === 0) return <span>{first}</span>;
  return (
    <Tooltip multiline maw={360} label={words.join(" · ")}>
      <span tabIndex={0}>
        {first} <Text span inherit c="dimmed">{`+${more.length}`}</Text>
      </span>
    </Tooltip>
  );
}

function useColumns(): readonly Column<ApiKey>[] {
  const { t } = useTexts(texts);
  return useMemo(
    () => [
      {
        id: "name",
        title: t("keys.name"),
        keep: true,
        min: 190,
        grow: 2,
        card: "title",
        sort: (key) => key.name,
        cell: (key) => (
          <Stack gap={0} miw={0}>
            <Text span inherit fw={600} truncate>
              <SafeText text={key.name} most={50} />
            </Text>
            <Text span size="xs" c="dimmed" ff="monospace">
              {key.start}…
            </Text>
          </Stack>
        ),
      },
      { id: "state", title: t("keys.state"), min: 140, card: "aside", sort: (key) => KEY_STATES.indexOf(stateOf(key, new Date())), cell: (key) => <KeyBadge apiKey={key} /> },
      { id: "may", title: t("keys.may"), min: 180, grow: 2, sort: (key) => key.grants.join(), cell: (key) => <Grants grants={key.grants} /> },
      { id: "used", title: t("keys.lastUsed"), min: 130, sort: (key) => (key.last_used_at === null ? null : -new Date(key.last_used_at).getTime()), cell: (key) => <Age at={key.last_used_at} never={t("keys.notUsed")} /> },
      {
        id: "expires",
        title: t("keys.expires"),
        min: 130,
        sort: (key) => (key.expires_at === null ? null : new Date(key.expires_at).getTime()),
        cell: (key) => (key.expires_at === null ? <Text span inherit c="dimmed">{t("keys.never")}</Text> : <Time at={key.expires_at} style="date" />),
      },
      { id: "by", title: t("keys.by"), min: 140, card: "none", sort: (key) => key.created_by, cell: (key) => <Actor name={key.created_by} most={30} /> },
      { id: "made", title: t("keys.made"), min: 120, card: "none", sort: (key) => new Date(key.created_at).getTime(), cell: (key) => <Time at={key.created_at} style="date" /> },
    ],
    [t],
  );
}

export default function KeysPage() {
  const { t } = useTexts(texts);
  const [filters, setFilters] = useFilters<keyof typeof DEFAULTS>(DEFAULTS);
  const keys = useKeys();
  const columns = useColumns();
  const all = useMemo(() => keys.data ?? [], [keys.data]);
  const rows = useMemo(() => {
    const now = new Date();
    const words = filters.q.toLowerCase().split(/\s+/).filter(Boolean);
    return all.filter((key) => {
      const state = stateOf(key, now);
      return (
        (filters.state === "" ? isGood(state) : state === filters.state) && words.every((word) => `${key.name} ${key.start} ${key.created_by}`.toLowerCase().includes(word))
      );
    });
  }, [all, filters.q, filters.state]);
  const bars: Filter<keyof typeof DEFAULTS>[] = [
    { kind: "search", name: "q", label: t("keys.find") },
    { kind: "choice", name: "state", label: t("keys.state"), options: KEY_STATES.map((state) => ({ value: state, label: t(LOOKS[state].word) })) },
  ];
  const make = (): void => setFilters({ make: "1" });
  return (
    <>
      <PageHeader
        title={t("keys.title")}
        detail={
          <>
            {t("keys.detail")}{" "}
            <Anchor href="/api/docs" underline="always">
              {t("keys.docs")}
            </Anchor>
          </>
        }
      >
        <Button leftSection={<IconPlus size={18} />} onClick={make}>
          {t("keys.make")}
        </Button>
      </PageHeader>
      <FilterBar filters={bars} values={filters} defaults={DEFAULTS} onChange={setFilters} />
      {keys.isError ? (
        <Trouble error={keys.error} retry={() => void keys.refetch()} />
      ) : (
        <VirtualTable
          id="keys"
          label={t("keys.title")}
          rows={rows}
          columns={columns}
          rowId={(key) => key.id}
          rowHeight={52}
          onOpen={(key) => setFilters({ key: key.id })}
          sort={filters.sort}
          onSort={(sort) => setFilters({ sort })}
          loading={keys.isPending}
          empty={
            all.length === 0 ? (
              <Empty icon={IconKey} title={t("keys.none")} text={t("keys.noneText")}>
                <Group>
                  <Button onClick={make}>{t("keys.make")}</Button>
                </Group>
              </Empty>
            ) : (
              <Empty icon={IconKey} title={t("keys.noneLike")} text={t("keys.noneLikeText")} />
            )
          }
        />
      )}
      <KeyDrawer apiKey={all.find((key) => key.id === filters.key)} close={() => setFilters({ key: "" })} />
      <Make opened={filters.make !== ""} close={() => setFilters({ make: "" })} />
    </>
  );
}
