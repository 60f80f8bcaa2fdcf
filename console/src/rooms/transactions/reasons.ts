/** Why a transaction ended, in words. */
import { speak } from "@/i18n";
import { texts } from "./texts.ts";

/** A reason that we do not know, as it is. */
export function reasonText(reason: string): string {
  const key = `reason.${reason}`;
  return key in texts.en ? speak(texts).t(key as "reason.Local") : reason;
}
