import { ActionIcon, Button, Menu, Tabs, Text } from "@mantine/core";
import { IconBan, IconCheck, IconDots, IconFileTypeCsv, IconFilterOff, IconJson, IconNfc, IconPlus, IconTransfer, IconTrash, IconUpload, IconUsersGroup } from "@tabler/icons-react";
import { useMemo } from "react";
import { useMay } from "@/api";
import { useTexts } from "@/i18n";
import { Link, navigate, pathOf, useFilters } from "@/route";
import { type Column, Empty, FilterBar, Id, PageHeader, SafeText, SavedViews, StateBadge, Time, Trouble, Unknown, VirtualTable, wordOf } from "@/ui";
import { askRemove, setBlocked } from "./acts.ts";
import { Groups } from "./Groups.tsx";
import { kindText } from "./kinds.ts";
import { NO_FILTERS, STANDINGS, type Token, tokenId, useGroups, useTokens } from "./queries.ts";
import { texts } from "./texts.ts";
import { TokenDialog } from "./TokenForm.tsx";

const ADDRESS = { ...NO_FILTERS, tab: "", add: "" };

const isIn = (group: string | null | undefined): group is string => typeof group === "string";
const whereTo = (token: Token): string => pathOf("tokens", token.value);

function RowMenu(props: { of: Token }) {
  const { t } = useTexts(texts);
  const { of } = props;
  const blocked = of.state === "blocked";
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t("tokens.more", { value: of.value.slice(0, 40) })}>
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={blocked ? <IconCheck size={16} /> : <IconBan size={16} />} onClick={() => void setBlocked(of, !blocked)}>
          {blocked ? t("tokens.unblock") : t("tokens.block")}
        </Menu.Item>
        <Menu.Item leftSection={<IconTrash size={16} />} onClick={() => askRemove(of, () => undefined)}>
          {t("tokens.remove")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function useColumns(): readonly Column<Token>[] {
  const { t } = useTexts(texts);
  const mayWrite = useMay()("tokens:write");
  const { groups } = useGroups();
  const nameOf = useMemo(() => new Map(groups.map((group) => [group.id, group.name])), [groups]);
  return useMemo(
    (): readonly Column<Token>[] => [
      { id: "value", title: t("tokens.value"), min: 190, grow: 1.3, keep: true, card: "title", cell: (row) => <Id id={row.value} to={whereTo(row)} copy /> },
      { id: "standing", title: t("tokens.standing"), min: 150, keep: true, card: "aside", cell: (row) => <StateBadge state={row.standing} size="sm" /> },
      { id: "holder", title: t("tokens.holder"), min: 150, cell: (row) => (row.holder === "" ? <Unknown /> : <SafeText text={row.holder} most={40} />) },
      {
        id: "running",
        title: t("tokens.running"),
        min: 130,
        cell: (row) => (row.running === 0 ? <Text span c="dimmed" role="img" aria-label={t("tokens.notRunning")}>–</Text> : <StateBadge state="Charging" size="sm" label={t("tokens.runningNow", { n: row.running })} />),
      },
      { id: "group", title: t("tokens.group"), min: 130, cell: (row) => (isIn(row.group) ? <SafeText text={nameOf.get(row.group) || row.group} most={40} /> : <Unknown />) },
      { id: "until", title: t("tokens.validUntil"), min: 130, card: "none", cell: (row) => (!row.valid_until ? <Text span c="dimmed" size="sm">{t("tokens.forever")}</Text> : <Time at={row.valid_until} />) },
      { id: "kind", title: t("tokens.kind"), min: 190, card: "none", cell: (row) => kindText(row.kind) },
      { id: "allowed", title: t("tokens.allowedShort"), min: 110, align: "end", hidden: true, card: "none", cell: (row) => (row.allowed === null ? t("tokens.any") : String(row.allowed)) },
      { id: "note", title: t("tokens.note"), min: 160, grow: 1.5, hidden: true, card: "none", cell: (row) => (row.note === "" ? null : <SafeText text={row.note} most={60} />) },
      ...(mayWrite ? [{ id: "menu", title: "", min: 52, grow: 0, keep: true, align: "end", card: "aside", cell: (row) => <RowMenu of={row} /> } satisfies Column<Token>] : []),
    ],
    [t, mayWrite, nameOf],
  );
}

function Tokens(props: { add: () => void }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const [address, setAddress] = useFilters<keyof typeof ADDRESS>(ADDRESS);
  const { q, standing, group } = address;
  const wanted = useMemo(() => ({ q, standing, group }), [q, standing, group]);
  const found = useTokens(wanted);
  const { groups } = useGroups();
  const columns = useColumns();
  const isFiltered = q !== "" || standing !== "" || group !== "";
  const empty = isFiltered ? (
    <Empty icon={IconFilterOff} title={t("tokens.noneFound")} text={t("tokens.noneFoundText")}>
      <Button variant="default" onClick={() => setAddress(NO_FILTERS)}>
        {t("tokens.showAll")}
      </Button>
    </Empty>
  ) : (
    <Empty icon={IconNfc} title={t("tokens.noneYet")} text={t("tokens.noneYetText")}>
      {may("tokens:write") ? (
        <Button leftSection={<IconPlus size={16} />} onClick={props.add}>
          {t("tokens.add")}
        </Button>
      ) : null}
    </Empty>
  );
  return (
    <>
      <FilterBar
        values={address}
        defaults={ADDRESS}
        onChange={setAddress}
        filters={[
          { kind: "search", name: "q", label: t("tokens.search") },
          { kind: "choice", name: "standing", label: t("tokens.standing"), options: STANDINGS.map((each) => ({ value: each, label: wordOf(each) })) },
          { kind: "choice", name: "group", label: t("tokens.group"), options: groups.map((each) => ({ value: each.id, label: each.name || each.id, count: each.members })), searchable: true },
        ]}
      />
      {found.isError && found.rows.length === 0 ? (
        <Trouble error={found.error} retry={() => void found.refetch()} />
      ) : (
        <VirtualTable
          id="tokens"
          label={t("tokens.title")}
          rows={found.rows}
          columns={columns}
          rowId={tokenId}
          to={whereTo}
          loading={found.isPending}
          empty={empty}
          more={{ has: found.hasNextPage, loading: found.isFetchingNextPage, load: () => void found.fetchNextPage() }}
        />
      )}
    </>
  );
}

export default function TokensPage() {
  const { t } = useTexts(texts);
  const may = useMay();
  const [address, setAddress] = useFilters<keyof typeof ADDRESS>(ADDRESS);
  const onGroups = address.tab === "groups";
  const mayWrite = may("tokens:write");
  return (
    <>
      <PageHeader title={t("tokens.title")}>
        <SavedViews room="tokens" />
        <Menu>
          <Menu.Target>
            <Button variant="default" leftSection={<IconTransfer size={16} stroke={1.7} />}>
              {t("tokens.files")}
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {mayWrite ? (
              <>
                <Menu.Item component={Link} to="/tokens/import" leftSection={<IconUpload size={16} />}>
                  {t("tokens.import")}
                </Menu.Item>
                <Menu.Divider />
              </>
            ) : null}
            <Menu.Label>{t("tokens.exportAll")}</Menu.Label>
            <Menu.Item component="a" href="/api/v1/tokens/export?format=csv" download leftSection={<IconFileTypeCsv size={16} />}>
              CSV
            </Menu.Item>
            <Menu.Item component="a" href="/api/v1/tokens/export?format=jsonl" download leftSection={<IconJson size={16} />}>
              JSON Lines
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
        {mayWrite ? (
          <Button leftSection={<IconPlus size={16} />} onClick={() => setAddress({ add: "1" })}>
            {t("tokens.add")}
          </Button>
        ) : null}
      </PageHeader>
      <Tabs value={onGroups ? "groups" : "tokens"} onChange={(tab) => setAddress({ tab: tab === "groups" ? "groups" : "" })} mb="md">
        <Tabs.List>
          <Tabs.Tab value="tokens" leftSection={<IconNfc size={16} aria-hidden />}>
            {t("tokens.title")}
          </Tabs.Tab>
          <Tabs.Tab value="groups" leftSection={<IconUsersGroup size={16} aria-hidden />}>
            {t("groups.title")}
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="tokens" pt="md">
          {onGroups ? null : <Tokens add={() => setAddress({ add: "1" })} />}
        </Tabs.Panel>
        <Tabs.Panel value="groups" pt="md">
          {onGroups ? <Groups /> : null}
        </Tabs.Panel>
      </Tabs>
      {mayWrite ? (
        <TokenDialog
          opened={address.add !== ""}
          token={null}
          leave={() => setAddress({ add: "" })}
          saved={(token) => navigate(pathOf("tokens", token.value))}
        />
      ) : null}
    </>
  );
}
