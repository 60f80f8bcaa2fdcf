/** `/conformance`: how well makes, models and firmwares keep to the standard, and what they do wrong. */
import { Anchor, Drawer, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconHelp, IconRosetteDiscountCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { api, type Schema, take, useMay } from "@/api";
import { common, format, useTexts } from "@/i18n";
import { Link, pathOf, useFilters } from "@/route";
import { Age, type Column, Empty, FilterBar, Id, PageHeader, SafeText, Skeletons, textOf, Trouble, VirtualTable } from "@/ui";
import { PartsBar, Tag } from "@/ui/Tag.tsx";
import classes from "./conformance.module.css";
import { texts } from "./texts.ts";

type Make = Schema<"MakeOut">;
type Mistake = Schema<"Mistake">;

const DEFAULTS = { q: "", sort: "score", of: "" };
/** The gravest first. */
const MISTAKES = ["unreadable", "bad_answer", "schema", "wrong_direction", "failed", "silent", "unknown_action", "too_early", "mended", "not_implemented"] as const satisfies readonly Mistake[];
const GOOD = 98;
const FAIR = 90;

const rowId = (row: Make): string => JSON.stringify([row.vendor, row.model, row.firmware]);

/** Pure. The mistakes of a make that it has, the most frequent first. */
function mistakesOf(make: Pick<Make, "counts">): readonly { mistake: Mistake; n: number }[] {
  return MISTAKES.map((mistake) => ({ mistake, n: make.counts[mistake] ?? 0 }))
    .filter(({ n }) => n > 0)
    .sort((a, b) => b.n - a.n);
}

function Score(props: { make: Pick<Make, "score" | "is_little"> }) {
  const { t } = useTexts(texts);
  const { score, is_little: isLittle } = props.make;
  if (score === null) return <Tag look={{ tone: "away", icon: IconHelp }}>{t("conformance.nothing")}</Tag>;
  const tone = score >= GOOD ? "free" : score >= FAIR ? "wait" : "bad";
  return (
    <span className={classes.score} title={isLittle ? t("conformance.little") : undefined}>
      <Tag look={{ tone, icon: tone === "free" ? IconCheck : IconAlertTriangle }}>{format.number(score, { maximumFractionDigits: 1 })}</Tag>
      <PartsBar label={t("conformance.score")} parts={[{ id: "score", tone, n: score, name: t("conformance.score") }]} total={100} />
      {isLittle ? <span className={classes.little}>{t("conformance.few")}</span> : null}
    </span>
  );
}

function Evidence(props: { make: Make }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const reads = may("messages:read");
  const { evidence } = props.make;
  if (evidence.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t("conformance.noMistake")}
      </Text>
    );
  }
  return (
    <ul className={classes.evidence}>
      {evidence.map((each) => (
        <li key={`${each.mistake} ${each.rule}`}>
          <div className={classes.head}>
            <strong>{t(`conformance.mistake.${each.mistake}`)}</strong>
            <span className={classes.count}>{t("conformance.times", { n: each.count })}</span>
          </div>
          {each.rule === "" ? (
            <Text size="sm" c="dimmed">
              {t("conformance.otherRules")}
            </Text>
          ) : (
            <SafeText mono text={each.rule} most={200} />
          )}
          <div className={classes.quiet}>
            {t("conformance.stations", { n: each.stations })} · {t("conformance.last")} <Age at={each.last_at} /> · <Id id={each.station_id} to={pathOf("stations", each.station_id)} />
            {reads ? (
              <>
                {" · "}
                <Anchor component={Link} size="sm" to={`${pathOf("stations", each.station_id, "messages")}?m=${each.message_number}`}>
                  {t("conformance.example")}
                </Anchor>
              </>
            ) : null}
          </div>
        </li>
      ))}
    </ul>
  );
}

function Rules() {
  const { t } = useTexts(texts);
  const rules = useQuery({ queryKey: ["conformance", "rules"], queryFn: () => take(api.GET("/api/v1/conformance/rules")), staleTime: Infinity });
  const weights = new Map((rules.data?.mistakes ?? []).map((each) => [each.mistake, each.weight]));
  return (
    <details className={classes.rules}>
      <summary>{t("conformance.how")}</summary>
      <Text size="sm" my="xs">
        {t("conformance.formula")}
      </Text>
      <table className={classes.weights}>
        <tbody>
          {MISTAKES.map((mistake) => (
            <tr key={mistake}>
              <th scope="row">{t(`conformance.mistake.${mistake}`)}</th>
              <td>{t(`conformance.about.${mistake}`)}</td>
              <td className={classes.number}>{weights.has(mistake) ? `× ${format.number(weights.get(mistake) ?? 0, { maximumFractionDigits: 2 })}` : "…"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

function MakeDrawer(props: { make: Make | undefined; close: () => void }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const [shown, setShown] = useState(props.make);
  if (props.make !== undefined && props.make !== shown) setShown(props.make);
  return (
    <Drawer
      opened={props.make !== undefined}
      onClose={props.close}
      onExitTransitionEnd={() => setShown(undefined)}
      position="right"
      size="lg"
      title={shown === undefined ? null : <SafeText text={[`${shown.vendor} ${shown.model}`.trim(), shown.firmware].filter(Boolean).join(" · ") || t("conformance.unknownMake")} most={100} />}
      closeButtonProps={{ "aria-label": words("app.close") }}
    >
      {shown === undefined ? null : (
        <Stack gap="lg">
          <Score make={shown} />
          <Group gap="xl">
            <Text size="sm">{t("conformance.stations", { n: shown.stations })}</Text>
            <Text size="sm">{t("conformance.messages", { n: shown.messages })}</Text>
            <Anchor component={Link} size="sm" to={`/stations?vendor=${encodeURIComponent(textOf([shown.vendor]))}&model=${encodeURIComponent(textOf([shown.model]))}&firmware=${encodeURIComponent(textOf([shown.firmware]))}`}>
              {t("conformance.toStations")}
            </Anchor>
          </Group>
          {shown.is_little ? (
            <Text size="sm" c="dimmed">
              {t("conformance.little")}
            </Text>
          ) : null}
          <Evidence make={shown} />
        </Stack>
      )}
    </Drawer>
  );
}

export default function ConformancePage() {
  const { t } = useTexts(texts);
  const [filters, setFilters] = useFilters<keyof typeof DEFAULTS>(DEFAULTS);
  const found = useQuery({ queryKey: ["conformance"], queryFn: ({ signal }) => take(api.GET("/api/v1/conformance", { signal })), refetchInterval: 60_000 });
  const words = filters.q.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = (found.data ?? []).filter((each) => words.every((word) => `${each.vendor} ${each.model} ${each.firmware}`.toLowerCase().includes(word)));
  const columns = useMemo<readonly Column<Make>[]>(
    () => [
      {
        id: "make",
        title: t("conformance.make"),
        min: 225,
        grow: 1.6,
        keep: true,
        card: "title",
        sort: (row) => `${row.vendor} ${row.model}`,
        cell: (row) => (
          <button type="button" className={classes.open} onClick={() => setFilters({ of: rowId(row) })}>
            <SafeText text={`${row.vendor} ${row.model}`.trim() || t("conformance.unknownMake")} most={60} />
          </button>
        ),
      },
      { id: "firmware", title: t("conformance.firmware"), min: 110, sort: (row) => row.firmware, cell: (row) => (row.firmware === "" ? null : <SafeText text={row.firmware} most={30} />) },
      { id: "score", title: t("conformance.score"), min: 280, grow: 1.2, keep: true, sort: (row) => row.score ?? 101, cell: (row) => <Score make={row} /> },
      {
        id: "mistakes",
        title: t("conformance.mistakes"),
        min: 220,
        grow: 2,
        cell: (row) => {
          const [first, ...others] = mistakesOf(row);
          if (first === undefined) return <span className={classes.quiet}>{t("conformance.noMistake")}</span>;
          return `${t(`conformance.mistake.${first.mistake}`)} (${format.number(first.n)})${others.length === 0 ? "" : ` ${t("conformance.andMore", { n: others.length })}`}`;
        },
      },
      { id: "stations", title: t("conformance.stationsTitle"), min: 100, grow: 0, align: "end", sort: (row) => row.stations, cell: (row) => format.number(row.stations) },
      { id: "messages", title: t("conformance.messagesTitle"), min: 110, grow: 0, align: "end", card: "none", sort: (row) => row.messages, cell: (row) => format.number(row.messages) },
    ],
    [t, setFilters],
  );
  return (
    <>
      <PageHeader title={t("conformance.title")} detail={t("conformance.text")} />
      {found.data === undefined ? (
        found.isError ? (
          <Trouble error={found.error} retry={() => void found.refetch()} />
        ) : (
          <Skeletons rows={6} />
        )
      ) : (
        <Stack gap="md">
          <div>
            {found.data.length === 0 ? null : <FilterBar values={filters} defaults={DEFAULTS} onChange={setFilters} filters={[{ kind: "search", name: "q", label: t("conformance.search") }]} />}
            <VirtualTable
              id="conformance"
              label={t("conformance.title")}
              rows={rows}
              columns={columns}
              rowId={rowId}
              onOpen={(row) => setFilters({ of: rowId(row) })}
              sort={filters.sort}
              onSort={(sort) => setFilters({ sort })}
              empty={<Empty icon={IconRosetteDiscountCheck} title={t(found.data.length === 0 ? "conformance.none" : "conformance.noneFits")} {...(found.data.length === 0 ? { text: t("conformance.noneText") } : {})} />}
            />
          </div>
          <Rules />
        </Stack>
      )}
      <MakeDrawer make={filters.of === "" ? undefined : found.data?.find((each) => rowId(each) === filters.of)} close={() => setFilters({ of: "" })} />
    </>
  );
}
