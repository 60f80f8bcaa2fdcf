/** Power against the limit over time, going on live. Large: import it in pages only. */
import { SegmentedControl } from "@mantine/core";
import { useMemo } from "react";
import { common, format, useTexts } from "@/i18n";
import { LOAD_RANGES, type LoadRange, useLoad } from "@/live";
import { Panel, Skeletons, Trouble } from "./basics.tsx";
import { Chart, type Series } from "./Chart.tsx";

const RANGES = Object.keys(LOAD_RANGES) as LoadRange[];

/** site: null for the network. range is the address's. */
export function LoadChart(props: { site: string | null; range: LoadRange; onRange: (range: LoadRange) => void; height?: number }) {
  const { t } = useTexts(common);
  const { load, query } = useLoad(props.site, props.range);
  const series = useMemo(
    (): Series[] => [
      { label: t("load.power"), kind: "area", color: "--chart-1" },
      { label: t("load.limit"), kind: "limit", color: "--chart-2" },
    ],
    [t],
  );
  const values = useMemo(() => (load === undefined ? [] : [load.power, load.limit]), [load]);
  const height = props.height ?? 320;
  return (
    <Panel
      title={t("load.title")}
      beside={
        <SegmentedControl
          size="xs"
          aria-label={t("load.range")}
          value={props.range}
          onChange={props.onRange}
          data={RANGES.map((range) => ({ value: range, label: t(`load.${range}`) }))}
        />
      }
    >
      {query.isError && load === undefined ? (
        <Trouble error={query.error} retry={() => void query.refetch()} />
      ) : load === undefined ? (
        <Skeletons rows={1} height={height + 26} />
      ) : (
        <Chart label={t("load.title")} series={series} at={load.at} values={values} format={format.power} span={load.span} height={height} empty={t("load.none")} />
      )}
    </Panel>
  );
}
