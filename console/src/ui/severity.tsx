/** How grave an event is, from 0 (danger) to 9 (debug), as OCPP 2.x counts: an icon, a tone and a word. */
import { IconAlertOctagon, IconAlertTriangle, IconBug, IconHelp, IconInfoCircle } from "@tabler/icons-react";
import { inLanguages, type Same, useTexts } from "@/i18n";
import { Tag, type TagLook } from "./Tag.tsx";

const en = {
  "severity.0": "Danger",
  "severity.1": "Hardware failure",
  "severity.2": "System failure",
  "severity.3": "Critical",
  "severity.4": "Error",
  "severity.5": "Alert",
  "severity.6": "Warning",
  "severity.7": "Notice",
  "severity.8": "Informational",
  "severity.9": "Debug",
  "severity.unknown": "Not said",
} as const;

const de: Same<typeof en> = {
  "severity.0": "Gefahr",
  "severity.1": "Hardware-Ausfall",
  "severity.2": "Systemausfall",
  "severity.3": "Kritisch",
  "severity.4": "Fehler",
  "severity.5": "Alarm",
  "severity.6": "Warnung",
  "severity.7": "Hinweis",
  "severity.8": "Zur Kenntnis",
  "severity.9": "Fehlersuche",
  "severity.unknown": "Nicht gesagt",
};

export const severityTexts = inLanguages({ en, de });
export const SEVERITIES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const;
export type Severity = (typeof SEVERITIES)[number];

function lookAt(severity: number | null): TagLook {
  if (severity === null) return { tone: "away", icon: IconHelp };
  if (severity <= 3) return { tone: "bad", icon: IconAlertOctagon };
  if (severity <= 5) return { tone: "bad", icon: IconAlertTriangle };
  if (severity === 6) return { tone: "wait", icon: IconAlertTriangle };
  return severity === 9 ? { tone: "away", icon: IconBug } : { tone: "busy", icon: IconInfoCircle };
}

export function isSeverity(value: number): value is Severity {
  return (SEVERITIES as readonly number[]).includes(value);
}

export function SeverityTag(props: { severity: number | null }) {
  const { t } = useTexts(severityTexts);
  const { severity } = props;
  return <Tag look={lookAt(severity)}>{severity !== null && isSeverity(severity) ? t(`severity.${severity}`) : t("severity.unknown")}</Tag>;
}

/** For choices: "0 · Danger". */
export function useSeverityOptions(): { value: string; label: string }[] {
  const { t } = useTexts(severityTexts);
  return SEVERITIES.map((each) => ({ value: String(each), label: `${each} · ${t(`severity.${each}`)}` }));
}
