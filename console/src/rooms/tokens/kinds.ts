import { speak } from "@/i18n";
import { texts } from "./texts.ts";

/** What a token is, in words; a kind that we do not know, as it is. */
export function kindText(kind: string): string {
  const key = `kind.${kind === "" ? "any" : kind}`;
  return key in texts.en ? speak(texts).t(key as "kind.any") : kind;
}
