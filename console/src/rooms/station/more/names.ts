/** The names of what is behind "More". */
import { inLanguages, type Same } from "@/i18n";

const en = {
  "more.more": "More",
  "more.firmware": "Firmware & logs",
  "more.certificates": "Certificates",
  "more.charging": "Charging profiles",
  "more.monitoring": "Monitoring",
  "more.local-list": "Local list",
  "more.display": "Display",
} as const;

const de: Same<typeof en> = {
  "more.more": "Mehr",
  "more.firmware": "Firmware & Protokolle",
  "more.certificates": "Zertifikate",
  "more.charging": "Ladeprofile",
  "more.monitoring": "Überwachung",
  "more.local-list": "Lokale Liste",
  "more.display": "Anzeige",
};

export const texts = inLanguages({ en, de });
