/** `/tariffs`: what charging costs, and what which tariff is for. */
import { ActionIcon, Button, Drawer, Group, Stack, Switch, Tabs, Text } from "@mantine/core";
import { IconArchive, IconCopy, IconFilterOff, IconLink, IconLinkOff, IconPlus, IconReceipt2 } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { api, queries, take, useMay } from "@/api";
import { common, speak, useTexts } from "@/i18n";
import { Link, useFilters } from "@/route";
import { type Column, confirm, done, Empty, FilterBar, Id, PageHeader, SafeText, Skeletons, StateBadge, Time, Trouble, useSiteNames, visible, VirtualTable } from "@/ui";
import { Facts } from "@/ui/Facts.tsx";
import { Actor } from "@/ui/words/Actor.tsx";
import { AssignForm, useTargetName } from "./AssignForm.tsx";
import classes from "./tariffs.module.css";
import { type Assignment, DIMENSIONS, gistOf, money, type Tariff, useAssignments, useTariffs, whenOf } from "./tariffs.ts";
import { texts } from "./texts.ts";

const ADDRESS = { tab: "", q: "", retired: "", of: "", assign: "" };
const tariffId = (row: Tariff): string => row.id;
const assignmentId = (row: Assignment): string => `${row.kind} ${row.target}`;

function askRetire(tariff: Tariff, then: () => void): void {
  const { t } = speak(texts);
  confirm({
    title: t("tariffs.retireAsk", { id: visible(tariff.id) }),
    text: t("tariffs.retireText"),
    action: t("tariffs.retire"),
    danger: true,
    run: async () => {
      await take(api.POST("/api/v1/tariffs/{tariff_id}/retire", { params: { path: { tariff_id: tariff.id } } }));
      await queries.invalidateQueries({ queryKey: ["tariffs"] });
      done(t("tariffs.retired", { id: visible(tariff.id) }));
      then();
    },
  });
}

function askUnassign(assignment: Assignment, name: string): void {
  const { t } = speak(texts);
  confirm({
    title: t("tariffs.unassignAsk", { what: name }),
    text: t("tariffs.unassignText"),
    action: t("tariffs.unassign"),
    danger: true,
    run: async () => {
      await take(api.DELETE("/api/v1/tariff-assignments", { params: { query: { kind: assignment.kind, target: assignment.target } } }));
      await queries.invalidateQueries({ queryKey: ["tariffs", "assignments"] });
      done(t("tariffs.unassigned"));
    },
  });
}

// ---- one tariff

function Prices(props: { of: Tariff }) {
  const { t } = useTexts(texts);
  const { of } = props;
  const shown = DIMENSIONS.flatMap((dimension) => {
    const rate = of[dimension];
    return rate === null || rate === undefined ? [] : [{ dimension, rate }];
  });
  if (shown.length === 0) return <Text>{t("tariffs.free")}</Text>;
  return (
    <Stack gap="md">
      {shown.map(({ dimension, rate }) => (
        <div key={dimension}>
          <h3 className={classes.dimension}>{t(`tariffs.per.${dimension}`)}</h3>
          <table className={classes.prices}>
            <tbody>
              {rate.prices.map((price, index) => (
                <tr key={index}>
                  <td className={classes.amount}>{money(price.amount, of.currency)}</td>
                  <td>{whenOf(price.conditions) || (rate.prices.length > 1 ? t("tariffs.otherwise") : t("tariffs.always"))}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {rate.taxes.length === 0 ? null : (
            <Text size="sm" c="dimmed">
              {rate.taxes.map((tax) => `+ ${String(Number(tax.percent))} % ${visible(tax.kind)}`).join(", ")}
            </Text>
          )}
        </div>
      ))}
    </Stack>
  );
}

function Inside(props: { tariff: Tariff; assignments: readonly Assignment[]; assign: () => void; close: () => void }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const nameOf = useTargetName();
  const { tariff } = props;
  const mine = props.assignments.filter((each) => each.tariff_id === tariff.id);
  const writes = may("transactions:write");
  return (
    <Stack gap="lg">
      <Group>
        {tariff.retired_at === null ? null : <StateBadge state="Ended" label={t("tariffs.isRetired")} />}
        <Text component="div">
          <SafeText text={tariff.name} most={100} />
        </Text>
      </Group>
      <Prices of={tariff} />
      <Facts
        rows={[
          [t("tariffs.least"), tariff.min_cost ? money(tariff.min_cost, tariff.currency) : null],
          [t("tariffs.most"), tariff.max_cost ? money(tariff.max_cost, tariff.currency) : null],
          [t("tariffs.made"), <span key="made"><Time at={tariff.made_at} /> · <Actor name={tariff.actor} /></span>],
          [t("tariffs.retiredAt"), tariff.retired_at === null ? null : <Time key="retired" at={tariff.retired_at} />],
          ...tariff.texts.map((each, index) => [`${t("tariffs.text")}${each.language === "" ? "" : ` (${each.language})`}`, <SafeText key={index} text={each.text} most={300} />] as const),
        ]}
      />
      <div>
        <h3 className={classes.dimension}>{t("tariffs.isFor")}</h3>
        {mine.length === 0 ? (
          <Text size="sm" c="dimmed">
            {t("tariffs.forNothing")}
          </Text>
        ) : (
          <ul className={classes.plain}>
            {mine.map((each) => (
              <li key={assignmentId(each)}>{nameOf(each)}</li>
            ))}
          </ul>
        )}
      </div>
      {writes ? (
        <Group>
          {tariff.retired_at === null ? (
            <Button leftSection={<IconLink size={16} />} onClick={props.assign}>
              {t("tariffs.assign")}
            </Button>
          ) : null}
          <Button component={Link} to={`/tariffs/new?like=${encodeURIComponent(tariff.id)}`} variant="default" leftSection={<IconCopy size={16} />}>
            {t("tariffs.like")}
          </Button>
          {tariff.retired_at === null ? (
            <Button variant="default" c="var(--mantine-color-error)" leftSection={<IconArchive size={16} />} onClick={() => askRetire(tariff, props.close)}>
              {t("tariffs.retire")}
            </Button>
          ) : null}
        </Group>
      ) : null}
      <Text size="sm" c="dimmed">
        {t("tariffs.neverChanges")}
      </Text>
    </Stack>
  );
}

// ---- lists

/** What it costs, whole where there is no room for it. */
function Gist(props: { of: Tariff }) {
  const gist = gistOf(props.of);
  return <span title={gist}>{gist}</span>;
}

function Tariffs(props: { q: string; retired: boolean; open: (id: string) => void; change: (changes: { q?: string; retired?: string }) => void }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const { q, retired, open, change } = props;
  const found = useTariffs(retired);
  const assignments = useAssignments();
  const uses = useMemo(() => {
    const counts = new Map<string, number>();
    for (const each of assignments.data ?? []) counts.set(each.tariff_id, (counts.get(each.tariff_id) ?? 0) + 1);
    return counts;
  }, [assignments.data]);
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = (found.data ?? []).filter((each) => words.every((word) => `${each.id} ${each.name}`.toLowerCase().includes(word)));
  const columns = useMemo<readonly Column<Tariff>[]>(
    () => [
      {
        id: "id",
        title: t("tariffs.tariff"),
        min: 180,
        grow: 1.2,
        keep: true,
        card: "title",
        cell: (row) => (
          <button type="button" className={classes.open} onClick={() => open(row.id)}>
            <SafeText text={row.name || row.id} most={60} />
            {row.name === "" ? null : (
              <small>
                <SafeText text={row.id} most={60} />
              </small>
            )}
          </button>
        ),
      },
      { id: "price", title: t("tariffs.price"), min: 260, grow: 2, keep: true, cell: (row) => <Gist of={row} /> },
      {
        id: "uses",
        title: t("tariffs.isFor"),
        min: 130,
        grow: 0,
        keep: true,
        card: "aside",
        cell: (row) => (row.retired_at !== null ? <StateBadge state="Ended" size="sm" label={t("tariffs.isRetired")} /> : (uses.get(row.id) ?? 0) === 0 ? <Text span size="sm" c="dimmed">{t("tariffs.nothing")}</Text> : t("tariffs.places", { n: uses.get(row.id) ?? 0 })),
      },
      { id: "made", title: t("tariffs.made"), min: 120, grow: 0, cell: (row) => <Time at={row.made_at} /> },
      { id: "who", title: t("tariffs.by"), min: 100, card: "none", cell: (row) => <Actor name={row.actor} most={30} /> },
    ],
    [t, open, uses],
  );
  return (
    <>
      <FilterBar values={{ q }} defaults={{ q: "" }} onChange={change} filters={[{ kind: "search", name: "q", label: t("tariffs.search") }]}>
        <Switch label={t("tariffs.showRetired")} checked={retired} onChange={(event) => change({ retired: event.currentTarget.checked ? "1" : "" })} />
      </FilterBar>
      {found.isError && found.data === undefined ? (
        <Trouble error={found.error} retry={() => void found.refetch()} />
      ) : (
        <VirtualTable
          id="tariffs"
          label={t("tariffs.title")}
          rows={rows}
          columns={columns}
          rowId={tariffId}
          onOpen={(row) => open(row.id)}
          loading={found.isPending}
          rowHeight={52}
          empty={
            q === "" ? (
              <Empty icon={IconReceipt2} title={t("tariffs.none")} text={t("tariffs.noneText")}>
                {may("transactions:write") ? (
                  <Button component={Link} to="/tariffs/new" leftSection={<IconPlus size={16} />}>
                    {t("tariffs.new")}
                  </Button>
                ) : null}
              </Empty>
            ) : (
              <Empty icon={IconFilterOff} title={t("tariffs.noneFits")}>
                <Button variant="default" onClick={() => change({ q: "" })}>
                  {t("tariffs.showAll")}
                </Button>
              </Empty>
            )
          }
        />
      )}
    </>
  );
}

function Assignments(props: { open: (id: string) => void; assign: () => void }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const { open } = props;
  const found = useAssignments();
  const nameOf = useTargetName();
  const sites = useSiteNames();
  const writes = may("transactions:write");
  const columns = useMemo<readonly Column<Assignment>[]>(
    () => [
      {
        id: "for",
        title: t("tariffs.isFor"),
        min: 200,
        grow: 1.4,
        keep: true,
        card: "title",
        cell: (row) => (row.kind === "station" ? <Id id={row.target} to={`/stations/${encodeURIComponent(row.target)}`} /> : row.kind === "token" ? <Id id={row.target} to={`/tokens/${encodeURIComponent(row.target)}`} /> : row.kind === "site" ? <Link to={`/sites/${encodeURIComponent(row.target)}`} className={classes.link}>{visible(sites.get(row.target) ?? row.target)}</Link> : <strong>{t("tariffs.kind.network")}</strong>),
      },
      { id: "kind", title: t("tariffs.what"), min: 110, grow: 0, keep: true, card: "aside", cell: (row) => t(`tariffs.kindName.${row.kind}`) },
      {
        id: "tariff",
        title: t("tariffs.tariff"),
        min: 180,
        keep: true,
        cell: (row) => (
          <button type="button" className={classes.open} onClick={() => open(row.tariff_id)}>
            <SafeText text={row.tariff_id} most={60} />
          </button>
        ),
      },
      { id: "since", title: t("tariffs.since"), min: 120, grow: 0, cell: (row) => <Time at={row.assigned_at} /> },
      { id: "who", title: t("tariffs.by"), min: 100, card: "none", cell: (row) => <Actor name={row.actor} most={30} /> },
      ...(writes
        ? [
            {
              id: "remove",
              title: "",
              min: 48,
              grow: 0,
              keep: true,
              align: "end",
              card: "aside",
              cell: (row) => (
                <ActionIcon variant="subtle" color="gray" aria-label={t("tariffs.unassignOf", { what: nameOf(row) })} onClick={() => askUnassign(row, nameOf(row))}>
                  <IconLinkOff size={16} />
                </ActionIcon>
              ),
            } satisfies Column<Assignment>,
          ]
        : []),
    ],
    [t, open, nameOf, sites, writes],
  );
  if (found.isError && found.data === undefined) return <Trouble error={found.error} retry={() => void found.refetch()} />;
  return (
    <>
      <Text size="sm" c="dimmed" mb="sm">
        {t("tariffs.order")}
      </Text>
      <VirtualTable
        id="tariff-assignments"
        label={t("tariffs.assignments")}
        rows={found.data ?? []}
        columns={columns}
        rowId={assignmentId}
        loading={found.isPending}
        empty={
          <Empty icon={IconLink} title={t("tariffs.noAssignments")} text={t("tariffs.noAssignmentsText")}>
            {writes ? (
              <Button leftSection={<IconLink size={16} />} onClick={props.assign}>
                {t("tariffs.assign")}
              </Button>
            ) : null}
          </Empty>
        }
      />
    </>
  );
}

export default function TariffsPage() {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const may = useMay();
  const [address, setAddress] = useFilters<keyof typeof ADDRESS>(ADDRESS);
  const all = useTariffs(true);
  const assignments = useAssignments();
  const [shown, setShown] = useState(address.of);
  if (address.of !== "" && address.of !== shown) setShown(address.of);
  const tariff = all.data?.find((each) => each.id === shown);
  const onAssignments = address.tab === "assignments";
  const writes = may("transactions:write");
  return (
    <>
      <PageHeader title={t("tariffs.title")}>
        {writes ? (
          <>
            <Button variant="default" leftSection={<IconLink size={16} />} onClick={() => setAddress({ assign: "1" })}>
              {t("tariffs.assign")}
            </Button>
            <Button component={Link} to="/tariffs/new" leftSection={<IconPlus size={16} />}>
              {t("tariffs.new")}
            </Button>
          </>
        ) : null}
      </PageHeader>
      <Tabs value={onAssignments ? "assignments" : "tariffs"} onChange={(tab) => setAddress({ tab: tab === "assignments" ? "assignments" : "" })} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="tariffs" leftSection={<IconReceipt2 size={16} aria-hidden />}>
            {t("tariffs.title")}
          </Tabs.Tab>
          <Tabs.Tab value="assignments" leftSection={<IconLink size={16} aria-hidden />}>
            {t("tariffs.assignments")}
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="tariffs">
          <Tariffs q={address.q} retired={address.retired !== ""} open={(of) => setAddress({ of })} change={setAddress} />
        </Tabs.Panel>
        <Tabs.Panel value="assignments">
          <Assignments open={(of) => setAddress({ of })} assign={() => setAddress({ assign: "1" })} />
        </Tabs.Panel>
      </Tabs>
      <Drawer opened={address.of !== ""} onClose={() => setAddress({ of: "" })} onExitTransitionEnd={() => setShown("")} position="right" size="md" title={visible(shown)} closeButtonProps={{ "aria-label": words("app.close") }}>
        {shown === "" ? null : tariff === undefined ? (
          all.isPending ? (
            <Skeletons rows={4} />
          ) : (
            <Empty icon={IconReceipt2} title={t("tariffs.noSuch")} />
          )
        ) : (
          <Inside tariff={tariff} assignments={assignments.data ?? []} assign={() => setAddress({ of: "", assign: tariff.id })} close={() => setAddress({ of: "" })} />
        )}
      </Drawer>
      {writes ? <AssignForm opened={address.assign !== ""} tariff={address.assign === "1" ? "" : address.assign} leave={() => setAddress({ assign: "" })} /> : null}
    </>
  );
}
