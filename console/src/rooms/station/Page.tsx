/** A station: who it is and how it is, above the tab one looks at. */
import { Anchor, Box, Button, Group, Menu, Tabs, Text } from "@mantine/core";
import {
  IconActivity,
  IconAdjustments,
  IconArrowsExchange,
  IconBolt,
  IconCertificate,
  IconChartHistogram,
  IconChevronDown,
  IconCpu,
  IconHistory,
  IconListCheck,
  IconMessage2,
  IconPlugConnectedX,
  IconRadar2,
  IconTerminal2,
} from "@tabler/icons-react";
import { lazy, memo, type ReactNode, Suspense } from "react";
import { isMissing, type Scope, useMay } from "@/api";
import { useTexts } from "@/i18n";
import { useStation } from "@/live";
import { Link, navigate, pathOf, useParams } from "@/route";
import { Age, Copy, Empty, PageHeader, SafeText, Skeletons, StateBadge, Trouble, visible } from "@/ui";
import { PHONE, useMedia } from "@/ui/useMedia.ts";
import { Actions } from "./Actions.tsx";
import { type Detail, useDetail, useKeptCurrent, useSites } from "./data.ts";
import { versionOf } from "./knowledge.ts";
import { texts as moreTexts } from "./more/names.ts";
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

/** What is looked at now and then waits in a menu, so that the page stays calm. The one that is open is a tab beside the others. */
const MORE = [
  { id: "firmware", icon: IconCpu, needs: "stations:read" },
  { id: "certificates", icon: IconCertificate, needs: "stations:read" },
  { id: "charging", icon: IconChartHistogram, needs: "stations:read" },
  { id: "monitoring", icon: IconRadar2, needs: "stations:read" },
  { id: "local-list", icon: IconListCheck, needs: "stations:read" },
  { id: "display", icon: IconMessage2, needs: "stations:read" },
] as const satisfies readonly { id: string; icon: unknown; needs: Scope }[];
type Usual = (typeof TABS)[number]["id"];
type More = (typeof MORE)[number]["id"];
type Tab = Usual | More;

const CONTENT = {
  now: lazy(() => import("./Now.tsx")),
  messages: lazy(() => import("./Messages.tsx")),
  settings: lazy(() => import("./Settings.tsx")),
  commands: lazy(() => import("./Commands.tsx")),
  transactions: lazy(() => import("./Transactions.tsx")),
  history: lazy(() => import("./History.tsx")),
  firmware: lazy(() => import("./more/Firmware.tsx")),
  certificates: lazy(() => import("./more/Certificates.tsx")),
  charging: lazy(() => import("./more/Charging.tsx")),
  monitoring: lazy(() => import("./more/Monitoring.tsx")),
  "local-list": lazy(() => import("./more/LocalList.tsx")),
  display: lazy(() => import("./more/Display.tsx")),
} satisfies Record<Tab, unknown>;

/** The state: the fleet's word for it, which only the server's rules know; before that is read, what is plain. */
function stateOf(detail: Detail, told: string | undefined): string {
  if (told !== undefined) return told;
  return !detail.enabled ? "Disabled" : detail.link.connected ? "Connected" : detail.link.since === null ? "NeverSeen" : "Offline";
}

function Tabbed(props: { id: string; tab: Tab; children: ReactNode }) {
  const { t } = useTexts(texts);
  const { t: more } = useTexts(moreTexts);
  const may = useMay();
  const narrow = useMedia(PHONE);
  const open = MORE.find(({ id }) => id === props.tab);
  const go = (chosen: string | null): void => navigate(pathOf("stations", props.id, ...(chosen === null || chosen === "now" ? [] : [chosen])));
  return (
    <Tabs value={props.tab} keepMounted={false} {...(narrow ? { classNames: { tabLabel: classes.tabLabel ?? "" } } : {})} variant={narrow ? "pills" : "default"} onChange={go}>
      <div className={`${classes.tabRow} no-print`} data-narrow={narrow || undefined}>
        <Tabs.List className={narrow ? (classes.tabsNarrow ?? "") : ""}>
          {TABS.filter(({ needs }) => may(needs)).map(({ id, icon: TabIcon }) => (
            <Tabs.Tab key={id} value={id} leftSection={<TabIcon size={16} stroke={1.8} aria-hidden />}>
              {t(`station.tab.${id}`)}
            </Tabs.Tab>
          ))}
          {open === undefined ? null : (
            <Tabs.Tab value={open.id} leftSection={<open.icon size={16} stroke={1.8} aria-hidden />} data-more>
              {more(`more.${open.id}`)}
            </Tabs.Tab>
          )}
        </Tabs.List>
        <Menu>
          <Menu.Target>
            <Button variant="subtle" color="gray" c="inherit" size="compact-sm" fw={400} rightSection={<IconChevronDown size={16} aria-hidden />} className={classes.tabMore ?? ""}>
              {more("more.more")}
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {MORE.filter(({ needs }) => may(needs)).map(({ id, icon: ItemIcon }) => (
              <Menu.Item key={id} leftSection={<ItemIcon size={16} stroke={1.8} aria-hidden />} aria-current={id === props.tab ? "page" : undefined} onClick={() => go(id)}>
                {more(`more.${id}`)}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      </div>
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
function SentenceView(props: { detail: Detail }) {
  const { t, rich } = useTexts(texts);
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
  if (firmware !== "") parts.push(<span key="firmware">{rich("station.head.firmware", { version: <SafeText text={firmware} most={40} /> })}</span>);
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

/** The same from tab to tab. */
const Sentence = memo(SentenceView);

export default function StationPage() {
  const { t } = useTexts(texts);
  const params = useParams<{ id: string; tab?: string }>();
  const { id } = params;
  const may = useMay();
  useKeptCurrent(id);
  const detail = useDetail(id);
  const row = useStation(id);
  const tab: Tab = [...TABS, ...MORE].find((each) => each.id === params.tab && may(each.needs))?.id ?? "now";
  const Content = CONTENT[tab];
  const missing = isMissing(detail.error);
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
      {missing && (tab === "now" || tab === "settings" || tab === "commands" || MORE.some(({ id: each }) => each === tab)) ? (
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
