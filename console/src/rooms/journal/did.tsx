/** What somebody did, and what came of it, in words. */
import type { ReactNode } from "react";
import { useTexts } from "@/i18n";
import { pathOf } from "@/route";
import { Id, SafeText } from "@/ui";
import { wordOfCommand } from "@/ui/words/words.ts";
import { en } from "./texts.en.ts";
import { texts } from "./texts.ts";

type Key = keyof typeof en;

function known(key: string): key is Key {
  return key in en;
}

/** The id of what it was done to, with the way there where there is one. */
function Target(props: { action: string; target: string }) {
  const { action, target } = props;
  const [area] = action.split(".");
  const [station = "", kind, transaction] = target.split("/");
  if (area === "transaction" && kind === "transaction" && transaction !== undefined) return <Id id={target} to={pathOf("transactions", station, transaction)} />;
  if (area === "station" && action !== "station.remove") return <Id id={target} to={pathOf("stations", target)} />;
  if (action === "firmware.campaign") return <Id id={target} to={pathOf("firmware", "campaigns", target)} />;
  if (area === "site" && action !== "site.remove") return <Id id={target} to={pathOf("sites", target)} />;
  if (area === "token" && action !== "token.remove" && target !== "") return <Id id={target} to={pathOf("tokens", target)} />;
  return <SafeText text={target} most={60} />;
}

/** What is done to the record, not asked of the station. */
const STATION_RECORD = new Set(["add", "change", "remove", "adopt", "password", "password_rollback", "want_settings", "waive_settings", "web_payments_on", "web_payments_off"]);

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
