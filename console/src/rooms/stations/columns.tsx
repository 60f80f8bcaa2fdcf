/** The columns of the list of stations. */
import { Text } from "@mantine/core";
import { IconAlertTriangle, IconTrendingDown } from "@tabler/icons-react";
import { format, type Speaker, useTexts } from "@/i18n";
import type { Station } from "@/live";
import { pathOf } from "@/route";
import { Age, type Column, Hint, Id, Percent, SafeText, Since, StateBadge, Unknown, visible, wordOf } from "@/ui";
import { LoadBar } from "@/ui/LoadBar.tsx";
import { UPTIME_TARGET } from "@/ui/StationsTable.tsx";
import type { SiteNames } from "./filters.ts";
import classes from "./stations.module.css";
import type { en } from "./texts.en.ts";
import { texts } from "./texts.ts";

const MOST_LETTERS = 40;

/** The gravest first. */
const GRAVITY = ["Faulted", "Rejected", "Offline", "Pending", "Unavailable", "NeverSeen", "Unknown", "Occupied", "Charging", "Reserved", "Available", "Disabled"];

/** "ocpp2.0.1" is 2.0.1 to people. */
export function versionOf(protocol: string): string {
  return protocol.replace(/^ocpp/, "");
}

function Uptime(props: { of: number | null }) {
  const { t } = useTexts(texts);
  if (props.of === null || props.of >= UPTIME_TARGET) return <Percent of={props.of} />;
  return (
    <Hint says={() => t("stations.uptimeLow")}>
      <span className={classes.low}>
        <IconTrendingDown size={14} stroke={2} aria-hidden />
        <Percent of={props.of} />
        <span className={classes.hidden}>{t("stations.uptimeLow")}</span>
      </span>
    </Hint>
  );
}

function Faults(props: { row: Station }) {
  const { faults, fault } = props.row;
  if (faults === 0) return null;
  return (
    <span className={classes.faults}>
      <IconAlertTriangle size={14} stroke={2} aria-hidden />
      <SafeText text={fault || String(faults)} most={28} />
      {faults > 1 ? <Text span size="xs" c="dimmed">{`+${faults - 1}`}</Text> : null}
    </span>
  );
}

function Connectors(props: { of: Station["connectors"] }) {
  return (
    <span className={classes.connectors}>
      {Object.entries(props.of).map(([status, n]) => (
        <StateBadge key={status} state={status} size="sm" label={`${n} ${wordOf(status)}`} />
      ))}
    </span>
  );
}

function Outside(props: { text: string; mono?: boolean }) {
  return props.text === "" ? (
    <Unknown />
  ) : (
    <span className={classes.cut}>
      <SafeText text={props.text} most={MOST_LETTERS} mono={props.mono ?? false} />
    </span>
  );
}

/** Latest first is "ascending age": the moment as a number, turned around. */
function ageOf(at: string | null): number | null {
  return at === null ? null : -Date.parse(at);
}

export function columnsOf({ t }: Speaker<typeof en>, sites: SiteNames): Column<Station>[] {
  const siteOf = (row: Station): string | null => (row.site_id === null ? null : (sites.get(row.site_id) ?? row.site_id));
  return [
    {
      id: "id",
      title: t("stations.id"),
      min: 150,
      grow: 0.8,
      keep: true,
      card: "title",
      sort: (row) => row.id,
      cell: (row) => (
        <span className={classes.station}>
          <Id id={row.id} to={pathOf("stations", row.id)} />
          {row.name === "" ? null : (
            <bdi className={classes.name}>{visible(row.name)}</bdi>
          )}
        </span>
      ),
    },
    { id: "state", title: t("stations.state"), min: 134, grow: 0, keep: true, card: "aside", sort: (row) => GRAVITY.indexOf(row.state), cell: (row) => <StateBadge state={row.state} /> },
    {
      id: "site",
      title: t("stations.site"),
      min: 120,
      sort: siteOf,
      cell: (row) => {
        const name = siteOf(row);
        return name === null ? <Unknown /> : <bdi className={classes.cut} title={name}>{visible(name)}</bdi>;
      },
    },
    { id: "power", title: t("stations.power"), min: 180, sort: (row) => row.power_w, cell: (row) => (row.power_w === null ? <Unknown /> : <LoadBar w={row.power_w} limit={row.power_limit_w} small />) },
    { id: "make", title: t("stations.make"), min: 160, grow: 2, sort: (row) => `${row.vendor} ${row.model}`.trim() || null, cell: (row) => <Outside text={`${row.vendor} ${row.model}`.trim()} /> },
    { id: "firmware", title: t("stations.firmware"), min: 90, grow: 0.5, card: "none", sort: (row) => row.firmware || null, cell: (row) => <Outside text={row.firmware} mono /> },
    { id: "last_seen", title: t("stations.lastSeen"), min: 105, grow: 0.5, sort: (row) => ageOf(row.last_seen), cell: (row) => <Age at={row.last_seen} never={t("stations.never")} /> },
    { id: "uptime", title: t("stations.uptime"), min: 134, grow: 0.4, align: "end", sort: (row) => row.uptime_30d, cell: (row) => <Uptime of={row.uptime_30d} /> },
    { id: "faults", title: t("stations.faults"), min: 130, grow: 0.7, sort: (row) => (row.faults === 0 ? null : row.fault || String(row.faults)), cell: (row) => <Faults row={row} />, card: "none" },
    { id: "protocol", title: "OCPP", min: 76, grow: 0.3, card: "none", sort: (row) => row.protocol || null, cell: (row) => (row.protocol === "" ? <Unknown /> : versionOf(row.protocol)) },
    { id: "connectors", title: t("stations.connectors"), min: 200, hidden: true, card: "none", cell: (row) => <Connectors of={row.connectors} /> },
    { id: "transactions", title: t("stations.transactions"), min: 110, grow: 0.3, align: "end", hidden: true, card: "none", sort: (row) => row.transactions_open, cell: (row) => format.number(row.transactions_open) },
    { id: "since", title: t("stations.since"), min: 120, grow: 0.4, hidden: true, card: "none", sort: (row) => ageOf(row.state_since), cell: (row) => <Since at={row.state_since} /> },
    { id: "reason", title: t("stations.reason"), min: 170, hidden: true, card: "none", sort: (row) => row.disconnect_reason || null, cell: (row) => (row.disconnect_reason === "" ? null : <SafeText text={row.disconnect_reason} most={MOST_LETTERS} />) },
    { id: "serial", title: t("stations.serial"), min: 120, hidden: true, card: "none", sort: (row) => row.serial || null, cell: (row) => <Outside text={row.serial} mono /> },
    { id: "profile", title: t("stations.profile"), min: 110, grow: 0.2, hidden: true, card: "none", sort: (row) => row.security_profile, cell: (row) => String(row.security_profile) },
    { id: "registration", title: t("stations.registration"), min: 120, grow: 0.4, hidden: true, card: "none", sort: (row) => row.registration, cell: (row) => (row.registration === null ? <Unknown /> : wordOf(row.registration)) },
  ];
}
