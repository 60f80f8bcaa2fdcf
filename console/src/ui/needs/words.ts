/** Why a station does not work, in the reader's words: codes of faults, ends of connections, refusals. What is not known is told as it came. */
import { speak } from "@/i18n";
import { texts } from "./texts.ts";

type Key = keyof typeof texts.en;

function known(key: string): key is Key {
  return key in texts.en;
}

/** code: of OCPP 1.6, or "<component>.<variable>" of 2.x. null: shown as it is, it is a text from outside. */
export function faultInWords(code: string): string | null {
  const { t } = speak(texts);
  if (code === "" || code === "NoError") return t("fault.none");
  const key = `fault.${code}`;
  if (known(key)) return t(key as "fault.none");
  const part = /^([\w ]{1,40})\.(Problem|Active|Fault)$/.exec(code)?.[1];
  return part === undefined ? null : t("fault.problem", { component: part });
}

const ENDS: readonly (readonly [RegExp, Key])[] = [
  [/^connection lost$/, "lost.connection"],
  [/^silent for ([\d.]+) s$/, "lost.silent"],
  [/^closed by the station/, "lost.closed"],
  [/^the server (was restarted|restarts)/, "lost.restart"],
  [/^its password was changed$/, "lost.password"],
  [/^the node .* went away$/, "lost.node"],
  [/^too many bad messages$/, "lost.bad"],
];

/** reason: as `disconnect_reason`. */
export function lossInWords(reason: string): string | null {
  for (const [pattern, key] of ENDS) {
    const found = pattern.exec(reason);
    if (found !== null) return speak(texts).t(key as "lost.silent", { n: Number(found[1] ?? 0) });
  }
  return null;
}

export function refusalInWords(reason: string): string | null {
  const key = `refused.${reason}`;
  return known(key) ? speak(texts).t(key as "refused.disabled") : null;
}
