import type { Same } from "@/i18n";
import type { en } from "./texts.en.ts";

export const de: Same<typeof en> = {
  "cert.use.CSMSRootCertificate": "Wurzeln von Zentralsystemen",
  "cert.use.ManufacturerRootCertificate": "Wurzeln für Firmware",
  "cert.use.MORootCertificate": "Wurzeln von Mobilitätsanbietern",
  "cert.use.V2GRootCertificate": "V2G-Wurzeln",
  "cert.use.OEMRootCertificate": "Wurzeln von Fahrzeugherstellern",
  "cert.use.V2GCertificateChain": "V2G-Ketten",
  "cert.signing.ChargingStationCertificate": "Gegenüber uns",
  "cert.signing.V2GCertificate": "Gegenüber Fahrzeugen (ISO 15118-2)",
  "cert.signing.V2G20Certificate": "Gegenüber Fahrzeugen (ISO 15118-20)",
  "cert.standing.offered": "Angeboten",
  "cert.standing.valid": "Gültig",
  "cert.standing.expiring": "Läuft bald ab",
  "cert.standing.expired": "Abgelaufen",
  "cert.standing.replaced": "Ersetzt",
  "cert.standing.refused": "Abgelehnt",
  "cert.standing.revoked": "Widerrufen",
  "cert.request.waiting": "Wartet",
  "cert.request.accepted": "Angenommen",
  "cert.request.refused": "Abgelehnt",
  "cert.request.superseded": "Überholt",
  "cert.request.failed": "Gescheitert",
  "cert.request.expired": "Abgelaufen",
};
