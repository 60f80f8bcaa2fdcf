/** The states of stations, connectors and transactions: each with an icon, a tone and a word, never by colour alone. */
import {
  IconAlertTriangle,
  IconBan,
  IconBolt,
  IconBookmark,
  IconCar,
  IconCheck,
  IconClockPause,
  IconHelp,
  IconHourglass,
  type Icon,
  IconPlugConnected,
  IconPlugConnectedX,
  IconTool,
} from "@tabler/icons-react";
import { common, speak } from "@/i18n";

/** Tones have their colours in styles.css, as `--tone-<tone>` (a dot or line), `-text` and `-paper` (a badge). */
export const TONES = ["free", "busy", "bad", "away", "kept", "held", "wait"] as const;
export type Tone = (typeof TONES)[number];

export interface Look {
  tone: Tone;
  icon: Icon;
}

const LOOKS: Readonly<Record<string, Look>> = {
  Available: { tone: "free", icon: IconCheck },
  Active: { tone: "free", icon: IconCheck },
  Accepted: { tone: "free", icon: IconCheck },
  Connected: { tone: "free", icon: IconPlugConnected },
  Charging: { tone: "busy", icon: IconBolt },
  Occupied: { tone: "held", icon: IconCar },
  Preparing: { tone: "held", icon: IconCar },
  EVConnected: { tone: "held", icon: IconCar },
  Finishing: { tone: "held", icon: IconCar },
  Idle: { tone: "held", icon: IconClockPause },
  SuspendedEV: { tone: "held", icon: IconClockPause },
  SuspendedEVSE: { tone: "wait", icon: IconClockPause },
  Faulted: { tone: "bad", icon: IconAlertTriangle },
  Rejected: { tone: "bad", icon: IconBan },
  Blocked: { tone: "bad", icon: IconBan },
  Expired: { tone: "away", icon: IconHourglass },
  NotAtThisTime: { tone: "wait", icon: IconHourglass },
  Suspect: { tone: "bad", icon: IconAlertTriangle },
  Offline: { tone: "away", icon: IconPlugConnectedX },
  NeverSeen: { tone: "away", icon: IconHelp },
  Unknown: { tone: "away", icon: IconHelp },
  Disabled: { tone: "away", icon: IconBan },
  Ended: { tone: "away", icon: IconCheck },
  Unavailable: { tone: "wait", icon: IconTool },
  Pending: { tone: "wait", icon: IconHourglass },
  Reserved: { tone: "kept", icon: IconBookmark },
};

/** In the order in which a legend names them. */
export const STATION_STATES = [
  "Available",
  "Charging",
  "Occupied",
  "Reserved",
  "Faulted",
  "Unavailable",
  "Offline",
  "Pending",
  "Rejected",
  "NeverSeen",
  "Disabled",
  "Unknown",
] as const;

const UNKNOWN: Look = { tone: "away", icon: IconHelp };

export function lookOf(state: string): Look {
  return LOOKS[state] ?? UNKNOWN;
}

/** The word for a state in the reader's language; a state that we do not know, as it is. */
export function wordOf(state: string): string {
  const key = `state.${state}`;
  const { t } = speak(common);
  return key in common.en ? t(key as "state.Available") : state;
}
