/** States of campaigns and of their stations: each with a tone, an icon and a word. */
import {
  IconBan,
  IconCheck,
  IconDownload,
  IconHandStop,
  IconHourglass,
  type Icon,
  IconLoader2,
  IconPlayerPause,
  IconPlayerStop,
  IconPlugConnectedX,
  IconX,
} from "@tabler/icons-react";
import { useTexts } from "@/i18n";
import type { Tone } from "@/ui";
import { type Part, PartsBar, Tag } from "@/ui/Tag.tsx";
import type { Campaign, CampaignStation } from "./queries.ts";
import { texts } from "./texts.ts";

type Stage = Campaign["stage"];
export type ItemState = CampaignStation["state"];

interface Look {
  tone: Tone;
  icon: Icon;
}

const STAGES: Readonly<Record<Stage, Look>> = {
  running: { tone: "busy", icon: IconLoader2 },
  paused: { tone: "wait", icon: IconPlayerPause },
  halted: { tone: "bad", icon: IconHandStop },
  done: { tone: "free", icon: IconCheck },
  cancelled: { tone: "away", icon: IconPlayerStop },
};

/** In the order in which a bar shows them. */
export const ITEMS = ["done", "failed", "updating", "not_reached", "cancelled", "waiting"] as const satisfies readonly ItemState[];

const ITEM_LOOKS: Readonly<Record<ItemState, Look>> = {
  done: { tone: "free", icon: IconCheck },
  failed: { tone: "bad", icon: IconX },
  updating: { tone: "busy", icon: IconDownload },
  not_reached: { tone: "wait", icon: IconPlugConnectedX },
  cancelled: { tone: "away", icon: IconPlayerStop },
  waiting: { tone: "away", icon: IconHourglass },
  skipped: { tone: "away", icon: IconBan },
};

export function StageTag(props: { stage: Stage }) {
  const { t } = useTexts(texts);
  return <Tag look={STAGES[props.stage]}>{t(`firmware.stage.${props.stage}`)}</Tag>;
}

export function ItemTag(props: { state: ItemState }) {
  const { t } = useTexts(texts);
  return <Tag look={ITEM_LOOKS[props.state]}>{t(`firmware.item.${props.state}`)}</Tag>;
}

export function toneOfItem(state: ItemState): Tone {
  return ITEM_LOOKS[state].tone;
}

export function useParts(): (counts: Readonly<Record<string, number>>) => readonly Part[] {
  const { t } = useTexts(texts);
  return (counts) => ITEMS.filter((state) => state !== "waiting").map((state) => ({ id: state, tone: toneOfItem(state), n: counts[state] ?? 0, name: t(`firmware.item.${state}`) }));
}

/** How far a campaign is, with what came of it. */
export function CampaignBar(props: { campaign: Pick<Campaign, "counts" | "total">; thick?: boolean }) {
  const { t } = useTexts(texts);
  const partsOf = useParts();
  return <PartsBar label={t("firmware.progress")} parts={partsOf(props.campaign.counts)} total={props.campaign.total} thick={props.thick ?? false} />;
}
