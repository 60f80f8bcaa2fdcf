import { IconBan, IconCheck, IconHelp, IconHourglass, type Icon, IconLoader2, IconPlayerStop, IconPlugConnectedX } from "@tabler/icons-react";
import { useTexts } from "@/i18n";
import type { ItemState, Job } from "./asking.ts";
import { behind, ITEM_STATES, TONE_OF_ITEM } from "./jobs.ts";
import classes from "./stations.module.css";
import { texts } from "./texts.ts";

const ICONS: Readonly<Record<ItemState, Icon>> = {
  done: IconCheck,
  refused: IconBan,
  failed: IconPlugConnectedX,
  unknown: IconHelp,
  cancelled: IconPlayerStop,
  asking: IconLoader2,
  waiting: IconHourglass,
};

/** What became of a station of a job. */
export function ItemBadge(props: { state: ItemState }) {
  const { t } = useTexts(texts);
  const StateIcon = ICONS[props.state];
  return (
    <span className={classes.item} data-tone={TONE_OF_ITEM[props.state]} title={props.state === "unknown" ? t("job.item.unknownHint") : undefined}>
      <StateIcon size={14} stroke={2.2} aria-hidden />
      {t(`job.item.${props.state}`)}
    </span>
  );
}

/** How far a job is, with what came of it; the figures are beside it in words. */
export function ProgressBar(props: { job: Job }) {
  const { t } = useTexts(texts);
  const { job } = props;
  const over = behind(job);
  const shown = ITEM_STATES.filter((state) => state !== "waiting" && (job.counts[state] ?? 0) > 0);
  return (
    <div
      className={classes.progress}
      role="progressbar"
      aria-label={t("jobs.progress")}
      aria-valuemin={0}
      aria-valuemax={job.total}
      aria-valuenow={over}
      aria-valuetext={t("job.progress", { done: over, total: job.total })}
    >
      {shown.map((state) => (
        <span key={state} data-tone={TONE_OF_ITEM[state]} style={{ width: `${((job.counts[state] ?? 0) / Math.max(1, job.total)) * 100}%` }} />
      ))}
    </div>
  );
}
