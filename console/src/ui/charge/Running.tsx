/** A charge that runs, with what one may want of it at once: how it goes, stop, unlock. */
import { Anchor, Group } from "@mantine/core";
import { useTexts } from "@/i18n";
import { Link, pathOf } from "@/route";
import { StopButton, UnlockButton } from "./acts.tsx";
import { ChargeDuration, ChargeEnergy, ChargePower, ChargeSoc, ChargeState } from "./cells.tsx";
import type { Transaction } from "./figures.ts";
import { texts } from "./texts.ts";
import { visible } from "../basics.tsx";
import classes from "./charge.module.css";

export function RunningCharge(props: { of: Transaction }) {
  const { t } = useTexts(texts);
  const { station_id, id, evse } = props.of;
  const station = visible(station_id);
  return (
    <div className={classes.charge}>
      <Group justify="space-between" gap="xs">
        <Anchor component={Link} to={pathOf("transactions", station_id, id)} fw={650}>
          <bdi>{evse === 0 ? station : t("charge.at", { station, evse })}</bdi>
        </Anchor>
        <ChargeState of={props.of} />
      </Group>
      <ChargeNumbers of={props.of} />
      <div className={classes.acts}>
        <StopButton of={props.of} />
        <UnlockButton of={props.of} />
      </div>
    </div>
  );
}

export function ChargeNumbers(props: { of: Transaction }) {
  const { t } = useTexts(texts);
  return (
    <dl className={classes.numbers} style={{ margin: 0 }}>
      <div className={classes.number}>
        <dt>{t("charge.power")}</dt>
        <dd>
          <ChargePower of={props.of} />
        </dd>
      </div>
      <div className={classes.number}>
        <dt>{t("charge.energy")}</dt>
        <dd>
          <ChargeEnergy of={props.of} />
        </dd>
      </div>
      <div className={classes.number}>
        <dt>{t("charge.soc")}</dt>
        <dd>
          <ChargeSoc of={props.of} />
        </dd>
      </div>
      <div className={classes.number}>
        <dt>{t("charge.duration")}</dt>
        <dd>
          <ChargeDuration of={props.of} />
        </dd>
      </div>
    </dl>
  );
}
