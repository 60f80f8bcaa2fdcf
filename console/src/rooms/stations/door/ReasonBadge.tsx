import { IconBan, IconCertificateOff, IconHelp, type Icon, IconKey, IconLockOpen, IconPlugConnectedX, IconRoute } from "@tabler/icons-react";
import { useTexts } from "@/i18n";
import type { Tone } from "@/ui";
import classes from "./door.module.css";
import type { Reason } from "./knocks.ts";
import { texts } from "./texts.ts";

const LOOKS: Readonly<Record<Reason, { icon: Icon; tone: Tone }>> = {
  unknown_id: { icon: IconHelp, tone: "busy" },
  wrong_password: { icon: IconKey, tone: "wait" },
  no_password: { icon: IconKey, tone: "wait" },
  disabled: { icon: IconBan, tone: "away" },
  profile_too_low: { icon: IconLockOpen, tone: "bad" },
  wrong_certificate: { icon: IconCertificateOff, tone: "bad" },
  expired_certificate: { icon: IconCertificateOff, tone: "bad" },
  no_certificate: { icon: IconCertificateOff, tone: "bad" },
  identity_mismatch: { icon: IconKey, tone: "bad" },
  wrong_path: { icon: IconRoute, tone: "wait" },
  no_subprotocol: { icon: IconRoute, tone: "wait" },
  subprotocol_not_allowed: { icon: IconRoute, tone: "wait" },
  tls_failure: { icon: IconCertificateOff, tone: "wait" },
  bad_request: { icon: IconPlugConnectedX, tone: "away" },
  throttled: { icon: IconBan, tone: "away" },
};

/** Why somebody was not let in, in two words. */
export function ReasonBadge(props: { reason: Reason }) {
  const { t } = useTexts(texts);
  const { icon: ReasonIcon, tone } = LOOKS[props.reason];
  return (
    <span className={classes.reason} data-tone={tone}>
      <ReasonIcon size={14} stroke={2.2} aria-hidden />
      {t(`reason.${props.reason}`)}
    </span>
  );
}
