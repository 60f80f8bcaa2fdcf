/** What somebody did, and what came of it, in words. */
import type { ReactNode } from "react";
import { speak, useTexts } from "@/i18n";
import { pathOf } from "@/route";
import { Id, SafeText } from "@/ui";
import { en } from "./texts.en.ts";
import { texts } from "./texts.ts";

type Key = keyof typeof en;

function known(key: string): key is Key {
  return key in en;
}

/** "change_settings" → "change settings", unless we have better words; "ocpp:Reset" as it is. */
export function wordOfCommand(name: string): string {
  const key = `command.${name}`;
  return known(key) ? speak(texts).t(key as "command.reset") : name.replaceAll("_", " ");
}

/** "accepted (Scheduled)": the first in the reader's language, the station's own word as it is. */
export function wordOfOutcome(outcome: string): string {
  const [, first = outcome, rest = ""] = /^([^(]*?)(\s*\(.*\))?$/s.exec(outcome) ?? [];
  const key = `outcome.${first.toLowerCase()}`;
  return known(key) ? `${speak(texts).t(key as "outcome.done")}${rest}` : outcome;
}

/** Why a charge ended; a station's own word as it is. */
export function wordOfStop(reason: string): string {
  const key = `stop.${reason}`;
  return known(key) ? speak(texts).t(key as "stop.Local") : reason || "–";
}

/** This machine's own command line has a name that nobody can have. */
export function wordOfActor(name: string): string {
  return name === "this machine" ? speak(texts).t("audit.thisMachine") : name;
}

/** The id of what it was done to, with the way there where there is one. */
function Target(props: { action: string; target: string }) {
  const { action, target } = props;
  const [area] = action.split(".");
  const [station = "", kind, transaction] = target.split("/");
  if (area === "transaction" && kind === "transaction" && transaction !== undefined) return <Id id={target} to={pathOf("transactions", station, transaction)} />;
  if (area === "station" && action !== "station.remove") return <Id id={target} to={pathOf("stations", target)} />;
  if (area === "site" && action !== "site.remove") return <Id id={target} to={pathOf("sites", target)} />;
  if (area === "token" && action !== "token.remove" && target !== "") return <Id id={target} to={pathOf("tokens", target)} />;
  return <SafeText text={target} most={60} />;
}

const STATION_RECORD = new Set(["add", "change", "remove", "adopt", "password"]);

/** "asked GOT-02: reset", "invited ada@example.com". named: what it is called, where that says more than its id. */
export function useDid(): (action: string, target: string, named?: string) => ReactNode {
  const { rich } = useTexts(texts);
  return (action, target, named) => {
    const [area = "", verb = ""] = action.split(".");
    const shown = named === undefined ? <Target action={action} target={target} /> : <strong><SafeText text={named} most={60} /></strong>;
    if (area === "station" && !STATION_RECORD.has(verb)) return rich("did.station.command", { target: shown, command: <bdi>{wordOfCommand(action.slice(8))}</bdi> });
    if (area === "job" && verb !== "cancel") return rich("did.job", { command: <bdi>{wordOfCommand(verb)}</bdi> });
    const key = `did.${action}`;
    if (known(key)) return rich(key as "did.person.add", { target: shown });
    return rich("did.other", { action: <bdi>{action}</bdi>, target: shown });
  };
}
