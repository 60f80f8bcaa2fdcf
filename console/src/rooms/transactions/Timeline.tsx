/** What was told and decided of a charge: its entries in the journal, and what people made of it. */
import { Text } from "@mantine/core";
import { type Icon, IconAlertTriangle, IconArrowBackUp, IconBolt, IconCheck, IconCircleX, IconPencil, IconPlayerStop } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { api, type Schema, take } from "@/api";
import { format, useTexts } from "@/i18n";
import type { Events } from "@/live";
import { Panel, SafeText, Skeletons, Time, type Tone, Trouble, visible } from "@/ui";
import type { Transaction } from "@/ui/charge";
import { wordOfActor } from "@/ui/words/words.ts";
import { useRepairs } from "./Oddities.tsx";
import { reasonText } from "./reasons.ts";
import { texts } from "./texts.ts";
import classes from "./detail.module.css";

interface Entry {
  key: string;
  at: string;
  icon: Icon;
  tone: Tone;
  text: string;
  more?: ReactNode;
}

type Say = ReturnType<typeof useTexts<typeof texts.en>>["t"];

function ofEvent(event: Schema<"TransactionEventOut">, t: Say): Entry | null {
  const { number, at, name } = event;
  const base = { key: `e${number}`, at: typeof event.data.at === "string" ? event.data.at : at };
  switch (name) {
    case "transaction.started": {
      const { token } = event.data as unknown as Events["transaction.started"];
      return { ...base, icon: IconBolt, tone: "busy", text: token === "" ? t("timeline.started") : t("timeline.startedBy", { token: visible(token).slice(0, 60) }) };
    }
    case "transaction.ended": {
      const { reason, energy_wh, suspect } = event.data as unknown as Events["transaction.ended"];
      const said = reasonText(reason);
      const text = energy_wh === null ? t("timeline.ended", { reason: said }) : t("timeline.endedEnergy", { energy: format.energy(energy_wh), reason: said });
      return { ...base, icon: suspect ? IconAlertTriangle : IconPlayerStop, tone: suspect ? "bad" : "away", text };
    }
    case "transaction.corrected": {
      const { change, energy_wh } = event.data as unknown as Events["transaction.corrected"];
      const key = `timeline.corrected.${change}`;
      const text = change === "energy" ? t("timeline.corrected.energy", { energy: energy_wh === null ? "–" : format.energy(energy_wh) }) : key in texts.en ? t(key as "timeline.corrected.ended") : change;
      return { ...base, icon: IconPencil, tone: "wait", text };
    }
    default:
      return null;
  }
}

const REVIEWS: Readonly<Record<string, Icon>> = { accept: IconCheck, close: IconCircleX, reopen: IconArrowBackUp };

function ofReview(review: Schema<"ReviewOut">, index: number, t: Say): Entry {
  const who = visible(wordOfActor(review.actor)).slice(0, 80);
  const text =
    review.action === "close"
      ? t("timeline.close", { who })
      : review.action === "reopen"
        ? t("timeline.reopen", { who })
        : review.energy_wh === null
          ? t("timeline.accept", { who })
          : t("timeline.acceptEnergy", { who, energy: format.energy(review.energy_wh) });
  const more =
    review.reason === "" ? undefined : (
      <div className={classes.reason}>
        <SafeText text={review.reason} most={300} />
      </div>
    );
  return { key: `r${index}`, at: review.at, icon: REVIEWS[review.action] ?? IconCheck, tone: "held", text, ...(more === undefined ? {} : { more }) };
}

export function Timeline(props: { of: Transaction }) {
  const { t } = useTexts(texts);
  const { station_id, id } = props.of;
  const { data, error, refetch } = useQuery({
    queryKey: ["transactions", station_id, id, "events"],
    queryFn: ({ signal }) =>
      take(api.GET("/api/v1/transactions/{station_id}/{transaction_id}/events", { params: { path: { station_id, transaction_id: id } }, signal })),
  });
  const { data: repairs } = useRepairs(props.of);
  const entries = [
    ...(data?.items ?? []).flatMap((event) => ofEvent(event, t) ?? []),
    ...(repairs?.reviews ?? []).map((review, index) => ofReview(review, index, t)),
  ].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  return (
    <Panel title={t("timeline.title")}>
      {data === undefined ? (
        error === null ? (
          <Skeletons rows={2} />
        ) : (
          <Trouble error={error} retry={() => void refetch()} />
        )
      ) : entries.length === 0 ? (
        <Text c="dimmed" size="sm">
          {t("timeline.none")}
        </Text>
      ) : (
        <ol className={classes.timeline}>
          {entries.map((entry) => (
            <li key={entry.key} className={classes.event} data-tone={entry.tone}>
              <entry.icon size={18} aria-hidden />
              <div>
                <div>{entry.text}</div>
                {entry.more}
                <Text size="xs" c="dimmed" component="div">
                  <Time at={entry.at} style="full" />
                </Text>
              </div>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
