/** A station's way in, step by step: how far it came, and what to do about the step that failed. */
import { IconAlertTriangle, IconCheck, IconCircleDashed, type Icon, IconMinus } from "@tabler/icons-react";
import { useTexts } from "@/i18n";
import { SafeText, type Tone } from "@/ui";
import { versionOf } from "../columns.tsx";
import classes from "./door.module.css";
import type { Reason, Step } from "./knocks.ts";
import { texts } from "./texts.ts";

const LOOKS: Readonly<Record<Step["outcome"], { icon: Icon; tone: Tone | undefined }>> = {
  ok: { icon: IconCheck, tone: "free" },
  failed: { icon: IconAlertTriangle, tone: "bad" },
  skipped: { icon: IconMinus, tone: undefined },
  pending: { icon: IconCircleDashed, tone: undefined },
};

/**
 * detail   what the server knows beyond the reason, of the attempt that failed
 * beside   the password is beside, on the same page
 */
export function Steps(props: { steps: readonly Step[]; reason: Reason | null; detail?: string; beside?: boolean }) {
  const { t } = useTexts(texts);
  const heard = (step: Step): string => {
    if (step.outcome === "failed" && step.step !== "boot") {
      if (props.reason === null) return step.told;
      if (props.beside === true && (props.reason === "wrong_password" || props.reason === "no_password")) return t(`beside.${props.reason}`);
      return t(`todo.${props.reason}`);
    }
    if (step.step === "tls") return step.outcome === "skipped" ? t("step.noTls") : "";
    if (step.step !== "boot") return "";
    if (step.outcome === "failed") return t("step.bootRejected");
    return step.outcome === "ok" && step.told !== "" ? t("step.bootBefore") : step.outcome === "pending" && step.told !== "" ? t("step.bootWaits") : "";
  };
  return (
    <ol className={classes.steps}>
      {props.steps.map((step) => {
        const { icon: StepIcon, tone } = LOOKS[step.outcome];
        const said = heard(step);
        const raw = step.outcome === "ok" && (step.step === "tls" || step.step === "path" || step.step === "subprotocol") ? step.told : "";
        return (
          <li key={step.step} className={classes.step} data-tone={tone} data-outcome={step.outcome}>
            <span className={classes.stepIcon}>
              <StepIcon size={14} stroke={2.4} aria-hidden />
            </span>
            <span className={classes.stepName}>
              {t(`step.${step.step}`)}
              <span className={classes.unseen}>{`: ${t(`step.${step.outcome}`)}`}</span>
              {raw === "" ? null : (
                <span className={classes.stepHeard}>
                  <SafeText text={step.step === "subprotocol" ? versionOf(raw) : raw} most={60} mono />
                </span>
              )}
            </span>
            {said === "" ? null : <span className={classes.stepTold}>{said}</span>}
            {step.outcome === "failed" && props.detail !== undefined && props.detail !== "" ? (
              <span className={classes.stepTold}>
                <SafeText text={props.detail} most={300} />
              </span>
            ) : null}
          </li>
        );
      })}
    </ol>
  );
}
