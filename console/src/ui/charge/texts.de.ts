import type { Same } from "@/i18n";
import type { en } from "./texts.en.ts";

export const de: Same<typeof en> = {
  "charge.suspect": "zweifelhaft",
  "charge.suspectHint": "Zweifelhaft: wird nicht abgerechnet, bevor jemand darauf gesehen hat.",
  "charge.at": "{station} · EVSE {evse}",
  "charge.power": "Leistung",
  "charge.meanPower": "Mittlere Leistung",
  "charge.energy": "Energie",
  "charge.soc": "Ladestand",
  "charge.duration": "Dauer",

  "charge.stop": "Beenden",
  "charge.stopAsk": "Ladevorgang an {place} beenden?",
  "charge.stopText": "Die Station wird gebeten, ihn zu beenden. Ob sie dann das Kabel freigibt, hängt von ihren Einstellungen ab.",
  "charge.stopBlast": "Bisher {energy} geladen, gerade {power}.",
  "charge.stopBlastNoPower": "Bisher {energy} geladen.",
  "charge.stopAction": "Beenden",
  "charge.stopping": "Wird beendet…",
  "charge.stopAccepted": "{station} hat zugestimmt. Er ist vorbei, sobald die Station das meldet.",
  "charge.stopClosed": "{station} kennt diesen Ladevorgang nicht, und seit Längerem kam nichts mehr davon: er wurde hier geschlossen.",
  "charge.refused": "{station} lehnt ab: {status}.",
  "charge.refusedWhy": "{station} lehnt ab: {status} ({reason}).",
  "charge.unlock": "Entriegeln",
  "charge.unlockAsk": "Kabel an {place} entriegeln?",
  "charge.unlockText": "Für ein Kabel, das festsitzt. Lädt die Station dort noch, beendet sie den Vorgang womöglich oder lehnt ab.",
  "charge.unlockAction": "Entriegeln",
  "charge.unlocked": "{station} meldet, dass das Kabel frei ist.",
  "charge.noEvse": "Die Station hat nicht gesagt, an welchem EVSE er läuft.",
};
