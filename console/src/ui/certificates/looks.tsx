/** What certificates are for, and how they and requests for them stand. */
import { IconAlertTriangle, IconBan, IconCheck, IconHandStop, IconHourglass, IconReplace, IconX } from "@tabler/icons-react";
import type { Schema } from "@/api";
import { useTexts } from "@/i18n";
import { Tag, type TagLook } from "../Tag.tsx";
import { texts } from "./texts.ts";

export const USES = ["CSMSRootCertificate", "ManufacturerRootCertificate", "MORootCertificate", "V2GRootCertificate", "OEMRootCertificate", "V2GCertificateChain"] as const satisfies readonly Schema<"CertificateUse">[];
export const SIGNING_USES = ["ChargingStationCertificate", "V2GCertificate", "V2G20Certificate"] as const satisfies readonly Schema<"SigningUse">[];

const STANDINGS: Readonly<Record<Schema<"CertificateStanding">, TagLook>> = {
  offered: { tone: "busy", icon: IconHourglass },
  valid: { tone: "free", icon: IconCheck },
  expiring: { tone: "wait", icon: IconAlertTriangle },
  expired: { tone: "bad", icon: IconX },
  replaced: { tone: "away", icon: IconReplace },
  refused: { tone: "bad", icon: IconHandStop },
  revoked: { tone: "bad", icon: IconBan },
};

const REQUESTS: Readonly<Record<Schema<"RequestState">, TagLook>> = {
  waiting: { tone: "busy", icon: IconHourglass },
  accepted: { tone: "free", icon: IconCheck },
  refused: { tone: "bad", icon: IconHandStop },
  superseded: { tone: "away", icon: IconReplace },
  failed: { tone: "bad", icon: IconX },
  expired: { tone: "away", icon: IconX },
};

export function StandingTag(props: { state: Schema<"CertificateStanding"> }) {
  const { t } = useTexts(texts);
  return <Tag look={STANDINGS[props.state]}>{t(`cert.standing.${props.state}`)}</Tag>;
}

export function RequestTag(props: { state: Schema<"RequestState"> }) {
  const { t } = useTexts(texts);
  return <Tag look={REQUESTS[props.state]}>{t(`cert.request.${props.state}`)}</Tag>;
}
