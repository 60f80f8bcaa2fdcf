/** Watching a station come in: what was heard of it since, and what to do where it is stuck. */
import { Button, Text } from "@mantine/core";
import { IconAlertTriangle, IconAntenna, IconCheck, type Icon } from "@tabler/icons-react";
import { type ReactNode, useEffect, useState } from "react";
import { format, useTexts } from "@/i18n";
import { useNow } from "@/live";
import { Link } from "@/route";
import { Age, Id, SafeText, Skeletons, type Tone, Trouble } from "@/ui";
import classes from "./door.module.css";
import { type Attempt, useHandshake, useKnock, useRecentKnocks } from "./knocks.ts";
import { ReasonBadge } from "./ReasonBadge.tsx";
import { Steps } from "./Steps.tsx";
import { texts } from "./texts.ts";

function Standing(props: { icon: Icon; tone: Tone; beats?: boolean; title: string; children?: ReactNode }) {
  return (
    <div className={classes.standing} role="status" data-tone={props.tone}>
      <span className={classes.beacon} data-beats={props.beats === true || undefined}>
        <props.icon size={22} stroke={1.9} aria-hidden />
      </span>
      <div className={classes.standingText}>
        <Text fw={650}>{props.title}</Text>
        <Text size="sm" c="dimmed" component="div">
          {props.children}
        </Text>
      </div>
    </div>
  );
}

function Attempted(props: { attempt: Attempt }) {
  const { attempt } = props;
  const { data } = useKnock(attempt.knock);
  return <Steps steps={attempt.steps} reason={attempt.reason} detail={data?.detail ?? ""} beside />;
}

/** Of others that were refused since this page was opened: perhaps it is the same station, set up with a slip. */
function Others(props: { than: string }) {
  const { t } = useTexts(texts);
  const { data } = useRecentKnocks(true);
  const [first, setFirst] = useState<ReadonlyMap<number, string> | null>(null);
  if (first === null && data !== undefined) setFirst(new Map(data.items.map((knock) => [knock.number, knock.last_at])));
  const others = (data?.items ?? []).filter((knock) => knock.identity !== props.than && first !== null && first.get(knock.number) !== knock.last_at).slice(0, 3);
  if (others.length === 0) return null;
  return (
    <section aria-label={t("live.others")}>
      <Text size="sm" fw={600} mt="md">
        {t("live.others")}
      </Text>
      <Text size="sm" c="dimmed" mb={4}>
        {t("live.othersText")}
      </Text>
      {others.map((knock) => (
        <div key={knock.number} className={classes.other}>
          <span>
            {knock.identity === "" ? t("inbox.nobody") : <Id id={knock.identity} />} <ReasonBadge reason={knock.reason} />{" "}
            <Text span size="sm" c="dimmed">
              {t("live.address", { address: knock.address })}
            </Text>
          </span>
          <Button component={Link} to={`/inbox?${new URLSearchParams({ knock: String(knock.number) }).toString()}`} size="xs" variant="default">
            {t("inbox.handshake")}
          </Button>
        </div>
      ))}
    </section>
  );
}

/**
 * begun   when waiting for it began, in ms of Date.now(), where it was registered just now: all attempts count.
 *         Null: only those that come while somebody looks
 * port    that it is to reach
 */
export function WayIn(props: { station: string; begun: number | null; port: string; onIn?: () => void }) {
  const { t } = useTexts(texts);
  const { station, begun, onIn } = props;
  const handshake = useHandshake(station);
  const now = useNow(1000);
  const [opened] = useState(() => Date.now());
  const [before, setBefore] = useState<string | null>(null);
  const [inAt, setInAt] = useState<number | null>(null);
  const found = handshake.data;
  const latest = found?.attempts[0];
  // By the server's clock and not by ours, which may be another.
  if (before === null && found !== undefined) setBefore(latest?.at ?? "");
  const isNew = latest !== undefined && latest.reason !== "unknown_id" && (begun !== null || latest.at !== before);
  const isIn = found?.connected === true && latest?.admitted === true && latest.steps.every((step) => step.outcome === "ok" || step.outcome === "skipped");
  if (isIn && inAt === null) setInAt(now.getTime());
  useEffect(() => {
    if (isIn) onIn?.();
  }, [isIn, onIn]);
  if (handshake.error !== null && found === undefined) return <Trouble error={handshake.error} retry={() => void handshake.refetch()} />;
  if (found === undefined) return <Skeletons rows={5} height={24} />;
  const when = latest === undefined ? null : <Age at={latest.at} />;
  if (found.connected) {
    return (
      <>
        <Standing icon={IconCheck} tone={isIn ? "free" : "wait"} title={isIn ? t("live.booted") : t("live.connected")}>
          {isIn ? (begun === null || inAt === null ? when : t("live.bootedText", { time: format.duration((inAt - begun) / 1000) })) : t("live.notBooted")}
        </Standing>
        {latest?.admitted === true ? <Attempted attempt={latest} /> : null}
      </>
    );
  }
  if (isNew && !latest.admitted) {
    return (
      <>
        <Standing icon={IconAlertTriangle} tone="bad" title={t("live.refused")}>
          <span>
            {t("live.attempts", { n: latest.count, when: format.ago(new Date(latest.at), new Date(Math.max(now.getTime(), Date.parse(latest.at)))) })} {t("live.address", { address: latest.address })}
          </span>
        </Standing>
        <Attempted attempt={latest} />
        <Others than={station} />
      </>
    );
  }
  return (
    <>
      <Standing icon={IconAntenna} tone="busy" beats title={t("live.waiting", { id: station })}>
        {t("live.waitingText", { when: format.time(new Date(begun ?? opened), "seconds") })}
      </Standing>
      <Text size="sm" c="dimmed">
        {t("live.check", { port: props.port })}
      </Text>
      {latest === undefined ? null : (
        <details className={classes.before}>
          <summary>
            <Text span size="sm">
              {t("live.before", { when: format.time(new Date(latest.at), "short") })}
              {latest.reason === null ? null : ": "}
              {latest.reason === null ? null : <SafeText text={t(`reason.${latest.reason}`)} />}
            </Text>
          </summary>
          <Attempted attempt={latest} />
        </details>
      )}
      <Others than={station} />
    </>
  );
}
