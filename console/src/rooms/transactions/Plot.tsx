/** Power, state of charge and energy over the time of a charge; a running one grows at its end. */
import { Button, Stack } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { api, queries, type Schema, take } from "@/api";
import { format, useTexts } from "@/i18n";
import { useLive } from "@/live";
import { Panel, Skeletons, Trouble, useThrottled } from "@/ui";
import { Chart, type Series } from "@/ui/Chart.tsx";
import type { Transaction } from "@/ui/charge";
import { texts } from "./texts.ts";

/** at: Unix seconds. */
interface Point {
  at: number;
  power: number | null;
  energy: number | null;
  soc: number | null;
}

/** The server's slots are made anew this often; between, what is told live is added to them. */
const ANEW_MS = 60_000;
/** A pause longer than this, and than ten slots, is a gap in the line. */
const GAP_S = 900;

/** Pure. The slots of the server as points, each in its middle, with a gap where nothing was told for long; none is after the end. */
export function pointsOf(series: Schema<"SeriesOut">, live: readonly Point[], startedAt: number, endedAt: number | null): Point[] {
  const points: Point[] = [];
  const add = (point: Point): void => {
    const before = points.at(-1);
    const at = Math.min(point.at, endedAt ?? Infinity);
    if (before !== undefined && at <= before.at) return;
    if (before !== undefined && at - before.at > Math.max(GAP_S, 10 * series.slot_s)) points.push({ at: before.at + 1, power: null, energy: null, soc: null });
    points.push({ ...point, at });
  };
  for (const slot of series.slots) {
    const from = Date.parse(slot.at) / 1000;
    const at = Math.max(from + series.slot_s / 2, startedAt);
    add({ at, power: slot.power_w, energy: slot.energy_wh, soc: slot.soc_percent });
  }
  for (const point of live) add(point);
  const [first] = points;
  if (first !== undefined && first.energy !== null && first.at > startedAt && first.at - startedAt < GAP_S) {
    points.unshift({ at: startedAt, power: null, energy: 0, soc: null });
  }
  return points;
}

const percent = (value: number): string => format.percent(value / 100, 0);

export function Plot(props: { of: Transaction }) {
  const { t } = useTexts(texts);
  const { station_id, id, started_at, ended_at } = props.of;
  const queryKey = ["transactions", station_id, id, "series"] as const;
  const path = { station_id, transaction_id: id };
  const { data, error, refetch } = useQuery({
    queryKey,
    queryFn: ({ signal }) => take(api.GET("/api/v1/transactions/{station_id}/{transaction_id}/series", { params: { path }, signal })),
  });
  const [live, setLive] = useState<readonly Point[]>([]);
  const anew = useThrottled(() => void queries.invalidateQueries({ queryKey }), ANEW_MS);
  useLive(["transaction.updated"], (happenings) => {
    const mine = happenings.filter(({ data: told }) => told.station_id === station_id && told.transaction_id === id);
    if (mine.length === 0) return;
    anew();
    setLive((before) => [
      ...before.slice(-600),
      ...mine.map(({ data: told }) => ({ at: Date.parse(told.at) / 1000, power: told.power_w, energy: told.energy_wh, soc: told.soc_percent })),
    ]);
  });
  const [from, to] = [Date.parse(started_at) / 1000, ended_at === null ? null : Date.parse(ended_at) / 1000];
  const points = useMemo(() => (data === undefined ? [] : pointsOf(data, live, from, to)), [data, live, from, to]);
  const whole = to !== null && to > from ? { span: [from, to] as const } : {};
  const at = useMemo(() => points.map((point) => point.at), [points]);
  const hasSoc = points.some((point) => point.soc !== null);
  const above = useMemo(
    () => [points.map((point) => point.power), ...(hasSoc ? [points.map((point) => point.soc)] : [])],
    [points, hasSoc],
  );
  const below = useMemo(() => [points.map((point) => point.energy)], [points]);
  const powerSeries: Series[] = [
    { label: t("transaction.plotPower"), kind: "area" },
    ...(hasSoc ? [{ label: t("transaction.plotSoc"), color: "--chart-3", axis: "right" } as const] : []),
  ];
  const empty = ended_at === null ? t("transaction.plotNone") : t("transaction.plotNever");
  const isBare = data !== undefined && points.length === 0;
  const samples = `/api/v1/transactions/${encodeURIComponent(station_id)}/${encodeURIComponent(id)}/samples/export`;
  return (
    <Panel
      title={t("transaction.plot")}
      beside={
        isBare ? undefined : (
          <Button component="a" href={samples} download size="compact-sm" variant="subtle" leftSection={<IconDownload size={14} />} className="no-print">
            {t("transaction.samples")}
          </Button>
        )
      }
    >
      {error !== null && data === undefined ? (
        <Trouble error={error} retry={() => void refetch()} />
      ) : data === undefined ? (
        <Skeletons rows={1} height={340} />
      ) : (
        <Stack gap="md">
          <Chart
            label={hasSoc ? `${t("transaction.plotPower")}, ${t("transaction.plotSoc")}` : t("transaction.plotPower")}
            series={powerSeries}
            at={at}
            values={above}
            format={format.power}
            formatRight={percent}
            height={isBare ? 120 : 220}
            empty={empty}
            {...whole}
          />
          {isBare ? null : (
            <Chart label={t("transaction.plotEnergy")} series={[{ label: t("transaction.plotEnergy"), kind: "area", color: "--chart-4" }]} at={at} values={below} format={format.energy} height={150} {...whole} />
          )}
        </Stack>
      )}
    </Panel>
  );
}
