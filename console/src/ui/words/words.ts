/** What stations are asked, who asks, and what comes of it, in the reader's words. What we have no word for stays as it is. */
import { speak } from "@/i18n";
import { texts } from "./texts.ts";

function word(key: string): string | null {
  return Object.hasOwn(texts.en, key) ? speak(texts).t(key as "stop.Local") : null;
}

/** "change_settings" → "change settings", unless we have better words; "ocpp:Reset" as it is. */
export function wordOfCommand(name: string): string {
  return word(`command.${name}`) ?? name.replaceAll("_", " ");
}

/** With a capital; otherwise: what to say where we have no word. */
export function titleOfCommand(name: string, otherwise?: string): string {
  const said = word(`command.${name}`) ?? otherwise ?? wordOfCommand(name);
  return `${said.charAt(0).toUpperCase()}${said.slice(1)}`;
}

/** "accepted (Scheduled)": the first in the reader's language, the station's own word as it is. "1 accepted, 2 rejected". */
export function wordOfOutcome(outcome: string): string {
  const [, first = outcome, rest = ""] = /^([^(]*?)(\s*\(.*\))?$/s.exec(outcome) ?? [];
  const known = word(`outcome.${first.toLowerCase()}`);
  if (known !== null) return `${known}${rest}`;
  const [, stage = "", why = ""] = /^(\w+)(?:: (.*))?$/s.exec(outcome) ?? [];
  const reached = word(`stage.${stage}`);
  if (reached !== null) return why === "" ? reached : `${reached}: ${wordOfHalt(why)}`;
  return /^\d+ \w+(, \d+ \w+)*$/.test(outcome) ? outcome.replace(/[a-z_]+/g, (each) => word(`outcome.${each}`) ?? each) : outcome;
}

/** Why a charge ended; a station's own word as it is. */
export function wordOfStop(reason: string): string {
  return word(`stop.${reason}`) ?? (reason || "–");
}

/** This machine's own command line, and what voltloom does by itself, have names that nobody can have. */
export function wordOfActor(name: string): string {
  return word(`actor.${name.replace(/^voltloom: /, "")}`) ?? name;
}

/** How far something is that a station was asked for, or did: the API's own state. */
export function wordOfStage(state: string): string {
  return word(`stage.${state}`) ?? state.replaceAll("_", " ");
}

/** Why a campaign halted, in words; another reason as it is. */
export function wordOfHalt(reason: string): string {
  const { t } = speak(texts);
  const canaries = /^(\d+) of the canaries failed$/.exec(reason);
  if (canaries !== null) return t("halt.canaries", { n: Number(canaries[1]) });
  const share = /^(\d+) of (\d+) failed$/.exec(reason);
  if (share !== null) return t("halt.share", { n: Number(share[1]), of: Number(share[2]) });
  if (reason === "its image is deleted") return t("halt.image");
  return reason === "the certificate that its image was signed with has ended" ? t("halt.certificate") : reason;
}
