/** What is wrong with the station, why, and what to do: above all else, where there is something. */
import { Anchor, Button, Group, Stack, Text } from "@mantine/core";
import {
  IconAlertTriangle,
  IconCheck,
  IconCircleDashed,
  IconCircleX,
  IconHourglass,
  IconLock,
  IconMinus,
  IconPlugConnectedX,
  IconTool,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import { type Schema, useMay } from "@/api";
import { useTexts } from "@/i18n";
import { Link, pathOf } from "@/route";
import { Age, Copy, failed, SafeText, Since, Time, type Tone } from "@/ui";
import { acceptStation, askAvailability, askEnabled, askReset } from "./asking.tsx";
import { isOut, useDoing } from "./Actions.tsx";
import { type Detail, type Fault, type Transaction, useHandshake } from "./data.ts";
import { kindOfFault, kindOfLoss } from "./knowledge.ts";
import classes from "./station.module.css";
import { texts } from "./texts.ts";

type Attempt = Schema<"AttemptOut">;

function Card(props: { tone: Tone; icon: typeof IconTool; title: ReactNode; children: ReactNode }) {
  return (
    <section className={classes.trouble} data-tone={props.tone}>
      <Group gap="xs" wrap="nowrap" align="flex-start">
        <props.icon size={20} aria-hidden style={{ flex: "none", marginTop: 1, color: "var(--tone-text)" }} />
        <Stack gap={6} flex={1} miw={0}>
          <h2>{props.title}</h2>
          {props.children}
        </Stack>
      </Group>
    </section>
  );
}

const STEP_LOOK = {
  ok: { icon: IconCheck, tone: "free" },
  failed: { icon: IconCircleX, tone: "bad" },
  skipped: { icon: IconMinus, tone: "away" },
  pending: { icon: IconCircleDashed, tone: "away" },
} as const;

/** How far an attempt to connect came: each step, and what to do about the one that failed. */
export function Steps(props: { attempt: Attempt }) {
  const { t } = useTexts(texts);
  return (
    <ol className={classes.steps}>
      {props.attempt.steps.map(({ step, outcome, told }) => {
        const { icon: StepIcon, tone } = STEP_LOOK[outcome];
        return (
          <li key={step} data-tone={tone}>
            <StepIcon size={16} aria-label={t(`station.outcome.${outcome}`)} role="img" />
            <span>
              <Text span size="sm" fw={outcome === "failed" ? 650 : 400} {...(outcome === "pending" || outcome === "skipped" ? { c: "dimmed" } : {})}>
                {t(`station.step.${step}`)}
              </Text>
              {told === "" ? null : (
                <Text span size="sm" {...(outcome === "failed" ? {} : { c: "dimmed" })}>
                  {" "}
                  <SafeText text={told} most={240} />
                </Text>
              )}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

/** The last time it knocked, when that was after it was lost. */
function LastAttempt(props: { attempt: Attempt }) {
  const { t, rich } = useTexts(texts);
  const { attempt } = props;
  return (
    <div>
      <Text size="sm" fw={600}>
        {rich(attempt.admitted ? "station.handshake.admitted" : "station.handshake.refused", {
          ago: <Age at={attempt.at} />,
          address: <SafeText text={attempt.address} most={60} />,
        })}
        {attempt.count > 1 ? ` ${t("station.handshake.count", { n: attempt.count })}` : null}
      </Text>
      <Steps attempt={attempt} />
    </div>
  );
}

function Offline(props: { detail: Detail; attempt: Attempt | undefined }) {
  const { t, rich } = useTexts(texts);
  const { link } = props.detail;
  const loss = kindOfLoss(link.disconnect_reason);
  const attempt = props.attempt !== undefined && !props.attempt.admitted && (link.disconnected_at === null || props.attempt.at > link.disconnected_at) ? props.attempt : undefined;
  return (
    <Card tone="away" icon={IconPlugConnectedX} title={rich("station.offline.title", { time: <Since at={link.disconnected_at} /> })}>
      <Text size="sm">
        <Time at={link.disconnected_at} style="full" />
        {link.disconnect_reason === "" ? null : (
          <>
            {" · "}
            <SafeText text={link.disconnect_reason} most={200} />
          </>
        )}
      </Text>
      <Text size="sm">{t(`station.loss.${loss}`)}</Text>
      {attempt === undefined ? (
        <Text size="sm" data-quiet>
          {t("station.offline.silent")}
        </Text>
      ) : (
        <LastAttempt attempt={attempt} />
      )}
      <Group gap="md">
        <Anchor component={Link} size="sm" to={pathOf("stations", props.detail.id, "history")}>
          {t("station.offline.history")}
        </Anchor>
        <Anchor component={Link} size="sm" to={pathOf("stations", props.detail.id, "messages")}>
          {t("station.offline.messages")}
        </Anchor>
      </Group>
    </Card>
  );
}

function NeverSeen(props: { detail: Detail; attempt: Attempt | undefined }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const [, setDoing] = useDoing();
  return (
    <Card tone="wait" icon={IconHourglass} title={t("station.never.title")}>
      <Text size="sm">{t("station.never.text")}</Text>
      {props.detail.urls.map((url) => (
        <Group key={url} gap={4} wrap="nowrap">
          <code style={{ overflowWrap: "anywhere" }}>{url}</code>
          <Copy text={url} what={t("station.password.url")} />
        </Group>
      ))}
      {props.attempt === undefined ? (
        <Text size="sm" data-quiet role="status">
          {t("station.never.listening")}
        </Text>
      ) : (
        <LastAttempt attempt={props.attempt} />
      )}
      {may("stations:write") ? (
        <Group>
          <Button size="xs" variant="default" onClick={() => setDoing({ do: "password" })}>
            {t("station.password.do")}
          </Button>
        </Group>
      ) : null}
    </Card>
  );
}

function FaultCard(props: { detail: Detail; fault: Fault; open: readonly Transaction[] }) {
  const { t, rich } = useTexts(texts);
  const may = useMay();
  const { fault, detail, open } = props;
  const kind = kindOfFault(`${fault.code} ${fault.vendor_code}`, fault.text);
  const place = fault.evse === 0 ? t("station.evse.whole") : t("station.evse.name", { evse: fault.evse });
  return (
    <Card
      tone="bad"
      icon={IconAlertTriangle}
      title={
        <>
          {t(`station.fault.${kind}.name`)} · {place}
        </>
      }
    >
      <Text size="sm">
        {rich("station.fault.since", { time: <Since at={fault.since} />, at: <Time at={fault.since} style="full" /> })}
      </Text>
      {fault.text === "" ? null : (
        <Text size="sm">
          {rich("station.quote", { text: <SafeText text={fault.text} most={300} /> })}
        </Text>
      )}
      <Text size="sm">{t(`station.fault.${kind}.cause`)}</Text>
      <Text size="sm" fw={600}>
        {t(`station.fault.${kind}.do`)}
      </Text>
      <Group gap="md" justify="space-between">
        <Text size="xs" data-quiet>
          <SafeText mono text={[fault.code, fault.vendor_id, fault.vendor_code].filter(Boolean).join(" · ")} most={120} />
        </Text>
        <Group gap="xs">
          {may("messages:read") ? (
            <Anchor component={Link} size="sm" to={`${pathOf("stations", detail.id, "messages")}?until=${encodeURIComponent(new Date(Date.parse(fault.since) + 5000).toISOString())}`}>
              {t("station.fault.messages")}
            </Anchor>
          ) : null}
          {may("stations:command") && detail.link.connected ? (
            <Button size="xs" variant="default" onClick={() => askReset(detail, open, false)}>
              {t("station.reset.do")}
            </Button>
          ) : null}
        </Group>
      </Group>
    </Card>
  );
}

export function Troubles(props: { detail: Detail; open: readonly Transaction[] }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const { detail, open } = props;
  const away = !detail.link.connected;
  const handshake = useHandshake(detail.id, away);
  const attempt = handshake.data?.attempts[0];
  const cards: ReactNode[] = [];
  if (!detail.enabled) {
    cards.push(
      <Card key="disabled" tone="away" icon={IconLock} title={t("station.disabled.title")}>
        <Text size="sm">{t("station.disabled.text")}</Text>
        {may("stations:write") ? (
          <Group>
            <Button size="xs" onClick={() => askEnabled(detail, open, true)}>
              {t("station.enable.do")}
            </Button>
          </Group>
        ) : null}
      </Card>,
    );
  } else if (away && detail.link.since === null) cards.push(<NeverSeen key="never" detail={detail} attempt={attempt} />);
  else if (away) cards.push(<Offline key="offline" detail={detail} attempt={attempt} />);
  const answered = detail.registration ?? detail.policy;
  if (detail.enabled && answered !== "Accepted" && (detail.link.since !== null || detail.policy !== "Accepted")) {
    cards.push(
      <Card key="registration" tone={answered === "Rejected" ? "bad" : "wait"} icon={IconHourglass} title={t(`station.registration.${answered}.title`)}>
        <Text size="sm">{t(`station.registration.${answered}.text`)}</Text>
        {may("stations:write") ? (
          <Group>
            <Button size="xs" onClick={() => void acceptStation(detail).catch(failed)}>
              {t("station.accept.do")}
            </Button>
          </Group>
        ) : null}
      </Card>,
    );
  }
  for (const fault of detail.faults) {
    cards.push(<FaultCard key={`${fault.evse} ${fault.connector ?? ""} ${fault.code} ${fault.vendor_code}`} detail={detail} fault={fault} open={open} />);
  }
  // A connector may be Faulted with no fault told of its own: 1.6 stations that say NoError, or an old firmware.
  for (const each of detail.connectors) {
    if (each.status !== "Faulted" || detail.faults.some((fault) => fault.evse === each.evse || fault.evse === 0)) continue;
    const fault: Fault = { evse: each.evse, connector: each.connector, code: each.fault, vendor_id: "", vendor_code: "", text: "", since: each.since };
    cards.push(<FaultCard key={`connector ${each.evse} ${each.connector ?? ""}`} detail={detail} fault={fault} open={open} />);
  }
  if (!away && isOut(detail)) {
    cards.push(
      <Card key="out" tone="wait" icon={IconTool} title={t("station.out.title")}>
        <Text size="sm">{t("station.out.text")}</Text>
        {may("stations:command") ? (
          <Group>
            <Button size="xs" onClick={() => askAvailability(detail, open, true)}>
              {t("station.availability.doIn")}
            </Button>
          </Group>
        ) : null}
      </Card>,
    );
  }
  return cards.length === 0 ? null : (
    <Stack gap="sm" mb="md" role="region" aria-label={t("station.troubles")}>
      {cards}
    </Stack>
  );
}
