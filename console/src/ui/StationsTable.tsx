/** Stations, compact: for rooms that show some of them. The stations' own room has more columns, and acts on them. */
import { Text } from "@mantine/core";
import { type ReactNode, useMemo } from "react";
import { common, useTexts } from "@/i18n";
import type { Station } from "@/live";
import { pathOf } from "@/route";
import { Age, Id, Percent, SafeText, StateBadge } from "./basics.tsx";
import { LoadBar } from "./LoadBar.tsx";
import { type Column, VirtualTable } from "./VirtualTable.tsx";

/** Below this the federal American charging programme (NEVI) does not pay: a usual line to draw. */
export const UPTIME_TARGET = 0.97;

export function Uptime(props: { of: number | null }) {
  const low = props.of !== null && props.of < UPTIME_TARGET;
  return (
    <Text span inherit fw={low ? 650 : undefined} style={low ? { color: "var(--tone-bad-text)" } : undefined}>
      <Percent of={props.of} />
    </Text>
  );
}

const leadsTo = (station: Station): string => pathOf("stations", station.id);
const idOf = (station: Station): string => station.id;

/** siteNames: to show the site; without it there is no such column. */
export function StationsTable(props: {
  id: string;
  label: string;
  rows: readonly Station[];
  siteNames?: ReadonlyMap<string, string>;
  sort: string;
  onSort: (sort: string) => void;
  loading?: boolean;
  empty?: ReactNode;
  beside?: ReactNode;
}) {
  const { t } = useTexts(common);
  const { siteNames } = props;
  const columns = useMemo((): Column<Station>[] => {
    const site: Column<Station> = {
      id: "site",
      title: t("columns.site"),
      sort: (row) => siteNames?.get(row.site_id ?? "") ?? null,
      cell: (row) => {
        const name = siteNames?.get(row.site_id ?? "");
        return name === undefined ? <Text span c="dimmed">–</Text> : <SafeText text={name} most={40} />;
      },
      min: 120,
      grow: 2,
    };
    return [
      { id: "id", title: t("columns.station"), keep: true, card: "title", min: 130, grow: 0.8, sort: (row) => row.id, cell: (row) => <Id id={row.id} to={leadsTo(row)} /> },
      ...(siteNames === undefined ? [] : [site]),
      { id: "state", title: t("columns.state"), keep: true, card: "aside", min: 128, grow: 0, sort: (row) => row.state, cell: (row) => <StateBadge state={row.state} size="sm" /> },
      { id: "power", title: t("columns.power"), min: 168, grow: 0, sort: (row) => row.power_w, cell: (row) => (row.power_w === null ? <Text span c="dimmed">–</Text> : <LoadBar w={row.power_w} limit={row.power_limit_w} small />) },
      { id: "uptime", title: t("columns.uptime"), min: 128, grow: 0, align: "end", sort: (row) => row.uptime_30d, cell: (row) => <Uptime of={row.uptime_30d} /> },
      { id: "seen", title: t("columns.seen"), min: 110, grow: 0, sort: (row) => (row.last_seen === null ? null : Date.parse(row.last_seen)), cell: (row) => <Age at={row.last_seen} /> },
      { id: "make", title: t("columns.make"), min: 160, grow: 3, sort: (row) => `${row.vendor} ${row.model}`, cell: (row) => <SafeText text={`${row.vendor} ${row.model}`.trim()} most={40} /> },
      { id: "firmware", title: t("columns.firmware"), min: 96, grow: 0.4, card: "none", sort: (row) => row.firmware, cell: (row) => <SafeText text={row.firmware} most={24} mono /> },
    ];
  }, [t, siteNames]);
  return (
    <VirtualTable
      id={props.id}
      label={props.label}
      rows={props.rows}
      columns={columns}
      rowId={idOf}
      to={leadsTo}
      sort={props.sort}
      onSort={props.onSort}
      loading={props.loading ?? false}
      empty={props.empty}
      beside={props.beside}
    />
  );
}
