/** How a person stands, as a badge and as a sentence. */
import { format, useTexts } from "@/i18n";
import { useNow } from "@/live";
import { StateBadge } from "@/ui";
import { type Person, type Standing, standingOf } from "./people.ts";
import { texts } from "./texts.ts";

export const LOOKS: Readonly<Record<Standing, { state: string; word: "people.isActive" | "people.isInvited" | "people.isWithout" | "people.isDisabled" }>> = {
  active: { state: "Active", word: "people.isActive" },
  invited: { state: "Pending", word: "people.isInvited" },
  without: { state: "Unavailable", word: "people.isWithout" },
  disabled: { state: "Disabled", word: "people.isDisabled" },
};

export function PersonState(props: { person: Person }) {
  const { t } = useTexts(texts);
  const now = useNow(10_000);
  const look = LOOKS[standingOf(props.person, now)];
  return <StateBadge state={look.state} label={t(look.word)} size="sm" />;
}

export function useAboutState(): (person: Person) => string {
  const { t } = useTexts(texts);
  const now = useNow(10_000);
  return (person) => {
    switch (standingOf(person, now)) {
      case "active":
        return t("people.aboutActive");
      case "invited":
        return t("people.aboutInvited", { time: format.moment(new Date(person.link_expires_at ?? 0), now) });
      case "without":
        return t("people.aboutWithout");
      case "disabled":
        return t("people.aboutDisabled");
    }
  };
}
