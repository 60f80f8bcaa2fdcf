import type { Same } from "@/i18n";
import type { en } from "./access.en.ts";

export const de: Same<typeof en> = {
  "role.viewer.is": "Sieht alles, ändert nichts.",
  "role.technician.is": "Sieht alles; richtet Stationen ein und steuert sie.",
  "role.operator.is": "Führt den Betrieb: Stationen, Standorte, Token, Ladevorgänge; liest das Audit-Protokoll.",
  "role.admin.is": "Darf alles und entscheidet, wer was darf.",

  "scope.stations:read": "Stationen sehen, mit Zustand und Einstellungen",
  "scope.stations:write": "Stationen anlegen, ändern und entfernen",
  "scope.stations:command": "Stationen steuern: neu starten, entriegeln, Laden starten und stoppen, einstellen",
  "scope.messages:read": "Nachrichten der Stationen lesen",
  "scope.sites:read": "Standorte und ihre Last sehen",
  "scope.sites:write": "Standorte anlegen, ändern und entfernen",
  "scope.tokens:read": "Token und ihre Gruppen sehen",
  "scope.tokens:write": "Token anlegen, sperren und entfernen",
  "scope.transactions:read": "Ladevorgänge sehen",
  "scope.transactions:write": "Ladevorgänge richtigstellen",
  "scope.events:read": "Ereignisse live verfolgen",
  "scope.metrics:read": "Metriken lesen",
  "scope.audit:read": "Nachlesen, wer was getan hat",
  "scope.access:write": "Personen, Rollen und API-Schlüssel",

  "access.may": "Was jede Rolle darf",
  "access.permission": "Recht",
  "access.yes": "ja",
  "access.no": "nein",
};
