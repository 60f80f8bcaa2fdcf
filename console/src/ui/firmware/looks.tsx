/** States of an update of one station: each with a tone, an icon and a word. */
import { IconCheck, IconCircleCheck, IconDownload, IconHandStop, IconHelp, IconReplace, IconX } from "@tabler/icons-react";
import { useTexts } from "@/i18n";
import { Tag, type TagLook } from "../Tag.tsx";
import { texts } from "./texts.ts";
import type { Update } from "./updates.ts";

export type UpdateState = Update["state"];

/** All, in the order of their course. */
export const UPDATE_STATES = [
  "asked",
  "accepted",
  "download_scheduled",
  "downloading",
  "download_paused",
  "downloaded",
  "signature_verified",
  "install_scheduled",
  "installing",
  "install_rebooting",
  "installed",
  "confirmed",
  "refused",
  "failed",
  "silent",
  "replaced",
] as const satisfies readonly UpdateState[];

const ENDS: Readonly<Partial<Record<UpdateState, TagLook>>> = {
  installed: { tone: "free", icon: IconCheck },
  confirmed: { tone: "free", icon: IconCircleCheck },
  refused: { tone: "bad", icon: IconHandStop },
  failed: { tone: "bad", icon: IconX },
  silent: { tone: "wait", icon: IconHelp },
  replaced: { tone: "away", icon: IconReplace },
};
const UNDER_WAY: TagLook = { tone: "busy", icon: IconDownload };

export function isUpdateState(text: string): text is UpdateState {
  return (UPDATE_STATES as readonly string[]).includes(text);
}

export function isUnderWay(state: UpdateState): boolean {
  return ENDS[state] === undefined;
}

export function UpdateTag(props: { state: UpdateState }) {
  const { t } = useTexts(texts);
  return <Tag look={ENDS[props.state] ?? UNDER_WAY}>{t(`update.state.${props.state}`)}</Tag>;
}
