import { ActionIcon, Box, Burger, Group, Menu, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import {
  IconApi,
  IconCheck,
  IconDeviceDesktop,
  IconKeyboard,
  IconLanguage,
  IconLogout,
  IconMoon,
  IconSearch,
  IconSun,
  IconUser,
  IconUserCircle,
} from "@tabler/icons-react";
import { memo } from "react";
import { api, savePreferences, signedOut, take, useWho } from "@/api";
import { chooseLanguage, common, LANGUAGES, useTexts } from "@/i18n";
import { Link, navigate } from "@/route";
import { failed, visible, wordOfRole } from "@/ui";
import { isApple, Keys } from "./Keys.tsx";
import { LiveAge } from "./LiveAge.tsx";
import { Mark } from "./Mark.tsx";
import { openPalette } from "./palette.ts";
import classes from "./shell.module.css";

const SCHEMES = [
  ["auto", "app.colorsAuto", IconDeviceDesktop],
  ["light", "app.colorsLight", IconSun],
  ["dark", "app.colorsDark", IconMoon],
] as const;
const NAMES = { en: "English", de: "Deutsch" } as const;

function ColorMenu() {
  const { t } = useTexts(common);
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Shown = SCHEMES.find(([scheme]) => scheme === colorScheme)?.[2] ?? IconDeviceDesktop;
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon variant="default" size={36} aria-label={t("app.colors")}>
          <Shown size={18} stroke={1.7} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t("app.colors")}</Menu.Label>
        {SCHEMES.map(([scheme, key, SchemeIcon]) => (
          <Menu.Item
            key={scheme}
            leftSection={<SchemeIcon size={16} />}
            rightSection={scheme === colorScheme ? <IconCheck size={16} /> : null}
            aria-current={scheme === colorScheme}
            onClick={() => {
              setColorScheme(scheme);
              void savePreferences({ theme: scheme });
            }}
          >
            {t(key)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

export async function signOut(): Promise<void> {
  try {
    await take(api.DELETE("/api/v1/session"));
  } catch (error) {
    failed(error);
    return;
  }
  signedOut();
  navigate("/");
}

function AccountMenu(props: { help: () => void }) {
  const { t, language } = useTexts(common);
  const who = useWho();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Menu width={250}>
      <Menu.Target>
        <ActionIcon variant="default" size={36} aria-label={t("app.account", { name: visible((who.person?.name ?? who.name).slice(0, 60)) })}>
          <IconUserCircle size={20} stroke={1.7} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <bdi>{visible((who.person?.name ?? who.name).slice(0, 60))}</bdi>
          {who.person ? ` · ${wordOfRole(who.person.role)}` : ""}
        </Menu.Label>
        <Menu.Item leftSection={<IconUser size={16} />} component={Link} to="/profile">
          {t("app.profile")}
        </Menu.Item>
        <Menu.Item leftSection={<IconKeyboard size={16} />} rightSection={<Keys keys="?" />} onClick={props.help}>
          {t("app.help")}
        </Menu.Item>
        <Menu.Item leftSection={<IconApi size={16} />} component="a" href="/api/docs">
          {t("app.apiDocs")}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t("app.language")}</Menu.Label>
        {LANGUAGES.map((each) => (
          <Menu.Item
            key={each}
            lang={each}
            leftSection={<IconLanguage size={16} />}
            rightSection={each === language ? <IconCheck size={16} /> : null}
            aria-current={each === language}
            onClick={() => {
              chooseLanguage(each);
              void savePreferences({ language: each });
            }}
          >
            {NAMES[each]}
          </Menu.Item>
        ))}
        <Menu.Divider hiddenFrom="xs" />
        {SCHEMES.map(([scheme, key, SchemeIcon]) => (
          <Menu.Item
            key={scheme}
            hiddenFrom="xs"
            leftSection={<SchemeIcon size={16} />}
            rightSection={scheme === colorScheme ? <IconCheck size={16} /> : null}
            aria-current={scheme === colorScheme}
            onClick={() => {
              setColorScheme(scheme);
              void savePreferences({ theme: scheme });
            }}
          >
            {t(key)}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void signOut()}>
          {t("app.signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function HeaderView(props: { opened: boolean; toggle: () => void; help: () => void }) {
  const { t } = useTexts(common);
  return (
    <Group h="100%" px="md" justify="space-between" wrap="nowrap" gap="sm">
      <Group gap="xs" wrap="nowrap">
        <Burger opened={props.opened} onClick={props.toggle} hiddenFrom="sm" size="sm" aria-label={t("app.menu")} aria-expanded={props.opened} />
        <Link to="/" className={classes.mark} aria-label="voltloom">
          <Mark />
          <span className={classes.name}>voltloom</span>
        </Link>
      </Group>
      <UnstyledButton className={classes.find ?? ""} onClick={openPalette} aria-keyshortcuts={isApple ? "Meta+K" : "Control+K"}>
        <IconSearch size={16} stroke={1.7} aria-hidden />
        <span className={classes.findLong}>{t("app.find")}</span>
        <span className={classes.findShort}>{t("app.findShort")}</span>
        <span aria-hidden className={classes.findKeys}>
          <Keys keys={isApple ? "⌘ K" : "Ctrl K"} />
        </span>
      </UnstyledButton>
      <Group gap="xs" wrap="nowrap">
        <LiveAge />
        <Box visibleFrom="xs">
          <ColorMenu />
        </Box>
        <AccountMenu help={props.help} />
      </Group>
    </Group>
  );
}

/** It is the same on every page. */
export const Header = memo(HeaderView);
