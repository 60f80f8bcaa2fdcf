/** What happened to a station, an event a line, in words. */
import { Anchor, Text } from "@mantine/core";
import {
  IconAdjustments,
  IconAlertTriangle,
  IconBolt,
  IconBoltOff,
  IconHistory,
  type Icon,
  IconPencil,
  IconPlugConnected,
  IconPlugConnectedX,
  IconPower,
  IconShieldExclamation,
  IconTerminal2,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { Schema } from "@/api";
import { useTexts } from "@/i18n";
import { Link, pathOf } from "@/route";
import { Age, Duration, Energy, lookOf, SafeText, Time, type Tone, wordOf } from "@/ui";
import { wordOfActor, wordOfCommand, wordOfOutcome, wordOfStop } from "@/ui/words/words.ts";
import { kindOfFault, kindOfLoss, versionOf } from "./knowledge.ts";
import classes from "./station.module.css";
import { texts } from "./texts.ts";

export type Item = Schema<"HistoryItem">;

const LOOKS: Readonly<Record<string, readonly [Icon, Tone]>> = {
  "station.connected": [IconPlugConnected, "free"],
  "station.disconnected": [IconPlugConnectedX, "away"],
  "station.booted": [IconPower, "held"],
  "station.fault_noticed": [IconAlertTriangle, "bad"],
  "command.answered": [IconTerminal2, "kept"],
  "station.changed": [IconPencil, "kept"],
  "station.settings_received": [IconAdjustments, "kept"],
  "transaction.started": [IconBolt, "busy"],
  "transaction.ended": [IconBoltOff, "away"],
  "transaction.corrected": [IconBolt, "wait"],
  "security.noticed": [IconShieldExclamation, "bad"],
};

function text(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

/** A sentence for an event. */
function Told(props: { id: string; item: Item }): ReactNode {
  const { t, rich } = useTexts(texts);
  const { name, data, outage } = props.item;
  const evse = text(data.evse);
  const place = evse === "" || evse === "0" ? t("station.evse.whole") : t("station.evse.name", { evse });
  const safe = (value: unknown, most = 120): ReactNode => <SafeText text={text(value)} most={most} />;
  const lasted =
    outage === null ? null : (
      <Text span size="sm" c="dimmed">
        {" · "}
        {outage.ended_at === null ? t("station.hist.goesOn") : rich("station.hist.lasted", { time: <Duration s={(Date.parse(outage.ended_at) - Date.parse(outage.began_at)) / 1000} /> })}
      </Text>
    );
  switch (name) {
    case "station.connected":
      return rich("station.hist.connected", { address: safe(data.address, 50), protocol: versionOf(text(data.protocol)) });
    case "station.disconnected":
      return (
        <>
          {rich("station.hist.disconnected", { reason: safe(data.reason) })}
          {lasted}
          <Text size="sm" c="dimmed">
            {t(`station.loss.${kindOfLoss(text(data.reason))}`)}
          </Text>
        </>
      );
    case "station.booted":
      return (
        <>
          {rich("station.hist.booted", { registration: wordOf(text(data.registration)) })}
          {text(data.reason) === "" ? null : <> · {safe(data.reason, 40)}</>}
          {text(data.firmware) === "" ? null : <> · {rich("station.hist.firmware", { firmware: safe(data.firmware, 40) })}</>}
        </>
      );
    case "connector.status_changed":
      return (
        <>
          {rich("station.hist.status", { place, status: <strong>{wordOf(text(data.status))}</strong>, previous: wordOf(text(data.previous) || "Unknown") })}
          {text(data.fault) === "" ? null : <> · {safe(data.fault, 60)}</>}
          {lasted}
        </>
      );
    case "station.fault_noticed": {
      const kind = kindOfFault(`${text(data.code)} ${text(data.vendor_code)}`, text(data.text));
      return (
        <>
          {rich(data.cleared === true ? "station.hist.faultOver" : "station.hist.fault", { what: <strong>{t(`station.fault.${kind}.name`)}</strong>, place })}
          <Text size="sm" c="dimmed">
            {safe([text(data.code), text(data.vendor_code), text(data.text)].filter(Boolean).join(" · "), 200)}
          </Text>
        </>
      );
    }
    case "command.answered":
      return rich("station.hist.command", {
        actor: safe(wordOfActor(text(data.actor)), 60),
        command: <strong>{safe(wordOfCommand(text(data.command)), 60)}</strong>,
        outcome: safe(wordOfOutcome(text(data.outcome)), 80),
      });
    case "station.changed": {
      const change = text(data.change);
      const key = `station.hist.change.${change}`;
      return key in texts.en ? t(key as "station.hist.change.changed") : rich("station.hist.change.other", { change: safe(change, 40) });
    }
    case "station.settings_received":
      return t("station.hist.settings", { n: Number(data.count) });
    case "transaction.started":
      return (
        <>
          {rich("station.hist.started", { place, token: safe(data.token, 30) })} <ToCharge id={props.id} transaction={text(data.transaction_id)} />
        </>
      );
    case "transaction.ended":
      return (
        <>
          {rich("station.hist.ended", { place, energy: <Energy wh={typeof data.energy_wh === "number" ? data.energy_wh : null} />, reason: safe(wordOfStop(text(data.reason)), 60) })}
          {data.suspect === true ? <strong> {t("station.hist.suspect")}</strong> : null} <ToCharge id={props.id} transaction={text(data.transaction_id)} />
        </>
      );
    case "transaction.corrected":
      return (
        <>
          {rich("station.hist.corrected", { place })} <ToCharge id={props.id} transaction={text(data.transaction_id)} />
        </>
      );
    case "security.noticed":
      return (
        <>
          <strong>{safe(text(data.kind).replaceAll("_", " "), 60)}</strong>
          <Text size="sm">{safe(data.text, 300)}</Text>
        </>
      );
    default:
      return safe(name);
  }
}

function ToCharge(props: { id: string; transaction: string }) {
  const { t } = useTexts(texts);
  return props.transaction === "" ? null : (
    <Anchor component={Link} size="sm" underline="always" to={pathOf("transactions", props.id, props.transaction)}>
      {t("station.now.charge")}
    </Anchor>
  );
}

function lookOfItem(item: Item): readonly [Icon, Tone] {
  if (item.name === "connector.status_changed") {
    const { icon, tone } = lookOf(text(item.data.status));
    return [icon, tone];
  }
  if (item.name === "station.fault_noticed" && item.data.cleared === true) return [IconAlertTriangle, "free"];
  return LOOKS[item.name] ?? [IconHistory, "away"];
}

/** The latest first: what a station tells late happened before. */
export function byTime(items: readonly Item[]): readonly Item[] {
  return [...items].sort((a, b) => Date.parse(b.at) - Date.parse(a.at) || b.number - a.number);
}

/** short: with its age instead of its time, and without what explains it. */
export function Event(props: { id: string; item: Item; short?: boolean }) {
  const [EventIcon, tone] = lookOfItem(props.item);
  return (
    <li className={classes.event} data-tone={tone}>
      <span className={classes.eventTime}>
        {props.short === true ? <Age at={props.item.at} /> : <Time at={props.item.at} style="seconds" />}
      </span>
      <span className={classes.eventIcon}>
        <EventIcon size={15} stroke={2} aria-hidden />
      </span>
      <div style={{ minWidth: 0, overflowWrap: "anywhere" }}>
        <Told id={props.id} item={props.item} />
      </div>
    </li>
  );
}
