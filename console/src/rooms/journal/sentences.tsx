/** What happened, as a sentence with links to what it is about; hostile texts inert within it. */
import {
  IconActivity,
  IconAlertTriangle,
  IconBolt,
  IconBookmark,
  IconBuilding,
  IconChecklist,
  IconEdit,
  type Icon,
  IconNfc,
  IconPlugConnected,
  IconPlugConnectedX,
  IconPower,
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
import { useDid, wordOfActor, wordOfCommand, wordOfOutcome, wordOfStop } from "./did.tsx";
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
  if (entry.name === "station.changed" && text(entry, "change") === "removed") return null;
  return station === "" ? null : pathOf("stations", station);
}

const CHANGES = { added: "it.added", changed: "it.changed", removed: "it.removed", password: "it.password", reached: "it.reached" } as const;
const OF_SITES = { added: "it.siteAdded", changed: "it.siteChanged", removed: "it.siteRemoved" } as const;
const OF_TOKENS = { added: "it.tokenAdded", changed: "it.tokenChanged", removed: "it.tokenRemoved" } as const;
const JOBS = { asked: "it.job.asked", done: "it.job.done" } as const;
const CORRECTED = { started: "it.corrected.started", ended: "it.corrected.ended", reopened: "it.corrected.reopened", energy: "it.corrected.energy" } as const;
const REVIEWED = { accept: "it.reviewed.accept", close: "it.reviewed.close", reopen: "it.reviewed.reopen" } as const;

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
      case "reservation.changed":
        return { icon: IconBookmark, tone: "kept", said: rich("it.reservation", { id: text(entry, "reservation_id"), station, state: safe(wordOf(text(entry, "state")), 40) }) };
      case "station.list_changed":
        return { icon: IconBookmark, tone: "kept", said: rich("it.list", { station, version: text(entry, "version"), state: safe(wordOf(text(entry, "state")), 40) }) };
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
