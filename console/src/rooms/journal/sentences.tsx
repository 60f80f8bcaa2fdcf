/** What happened, as a sentence with links to what it is about; hostile texts inert within it. */
import {
  IconActivity,
  IconAlertTriangle,
  IconBattery2,
  IconBolt,
  IconBookmark,
  IconBuilding,
  IconCertificate,
  IconChartHistogram,
  IconChecklist,
  IconCpu,
  IconEdit,
  IconFileText,
  type Icon,
  IconMessage2,
  IconNfc,
  IconPlugConnected,
  IconPlugConnectedX,
  IconPower,
  IconReceipt,
  IconRefreshAlert,
  IconSend,
  IconSettings,
  IconShieldExclamation,
  IconUser,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import { format, useTexts } from "@/i18n";
import { pathOf } from "@/route";
import { Id, lookOf, SafeText, type Tone, useSiteNames, wordOf } from "@/ui";
import { faultInWords, lossInWords, refusalInWords } from "@/ui/needs/words.ts";
import { wordOfActor, wordOfCommand, wordOfHalt, wordOfOutcome, wordOfStage, wordOfStop } from "@/ui/words/words.ts";
import { useDid } from "./did.tsx";
import { type Entry, number, text } from "./entries.ts";
import { texts } from "./texts.ts";

export interface Sentence {
  icon: Icon;
  tone: Tone;
  said: ReactNode;
}

/** Where one gets from it: the thing it is about. */
export function placeOf(entry: Entry): string | null {
  const station = text(entry, "station_id");
  if (entry.name.startsWith("transaction.")) return pathOf("transactions", station, text(entry, "transaction_id"));
  if (entry.name === "station.refused") return "/inbox";
  if (entry.name === "site.changed") return text(entry, "change") === "removed" ? null : pathOf("sites", text(entry, "site_id"));
  if (entry.name === "token.changed") return text(entry, "value") === "*" ? "/tokens" : pathOf("tokens", text(entry, "value"));
  if (entry.name === "audit.noted") return "/audit";
  if (entry.name === "firmware.campaign_changed") return pathOf("firmware", "campaigns", text(entry, "campaign_id"));
  if (entry.name === "cost.settled" || (entry.name === "payment.told" && text(entry, "transaction_id") !== "")) return pathOf("transactions", station, text(entry, "transaction_id"));
  if (entry.name === "station.changed" && text(entry, "change") === "removed") return null;
  return station === "" ? null : pathOf("stations", station);
}

const CHANGES = { added: "it.added", changed: "it.changed", removed: "it.removed", password: "it.password", reached: "it.reached" } as const;
const OF_SITES = { added: "it.siteAdded", changed: "it.siteChanged", removed: "it.siteRemoved" } as const;
const OF_TOKENS = { added: "it.tokenAdded", changed: "it.tokenChanged", removed: "it.tokenRemoved" } as const;
const JOBS = { asked: "it.job.asked", done: "it.job.done" } as const;
const CORRECTED = { started: "it.corrected.started", ended: "it.corrected.ended", reopened: "it.corrected.reopened", energy: "it.corrected.energy" } as const;
const REVIEWED = { accept: "it.reviewed.accept", close: "it.reviewed.close", reopen: "it.reviewed.reopen" } as const;

const WRONG = new Set(["refused", "failed", "silent", "missing", "not_reached", "timed_out", "no_transaction"]);

/** Of the state that it tells. */
function toneOfStage(entry: Entry): Tone {
  return WRONG.has(text(entry, "state")) ? "bad" : "busy";
}

function of<T extends string>(known: Readonly<Record<string, T>>, word: string, otherwise: T): T {
  return known[word] ?? otherwise;
}

export function useSentence(): (entry: Entry) => Sentence {
  const { t, rich } = useTexts(texts);
  const siteNames = useSiteNames();
  const didOf = useDid();
  const safe = (words: string, most = 120): ReactNode => <SafeText text={words} most={most} />;
  return (entry) => {
    const say = (field: string, most = 120): ReactNode => safe(text(entry, field), most);
    const id = text(entry, "station_id");
    const station = <Id id={id} to={pathOf("stations", id)} />;
    const evse = number(entry, "evse");
    const connector = number(entry, "connector");
    const energy = number(entry, "energy_wh");
    const place = (
      <>
        {station}
        {evse === null || evse === 0 ? null : ` ${t("at.evse", { evse: String(evse) })}`}
        {connector === null || connector === 0 ? null : ` ${t("at.connector", { connector: String(connector) })}`}
      </>
    );
    const change = text(entry, "change");
    const stage = safe(wordOfStage(text(entry, "state")), 40);
    const why = text(entry, "reason") === "" ? null : <> ({say("reason")})</>;
    switch (entry.name) {
      case "station.connected":
        return { icon: IconPlugConnected, tone: "free", said: rich("it.connected", { station, address: <bdi>{text(entry, "address")}</bdi>, protocol: safe(text(entry, "protocol").replace(/^ocpp/, "OCPP "), 30) }) };
      case "station.disconnected":
        return { icon: IconPlugConnectedX, tone: "away", said: rich("it.disconnected", { station, reason: lossInWords(text(entry, "reason")) ?? say("reason") }) };
      case "station.refused":
        return {
          icon: IconPlugConnectedX,
          tone: "wait",
          said: rich("it.refused", {
            identity: <strong>{say("identity", 60)}</strong>,
            address: <bdi>{text(entry, "address")}</bdi>,
            reason: refusalInWords(text(entry, "reason")) ?? say("reason"),
          }),
        };
      case "security.noticed":
        return { icon: IconShieldExclamation, tone: "bad", said: id === "" ? rich("it.securityNobody", { text: say("text", 200) }) : rich("it.security", { station, text: say("text", 200) }) };
      case "station.changed":
        return { icon: IconEdit, tone: "kept", said: rich(of(CHANGES, change, "it.changed"), { station }) };
      case "station.booted": {
        const make = safe([text(entry, "vendor"), text(entry, "model")].filter(Boolean).join(" "), 80);
        const registration = text(entry, "registration");
        const firmware = text(entry, "firmware") === "" ? null : <>, {rich("it.firmware", { firmware: say("firmware", 60) })}</>;
        const values = { station, about: <>{make}{firmware}</> };
        return registration === "Accepted"
          ? { icon: IconPower, tone: "free", said: rich("it.booted", values) }
          : { icon: IconPower, tone: "wait", said: rich("it.bootedNot", { ...values, registration: wordOf(registration) }) };
      }
      case "connector.status_changed": {
        const status = text(entry, "status");
        const previous = text(entry, "previous");
        const { icon, tone } = lookOf(status);
        const word = <strong>{safe(wordOf(status), 40)}</strong>;
        const fault = text(entry, "fault");
        if (fault !== "") return { icon, tone, said: rich("it.statusFault", { place, status: word, fault: faultInWords(fault) ?? safe(fault, 60) }) };
        return { icon, tone, said: previous === "" ? rich("it.statusFirst", { place, status: word }) : rich("it.status", { place, status: word, previous: safe(wordOf(previous), 40) }) };
      }
      case "station.fault_noticed": {
        const vendor = text(entry, "vendor_code");
        const fault = (
          <strong>
            {faultInWords(text(entry, "code")) ?? say("code", 60)}
            {vendor === "" ? null : <> ({safe(vendor, 60)})</>}
          </strong>
        );
        if (entry.data.cleared === true) return { icon: IconAlertTriangle, tone: "free", said: rich("it.faultOver", { place, fault }) };
        return { icon: IconAlertTriangle, tone: "bad", said: text(entry, "text") === "" ? rich("it.fault", { place, fault }) : rich("it.faultText", { place, fault, text: say("text") }) };
      }
      case "station.settings_received":
        return { icon: IconSettings, tone: "away", said: rich("it.settings", { station, n: number(entry, "count") ?? 0 }) };
      case "command.answered": {
        const outcome = text(entry, "outcome");
        const good = /^(accepted|answered)\b/i.test(outcome) || /^\d+ accepted$/.test(outcome);
        return {
          icon: IconSend,
          tone: good ? "busy" : "wait",
          said: rich("it.command", { actor: safe(wordOfActor(text(entry, "actor")), 60), station, command: <bdi>{wordOfCommand(text(entry, "command"))}</bdi>, outcome: safe(wordOfOutcome(outcome), 100) }),
        };
      }
      case "job.changed": {
        const command = <bdi>{wordOfCommand(text(entry, "command"))}</bdi>;
        const n = number(entry, "stations") ?? 0;
        if (change === "cancelled") return { icon: IconChecklist, tone: "wait", said: rich("it.job.cancelled", { command }) };
        const key = of(JOBS, change, "it.job.asked");
        return { icon: IconChecklist, tone: "busy", said: rich(key, { actor: safe(wordOfActor(text(entry, "actor")), 60), n, command }) };
      }
      case "site.changed": {
        const site = text(entry, "site_id");
        const shown = <Id id={siteNames.get(site) ?? site} to={pathOf("sites", site)} />;
        return { icon: IconBuilding, tone: "kept", said: rich(of(OF_SITES, change, "it.siteChanged"), { site: shown }) };
      }
      case "token.changed": {
        const value = text(entry, "value");
        if (value === "*") return { icon: IconNfc, tone: "kept", said: rich("it.tokensChanged") };
        return { icon: IconNfc, tone: "kept", said: rich(of(OF_TOKENS, change, "it.tokenChanged"), { token: <Id id={value} to={pathOf("tokens", value)} /> }) };
      }
      case "transaction.started": {
        const token = text(entry, "token");
        if (token === "") return { icon: IconBolt, tone: "busy", said: rich("it.startedNobody", { place }) };
        return { icon: IconBolt, tone: "busy", said: rich("it.started", { place, token: <Id id={token} to={pathOf("tokens", token)} /> }) };
      }
      case "transaction.ended": {
        const values = { place, reason: safe(wordOfStop(text(entry, "reason")), 60) };
        if (energy === null) return { icon: IconBolt, tone: "wait", said: rich("it.endedUnknown", values) };
        const suspect = entry.data.suspect === true;
        return { icon: IconBolt, tone: suspect ? "bad" : "held", said: rich(suspect ? "it.endedSuspect" : "it.ended", { ...values, energy: format.energy(energy) }) };
      }
      case "transaction.corrected":
        return { icon: IconRefreshAlert, tone: "wait", said: rich(of(CORRECTED, change, "it.corrected.energy"), { place, energy: energy === null ? "–" : format.energy(energy) }) };
      case "transaction.reviewed":
        return { icon: IconRefreshAlert, tone: "kept", said: rich(of(REVIEWED, text(entry, "action"), "it.reviewed.accept"), { actor: safe(wordOfActor(text(entry, "actor")), 60), station }) };
      case "transaction.limit_changed":
        return { icon: IconBolt, tone: "wait", said: rich("it.limitChanged", { place }) };
      case "transaction.resumed":
        return { icon: IconBolt, tone: "busy", said: rich("it.resumed", { place }) };
      case "firmware.update_changed":
        return { icon: IconCpu, tone: toneOfStage(entry), said: rich("it.update", { station, version: say("version", 60), state: <>{stage}{why}</> }) };
      case "firmware.publication_changed":
        return { icon: IconCpu, tone: toneOfStage(entry), said: rich("it.publication", { station, version: say("version", 60), state: stage }) };
      case "firmware.campaign_changed": {
        const n = number(entry, "stations") ?? 0;
        const reason = text(entry, "reason");
        const values = { n, change: safe(wordOfStage(change), 60) };
        return { icon: IconCpu, tone: change === "halted" ? "bad" : "busy", said: reason === "" ? rich("it.campaign", values) : rich("it.campaignWhy", { ...values, reason: safe(wordOfHalt(reason)) }) };
      }
      case "log.changed":
        return { icon: IconFileText, tone: toneOfStage(entry), said: rich("it.log", { station, kind: say("kind", 40), state: <>{stage}{why}</> }) };
      case "display.changed":
        return { icon: IconMessage2, tone: toneOfStage(entry), said: rich("it.display", { station, number: text(entry, "number"), state: stage }) };
      case "settings.wanted_changed":
        return { icon: IconSettings, tone: "kept", said: id === "" ? rich("it.wantedTemplate") : rich("it.wanted", { station }) };
      case "settings.reconciled": {
        const refused = number(entry, "refused") ?? 0;
        const n = number(entry, "hold") ?? 0;
        return { icon: IconSettings, tone: refused > 0 ? "wait" : "free", said: refused > 0 ? rich("it.reconciledNot", { station, n, refused }) : rich("it.reconciled", { station, n }) };
      }
      case "certificate.request_changed":
        return { icon: IconCertificate, tone: toneOfStage(entry), said: rich("it.certificate", { station, state: <>{stage}{why}</> }) };
      case "charging.started_with_profile":
        return { icon: IconChartHistogram, tone: "busy", said: rich("it.withProfile", { place }) };
      case "charging.profile_changed":
        return { icon: IconChartHistogram, tone: toneOfStage(entry), said: rich("it.profile", { place, profile: text(entry, "profile_id"), state: stage }) };
      case "charging.limit_changed":
        return { icon: IconChartHistogram, tone: "wait", said: rich(entry.data.limited === true ? "it.limited" : "it.limitGone", { place, source: say("source", 40) }) };
      case "charging.needs_told":
        return { icon: IconChartHistogram, tone: "busy", said: rich("it.needs", { place }) };
      case "charging.priority_changed":
        return { icon: IconChartHistogram, tone: "busy", said: rich(entry.data.active === true ? "it.priority" : "it.priorityOver", { station }) };
      case "der.alarm": {
        const over = entry.data.ended === true;
        return { icon: IconAlertTriangle, tone: over ? "free" : "bad", said: rich(over ? "it.derAlarmOver" : "it.derAlarm", { station, kind: <>{say("kind", 40)}{text(entry, "fault") === "" ? null : <> · {say("fault", 60)}</>}</> }) };
      }
      case "der.control_changed":
        return { icon: IconChartHistogram, tone: toneOfStage(entry), said: rich("it.derControl", { station, kind: say("kind", 40), state: stage }) };
      case "battery.swap_changed":
        return { icon: IconBattery2, tone: toneOfStage(entry), said: rich("it.battery", { station, id: text(entry, "request_id"), state: stage }) };
      case "station.monitors_received":
        return { icon: IconSettings, tone: "away", said: rich("it.monitors", { station, n: number(entry, "count") ?? 0 }) };
      case "monitors.template_changed":
        return { icon: IconSettings, tone: "kept", said: rich("it.monitorTemplate") };
      case "station.stream_changed": {
        const values = { station, id: text(entry, "stream_id") };
        return { icon: IconActivity, tone: "away", said: change === "opened" ? rich("it.streamOpened", values) : change === "closed" ? rich("it.streamClosed", values) : rich("it.streamChanged", { ...values, change: safe(change, 40) }) };
      }
      case "customer.information_received":
        return { icon: IconUser, tone: "kept", said: rich("it.customer", { station }) };
      case "tariff.assigned": {
        const target = text(entry, "target");
        const tariff = text(entry, "tariff_id");
        const values = { target: target === "" ? t("it.wholeNetwork") : safe(siteNames.get(target) ?? target, 60) };
        return { icon: IconReceipt, tone: "kept", said: tariff === "" ? rich("it.tariffUnassigned", values) : rich("it.tariffAssigned", { ...values, tariff: safe(tariff, 60) }) };
      }
      case "tariff.asked":
        return { icon: IconReceipt, tone: "away", said: rich("it.tariffAsked", { station, tariff: say("tariff_id", 60) }) };
      case "cost.settled":
        return { icon: IconReceipt, tone: "held", said: rich("it.cost", { station, amount: format.minor(number(entry, "with_tax") ?? 0, text(entry, "currency")) }) };
      case "payment.told":
        return { icon: IconReceipt, tone: text(entry, "status") === "Settled" ? "free" : "wait", said: rich("it.payment", { station, status: safe(wordOfStage(text(entry, "status")), 40) }) };
      case "reservation.changed":
        return { icon: IconBookmark, tone: "kept", said: rich("it.reservation", { id: text(entry, "reservation_id"), station, state: stage }) };
      case "station.list_changed":
        return { icon: IconBookmark, tone: "kept", said: rich("it.list", { station, version: text(entry, "version"), state: stage }) };
      case "audit.noted": {
        const outcome = text(entry, "outcome");
        const values = { actor: <strong>{safe(wordOfActor(text(entry, "actor")), 60)}</strong>, did: didOf(text(entry, "action"), text(entry, "target")) };
        const plain = outcome === "done" || outcome === "asked";
        return { icon: IconUser, tone: "kept", said: plain ? rich("it.audit", values) : rich("it.auditNot", { ...values, outcome: safe(wordOfOutcome(outcome), 100) }) };
      }
      default:
        return { icon: IconActivity, tone: "away", said: rich("it.other", { name: safe(entry.name, 60) }) };
    }
  };
}
