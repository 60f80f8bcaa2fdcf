/** `/stations`: all of them in a list that keeps up, found by filters of the address, chosen for what is asked of many. */
import { Badge, Button, Group, Menu } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconAdjustmentsHorizontal, IconBraces, IconChecklist, IconClipboard, IconDownload, IconFileTypeCsv, IconPlug, IconPlus, IconSearchOff } from "@tabler/icons-react";
import { useCallback, useMemo, useState } from "react";
import { useMay } from "@/api";
import { common, format, useTexts } from "@/i18n";
import { type Station, useNow } from "@/live";
import { Link, pathOf, useFilters } from "@/route";
import { copyText, done, Empty, type Filter, FilterBar, lookOf, type Option, PageHeader, SavedViews, Skeletons, STATION_STATES, Trouble, useSiteNames, VirtualTable, wordOf } from "@/ui";
import { inOrder } from "@/ui/sorting.ts";
import { PHONE, useMedia } from "@/ui/useMedia.ts";
import { BulkBar } from "./BulkBar.tsx";
import { useCalmFleet } from "./calm.ts";
import { columnsOf, versionOf } from "./columns.tsx";
import { csvOf, download, jsonOf } from "./file.ts";
import { ANY, DEFAULTS, find, isQuick, type Name, NONE, QUICK, quickCounts, type SiteNames } from "./filters.ts";
import classes from "./stations.module.css";
import { texts } from "./texts.ts";

const SORT = { sort: "id" } as const;
const CHOICES: readonly Name[] = (Object.keys(DEFAULTS) as Name[]).filter((name) => name !== "q" && name !== "ids");
const FIRST: readonly Name[] = ["state", "site", "vendor"];
const UPTIMES = ["97", "99", "99.9"];
const QUIET_S = ["3600", "86400", "604800"];

const idOf = (row: Station): string => row.id;
const toOf = (row: Station): string => pathOf("stations", row.id);
const toneOf = (row: Station): string | undefined => (row.state === "Faulted" || row.state === "Rejected" ? "bad" : undefined);

function useFilterList(counts: Readonly<Record<string, ReadonlyMap<string, number>>>, sites: SiteNames): readonly Filter<Name>[] {
  const { t } = useTexts(texts);
  return useMemo(() => {
    const options = (name: Name, label: (value: string) => string): Option[] =>
      inOrder(
        [...(counts[name] ?? [])].map(([value, count]) => ({ value, count, label: value === NONE ? t("stations.notKnown") : label(value) })),
        (option) => (option.value === NONE ? null : option.label),
      );
    const same = (value: string): string => value;
    const choices = (name: Name, label: string, of: readonly Option[]): Filter<Name> => ({ kind: "choices", name, label, options: of });
    return [
      { kind: "search", name: "q", label: t("stations.search") },
      choices("ids", t("stations.ids"), []),
      choices(
        "state",
        t("stations.state"),
        STATION_STATES.flatMap((state) => {
          const { icon: StateIcon, tone } = lookOf(state);
          const count = counts.state?.get(state) ?? 0;
          return count === 0
            ? []
            : [{ value: state, count, label: wordOf(state), icon: <StateIcon size={14} stroke={2} color={`var(--tone-${tone})`} aria-hidden /> }];
        }),
      ),
      choices(
        "site",
        t("stations.site"),
        options("site", (id) => sites.get(id) ?? id).map((each) => (each.value === NONE ? { ...each, label: t("stations.noSite") } : each)),
      ),
      choices("vendor", t("stations.vendor"), options("vendor", same)),
      choices("model", t("stations.model"), options("model", same)),
      choices("firmware", t("stations.firmware"), options("firmware", same)),
      choices("protocol", t("stations.protocol"), options("protocol", (value) => `OCPP ${versionOf(value)}`)),
      choices("connected", t("stations.connected"), options("connected", (value) => t(value === "yes" ? "stations.connected.yes" : "stations.connected.no"))),
      choices(
        "fault",
        t("stations.fault"),
        options("fault", (value) => (value === ANY ? t("stations.fault.any") : value)).map((each) => (each.value === NONE ? { ...each, label: t("stations.fault.none") } : each)),
      ),
      choices("profile", t("stations.profile"), options("profile", same)),
      { kind: "choice", name: "uptime", label: t("stations.uptimeBelow"), options: UPTIMES.map((of) => ({ value: of, label: t("stations.uptimeBelow.of", { of: format.percent(Number(of) / 100) }) })) },
      { kind: "choice", name: "seen", label: t("stations.seen"), options: QUIET_S.map((s) => ({ value: s, label: t("stations.seen.for", { time: format.duration(Number(s)) }) })) },
    ];
  }, [counts, sites, t]);
}

function Quick(props: { rows: readonly Station[]; wanted: Readonly<Record<Name, string>>; sort: string }) {
  const { t } = useTexts(texts);
  const counts = useMemo(() => quickCounts(props.rows), [props.rows]);
  return (
    <nav className={`${classes.quick} no-print`} aria-label={t("stations.quick")}>
      {QUICK.map((quick) => {
        const search = new URLSearchParams({ ...quick.filters, ...(props.sort === SORT.sort ? {} : { sort: props.sort }) }).toString();
        const count = counts[quick.id];
        const here = isQuick(props.wanted, quick);
        if (count === 0 && !here && quick.id !== "all") return null;
        return (
          <Link key={quick.id} to={`/stations${search === "" ? "" : `?${search}`}`} className={classes.chip} aria-current={here ? "true" : undefined} data-alarm={(quick.id === "trouble" && count > 0) || undefined}>
            {t(`stations.quick.${quick.id}`)}
            <span className={classes.chipCount}>{format.number(count)}</span>
          </Link>
        );
      })}
    </nav>
  );
}

function Export(props: { rows: readonly Station[]; sites: SiteNames }) {
  const { t } = useTexts(texts);
  const { t: c } = useTexts(common);
  const { rows, sites } = props;
  const name = `stations-${new Date().toISOString().slice(0, 10)}`;
  return (
    <Menu width={260}>
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={16} stroke={1.7} />}>
          {t("stations.export")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t("stations.exportOf", { n: rows.length })}</Menu.Label>
        <Menu.Item leftSection={<IconFileTypeCsv size={16} />} onClick={() => download(`${name}.csv`, "text/csv", csvOf(rows, sites))}>
          {t("stations.csv")}
        </Menu.Item>
        <Menu.Item leftSection={<IconBraces size={16} />} onClick={() => download(`${name}.json`, "application/json", jsonOf(rows, sites))}>
          {t("stations.json")}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconClipboard size={16} />}
          onClick={() => void copyText(rows.map(idOf).join("\n")).then((copied) => done(copied ? t("stations.idsCopied", { n: rows.length }) : c("ui.copyFailed")))}
        >
          {t("stations.copyIds")}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item component="a" href="/api/v1/stations/export?format=csv" download leftSection={<IconFileTypeCsv size={16} />}>
          {t("stations.whole")}
          <br />
          <small>{t("stations.wholeHint")}</small>
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function Summary(props: { rows: readonly Station[] }) {
  const { t } = useTexts(texts);
  let [connected, charging, power] = [0, 0, 0];
  for (const row of props.rows) {
    if (row.connected) connected += 1;
    if (row.state === "Charging") charging += 1;
    power += row.power_w ?? 0;
  }
  return t("stations.summary", { connected, charging, power: format.power(power) });
}

export default function Stations() {
  const speaker = useTexts(texts);
  const { t } = speaker;
  const may = useMay();
  const fleet = useCalmFleet();
  const sites = useSiteNames();
  const minute = useNow(60_000).getTime();
  const [wanted, setWanted] = useFilters(DEFAULTS);
  const [{ sort }, setSort] = useFilters(SORT);
  const [selection, setSelection] = useState<ReadonlySet<string>>(new Set());
  const phone = useMedia(PHONE);
  const [opened, { toggle }] = useDisclosure(false);
  // Nobody chooses among ten thousand names: by `ids` a link may narrow the list, and no field.
  const chosen = useMemo(() => CHOICES.filter((name) => wanted[name] !== "" || opened || (!phone && FIRST.includes(name))), [wanted, opened, phone]);
  const found = useMemo(() => find(fleet.rows, wanted, sites, minute, chosen), [fleet.rows, wanted, sites, minute, chosen]);
  const columns = useMemo(() => columnsOf(speaker, sites), [speaker, sites]);
  const list = useFilterList(found.counts, sites);
  const onSort = useCallback((by: string) => setSort({ sort: by }), [setSort]);

  if (fleet.is === "trouble" && fleet.trouble !== null) return <Trouble error={fleet.trouble} />;
  const add = may("stations:write") ? (
    <Button component={Link} to="/stations/new" leftSection={<IconPlus size={16} />}>
      {t("stations.add")}
    </Button>
  ) : null;
  const header = (
    <PageHeader title={t("stations.title")} beside={<Badge variant="light" color="gray" size="lg">{format.number(fleet.rows.length)}</Badge>} detail={fleet.is === "ready" ? <Summary rows={fleet.rows} /> : null}>
      <Button component={Link} to="/jobs" variant="default" leftSection={<IconChecklist size={16} stroke={1.7} />}>
        {t("stations.jobs")}
      </Button>
      <Export rows={found.rows} sites={sites} />
      <SavedViews room="stations" />
      {add}
    </PageHeader>
  );
  if (fleet.is !== "ready") {
    return (
      <>
        {header}
        <Skeletons rows={12} height={40} />
      </>
    );
  }
  if (fleet.rows.length === 0) {
    return (
      <>
        {header}
        <Empty icon={IconPlug} title={t("stations.noneTitle")} text={t("stations.noneText")}>
          <Group justify="center">
            {add}
            <Button component={Link} to="/inbox" variant="default">
              {t("stations.toInbox")}
            </Button>
          </Group>
        </Empty>
      </>
    );
  }
  const shown = list.filter(({ name }) => name === "q" || wanted[name] !== "" || chosen.includes(name));
  const hidden = list.length - shown.length;
  const set = list.filter(({ name }) => name !== "q" && wanted[name] !== "").length;
  return (
    <>
      {header}
      <Quick rows={fleet.rows} wanted={wanted} sort={sort} />
      <FilterBar filters={shown} values={wanted} defaults={DEFAULTS} onChange={setWanted}>
        {hidden > 0 || opened ? (
          <Button variant="subtle" color="gray" leftSection={<IconAdjustmentsHorizontal size={16} />} aria-expanded={opened} onClick={toggle}>
            {opened ? t("stations.fewer") : phone && set > 0 ? t("stations.filters", { n: set }) : t("stations.more")}
          </Button>
        ) : null}
      </FilterBar>
      <VirtualTable
        id="stations"
        label={t("stations.label")}
        rows={found.rows}
        columns={columns}
        rowId={idOf}
        to={toOf}
        sort={sort}
        onSort={onSort}
        rowTone={toneOf}
        {...(may("stations:command") ? { selection, onSelection: setSelection } : {})}
        empty={
          <Empty icon={IconSearchOff} title={t("stations.noMatchTitle")} text={t("stations.noMatchText", { n: fleet.rows.length })}>
            <Button variant="default" onClick={() => setWanted(DEFAULTS)}>
              {t("stations.quick.all")}
            </Button>
          </Empty>
        }
      />
      {selection.size > 0 ? <BulkBar selection={selection} shown={found.rows} byId={fleet.byId} onSelection={setSelection} /> : null}
    </>
  );
}
