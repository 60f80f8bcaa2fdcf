/** The quiet pages: nothing here, not for your role, broken. */
import { Anchor, Button, Code, Group } from "@mantine/core";
import { IconError404, IconLock, IconMoodSad, IconRefresh, IconShieldLock } from "@tabler/icons-react";
import { Component, type ReactNode } from "react";
import { type Scope, useWho } from "@/api";
import { common, useTexts } from "@/i18n";
import { Link, unquoted, usePath } from "@/route";
import { Empty, useTitle, visible } from "@/ui";

export function Missing() {
  const { t, rich } = useTexts(common);
  const path = usePath();
  useTitle(t("missing.title"));
  return (
    <Empty icon={IconError404} title={t("missing.title")} text={rich("missing.text", { path: <Code><bdi>{visible(unquoted(path)).slice(0, 200)}</bdi></Code> })}>
      <Anchor component={Link} to="/">
        {t("missing.home")}
      </Anchor>
    </Empty>
  );
}

export function NotAllowed(props: { scope: Scope }) {
  const { t, rich } = useTexts(common);
  const who = useWho();
  const factorFirst = who.second_factor === "required";
  useTitle(t(factorFirst ? "factorFirst.title" : "forbidden.title"));
  if (factorFirst) {
    return (
      <Empty icon={IconShieldLock} title={t("factorFirst.title")} text={t("factorFirst.text")}>
        <Button component={Link} to="/profile#second-factor">
          {t("factorFirst.go")}
        </Button>
      </Empty>
    );
  }
  return (
    <Empty
      icon={IconLock}
      title={t("forbidden.title")}
      text={rich("forbidden.text", { scope: <Code>{props.scope}</Code>, name: <strong><bdi>{visible(who.name).slice(0, 80)}</bdi></strong> })}
    />
  );
}

function Broken(props: { error: Error }) {
  const { t } = useTexts(common);
  // A part of the pages that is no longer there: the server was updated while this page was open.
  const old = /dynamically imported module|module script|Unable to preload/i.test(props.error.message);
  return (
    <Empty icon={old ? IconRefresh : IconMoodSad} title={old ? t("broken.new") : t("broken.title")} text={old ? t("broken.newText") : t("broken.text")}>
      <Group>
        <Button onClick={() => location.reload()}>{t("broken.reload")}</Button>
      </Group>
      {old ? null : <Code>{props.error.message.slice(0, 300)}</Code>}
    </Empty>
  );
}

/** What breaks in a room leaves the shell standing. key: another address is another try; quiet: nothing stands in its place. */
export class Wall extends Component<{ children: ReactNode; quiet?: boolean }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children;
    return this.props.quiet === true ? null : <Broken error={this.state.error} />;
  }
}
