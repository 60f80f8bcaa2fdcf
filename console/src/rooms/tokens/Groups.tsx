/** Groups of tokens: whoever is in one may end what another of it began. */
import { ActionIcon, Badge, Button, Group as Row, Menu, Modal, Stack, Switch, Text, TextInput } from "@mantine/core";
import { IconBan, IconCheck, IconDots, IconPencil, IconPlus, IconTrash, IconUsersGroup } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { api, queries, take, useMay } from "@/api";
import { common, useTexts } from "@/i18n";
import { type Column, done, Empty, Id, SafeText, StateBadge, Trouble, VirtualTable } from "@/ui";
import { askRemoveGroup, setGroupBlocked } from "./acts.ts";
import { type Group, groupId, useGroups } from "./queries.ts";
import { texts } from "./texts.ts";

function GroupForm(props: { group: Group | null; leave: () => void }) {
  const { t } = useTexts(texts);
  const { t: tc } = useTexts(common);
  const { group, leave } = props;
  const [id, setId] = useState(group?.id ?? "");
  const [name, setName] = useState(group?.name ?? "");
  const [master, setMaster] = useState(group?.master ?? false);
  const save = useMutation({
    mutationFn: () =>
      take(
        api.PUT("/api/v1/token-groups/{group_id}", {
          params: { path: { group_id: id.trim() } },
          body: { name: name.trim(), master, blocked: group?.blocked ?? false },
        }),
      ),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["tokens"] });
      done(t("groups.saved"));
      leave();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack>
        {group === null ? (
          <TextInput label={t("groups.id")} description={t("groups.idHint")} required maxLength={36} spellCheck={false} data-autofocus value={id} onChange={(event) => setId(event.currentTarget.value)} />
        ) : null}
        <TextInput label={t("groups.name")} maxLength={200} data-autofocus={group !== null || undefined} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <Switch label={t("groups.master")} description={t("groups.masterHint")} checked={master} onChange={(event) => setMaster(event.currentTarget.checked)} />
        {save.isError ? <Trouble error={save.error} /> : null}
        <Row justify="flex-end">
          <Button variant="default" onClick={leave}>
            {tc("ui.cancel")}
          </Button>
          <Button type="submit" loading={save.isPending} disabled={id.trim() === ""}>
            {t("tokens.save")}
          </Button>
        </Row>
      </Stack>
    </form>
  );
}

function GroupMenu(props: { of: Group; edit: () => void }) {
  const { t } = useTexts(texts);
  const { of } = props;
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t("tokens.more", { value: of.id })}>
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconPencil size={16} />} onClick={props.edit}>
          {t("tokens.edit")}
        </Menu.Item>
        <Menu.Item leftSection={of.blocked ? <IconCheck size={16} /> : <IconBan size={16} />} onClick={() => void setGroupBlocked(of, !of.blocked)}>
          {of.blocked ? t("tokens.unblock") : t("tokens.block")}
        </Menu.Item>
        <Menu.Item leftSection={<IconTrash size={16} />} disabled={of.members > 0} onClick={() => askRemoveGroup(of)}>
          {of.members > 0 ? t("groups.removeNotEmpty") : t("tokens.remove")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

const whereTo = (group: Group): string => `/tokens?group=${encodeURIComponent(group.id)}`;

export function Groups() {
  const { t } = useTexts(texts);
  const { t: tc } = useTexts(common);
  const mayWrite = useMay()("tokens:write");
  const { groups, isPending, isError, error, refetch } = useGroups();
  const [opened, setOpened] = useState(false);
  const [edited, setEdited] = useState<Group | null>(null);
  const open = (group: Group | null): void => {
    setEdited(group);
    setOpened(true);
  };
  const columns = useMemo(
    (): readonly Column<Group>[] => [
      { id: "id", title: t("groups.id"), min: 150, keep: true, card: "title", cell: (row) => <Id id={row.id} to={whereTo(row)} copy /> },
      { id: "standing", title: t("tokens.standing"), min: 130, keep: true, card: "aside", cell: (row) => <StateBadge state={row.blocked ? "Blocked" : "Accepted"} size="sm" /> },
      { id: "name", title: t("groups.name"), min: 160, grow: 2, cell: (row) => <SafeText text={row.name} most={60} /> },
      { id: "members", title: t("groups.members"), min: 100, align: "end", cell: (row) => t("groups.memberCount", { n: row.members }) },
      { id: "master", title: t("groups.masterShort"), min: 150, card: "line", cell: (row) => (row.master ? <Badge variant="default">{t("groups.masterBadge")}</Badge> : <Text span c="dimmed">–</Text>) },
      ...(mayWrite ? [{ id: "menu", title: "", min: 52, grow: 0, keep: true, align: "end", card: "aside", cell: (row) => <GroupMenu of={row} edit={() => open(row)} /> } satisfies Column<Group>] : []),
    ],
    [t, mayWrite],
  );
  const add = mayWrite ? (
    <Button leftSection={<IconPlus size={16} />} size="xs" variant="default" onClick={() => open(null)}>
      {t("groups.add")}
    </Button>
  ) : null;
  return (
    <>
      {isError && groups.length === 0 ? (
        <Trouble error={error} retry={() => void refetch()} />
      ) : (
        <VirtualTable
          id="token-groups"
          label={t("groups.title")}
          rows={groups}
          columns={columns}
          rowId={groupId}
          to={whereTo}
          loading={isPending}
          beside={add}
          empty={<Empty icon={IconUsersGroup} title={t("groups.none")} text={t("groups.noneText")} />}
        />
      )}
      <Modal opened={opened} onClose={() => setOpened(false)} title={edited === null ? t("groups.addTitle") : t("groups.editTitle", { id: edited.id })} closeButtonProps={{ "aria-label": tc("app.close") }}>
        <GroupForm key={edited?.id ?? ""} group={edited} leave={() => setOpened(false)} />
      </Modal>
    </>
  );
}
