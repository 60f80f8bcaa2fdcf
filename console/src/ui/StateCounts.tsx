/** How many stations are in which state: as a legend that filters, and as a bar. */
import { UnstyledButton } from "@mantine/core";
import { common, format, useTexts } from "@/i18n";
import { lookOf, STATION_STATES, wordOf } from "./states.ts";
import classes from "./states.module.css";

export type Counts = Readonly<Record<string, number>>;

export function countsOf(rows: Iterable<{ readonly state: string }>): Counts {
  const counts: Record<string, number> = {};
  for (const { state } of rows) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

/** chosen: the state that filters, "" for none. Pressing it again takes the filter away. */
export function StateLegend(props: { counts: Counts; chosen: string; onChoose: (state: string) => void }) {
  const { t } = useTexts(common);
  const shown = STATION_STATES.filter((state) => (props.counts[state] ?? 0) > 0 || state === props.chosen);
  return (
    <div className={classes.legend} role="group" aria-label={t("states.legend")}>
      {shown.map((state) => {
        const { tone, icon: StateIcon } = lookOf(state);
        return (
          <UnstyledButton key={state} className={classes.item ?? ""} data-tone={tone} aria-pressed={state === props.chosen} onClick={() => props.onChoose(state === props.chosen ? "" : state)}>
            <StateIcon size={15} stroke={2.2} className={classes.icon} aria-hidden />
            {wordOf(state)} <strong>{format.number(props.counts[state] ?? 0)}</strong>
          </UnstyledButton>
        );
      })}
    </div>
  );
}

export function sayCounts(counts: Counts): string {
  return STATION_STATES.filter((state) => (counts[state] ?? 0) > 0)
    .map((state) => `${format.number(counts[state] ?? 0)} ${wordOf(state)}`)
    .join(", ");
}

export function StateBar(props: { counts: Counts }) {
  const { t } = useTexts(common);
  const said = sayCounts(props.counts);
  return (
    <div className={classes.bar} role="img" aria-label={`${t("states.bar")}: ${said}`} title={said}>
      {STATION_STATES.map((state) => {
        const count = props.counts[state] ?? 0;
        return count === 0 ? null : <span key={state} className={classes.part} data-tone={lookOf(state).tone} style={{ flexGrow: count }} />;
      })}
    </div>
  );
}
