/** How far something reaches, in sentences. */
import { Loader, Text } from "@mantine/core";
import { IconBolt, IconCheck, IconHourglass, type Icon, IconPlugConnectedX, IconTargetArrow, IconVersions } from "@tabler/icons-react";
import { format, useTexts } from "@/i18n";
import { type Tone, Trouble } from "@/ui";
import type { Asked, Blast } from "./asking.ts";
import { versionOf } from "./columns.tsx";
import classes from "./stations.module.css";
import { texts } from "./texts.ts";

function Line(props: { icon: Icon; tone?: Tone; children: string }) {
  return (
    <div className={classes.blastLine} data-tone={props.tone}>
      <props.icon size={18} stroke={1.8} aria-hidden />
      <span>{props.children}</span>
    </div>
  );
}

/** Whether a charge that runs now is cut off, waited for, or left alone. */
function chargingKey(asked: Asked): "blast.chargingStops" | "blast.chargingWaits" | "blast.charging" {
  if (asked.action === "reset") return asked.request.kind === "Immediate" ? "blast.chargingStops" : asked.request.kind === "ImmediateAndResume" ? "blast.charging" : "blast.chargingWaits";
  if (asked.action === "availability" && asked.request.availability === "Inoperative") return "blast.chargingWaits";
  if (asked.action === "unlock") return "blast.chargingStops";
  return "blast.charging";
}

export function isDangerous(asked: Asked | null, blast: Blast | null | undefined): boolean {
  return asked !== null && blast !== null && blast !== undefined && blast.charging > 0 && chargingKey(asked) === "blast.chargingStops";
}

export function BlastPanel(props: { asked: Asked | null; blast: Blast | null | undefined; error: unknown; loading: boolean }) {
  const { t } = useTexts(texts);
  const { asked, blast } = props;
  if (asked !== null && props.error !== null && props.error !== undefined) return <Trouble error={props.error} />;
  const empty = asked === null || blast === null || blast === undefined;
  return (
    <section className={classes.blast} aria-label={t("blast.title")} aria-live="polite" data-tone={isDangerous(asked, blast) ? "bad" : undefined}>
      <Text size="sm" fw={600}>
        {t("blast.title")} {props.loading ? <Loader size={12} aria-label={t("blast.asking")} /> : null}
      </Text>
      {empty ? (
        <Text size="sm" c="dimmed">
          {asked === null ? t("blast.fill") : t("blast.asking")}
        </Text>
      ) : (
        <>
          <Line icon={IconTargetArrow}>{`${t("blast.stations", { n: blast.stations })} (${Object.entries(blast.by_protocol)
            .map(([protocol, n]) => `${/^ocpp/.test(protocol) ? `OCPP ${versionOf(protocol)}` : t("blast.noVersion")}: ${format.number(n)}`)
            .join(", ")})`}</Line>
          {blast.charging > 0 ? (
            <Line icon={IconBolt} tone={isDangerous(asked, blast) ? "bad" : "busy"}>
              {t(chargingKey(asked), { n: blast.charging })}
            </Line>
          ) : null}
          {blast.offline > 0 ? (
            <Line icon={IconPlugConnectedX} tone="wait">
              {blast.connected === 0 ? t("blast.none") : t("blast.offline", { n: blast.offline })}
            </Line>
          ) : null}
          {blast.not_in_version > 0 ? (
            <Line icon={IconVersions} tone="wait">
              {t("blast.notInVersion", { n: blast.not_in_version })}
            </Line>
          ) : null}
          {blast.not_accepted > 0 ? (
            <Line icon={IconHourglass} tone="wait">
              {t("blast.notAccepted", { n: blast.not_accepted })}
            </Line>
          ) : null}
          {blast.missing.length > 0 ? (
            <Line icon={IconPlugConnectedX} tone="bad">
              {t("blast.missing", { n: blast.missing.length })}
            </Line>
          ) : null}
          {blast.offline + blast.charging + blast.not_accepted + blast.not_in_version + blast.missing.length === 0 ? (
            <Line icon={IconCheck} tone="free">
              {t("blast.clean")}
            </Line>
          ) : null}
        </>
      )}
    </section>
  );
}
