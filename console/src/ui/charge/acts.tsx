/** Stop and unlock: asked first, done, and told with the station's own word. */
import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconAlertTriangle, IconLockOpen, IconPlayerStop } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { api, queries, take, useMay } from "@/api";
import { format, speak, useTexts } from "@/i18n";
import { done, visible } from "../basics.tsx";
import { confirm } from "../confirm.ts";
import { figuresOf, rowKey, type Transaction } from "./figures.ts";
import { texts } from "./texts.ts";

function placeOf(transaction: Transaction): string {
  const { t } = speak(texts);
  const station = visible(transaction.station_id);
  return transaction.evse === 0 ? station : t("charge.at", { station, evse: transaction.evse });
}

/** The station answered, and the answer is no. */
function tellRefused(stationId: string, answer: { status: string; reason: string; detail: string }): void {
  const { t } = speak(texts);
  const why = visible([answer.reason, answer.detail].filter(Boolean).join(": ")).slice(0, 200);
  const said = { station: visible(stationId), status: visible(answer.status) };
  const message = why === "" ? t("charge.refused", said) : t("charge.refusedWhy", { ...said, reason: why });
  notifications.show({ message, color: "red", icon: <IconAlertTriangle size={18} />, autoClose: 10_000 });
}

/** agreed: called when the station accepted. */
function askStop(transaction: Transaction, agreed: () => void): void {
  const { t } = speak(texts);
  const { station_id, id } = transaction;
  const { power_w, energy_wh } = figuresOf(transaction);
  const energy = format.energy(energy_wh ?? 0);
  confirm({
    title: t("charge.stopAsk", { place: placeOf(transaction) }),
    text: t("charge.stopText"),
    blast: power_w === null ? t("charge.stopBlastNoPower", { energy }) : t("charge.stopBlast", { energy, power: format.power(power_w) }),
    action: t("charge.stopAction"),
    run: async () => {
      const params = { path: { station_id, transaction_id: id } };
      const answer = await take(api.POST("/api/v1/transactions/{station_id}/{transaction_id}/stop", { params })).finally(
        // Where it is over already, that is what the page should show behind the answer.
        () => void queries.invalidateQueries({ queryKey: ["transactions"] }),
      );
      if (answer.closed) done(t("charge.stopClosed", { station: visible(station_id) }));
      else if (answer.accepted) {
        agreed();
        done(t("charge.stopAccepted", { station: visible(station_id) }));
      } else tellRefused(station_id, answer);
    },
  });
}

function askUnlock(transaction: Transaction): void {
  const { t } = speak(texts);
  const { station_id, evse, connector } = transaction;
  confirm({
    title: t("charge.unlockAsk", { place: placeOf(transaction) }),
    text: t("charge.unlockText"),
    action: t("charge.unlockAction"),
    run: async () => {
      const params = { path: { station_id } };
      const answer = await take(api.POST("/api/v1/stations/{station_id}/unlock", { params, body: { evse, connector: connector ?? 1 } }));
      if (answer.outcome === "rejected") tellRefused(station_id, answer);
      else done(t("charge.unlocked", { station: visible(station_id) }));
    },
  });
}

/** The station agreed to stop; until it tells the end, the button says so. After this it may be asked again. */
const AGREED_MS = 30_000;

export function StopButton(props: { of: Transaction; size?: string }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const key = rowKey(props.of);
  const [agreed, setAgreed] = useState("");
  useEffect(() => {
    if (agreed === "") return undefined;
    const timer = setTimeout(() => setAgreed(""), AGREED_MS);
    return () => clearTimeout(timer);
  }, [agreed]);
  if (props.of.ended_at !== null || !may("stations:command")) return null;
  const waits = agreed === key;
  return (
    <Button
      size={props.size ?? "sm"}
      color="red.9"
      leftSection={<IconPlayerStop size={16} aria-hidden />}
      disabled={waits}
      onClick={() => askStop(props.of, () => setAgreed(key))}
    >
      {waits ? t("charge.stopping") : t("charge.stop")}
    </Button>
  );
}

export function UnlockButton(props: { of: Transaction; size?: string }) {
  const { t } = useTexts(texts);
  const may = useMay();
  if (!may("stations:command")) return null;
  return (
    <Button
      size={props.size ?? "sm"}
      variant="default"
      leftSection={<IconLockOpen size={16} aria-hidden />}
      disabled={props.of.evse === 0}
      title={props.of.evse === 0 ? t("charge.noEvse") : undefined}
      onClick={() => askUnlock(props.of)}
    >
      {t("charge.unlock")}
    </Button>
  );
}
