/** A station: who it is and how it is, above the tab one looks at. */
import { Anchor, Box, Group, Tabs, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import {
  IconActivity,
  IconAdjustments,
  IconArrowsExchange,
  IconBolt,
  IconHistory,
  IconPlugConnectedX,
  IconTerminal2,
} from "@tabler/icons-react";
import { lazy, type ReactNode, Suspense } from "react";
import { Problem, type Scope, useMay } from "@/api";
import { useTexts } from "@/i18n";
import { useStation } from "@/live";
import { Link, navigate, pathOf, useParams } from "@/route";
import { Age, Copy, Empty, PageHeader, SafeText, Skeletons, StateBadge, Trouble, visible } from "@/ui";
import { Actions } from "./Actions.tsx";
import { type Detail, useDetail, useKeptCurrent, useSites } from "./data.ts";
import { versionOf } from "./knowledge.ts";
import classes from "./station.module.css";
import { texts } from "./texts.ts";

const TABS = [
  { id: "now", icon: IconActivity, needs: "stations:read" },
  { id: "messages", icon: IconArrowsExchange, needs: "messages:read" },
  { id: "settings", icon: IconAdjustments, needs: "stations:read" },
  { id: "commands", icon: IconTerminal2, needs: "stations:read" },
  { id: "transactions", icon: IconBolt, needs: "transactions:read" },
  { id: "history", icon: IconHistory, needs: "stations:read" },
] as const satisfies readonly { id: string; icon: unknown; needs: Scope }[];
type Tab = (typeof TABS)[number]["id"];

const CONTENT = {
  now: lazy(() => import("./Now.tsx")),
  messages: lazy(() => import("./Messages.tsx")),
  settings: lazy(() => import("./Settings.tsx")),
  commands: lazy(() => import("./Commands.tsx")),
  transactions: lazy(() => import("./Transactions.tsx")),
  history: lazy(() => import("./History.tsx")),
};

/** The state: the fleet's word for it, which only the server's rules know; before that is read, what is plain. */
function stateOf(detail: Detail, told: string | undefined): string {
  if (told !== undefined) return told;
  return !detail.enabled ? "Disabled" : detail.link.connected ? "Connected" : detail.link.since === null ? "NeverSeen" : "Offline";
}

function Tabbed(props: { id: string; tab: Tab; children: ReactNode }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const narrow = useMediaQuery("(max-width: 47.99em)", matchMedia("(max-width: 47.99em)").matches);
  return (
    <Tabs
      value={props.tab}
      keepMounted={false}
      {...(narrow ? { classNames: { tabLabel: classes.tabLabel ?? "" } } : {})}
      variant={narrow ? "pills" : "default"}
      onChange={(chosen) => navigate(pathOf("stations", props.id, ...(chosen === null || chosen === "now" ? [] : [chosen])))}
    >
      <Tabs.List mb="md" className={narrow ? (classes.tabsNarrow ?? "") : "no-print"}>
        {TABS.filter(({ needs }) => may(needs)).map(({ id, icon: TabIcon }) => (
          <Tabs.Tab key={id} value={id} leftSection={<TabIcon size={16} stroke={1.8} aria-hidden />}>
            {t(`station.tab.${id}`)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value={props.tab} tabIndex={-1}>
        {props.children}
      </Tabs.Panel>
    </Tabs>
  );
}

function Gone(props: { id: string }) {
  const { t, rich } = useTexts(texts);
  return (
    <Empty icon={IconPlugConnectedX} title={t("station.gone.title")} text={rich("station.gone.text", { id: <strong>{visible(props.id)}</strong> })}>
      <Group>
        <Anchor component={Link} to={`/inbox?q=${encodeURIComponent(props.id)}`}>
          {t("station.gone.inbox")}
        </Anchor>
        <Anchor component={Link} to={pathOf("stations", props.id, "messages")}>
          {t("station.gone.messages")}
        </Anchor>
        <Anchor component={Link} to={pathOf("stations", props.id, "history")}>
          {t("station.gone.history")}
        </Anchor>
      </Group>
    </Empty>
  );
}

/** "Talon 300 by Kestrel Power · firmware 24.0.3 · OCPP 2.1 · last seen …" */
function Sentence(props: { detail: Detail }) {
  const { t } = useTexts(texts);
  const { detail } = props;
  const sites = useSites();
  const site = sites.data?.items.find((each) => each.id === detail.site_id);
  const { vendor, model, firmware } = detail.hardware;
  const parts: ReactNode[] = [];
  if (detail.name !== "") parts.push(<SafeText key="name" text={detail.name} most={60} />);
  if (site !== undefined) {
    parts.push(
      <Anchor key="site" component={Link} to={pathOf("sites", site.id)} size="sm">
        <SafeText text={site.name} most={60} />
      </Anchor>,
    );
  }
  if (vendor + model !== "") parts.push(<SafeText key="model" text={`${vendor} ${model}`.trim()} most={60} />);
  if (firmware !== "") parts.push(<span key="firmware" style={{ whiteSpace: "nowrap" }}>{t("station.head.firmware", { version: visible(firmware.slice(0, 40)) })}</span>);
  if (detail.link.protocol !== "") parts.push(<span key="protocol">{versionOf(detail.link.protocol)}</span>);
  if (detail.last_seen !== null && !detail.link.connected) {
    parts.push(
      <span key="seen">
        {t("station.head.seen")} <Age at={detail.last_seen} />
      </span>,
    );
  }
  return (
    <span className={classes.sentence}>
      {parts.map((part, index) => (
        <span key={index}>
          {index > 0 ? <span aria-hidden> · </span> : null}
          {part}
        </span>
      ))}
    </span>
  );
}

export default function StationPage() {
  const { t } = useTexts(texts);
  const params = useParams<{ id: string; tab?: string }>();
  const { id } = params;
  const may = useMay();
  useKeptCurrent(id);
  const detail = useDetail(id);
  const row = useStation(id);
  const tab: Tab = TABS.find((each) => each.id === params.tab && may(each.needs))?.id ?? "now";
  const Content = CONTENT[tab];
  const missing = detail.error instanceof Problem && detail.error.status === 404;
  const content = (
    <Suspense fallback={<Skeletons rows={6} height={48} />}>
      <Content key={id} />
    </Suspense>
  );
  return (
    <>
      <PageHeader
        title={visible(id)}
        path={[{ title: t("station.stations"), to: "/stations" }]}
        beside={
          <Group gap={6}>
            <Copy text={id} what={id} />
            {detail.data === undefined ? null : <StateBadge state={stateOf(detail.data, row?.state)} />}
          </Group>
        }
        detail={detail.data === undefined ? (missing ? null : <Text span size="sm">…</Text>) : <Sentence detail={detail.data} />}
      >
        {detail.data === undefined ? null : <Actions detail={detail.data} state={stateOf(detail.data, row?.state)} />}
      </PageHeader>
      {missing && (tab === "now" || tab === "settings" || tab === "commands") ? (
        <Gone id={id} />
      ) : detail.isError && !missing && detail.data === undefined ? (
        <Trouble error={detail.error} retry={() => void detail.refetch()} />
      ) : (
        <Box>
          <Tabbed id={id} tab={tab}>
            {content}
          </Tabbed>
        </Box>
      )}
    </>
  );
}
