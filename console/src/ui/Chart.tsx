/**
 * Values over time, by uPlot; large, so import it only in pages, which are loaded when wanted.
 *
 * It is a picture with a description, and the same as a table on demand. Data may grow many times a second: only the
 * picture is drawn anew.
 */
import { Group, Table, Text, UnstyledButton, useComputedColorScheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { type KeyboardEvent, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { common, format, useTexts } from "@/i18n";
import classes from "./chart.module.css";

/**
 * kind     area: filled; line; step: holds until the next; limit: dashed, a bound and not a measurement
 * color    a CSS variable: "--chart-1" (default by order), "--tone-busy"
 * axis     "right": of another unit, on the right
 */
export interface Series {
  label: string;
  kind?: "area" | "line" | "step" | "limit";
  color?: string;
  axis?: "left" | "right";
}

/**
 * at       Unix seconds, rising
 * values   a list a series, as long as `at`; null: nothing is known, and the line has a gap
 * format   a value as text, with its unit: format.power; formatRight of the right axis
 * span     [from, to] in Unix seconds; without it all of `at`
 * rest     the value that the key names while nothing is pointed at; without it the last
 */
export interface ChartProps {
  label: string;
  series: readonly Series[];
  at: readonly number[];
  values: readonly (readonly (number | null)[])[];
  format: (value: number) => string;
  formatRight?: (value: number) => string;
  height?: number;
  span?: readonly [number, number];
  empty?: string;
  rest?: number;
}

const TABLE_ROWS = 200;
/** uPlot counts sides from the top, clockwise. Its types have an enum for them, of which nothing is there when it runs. */
const SIDES = { right: 1, left: 3 } as const satisfies Record<string, number>;

function colorOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function clockText(splits: readonly number[], incrementS: number): string[] {
  let day = "";
  return splits.map((s) => {
    const at = new Date(s * 1000);
    const today = at.toDateString();
    const time = incrementS >= 86_400 ? format.time(at, "date") : format.time(at, incrementS < 60 ? "seconds" : "time");
    if (incrementS >= 86_400 || today === day) return time;
    const isFirst = day === "";
    day = today;
    // The day where it changes, and on the left only when it is not today's.
    if (isFirst && today === new Date().toDateString()) return time;
    return `${time}\n${new Intl.DateTimeFormat(document.documentElement.lang, { month: "short", day: "numeric" }).format(at)}`;
  });
}

/** Of the axis of times, px: two lines where one of them is a day. texts: null as long as there is nothing to write. */
function tall(_: uPlot, texts: readonly string[] | null): number {
  return texts?.some((text) => text.includes("\n")) === true ? 46 : 30;
}

interface Span {
  current: readonly [number, number] | undefined;
}

/** A single value is no line: it is shown as a point. */
function isLonely(values: uPlot.AlignedData[number] | undefined): boolean {
  let known = 0;
  for (const value of values ?? []) if (value !== null && value !== undefined && ++known > 1) return false;
  return known === 1;
}

function optionsOf(props: ChartProps, size: { width: number; height: number }, span: Span, onPoint: (index: number | null) => void): uPlot.Options {
  const ink = colorOf("--chart-ink");
  const grid = { stroke: colorOf("--chart-grid"), width: 1 };
  const font = "12px system-ui, sans-serif";
  const has = (axis: string): boolean => props.series.some((each) => (each.axis ?? "left") === axis);
  const axis = (scale: string, side: "left" | "right", write: (value: number) => string): uPlot.Axis => ({
    scale,
    // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- see SIDES
    side: SIDES[side],
    stroke: ink,
    grid: side === "left" ? grid : { show: false },
    ticks: { show: false },
    font,
    size: 66,
    values: (_, splits) => splits.map(write),
  });
  return {
    ...size,
    padding: [10, has("right") ? 0 : 26, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: {
      x: { time: true, range: (_, min, max) => [...(span.current ?? [min, max])] as [number, number] },
      left: { range: (_, min, max) => [Math.min(0, min), Math.max(max * 1.08, min + 1)] },
      right: { range: (_, min, max) => [Math.min(0, min), Math.max(max, min + 1)] },
    },
    axes: [
      { stroke: ink, grid: { show: false }, ticks: { show: false }, font, space: 80, size: tall, values: (_, splits, __, ___, increment) => clockText(splits, increment) },
      ...(has("left") ? [axis("left", "left", props.format)] : []),
      ...(has("right") ? [axis("right", "right", props.formatRight ?? props.format)] : []),
    ],
    series: [
      {},
      ...props.series.map((each, index): uPlot.Series => {
        const stroke = colorOf(each.color ?? `--chart-${index + 1}`);
        const stepped = uPlot.paths.stepped?.({ align: 1 });
        return {
          label: each.label,
          scale: each.axis ?? "left",
          stroke,
          width: each.kind === "limit" ? 1.5 : 2,
          points: { show: (plot, number) => isLonely(plot.data[number]) },
          ...(each.kind === "area" ? { fill: `${stroke}26` } : {}),
          ...(each.kind === "limit" ? { dash: [6, 4] } : {}),
          ...((each.kind === "step" || each.kind === "limit") && stepped !== undefined ? { paths: stepped } : {}),
        };
      }),
    ],
    hooks: { setCursor: [(plot) => onPoint(plot.cursor.idx ?? null)] },
  };
}

export function Chart(props: ChartProps) {
  const { t, language } = useTexts(common);
  const scheme = useComputedColorScheme("light");
  const { ref: box, width } = useElementSize<HTMLDivElement>();
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [pointed, setPointed] = useState<number | null>(null);
  const [asTable, setAsTable] = useState(false);
  const height = props.height ?? 240;
  const { at, values } = props;
  const isEmpty = !values.some((list) => list.some((value) => value !== null));
  const shape = JSON.stringify([props.series, scheme, language]);
  const span = useRef(props.span);
  const data = useMemo(() => [at, ...values] as unknown as uPlot.AlignedData, [at, values]);
  const make = useEffectEvent((node: HTMLElement) => new uPlot(optionsOf(props, { width, height }, span, setPointed), data, node));
  useEffect(() => {
    if (place.current === null || width === 0 || isEmpty || asTable) return undefined;
    const made = make(place.current);
    plot.current = made;
    return () => {
      made.destroy();
      plot.current = null;
    };
  }, [shape, width, height, isEmpty, asTable]);
  const [from, to] = props.span ?? [];
  useEffect(() => {
    span.current = from === undefined || to === undefined ? undefined : [from, to];
    plot.current?.setData(data);
  }, [data, from, to]);

  const last = at.length - 1;
  const index = pointed !== null && pointed <= last ? pointed : (props.rest ?? last);
  const write = (series: Series, value: number | null | undefined): string =>
    value === null || value === undefined ? "–" : (series.axis === "right" ? (props.formatRight ?? props.format) : props.format)(value);
  const pressed = (event: KeyboardEvent): void => {
    const stride = event.shiftKey ? Math.max(1, Math.round(last / 20)) : 1;
    const there = { ArrowLeft: index - stride, ArrowDown: index - stride, ArrowRight: index + stride, ArrowUp: index + stride, Home: 0, End: last }[event.key];
    const u = plot.current;
    const s = there === undefined ? undefined : at[Math.max(0, Math.min(last, there))];
    if (u === null || s === undefined) return;
    event.preventDefault();
    u.setCursor({ left: u.valToPos(s, "x"), top: 10 });
  };
  const latest = props.series.map((each, number) => `${each.label} ${write(each, values[number]?.findLast((value) => value !== null))}`).join(", ");
  return (
    <div ref={box} className={classes.chart}>
      <Group justify="space-between" gap="xs" mb={4}>
        <Group gap="md" aria-hidden>
          {props.series.map((each, number) => (
            <span key={each.label} className={classes.key}>
              <span className={classes.swatch} data-kind={each.kind ?? "line"} style={{ color: `var(${each.color ?? `--chart-${number + 1}`})` }} />
              {each.label}
              <strong className={classes.value}>{write(each, values[number]?.[index])}</strong>
            </span>
          ))}
          {pointed !== null && at[index] !== undefined ? (
            <Text size="xs" c="dimmed">
              {format.time(new Date(at[index] * 1000), "short")}
            </Text>
          ) : null}
        </Group>
        <UnstyledButton className={classes.toggle ?? ""} onClick={() => setAsTable(!asTable)}>
          {asTable ? t("ui.chartPicture") : t("ui.chartTable")}
        </UnstyledButton>
      </Group>
      {isEmpty ? (
        <div className={classes.none} style={{ height }}>
          <Text c="dimmed" size="sm">
            {props.empty ?? t("ui.chartNone")}
          </Text>
        </div>
      ) : asTable ? (
        <div className={classes.tableBox} style={{ maxHeight: height }} tabIndex={0} role="group" aria-label={props.label}>
          <Table stickyHeader>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t("ui.time")}</Table.Th>
                {props.series.map((each) => (
                  <Table.Th key={each.label}>{each.label}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {at
                .map((s, row) => ({ s, row }))
                .slice(-TABLE_ROWS)
                .reverse()
                .map(({ s, row }) => (
                  <Table.Tr key={s}>
                    <Table.Td>{format.time(new Date(s * 1000), "full")}</Table.Td>
                    {props.series.map((each, number) => (
                      <Table.Td key={each.label}>{write(each, values[number]?.[row])}</Table.Td>
                    ))}
                  </Table.Tr>
                ))}
            </Table.Tbody>
          </Table>
        </div>
      ) : (
        // A slider over time: the arrow keys walk along the values, and each is said.
        <div
          ref={place}
          role="slider"
          aria-readonly
          aria-label={`${props.label}. ${latest}`}
          aria-valuemin={0}
          aria-valuemax={Math.max(0, last)}
          aria-valuenow={Math.max(0, index)}
          aria-valuetext={at[index] === undefined ? latest : [format.time(new Date(at[index] * 1000), "full"), ...props.series.map((each, number) => `${each.label} ${write(each, values[number]?.[index])}`)].join(", ")}
          tabIndex={0}
          className={classes.plot}
          onKeyDown={pressed}
          onBlur={() => plot.current?.setCursor({ left: -10, top: -10 })}
          style={{ height }}
        />
      )}
    </div>
  );
}

export default Chart;
