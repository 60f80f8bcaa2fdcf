/** Asking a station something, with how far it reaches said before, and its own answer after. */
import { Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconHandStop } from "@tabler/icons-react";
import { api, type Schema, take } from "@/api";
import { common, speak } from "@/i18n";
import { confirm, done, visible } from "@/ui";
import type { Detail, Transaction } from "./data.ts";
import { texts } from "./texts.ts";

type Answer = Schema<"AnswerOut">;

/** What the station said, as a toast: yes, later, or no and why. */
export function tell(what: string, answer: Pick<Answer, "outcome" | "status"> & Partial<Pick<Answer, "reason" | "detail">>): void {
  const { t } = speak(texts);
  const why = [answer.reason, answer.detail].filter(Boolean).map((text) => visible(text?.slice(0, 200) ?? "")).join(" · ");
  const status = visible(answer.status.slice(0, 50));
  if (answer.outcome === "accepted") done(t("station.told.accepted", { what, status }));
  else if (answer.outcome === "scheduled") done(t("station.told.scheduled", { what, status }));
  else {
    notifications.show({
      closeButtonProps: { "aria-label": speak(common).t("app.close") },
      color: "red",
      icon: <IconHandStop size={18} />,
      autoClose: 12_000,
      message: (
        <Text size="sm" style={{ overflowWrap: "anywhere" }}>
          {t("station.told.rejected", { what, status })} {why}
        </Text>
      ),
    });
  }
}

const of = (id: string) => ({ path: { station_id: id } });

function charging(open: readonly Transaction[]): string | undefined {
  const { t } = speak(texts);
  return open.length === 0 ? undefined : t("station.blast.charging", { n: open.length });
}

export function askReset(detail: Detail, open: readonly Transaction[], now: boolean): void {
  const { t } = speak(texts);
  const blast = charging(open);
  confirm({
    title: t(now ? "station.reset.askNow" : "station.reset.askIdle", { id: detail.id }),
    text: t(now ? "station.reset.now" : "station.reset.idle"),
    ...(blast === undefined ? {} : { blast: now ? `${blast} ${t("station.blast.stops")}` : `${blast} ${t("station.blast.waits")}` }),
    action: t("station.reset.do"),
    danger: now,
    run: async () => {
      const body = { kind: now ? "Immediate" : "OnIdle" } as const;
      tell(t("station.reset.do"), await take(api.POST("/api/v1/stations/{station_id}/reset", { params: of(detail.id), body })));
    },
  });
}

/** evse 0: the whole station. */
export function askAvailability(detail: Detail, open: readonly Transaction[], operative: boolean, evse = 0, connector: number | null = null): void {
  const { t } = speak(texts);
  const what = evse === 0 ? detail.id : t("station.evse.of", { evse, id: detail.id });
  const touched = evse === 0 ? open : open.filter((each) => each.evse === evse);
  const blast = charging(touched);
  confirm({
    title: t(operative ? "station.availability.askIn" : "station.availability.askOut", { what }),
    text: t(operative ? "station.availability.in" : "station.availability.out"),
    ...(operative || blast === undefined ? {} : { blast: `${blast} ${t("station.blast.after")}` }),
    action: t(operative ? "station.availability.doIn" : "station.availability.doOut"),
    danger: !operative,
    run: async () => {
      const body = { availability: operative ? "Operative" : "Inoperative", evse, ...(connector === null ? {} : { connector }) } as const;
      tell(
        t(operative ? "station.availability.doIn" : "station.availability.doOut"),
        await take(api.POST("/api/v1/stations/{station_id}/availability", { params: of(detail.id), body })),
      );
    },
  });
}

export function askUnlock(detail: Detail, open: readonly Transaction[], evse: number, connector: number): void {
  const { t } = speak(texts);
  const blast = charging(open.filter((each) => each.evse === evse));
  confirm({
    title: t("station.unlock.ask", { evse, connector, id: detail.id }),
    text: t("station.unlock.text"),
    ...(blast === undefined ? {} : { blast: `${blast} ${t("station.blast.unlock")}` }),
    action: t("station.unlock.do"),
    danger: blast !== undefined,
    run: async () => {
      const body = { evse, connector };
      tell(t("station.unlock.do"), await take(api.POST("/api/v1/stations/{station_id}/unlock", { params: of(detail.id), body })));
    },
  });
}

export function askStop(detail: Detail, transaction: Transaction): void {
  const { t } = speak(texts);
  confirm({
    title: t("station.stop.ask", { evse: transaction.evse, id: detail.id }),
    text: t("station.stop.text"),
    action: t("station.stop.do"),
    danger: true,
    run: async () => {
      const { accepted, closed, ...said } = await take(
        api.POST("/api/v1/transactions/{station_id}/{transaction_id}/stop", {
          params: { path: { station_id: detail.id, transaction_id: transaction.id } },
        }),
      );
      if (closed) done(t("station.stop.closed"));
      else tell(t("station.stop.do"), { ...said, outcome: accepted ? "accepted" : "rejected" });
    },
  });
}

export async function askTrigger(detail: Detail, message: Schema<"Triggerable">): Promise<void> {
  const { t } = speak(texts);
  const body = { message, custom: "" };
  tell(t("station.trigger.do", { message }), await take(api.POST("/api/v1/stations/{station_id}/trigger", { params: of(detail.id), body })));
}

async function change(id: string, body: Schema<"StationChangeIn">): Promise<void> {
  await take(api.PATCH("/api/v1/stations/{station_id}", { params: of(id), body }));
}

export function askEnabled(detail: Detail, open: readonly Transaction[], enabled: boolean): void {
  const { t } = speak(texts);
  const blast = charging(open);
  confirm({
    title: t(enabled ? "station.enable.ask" : "station.disable.ask", { id: detail.id }),
    text: t(enabled ? "station.enable.text" : "station.disable.text"),
    ...(enabled || blast === undefined ? {} : { blast: `${blast} ${t("station.blast.cutOff")}` }),
    action: t(enabled ? "station.enable.do" : "station.disable.do"),
    danger: !enabled,
    run: async () => {
      await change(detail.id, { enabled });
      done(t(enabled ? "station.enable.done" : "station.disable.done", { id: detail.id }));
    },
  });
}

export async function acceptStation(detail: Detail): Promise<void> {
  const { t } = speak(texts);
  await change(detail.id, { policy: "Accepted" });
  done(t("station.accept.done", { id: detail.id }));
}

export function askRemove(detail: Detail, open: readonly Transaction[], after: () => void): void {
  const { t } = speak(texts);
  const blast = charging(open);
  confirm({
    title: t("station.remove.ask", { id: detail.id }),
    text: t("station.remove.text"),
    blast: [blast === undefined ? undefined : `${blast} ${t("station.blast.cutOff")}`, detail.link.connected ? t("station.blast.connected") : undefined].filter(Boolean).join(" ") || undefined,
    action: t("station.remove.do"),
    danger: true,
    run: async () => {
      await take(api.DELETE("/api/v1/stations/{station_id}", { params: of(detail.id) }));
      done(t("station.remove.done", { id: detail.id }));
      after();
    },
  });
}
