/** The small things every room is made of. What is large has a file of its own. */
import {
  ActionIcon,
  Alert,
  Anchor,
  Box,
  Button,
  Group,
  Paper,
  Skeleton,
  Stack,
  Text,
  ThemeIcon,
  Title,
  Tooltip,
  UnstyledButton,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { type Icon, IconAlertTriangle, IconCheck, IconCopy, IconRefresh, IconX } from "@tabler/icons-react";
import { cloneElement, lazy, type ReactElement, type ReactNode, Suspense, useEffect, useState } from "react";
import { Problem } from "@/api";
import { common, format, speak, useLanguage, useTexts, visible } from "@/i18n";
import { useNow } from "@/live";
import { Link } from "@/route";
import { copyText } from "./clipboard.ts";
import { lookOf, wordOf } from "./states.ts";
import classes from "./ui.module.css";

const Whole = lazy(() => import("./Whole.tsx"));

// ---- the page

/** The document's title, after the page's own. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${visible(title)} · voltloom` : "voltloom";
  }, [title]);
}

/** The top of every page: its title (also the document's), what it is of, what one can do with it. */
export function PageHeader(props: {
  title: string;
  /** Beside the title: a badge, a count. */
  beside?: ReactNode;
  detail?: ReactNode;
  /** Where the page hangs: [{ title: "Stations", to: "/stations" }]. */
  path?: readonly { title: string; to: string }[];
  children?: ReactNode;
}) {
  useTitle(props.title);
  return (
    <Group className={classes.pageHeader} justify="space-between" align="flex-end" wrap="wrap" gap="sm" mb="md">
      <Box miw={0} maw="100%">
        {props.path?.map((each) => (
          <Anchor key={each.to} component={Link} to={each.to} size="sm" className={classes.crumb ?? ""}>
            {visible(each.title)}
          </Anchor>
        ))}
        <Group gap="sm" align="center" wrap="wrap">
          <Title order={1} className={classes.wrap ?? ""}>
            {visible(props.title)}
          </Title>
          {props.beside}
        </Group>
        {props.detail ? (
          <Text c="dimmed" size="sm" component="div">
            {props.detail}
          </Text>
        ) : null}
      </Box>
      {props.children ? <Group gap="xs">{props.children}</Group> : null}
    </Group>
  );
}

/** A card with a heading. */
export function Panel(props: { title?: string; beside?: ReactNode; children: ReactNode; flush?: boolean; id?: string }) {
  return (
    <Paper withBorder component="section" aria-label={props.title} p={props.flush ? 0 : "md"} id={props.id} miw={0}>
      {props.title ? (
        <Group justify="space-between" mb="sm" px={props.flush ? "md" : 0} pt={props.flush ? "md" : 0} gap="xs">
          <Title order={2}>{props.title}</Title>
          {props.beside}
        </Group>
      ) : null}
      {props.children}
    </Paper>
  );
}

/** A figure with its name and what it is measured against. */
export function Figure(props: { name: string; value: ReactNode; detail?: ReactNode; to?: string; alarm?: boolean }) {
  const inner = (
    <>
      <Text size="sm" c="dimmed">
        {props.name}
      </Text>
      <Text className={classes.figure ?? ""} data-alarm={props.alarm === true || undefined}>
        {props.value}
      </Text>
      {props.detail === undefined ? null : (
        <Text size="sm" c="dimmed">
          {props.detail}
        </Text>
      )}
    </>
  );
  return props.to === undefined ? (
    <Paper withBorder p="md">
      {inner}
    </Paper>
  ) : (
    <Paper withBorder p="md" component={Link} to={props.to} className={classes.figureLink ?? ""}>
      {inner}
    </Paper>
  );
}

// ---- states

export function StateBadge(props: { state: string; size?: "sm" | "md"; label?: string }) {
  useLanguage();
  const { tone, icon: StateIcon } = lookOf(props.state);
  return (
    <span className={classes.state} data-tone={tone} data-size={props.size ?? "md"}>
      <StateIcon size={props.size === "sm" ? 12 : 14} stroke={2.2} aria-hidden />
      {props.label ?? wordOf(props.state)}
    </span>
  );
}

// ---- values

/** What is not known is a dash that screen readers say as a word. */
export function Unknown() {
  const { t } = useTexts(common);
  return (
    <span className={classes.dim} aria-label={t("ui.unknown")} role="img">
      –
    </span>
  );
}

type Maybe = number | null | undefined;

export function Power(props: { w: Maybe }) {
  useLanguage();
  return props.w === null || props.w === undefined ? <Unknown /> : <span className={classes.number}>{format.power(props.w)}</span>;
}

export function Energy(props: { wh: Maybe }) {
  useLanguage();
  return props.wh === null || props.wh === undefined ? (
    <Unknown />
  ) : (
    <span className={classes.number}>{format.energy(props.wh)}</span>
  );
}

export function Percent(props: { of: Maybe; digits?: number }) {
  useLanguage();
  return props.of === null || props.of === undefined ? (
    <Unknown />
  ) : (
    <span className={classes.number}>{format.percent(props.of, props.digits ?? 1)}</span>
  );
}

export function Duration(props: { s: Maybe }) {
  useLanguage();
  return props.s === null || props.s === undefined ? (
    <Unknown />
  ) : (
    <span className={classes.number}>{format.duration(props.s)}</span>
  );
}

type Moment = string | Date | null | undefined;

function dateOf(at: Moment): Date | null {
  const date = typeof at === "string" ? new Date(at) : (at ?? null);
  return date === null || Number.isNaN(date.getTime()) ? null : date;
}

/**
 * A tooltip that is made when it is first pointed at: a list has hundreds, and each costs as much as its row.
 * What it is about takes a ref and the events of the pointer.
 */
export function Hint(props: { says: () => string; children: ReactElement<{ onPointerEnter?: () => void }> }) {
  const [near, setNear] = useState(false);
  return near ? <Tooltip label={props.says()}>{props.children}</Tooltip> : cloneElement(props.children, { onPointerEnter: () => setNear(true) });
}

/** A time in the viewer's zone; UTC, and the whole of it, when pointed at. */
export function Time(props: { at: Moment; style?: format.TimeStyle }) {
  useLanguage();
  const at = dateOf(props.at);
  if (at === null) return <Unknown />;
  return (
    <Hint says={() => `${format.time(at, "full")} · ${format.utc(at)}`}>
      <time dateTime={at.toISOString()} className={classes.number}>
        {props.style === undefined ? format.moment(at, new Date()) : format.time(at, props.style)}
      </time>
    </Hint>
  );
}

/** The server's clock, or our own beat of a second, may be this much ahead: nothing was heard "in a second". */
const SKEW_MS = 5000;

/** How long ago, growing by itself; the time itself when pointed at. */
export function Age(props: { at: Moment; never?: string }) {
  const { t } = useTexts(common);
  const now = useNow(1000);
  const at = dateOf(props.at);
  if (at === null) return <span className={classes.dim}>{props.never ?? t("ui.never")}</span>;
  return (
    <Hint says={() => `${format.time(at, "full")} · ${format.utc(at)}`}>
      <time dateTime={at.toISOString()} className={classes.number}>
        {format.ago(at > now && at.getTime() - now.getTime() < SKEW_MS ? now : at, now)}
      </time>
    </Hint>
  );
}

/** Time that passes since a moment: 1 h 12 min. */
export function Since(props: { at: Moment }) {
  const now = useNow(1000);
  const at = dateOf(props.at);
  return at === null ? <Unknown /> : <Duration s={(now.getTime() - at.getTime()) / 1000} />;
}

// ---- copying, identities

export function Copy(props: { text: string; what: string }) {
  const { t } = useTexts(common);
  const [copied, setCopied] = useState<boolean | null>(null);
  useEffect(() => {
    if (copied === null) return undefined;
    const timer = setTimeout(() => setCopied(null), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  const label = copied === null ? t("ui.copy", { what: props.what }) : t(copied ? "ui.copied" : "ui.copyFailed");
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="sm"
        className={classes.copy ?? ""}
        aria-label={label}
        onClick={(event) => {
          event.stopPropagation();
          event.preventDefault();
          void copyText(props.text).then(setCopied);
        }}
      >
        {copied === true ? <IconCheck size={14} /> : copied === false ? <IconX size={14} /> : <IconCopy size={14} />}
      </ActionIcon>
    </Tooltip>
  );
}

/** An identity in its own letters; with `to` a link, with `copy` a button beside it. */
export function Id(props: { id: string; to?: string; copy?: boolean }) {
  const text = (
    <bdi className={classes.id} title={props.id}>
      {visible(props.id)}
    </bdi>
  );
  return (
    <span className={classes.idRow}>
      {props.to === undefined ? (
        text
      ) : (
        <Link to={props.to} className={classes.idLink}>
          {text}
        </Link>
      )}
      {props.copy === true ? <Copy text={props.id} what={props.id} /> : null}
    </span>
  );
}

// ---- texts from outside

export { visible } from "@/i18n";

/**
 * A text of a station, a driver or a partner. It is inert (React writes it as text), cannot turn its surroundings around
 * (bdi), cannot hide letters (they are written out), and is cut where it is long, with the whole of it on demand.
 */
export function SafeText(props: { text: string; most?: number; mono?: boolean }) {
  const { t } = useTexts(common);
  const [opened, { open, close }] = useDisclosure(false);
  const most = props.most ?? 120;
  const letters = Array.from(props.text.length > most * 4 ? props.text.slice(0, most * 4) : props.text);
  const long = letters.length > most || props.text.length > most * 4;
  const shown = visible(long ? letters.slice(0, most).join("") : props.text);
  const className = props.mono === true ? classes.mono : classes.wrap;
  if (!long) return <bdi className={className}>{shown}</bdi>;
  const label = t("ui.showWhole", { n: props.text.length });
  return (
    <>
      <bdi className={className}>{shown}</bdi>
      <UnstyledButton
        className={classes.more ?? ""}
        onClick={(event) => {
          event.stopPropagation();
          open();
        }}
        aria-label={label}
        title={label}
      >
        …
      </UnstyledButton>
      {opened ? (
        <Suspense>
          <Whole text={props.text} close={close} />
        </Suspense>
      ) : null}
    </>
  );
}

// ---- nothing, waiting, trouble

/** Where there is nothing yet: what this place is for, and how to fill it. */
export function Empty(props: { icon: Icon; title: string; text?: ReactNode; children?: ReactNode }) {
  return (
    <Stack align="center" gap="xs" py="xl" px="md" className={classes.empty ?? ""}>
      <ThemeIcon size={48} radius="xl" variant="light">
        <props.icon size={26} aria-hidden />
      </ThemeIcon>
      <Text fw={600}>{props.title}</Text>
      {props.text === undefined ? null : (
        <Text c="dimmed" ta="center" maw={480} component="div">
          {props.text}
        </Text>
      )}
      {props.children}
    </Stack>
  );
}

/** A problem in a sentence that says what to do. */
export function sayProblem(error: unknown): string {
  const { t } = speak(common);
  if (!(error instanceof Problem)) return t("broken.text");
  const capital = error.detail ? `${error.detail.charAt(0).toUpperCase()}${error.detail.slice(1)}.`.replace(/([.!?…])\.$/, "$1") : error.title;
  switch (error.kind) {
    case "lost":
      return t("problem.lost");
    case "station-not-connected":
      return t("problem.notConnected");
    case "station-timed-out":
      return t("problem.timedOut");
    case "not-in-this-version":
      return `${t("problem.notInVersion")} ${capital}`;
    case "station-error":
      return `${t("problem.stationError", { code: error.document.code ?? "" })} ${capital}`;
    case "forbidden":
      return `${t("problem.forbidden")} ${capital}`;
    case "throttled":
      return t("problem.throttled", { n: error.retryAfterS ?? 1 });
    case "bug":
      return t("problem.bug", { reference: error.document.reference ?? "" });
    default:
      return capital;
  }
}

export function Trouble(props: { error: unknown; retry?: () => void }) {
  const { t } = useTexts(common);
  return (
    <Alert role="alert" color="red" icon={<IconAlertTriangle aria-hidden />} className={classes.trouble ?? ""}>
      <Text size="sm" className={classes.wrap ?? ""}>
        {props.retry !== undefined && props.error instanceof Problem && props.error.kind === "lost" ? t("problem.lostRead") : sayProblem(props.error)}
      </Text>
      {props.retry === undefined ? null : (
        <Button mt="xs" size="xs" variant="default" leftSection={<IconRefresh size={14} />} onClick={props.retry}>
          {t("problem.again")}
        </Button>
      )}
    </Alert>
  );
}

/** Shapes of what is coming; still where motion is not wanted. */
export function Skeletons(props: { rows?: number; height?: number }) {
  const { t } = useTexts(common);
  return (
    <Stack gap="xs" role="status" aria-label={t("app.loading")}>
      {Array.from({ length: props.rows ?? 5 }, (_, index) => (
        <Skeleton key={index} height={props.height ?? 36} radius="sm" />
      ))}
    </Stack>
  );
}

// ---- telling

/** Its name, for the button that closes a toast. */
function closing(): { "aria-label": string } {
  return { "aria-label": speak(common).t("app.close") };
}

export function done(text: string): void {
  notifications.show({ message: visible(text), closeButtonProps: closing(), color: "brand", icon: <IconCheck size={18} />, autoClose: 4000 });
}

export function failed(error: unknown): void {
  notifications.show({ message: visible(sayProblem(error)), closeButtonProps: closing(), color: "red", icon: <IconAlertTriangle size={18} />, autoClose: 10_000 });
}

/** Done, and can be taken back for a while. */
export function doneWithUndo(text: string, undo: () => void): void {
  const { t } = speak(common);
  const id = notifications.show({
    closeButtonProps: closing(),
    color: "brand",
    autoClose: 10_000,
    message: (
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm">{visible(text)}</Text>
        <Button
          size="compact-sm"
          variant="light"
          flex="none"
          onClick={() => {
            notifications.hide(id);
            undo();
          }}
        >
          {t("ui.undo")}
        </Button>
      </Group>
    ),
  });
}

