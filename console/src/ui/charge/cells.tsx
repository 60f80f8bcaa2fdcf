/** What a charge says of itself, a word or a number each; those of running ones change by themselves. */
import { Group, Tooltip } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTexts } from "@/i18n";
import { Duration, Energy, Percent, Power, Since, StateBadge } from "../basics.tsx";
import { type Figures, type Transaction, useFigures } from "./figures.ts";
import { texts } from "./texts.ts";
import classes from "./charge.module.css";

/** 1.6 stations tell no charging state; that power flows says enough. */
export function stateOf(transaction: Transaction, figures: Pick<Figures, "charging_state" | "power_w">): string {
  if (transaction.ended_at !== null) return "Ended";
  if (figures.charging_state !== "") return figures.charging_state;
  return (figures.power_w ?? 0) > 0 ? "Charging" : "Active";
}

export function ChargeState(props: { of: Transaction; size?: "sm" | "md" }) {
  const { t } = useTexts(texts);
  const figures = useFigures(props.of);
  return (
    <Group gap={6} wrap="nowrap" component="span">
      <StateBadge state={stateOf(props.of, figures)} size={props.size ?? "md"} />
      {props.of.suspect ? (
        <Tooltip label={t("charge.suspectHint")}>
          <span className={classes.suspect} data-tone="bad" role="img" aria-label={t("charge.suspect")}>
            <IconAlertTriangle size={16} stroke={2} aria-hidden />
          </span>
        </Tooltip>
      ) : null}
    </Group>
  );
}

export function ChargePower(props: { of: Transaction }) {
  return <Power w={useFigures(props.of).power_w} />;
}

export function ChargeEnergy(props: { of: Transaction }) {
  return <Energy wh={useFigures(props.of).energy_wh} />;
}

export function ChargeSoc(props: { of: Transaction }) {
  const { soc_percent } = useFigures(props.of);
  return <Percent of={soc_percent === null ? null : soc_percent / 100} digits={0} />;
}

export function ChargeDuration(props: { of: Transaction }) {
  const { started_at, ended_at } = props.of;
  if (ended_at === null) return <Since at={started_at} />;
  return <Duration s={(Date.parse(ended_at) - Date.parse(started_at)) / 1000} />;
}
