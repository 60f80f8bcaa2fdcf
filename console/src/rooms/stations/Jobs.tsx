/** `/jobs`: what was asked of many stations. */
import { Button } from "@mantine/core";
import { IconChecklist } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTexts } from "@/i18n";
import { Link, pathOf } from "@/route";
import { type Column, Empty, PageHeader, Skeletons, Time, Trouble, VirtualTable } from "@/ui";
import { Actor } from "@/ui/words/Actor.tsx";
import type { Job } from "./asking.ts";
import { useJobTitle } from "./JobPage.tsx";
import { behind, ITEM_STATES, useJobs } from "./jobs.ts";
import { ProgressBar } from "./Progress.tsx";
import classes from "./stations.module.css";
import { texts } from "./texts.ts";

const rowId = (job: Job): string => job.id;
const toOf = (job: Job): string => pathOf("jobs", job.id);

export default function Jobs() {
  const { t } = useTexts(texts);
  const jobs = useJobs();
  const titleOf = useJobTitle();
  const columns = useMemo<readonly Column<Job>[]>(
    () => [
      { id: "what", title: t("jobs.what"), min: 220, grow: 2, keep: true, card: "title", cell: (job) => <Link to={toOf(job)} className={classes.plain}>{titleOf(job)}</Link> },
      { id: "state", title: t("jobs.state"), min: 100, grow: 0, keep: true, card: "aside", cell: (job) => t(`job.${job.state}`) },
      {
        id: "progress",
        title: t("jobs.progress"),
        min: 180,
        cell: (job) => (
          <div className={classes.inRow} title={t("job.progress", { done: behind(job), total: job.total })}>
            <ProgressBar job={job} />
          </div>
        ),
      },
      {
        id: "outcome",
        title: t("jobs.outcome"),
        min: 180,
        grow: 1.4,
        cell: (job) =>
          ITEM_STATES.filter((state) => (job.counts[state] ?? 0) > 0)
            .map((state) => `${job.counts[state] ?? 0} ${t(`job.item.${state}`)}`)
            .join(" · "),
      },
      { id: "who", title: t("jobs.who"), min: 110, cell: (job) => <Actor name={job.actor} /> },
      { id: "when", title: t("jobs.when"), min: 110, grow: 0, cell: (job) => <Time at={job.asked_at} /> },
    ],
    // The titles are of the same language as `t`.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [t],
  );
  return (
    <>
      <PageHeader title={t("jobs.title")} path={[{ title: t("stations.title"), to: "/stations" }]} />
      {jobs.error !== null && jobs.data === undefined ? (
        <Trouble error={jobs.error} retry={() => void jobs.refetch()} />
      ) : jobs.data === undefined ? (
        <Skeletons rows={6} />
      ) : (
        <VirtualTable
          id="jobs"
          label={t("jobs.label")}
          rows={jobs.data.items}
          columns={columns}
          rowId={rowId}
          to={toOf}
          empty={
            <Empty icon={IconChecklist} title={t("jobs.noneTitle")} text={t("jobs.noneText")}>
              <Button component={Link} to="/stations" variant="default">
                {t("jobs.toStations")}
              </Button>
            </Empty>
          }
        />
      )}
    </>
  );
}
