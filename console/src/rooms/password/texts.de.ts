import type { Same } from "@/i18n";
import type { en } from "./texts.en.ts";

export const de: Same<typeof en> = {
  "password.title": "Passwort wählen",
  "password.link": "Sie sind mit einem Einmal-Link gekommen. Mit einem Passwort kommen Sie auch das nächste Mal herein.",
  "password.old": "Altes Passwort",
  "password.new": "Neues Passwort",
  "password.rule": "15 Zeichen oder mehr: ein paar Wörter, die nicht zusammengehören, sind gut.",
  "password.keep": "Behalten",
  "password.others": "Ihre anderen Sitzungen enden.",
  "password.done": "Das neue Passwort gilt. Ihre anderen Sitzungen sind beendet.",
};
