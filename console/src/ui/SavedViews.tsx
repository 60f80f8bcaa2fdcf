/** Filters kept under a name, and taken up again: a view is what stands behind the ? of the address. */
import { ActionIcon, Button, Group, Menu, Text, TextInput } from "@mantine/core";
import { IconBookmarks, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { common, useTexts } from "@/i18n";
import { navigate, usePath, useSearchText } from "@/route";
import { visible } from "./basics.tsx";
import { useViews } from "./views.ts";

const MOST_LETTERS = 60;

export function SavedViews(props: { room: string }) {
  const { t } = useTexts(common);
  const path = usePath();
  const search = useSearchText();
  const { views, keep, remove } = useViews(props.room);
  const [name, setName] = useState("");
  const here = views.find((view) => view.search === search);
  return (
    <Menu width={280} closeOnItemClick>
      <Menu.Target>
        <Button variant="default" leftSection={<IconBookmarks size={16} stroke={1.7} />}>
          {here === undefined ? t("ui.views") : visible(here.name)}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {views.length === 0 ? (
          <Text size="sm" c="dimmed" p="xs">
            {t("ui.viewNone")}
          </Text>
        ) : (
          views.map((view) => (
            <Group key={view.name} gap={0} wrap="nowrap">
              <Menu.Item flex={1} aria-current={view === here} onClick={() => navigate(`${path}${view.search === "" ? "" : `?${view.search}`}`)}>
                <bdi>{visible(view.name)}</bdi>
              </Menu.Item>
              <ActionIcon variant="subtle" color="gray" aria-label={t("ui.viewRemove", { name: view.name })} onClick={() => remove(view.name)}>
                <IconTrash size={16} />
              </ActionIcon>
            </Group>
          ))
        )}
        <Menu.Divider />
        <form
          onSubmit={(event) => {
            event.preventDefault();
            const text = name.trim();
            if (text === "") return;
            keep(text, search);
            setName("");
          }}
        >
          <Group gap="xs" p="xs" wrap="nowrap" align="flex-end">
            <TextInput
              size="xs"
              flex={1}
              label={t("ui.viewName")}
              maxLength={MOST_LETTERS}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              // The menu walks its items by letters; here they are a name.
              onKeyDown={(event) => event.stopPropagation()}
            />
            <Button size="xs" type="submit" disabled={name.trim() === ""}>
              {t("ui.keep")}
            </Button>
          </Group>
        </form>
      </Menu.Dropdown>
    </Menu>
  );
}
