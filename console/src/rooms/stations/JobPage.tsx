/** `/jobs/:id`: how something that was asked of many stations goes on, and what became of each. */
import { Button, Group, Stack, Text, UnstyledButton } from "@mantine/core";
import { IconPlayerStop, IconRefresh } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { api, queries, take, useMay } from "@/api";
import { format, useTexts } from "@/i18n";
import { pathOf, useFilters, useParams } from "@/route";
import { type Column, confirm, done, Empty, Id, JsonView, PageHeader, Panel, SafeText, Skeletons, Time, Trouble, VirtualTable, visible } from "@/ui";
import { wordOfActor } from "@/ui/words/words.ts";
import { type Action, type Asked, isAction, type ItemState, type Job, type JobStation } from "./asking.ts";
import { BulkDialog } from "./BulkDialog.tsx";
import { AGAIN, askedOf, behind, isOver, ITEM_STATES, TONE_OF_ITEM, useJob, useJobStations } from "./jobs.ts";
import { ItemBadge, ProgressBar } from "./Progress.tsx";
import classes from "./stations.module.css";
import { texts } from "./texts.ts";

const DEFAULTS = { state: "", sort: "station" } as const;
const rowId = (row: JobStation): string => row.station_id;
const toOf = (row: JobStation): string => pathOf("stations", row.station_id);

export function useJobTitle(): (job: Pick<Job, "command" | "total">) => string {
  const { t } = useTexts(texts);
  return (job) => t("job.of", { what: isAction(job.command) ? t(`job.${job.command}`) : job.command, n: job.total });
}

function useColumns(): readonly Column<JobStation>[] {
  const { t } = useTexts(texts);
  return useMemo(
    () => [
      { id: "station", title: t("stations.id"), min: 150, keep: true, card: "title", sort: (row) => row.station_id, cell: (row) => <Id id={row.station_id} to={toOf(row)} /> },
      { id: "state", title: t("jobs.state"), min: 130, grow: 0, keep: true, card: "aside", sort: (row) => ITEM_STATES.indexOf(row.state), cell: (row) => <ItemBadge state={row.state} /> },
      { id: "outcome", title: t("job.outcome"), min: 200, grow: 3, sort: (row) => row.outcome || null, cell: (row) => <SafeText text={row.outcome} most={160} /> },
      { id: "at", title: t("job.at"), min: 100, grow: 0, sort: (row) => row.at, cell: (row) => (row.at === null ? null : <Time at={row.at} style="seconds" />) },
    ],
    [t],
  );
}

export default function JobPage() {
  const { t } = useTexts(texts);
  const may = useMay();
  const { id = "" } = useParams();
  const job = useJob(id);
  const stations = useJobStations(id);
  const columns = useColumns();
  const titleOf = useJobTitle();
  const [{ state, sort }, setFilters] = useFilters(DEFAULTS);
  const [again, setAgain] = useState<{ action: Action; stations: readonly string[]; initial: Asked | null } | null>(null);
  const rows = useMemo(() => (stations.data ?? []).filter((row) => state === "" || row.state === state), [stations.data, state]);
  const path = [{ title: t("jobs.title"), to: "/jobs" }];
  if (job.error !== null && job.data === undefined) {
    return (
      <>
        <PageHeader title={t("job.title")} path={path} />
        <Trouble error={job.error} retry={() => void job.refetch()} />
      </>
    );
  }
  if (job.data === undefined) {
    return (
      <>
        <PageHeader title={t("job.title")} path={path} />
        <Skeletons rows={8} />
      </>
    );
  }
  const now = job.data;
  const toRetry = (stations.data ?? []).filter((row) => AGAIN.has(row.state)).map(rowId);
  const waiting = now.counts.waiting ?? 0;
  return (
    <>
      <PageHeader title={titleOf(now)} path={path} detail={<>{t("job.by", { who: visible(wordOfActor(now.actor)).slice(0, 80), when: format.time(new Date(now.asked_at), "full") })}</>}>
        {!isOver(now) && may("stations:command") ? (
          <Button
            variant="default"
            leftSection={<IconPlayerStop size={16} />}
            onClick={() =>
              confirm({
                title: t("job.cancelTitle"),
                text: t("job.cancelText", { n: waiting }),
                action: t("job.cancel"),
                danger: true,
                run: async () => {
                  await take(api.POST("/api/v1/jobs/{job_id}/cancel", { params: { path: { job_id: id } } }));
                  await queries.invalidateQueries({ queryKey: ["jobs"] });
                  done(t("job.cancelDone"));
                },
              })
            }
          >
            {t("job.cancel")}
          </Button>
        ) : null}
        {isOver(now) && toRetry.length > 0 && isAction(now.command) && may("stations:command") ? (
          <Button leftSection={<IconRefresh size={16} />} title={t("job.againHint")} onClick={() => isAction(now.command) && setAgain({ action: now.command, stations: toRetry, initial: askedOf(now.command, now.request) })}>
            {t("job.again", { n: toRetry.length })}
          </Button>
        ) : null}
      </PageHeader>
      <Stack gap="md">
        <Panel>
          <Stack gap="sm">
            <Group justify="space-between" gap="xs">
              <Text fw={600}>{t(`job.${now.state}`)}</Text>
              <Text size="sm" c="dimmed" role="status">
                {t("job.progress", { done: behind(now), total: now.total })}
              </Text>
            </Group>
            <ProgressBar job={now} />
            <Tally job={now} chosen={state} onChoose={(chosen) => setFilters({ state: chosen })} />
          </Stack>
        </Panel>
        <Panel title={t("job.asked")}>
          <AskedView request={now.request} />
        </Panel>
        {stations.error !== null && stations.data === undefined ? <Trouble error={stations.error} retry={() => void stations.refetch()} /> : null}
        <VirtualTable
          id="job"
          label={t("job.stations")}
          rows={rows}
          columns={columns}
          rowId={rowId}
          to={toOf}
          sort={sort}
          onSort={(by) => setFilters({ sort: by })}
          loading={stations.isPending}
          empty={<Empty icon={IconRefresh} title={t("job.noneHere")} />}
        />
      </Stack>
      <BulkDialog action={again?.action ?? null} stations={again?.stations ?? []} initial={again?.initial ?? null} onClose={() => setAgain(null)} />
    </>
  );
}

/** Settings are a name and a value; what else is asked is shown as it is. */
function AskedView(props: { request: unknown }) {
  const { t } = useTexts(texts);
  const { request } = props;
  const settings = typeof request === "object" && request !== null && "settings" in request && Array.isArray(request.settings) ? (request.settings as unknown[]) : [];
  const lines = settings.filter((each): each is { name: string; value: string | null } => typeof each === "object" && each !== null && "name" in each && typeof each.name === "string");
  if (lines.length === 0) return <JsonView value={request} what={t("job.asked")} search={false} />;
  return (
    <dl className={classes.asked}>
      {lines.map((line, index) => (
        <div key={index}>
          <dt>
            <SafeText text={line.name} mono />
          </dt>
          <dd>
            <SafeText text={typeof line.value === "string" ? line.value : "•••"} mono />
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** How many are in each state; each a filter. */
function Tally(props: { job: Job; chosen: string; onChoose: (state: string) => void }) {
  const { t } = useTexts(texts);
  const { job, chosen, onChoose } = props;
  const states = ITEM_STATES.filter((state) => (job.counts[state] ?? 0) > 0);
  const chip = (state: ItemState | "", label: string, count: number) => (
    <UnstyledButton key={state} className={classes.chip ?? ""} aria-pressed={chosen === state} aria-current={chosen === state ? "true" : undefined} onClick={() => onChoose(chosen === state ? "" : state)}>
      {state === "" ? null : <span className={classes.dot} data-tone={TONE_OF_ITEM[state]} aria-hidden />}
      {label}
      <span className={classes.chipCount}>{format.number(count)}</span>
    </UnstyledButton>
  );
  return (
    <div className={classes.tally}>
      {chip("", t("job.all"), job.total)}
      {states.map((state) => chip(state, t(`job.item.${state}`), job.counts[state] ?? 0))}
    </div>
  );
}
