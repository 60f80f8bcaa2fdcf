/** How a key stands, and what it may, in words. */
import { useTexts } from "@/i18n";
import { useNow } from "@/live";
import { StateBadge, wordOfRole, wordOfScope } from "@/ui";
import { type ApiKey, type KeyState, stateOf } from "./keys.ts";
import { texts } from "./texts.ts";

export const LOOKS: Readonly<Record<KeyState, { state: string; word: "keys.isActive" | "keys.isExpiring" | "keys.isExpired" | "keys.isRevoked" }>> = {
  active: { state: "Active", word: "keys.isActive" },
  expiring: { state: "Pending", word: "keys.isExpiring" },
  expired: { state: "Ended", word: "keys.isExpired" },
  revoked: { state: "Disabled", word: "keys.isRevoked" },
};

export function useGrantWords(): (grants: readonly string[]) => readonly string[] {
  const { t } = useTexts(texts);
  return (grants) => grants.map((grant) => (grant === "*" ? t("keys.all") : grant.includes(":") ? wordOfScope(grant) : wordOfRole(grant)));
}

export function KeyBadge(props: { apiKey: ApiKey }) {
  const { t } = useTexts(texts);
  const look = LOOKS[stateOf(props.apiKey, useNow(60_000))];
  return <StateBadge state={look.state} label={t(look.word)} size="sm" />;
}
