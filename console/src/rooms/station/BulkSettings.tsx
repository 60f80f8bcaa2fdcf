/** The same settings on stations like this one: which, how far it reaches, and what came of it. */
import { Anchor, Button, Group, Modal, NativeSelect, Progress, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { api, take } from "@/api";
import { common, useTexts } from "@/i18n";
import { sameList, type Station, useFleet } from "@/live";
import { Link, pathOf } from "@/route";
import { done, failed, SafeText, Skeletons, Trouble } from "@/ui";
import type { Detail } from "./data.ts";
import { keyOf, nameOf, newValueOf, rangeOf, type Setting, wrongWith } from "./Settings.tsx";
import classes from "./station.module.css";
import { texts } from "./texts.ts";

const SCOPES = ["firmware", "model", "site", "vendor", "protocol"] as const;
type Scope = (typeof SCOPES)[number];

const STATES = ["waiting", "asking", "done", "refused", "failed", "unknown", "cancelled"] as const;

function isLike(scope: Scope, a: Station, b: Station): boolean {
  switch (scope) {
    case "firmware":
      return a.vendor === b.vendor && a.model === b.model && a.firmware === b.firmware;
    case "model":
      return a.vendor === b.vendor && a.model === b.model;
    case "site":
      return a.site_id === b.site_id;
    case "vendor":
      return a.vendor === b.vendor;
    case "protocol":
      return a.protocol === b.protocol;
  }
}

function Running(props: { job: string; close: () => void }) {
  const { t } = useTexts(texts);
  const { t: tc } = useTexts(common);
  const job = useQuery({
    queryKey: ["jobs", props.job],
    queryFn: () => take(api.GET("/api/v1/jobs/{job_id}", { params: { path: { job_id: props.job } } })),
    refetchInterval: (query) => (query.state.data?.ended_at ? false : 1000),
    staleTime: 0,
  });
  const failedOnes = useQuery({
    queryKey: ["jobs", props.job, "stations", job.data?.counts],
    queryFn: () => take(api.GET("/api/v1/jobs/{job_id}/stations", { params: { path: { job_id: props.job }, query: { limit: 200 } } })),
    enabled: job.data !== undefined,
  });
  if (job.isError) return <Trouble error={job.error} />;
  if (job.data === undefined) return <Skeletons rows={3} />;
  const { total, counts, ended_at: ended } = job.data;
  const waiting = (counts.waiting ?? 0) + (counts.asking ?? 0);
  const finished = total - waiting;
  const odd = (failedOnes.data?.items ?? []).filter((each) => !["waiting", "asking", "done"].includes(each.state));
  return (
    <Stack>
      <Text role="status">{t(ended ? "station.bulk.finished" : "station.bulk.running", { done: finished, total })}</Text>
      <Progress value={total === 0 ? 100 : (finished / total) * 100} aria-label={t("station.bulk.progress")} color="brand" animated={!ended} />
      <Group gap="md">
        {STATES.filter((state) => (counts[state] ?? 0) > 0).map((state) => (
          <Text key={state} size="sm">
            {t(`station.job.${state}`)}: <strong>{counts[state]}</strong>
          </Text>
        ))}
      </Group>
      {odd.length === 0 ? null : (
        <Stack gap={4} mah={220} style={{ overflow: "auto" }} tabIndex={0} role="group" aria-label={t("station.bulk.odd")}>
          {odd.map((each) => (
            <Group key={each.station_id} justify="space-between" gap="sm" wrap="nowrap">
              <Anchor component={Link} to={pathOf("stations", each.station_id, "settings")} size="sm">
                {each.station_id}
              </Anchor>
              <Text size="sm" c="dimmed">
                <SafeText text={each.outcome} most={80} />
              </Text>
            </Group>
          ))}
        </Stack>
      )}
      <Group justify="flex-end">
        {ended ? null : (
          <Button variant="default" onClick={() => void take(api.POST("/api/v1/jobs/{job_id}/cancel", { params: { path: { job_id: props.job } } })).then(() => job.refetch(), failed)}>
            {t("station.bulk.cancel")}
          </Button>
        )}
        <Button onClick={props.close}>{tc("app.close")}</Button>
      </Group>
    </Stack>
  );
}

export default function BulkSettings(props: { detail: Detail; settings: readonly Setting[]; close: () => void }) {
  const { t } = useTexts(texts);
  const { t: tc } = useTexts(common);
  const { detail } = props;
  const changeable = props.settings.filter((each) => each.mutability !== "ReadOnly");
  const [values, setValues] = useState<Readonly<Record<string, string>>>(() => Object.fromEntries(changeable.map((each) => [keyOf(each), each.value ?? ""])));
  const [scope, setScope] = useState<Scope>("firmware");
  const rows = useFleet((fleet) => fleet.rows, sameList);
  const self = rows.find((each) => each.id === detail.id);
  const ids = useMemo(() => (self === undefined ? [detail.id] : rows.filter((each) => isLike(scope, self, each)).map((each) => each.id)), [rows, self, scope, detail.id]);
  const request = { settings: changeable.map((each) => newValueOf(each, values[keyOf(each)] ?? "")) };
  const wrong = changeable.find((each) => wrongWith(each, values[keyOf(each)] ?? "") !== null);
  const blast = useQuery({
    queryKey: ["jobs", "dry", ids],
    queryFn: () => take(api.POST("/api/v1/jobs/settings", { params: { query: { dry_run: true } }, body: { stations: ids, everything: false, request } })),
    enabled: changeable.length > 0,
    staleTime: 10_000,
  });
  const start = useMutation({
    mutationFn: () => take(api.POST("/api/v1/jobs/settings", { body: { stations: ids, everything: false, request } })),
    onSuccess: () => done(t("station.bulk.started")),
  });
  const reach = blast.data?.blast;
  const job = start.data?.job_id;
  return (
    <Modal opened onClose={props.close} size="lg" title={t("station.bulk.title")} closeButtonProps={{ "aria-label": tc("app.close") }}>
      {job ? (
        <Running job={job} close={props.close} />
      ) : changeable.length === 0 ? (
        <Text>{t("station.bulk.readOnly")}</Text>
      ) : (
        <Stack>
          {start.isError ? <Trouble error={start.error} /> : null}
          {changeable.map((each) => (
            <TextInput
              key={keyOf(each)}
              label={`${each.component === "OCPP16" ? "" : `${each.component}.`}${nameOf(each)}`}
              description={rangeOf(each)}
              error={wrongWith(each, values[keyOf(each)] ?? "")}
              type={each.secret ? "password" : "text"}
              autoComplete="off"
              value={values[keyOf(each)] ?? ""}
              onChange={(event) => setValues({ ...values, [keyOf(each)]: event.currentTarget.value })}
            />
          ))}
          <NativeSelect
            label={t("station.bulk.where")}
            value={scope}
            onChange={(event) => setScope(event.currentTarget.value as Scope)}
            data={SCOPES.map((value) => ({
              value,
              label: `${t(`station.bulk.scope.${value}`)} (${self === undefined ? 1 : rows.filter((each) => isLike(value, self, each)).length})`,
            }))}
          />
          <section className={classes.trouble} data-tone="wait" aria-label={t("station.bulk.reach")}>
            {blast.isError ? (
              <Trouble error={blast.error} retry={() => void blast.refetch()} />
            ) : reach === undefined ? (
              <Text size="sm">{t("station.bulk.reckoning")}</Text>
            ) : (
              <Stack gap={2}>
                <Text fw={650}>{t("station.bulk.stations", { n: reach.stations })}</Text>
                {reach.offline > 0 ? <Text size="sm">{t("station.bulk.offline", { n: reach.offline })}</Text> : null}
                {reach.charging > 0 ? <Text size="sm">{t("station.bulk.charging", { n: reach.charging })}</Text> : null}
                {reach.not_in_version > 0 ? <Text size="sm">{t("station.bulk.version", { n: reach.not_in_version })}</Text> : null}
                {reach.not_accepted > 0 ? <Text size="sm">{t("station.bulk.notAccepted", { n: reach.not_accepted })}</Text> : null}
              </Stack>
            )}
          </section>
          <Group justify="flex-end">
            <Button variant="default" onClick={props.close}>
              {tc("ui.cancel")}
            </Button>
            <Button loading={start.isPending} disabled={wrong !== undefined || reach === undefined} onClick={() => start.mutate()}>
              {t("station.bulk.change", { n: ids.length })}
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}
