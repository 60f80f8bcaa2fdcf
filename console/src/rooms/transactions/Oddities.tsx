/** What is odd about a charge, in words, and what can be done about it. */
import { Button, Group, Modal, NumberInput, Stack, Text, Textarea } from "@mantine/core";
import { IconAlertTriangle, IconArrowBackUp, IconCheck, IconCircleX, IconClockQuestion, IconInfoCircle } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, queries, type Schema, take, useMay } from "@/api";
import { common, format, useTexts } from "@/i18n";
import { useNow } from "@/live";
import { done, SafeText, Time, Trouble, visible } from "@/ui";
import { type Transaction, useFigures } from "@/ui/charge";
import { wordOfActor } from "@/ui/words/words.ts";
import { texts } from "./texts.ts";
import classes from "./detail.module.css";

type Flag = Schema<"Flag">;
type Remedy = "close" | "accept" | "reopen";

/** As rules.py has them: these are told, and do not hold a bill back. */
const HARMLESS: ReadonlySet<Flag> = new Set(["reports_missing", "stopped_by_other", "reopened", "begin_unmetered"]);
const SILENT_MS = 45 * 60_000;
const MOST_KWH = 100_000;

export function useRepairs(of: Transaction) {
  const path = { station_id: of.station_id, transaction_id: of.id };
  return useQuery({
    queryKey: ["transactions", of.station_id, of.id, "repairs"],
    queryFn: ({ signal }) => take(api.GET("/api/v1/transactions/{station_id}/{transaction_id}/repairs", { params: { path }, signal })),
  });
}

function RepairDialog(props: { of: Transaction; remedy: Remedy | null; leave: () => void }) {
  const { t } = useTexts(texts);
  const { t: tc } = useTexts(common);
  const { of, leave } = props;
  // What was asked stays while the dialog fades.
  const [shown, setShown] = useState<Remedy>("accept");
  if (props.remedy !== null && props.remedy !== shown) setShown(props.remedy);
  const [reason, setReason] = useState("");
  const [kWh, setKWh] = useState<string | number>("");
  const { energy_wh } = useFigures(of);
  const path = { station_id: of.station_id, transaction_id: of.id };
  const run = useMutation({
    mutationFn: () => {
      const body = { reason: reason.trim(), ...(shown === "reopen" || kWh === "" ? {} : { energy_wh: Number(kWh) * 1000 }) };
      const params = { params: { path }, body };
      switch (shown) {
        case "close":
          return take(api.POST("/api/v1/transactions/{station_id}/{transaction_id}/close", params));
        case "accept":
          return take(api.POST("/api/v1/transactions/{station_id}/{transaction_id}/accept", params));
        case "reopen":
          return take(api.POST("/api/v1/transactions/{station_id}/{transaction_id}/reopen", params));
      }
    },
    onSuccess: (after) => {
      queries.setQueryData(["transactions", of.station_id, of.id, "itself"], after);
      void queries.invalidateQueries({ queryKey: ["transactions"] });
      setReason("");
      setKWh("");
      leave();
      done(t("repair.done"));
    },
  });
  return (
    <Modal opened={props.remedy !== null} onClose={leave} title={t(`repair.${shown}Title`)} closeButtonProps={{ "aria-label": tc("app.close") }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          run.mutate();
        }}
      >
        <Stack>
          <Text size="sm">{t(`repair.${shown}Text`)}</Text>
          {shown === "reopen" ? null : (
            <NumberInput
              label={t("repair.energy")}
              description={energy_wh === null ? t("repair.energyHintNone") : t("repair.energyHint", { energy: format.energy(energy_wh) })}
              suffix=" kWh"
              decimalScale={3}
              decimalSeparator={format.decimalSeparator()}
              min={0}
              max={MOST_KWH}
              hideControls
              value={kWh}
              onChange={setKWh}
            />
          )}
          <Textarea label={t("repair.reason")} description={t("repair.reasonHint")} required autosize minRows={2} maxLength={500} data-autofocus value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
          {run.isError ? <Trouble error={run.error} /> : null}
          <Group justify="flex-end">
            <Button variant="default" onClick={leave} disabled={run.isPending}>
              {tc("ui.cancel")}
            </Button>
            <Button type="submit" color={shown === "close" ? "red.9" : "brand"} loading={run.isPending} disabled={reason.trim() === ""}>
              {t(`repair.${shown}`)}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

const ICONS = { close: IconCircleX, accept: IconCheck, reopen: IconArrowBackUp } as const;

function Remedies(props: { of: Transaction; offered: readonly Remedy[] }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const [asked, setAsked] = useState<Remedy | null>(null);
  const { data } = useRepairs(props.of);
  if (!may("transactions:write")) return null;
  const possible = props.offered.filter((each) => data?.remedies.some(({ action, possible: can }) => action === each && can));
  return (
    <Group gap="xs" className="no-print">
      {possible.map((each) => {
        const RemedyIcon = ICONS[each];
        return (
          <Button key={each} size="sm" variant={each === "accept" ? "filled" : "default"} leftSection={<RemedyIcon size={16} aria-hidden />} onClick={() => setAsked(each)}>
            {t(`repair.${each}`)}
          </Button>
        );
      })}
      <RepairDialog of={props.of} remedy={asked} leave={() => setAsked(null)} />
    </Group>
  );
}

function Flags(props: { flags: readonly Flag[]; mark: boolean }) {
  const { t } = useTexts(texts);
  return (
    <ul className={classes.flags}>
      {props.flags.map((flag) => (
        <li key={flag}>
          <strong>{t(`flag.${flag}`)}</strong>
          <Text span size="sm">
            {t(`flag.${flag}.text`)}
          </Text>
        </li>
      ))}
    </ul>
  );
}

/** One that runs, of which nothing is heard. */
function Silence(props: { of: Transaction }) {
  const { t } = useTexts(texts);
  const now = useNow(10_000);
  const { heardAt } = useFigures(props.of);
  const silent = now.getTime() - heardAt;
  if (props.of.ended_at !== null || props.of.suspect || silent < SILENT_MS) return null;
  return (
    <section className={classes.odd} data-tone="wait">
      <div className={classes.oddHead}>
        <span className={classes.oddTitle}>
          <IconClockQuestion size={20} aria-hidden style={{ flex: "none" }} />
          {t("transaction.silentTitle", { time: format.duration(silent / 1000) })}
        </span>
        <Remedies of={props.of} offered={["close"]} />
      </div>
      <Text size="sm" mt={6}>
        {t("transaction.silentText")}
      </Text>
    </section>
  );
}

export function Oddities(props: { of: Transaction }) {
  const { t } = useTexts(texts);
  const { of } = props;
  const { data } = useRepairs(of);
  const grave = of.flags.filter((flag) => !HARMLESS.has(flag));
  const harmless = of.flags.filter((flag) => HARMLESS.has(flag));
  if (of.suspect) {
    return (
      <section className={classes.odd} data-tone="bad" aria-label={t("transaction.suspectTitle")}>
        <div className={classes.oddHead}>
          <span className={classes.oddTitle}>
            <IconAlertTriangle size={20} aria-hidden style={{ flex: "none" }} />
            {t("transaction.suspectTitle")}
          </span>
          <Remedies of={of} offered={["accept", "reopen", "close"]} />
        </div>
        <Flags flags={[...grave, ...harmless]} mark />
      </section>
    );
  }
  const [latest] = data?.reviews ?? [];
  const accepted = latest?.action === "accept" && grave.length > 0 ? latest : undefined;
  return (
    <>
      <Silence of={of} />
      {of.flags.length === 0 ? null : (
        <section className={classes.odd} data-tone={accepted === undefined ? "held" : "free"} aria-label={t("transaction.oddTitle")}>
          <div className={classes.oddHead}>
            <span className={classes.oddTitle}>
              {accepted === undefined ? <IconInfoCircle size={20} aria-hidden style={{ flex: "none" }} /> : <IconCheck size={20} aria-hidden style={{ flex: "none" }} />}
              {accepted === undefined ? t("transaction.oddTitle") : t("transaction.acceptedTitle", { who: visible(wordOfActor(accepted.actor)).slice(0, 80) })}
              {accepted === undefined ? null : (
                <Text span size="sm" c="dimmed">
                  <Time at={accepted.at} />
                </Text>
              )}
            </span>
            <Remedies of={of} offered={["reopen"]} />
          </div>
          {accepted === undefined ? null : (
            <Text size="sm" component="div" mt={6}>
              <SafeText text={accepted.reason} most={300} />
            </Text>
          )}
          <Flags flags={[...grave, ...harmless]} mark={false} />
        </section>
      )}
    </>
  );
}
