/** `/inbox`: who called and was not let in, why, and what to do. */
import { Button } from "@mantine/core";
import { IconDoor, IconSearchOff, IconTrash } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { api, isMissing, take, useMay } from "@/api";
import { useTexts } from "@/i18n";
import { useFilters } from "@/route";
import { Age, type Column, done, Empty, failed, type Filter, FilterBar, Id, PageHeader, SafeText, Skeletons, Trouble, Unknown, VirtualTable } from "@/ui";
import classes from "./door.module.css";
import { adoptionOf, type Knock, readAgain, REASONS, useKnocks } from "./knocks.ts";
import { KnockDrawer } from "./KnockDrawer.tsx";
import { ReasonBadge } from "./ReasonBadge.tsx";
import { texts } from "./texts.ts";

const DEFAULTS = { q: "", reason: "", knock: "" } as const;
const FILTERS = { q: "", reason: "" } as const;
const AT_ONCE = 6;

const rowId = (knock: Knock): string => String(knock.number);

async function dismissAll(numbers: readonly number[]): Promise<number> {
  const waiting = [...numbers];
  let gone = 0;
  const work = async (): Promise<void> => {
    for (let number = waiting.pop(); number !== undefined; number = waiting.pop()) {
      try {
        await take(api.DELETE("/api/v1/inbox/{number}", { params: { path: { number } } }));
        gone += 1;
      } catch (problem) {
        // One that is gone already is what was wanted.
        if (!isMissing(problem)) throw problem;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return gone;
}

export function useDismiss(): (numbers: readonly number[]) => Promise<void> {
  const { t } = useTexts(texts);
  return async (numbers) => {
    try {
      const n = await dismissAll(numbers);
      done(t("inbox.dismissed", { n }));
    } catch (problem) {
      failed(problem);
    }
    await readAgain();
  };
}

function useColumns(): readonly Column<Knock>[] {
  const { t } = useTexts(texts);
  return useMemo(
    () => [
      { id: "who", title: t("inbox.who"), min: 150, grow: 0.6, keep: true, card: "title", cell: (knock) => (knock.identity === "" ? <i className={classes.hint}>{t("inbox.nobody")}</i> : <Id id={knock.identity} />) },
      { id: "reason", title: t("inbox.reason"), min: 190, grow: 0, keep: true, card: "aside", cell: (knock) => <ReasonBadge reason={knock.reason} /> },
      { id: "last", title: t("inbox.last"), min: 100, grow: 0, cell: (knock) => <Age at={knock.last_at} /> },
      { id: "attempts", title: t("inbox.attempts"), min: 90, grow: 0, align: "end", cell: (knock) => knock.count },
      { id: "address", title: t("inbox.address"), min: 130, grow: 0.6, cell: (knock) => <SafeText text={knock.address} most={40} mono /> },
      {
        id: "make",
        title: t("inbox.make"),
        min: 160,
        grow: 0.6,
        cell: (knock) => {
          const text = knock.station === null ? knock.user_agent : `${knock.station.vendor} ${knock.station.model}`.trim() || knock.user_agent;
          return text === "" ? (
            <Unknown />
          ) : (
            <span className={classes.cut}>
              <SafeText text={text} most={50} />
            </span>
          );
        },
      },
      { id: "todo", title: t("inbox.todo"), min: 300, grow: 3, card: "none", cell: (knock) => <span className={classes.todo} title={t(`todo.${knock.reason}`)}>{t(`todo.${knock.reason}`)}</span> },
      { id: "first", title: t("inbox.first"), min: 100, grow: 0, hidden: true, cell: (knock) => <Age at={knock.first_at} /> },
    ],
    [t],
  );
}

export default function Inbox() {
  const { t } = useTexts(texts);
  const may = useMay();
  const [{ q, reason, knock }, setFilters] = useFilters(DEFAULTS);
  const found = useKnocks({ q, reason });
  const columns = useColumns();
  const dismiss = useDismiss();
  const [selection, setSelection] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => found.data?.pages.flatMap((each) => each.items) ?? [], [found.data]);
  const filters = useMemo<readonly Filter<"q" | "reason">[]>(
    () => [
      { kind: "search", name: "q", label: t("inbox.search") },
      { kind: "choice", name: "reason", label: t("inbox.reason"), options: REASONS.map((value) => ({ value, label: t(`reason.${value}`) })) },
    ],
    [t],
  );
  const chosen = rows.filter((row) => selection.has(rowId(row)));
  const header = <PageHeader title={t("inbox.title")} detail={t("inbox.intro")} />;
  if (found.error !== null && found.data === undefined) {
    return (
      <>
        {header}
        <Trouble error={found.error} retry={() => void found.refetch()} />
      </>
    );
  }
  if (found.data === undefined) {
    return (
      <>
        {header}
        <Skeletons rows={6} />
      </>
    );
  }
  const filtered = q !== "" || reason !== "";
  return (
    <>
      {header}
      {rows.length === 0 && !filtered ? null : <FilterBar<keyof typeof FILTERS> filters={filters} values={{ q, reason }} defaults={FILTERS} onChange={(changes) => setFilters(changes)} />}
      <VirtualTable
        id="inbox"
        label={t("inbox.label")}
        rows={rows}
        columns={columns}
        rowId={rowId}
        rowHeight={56}
        onOpen={(row) => setFilters({ knock: rowId(row) })}
        rowTone={(row) => (adoptionOf(row) === "new" ? "busy" : undefined)}
        more={{ has: found.hasNextPage, loading: found.isFetchingNextPage, load: () => void found.fetchNextPage() }}
        {...(may("stations:write") ? { selection, onSelection: setSelection } : {})}
        beside={
          chosen.length > 0 ? (
            <Button
              size="compact-sm"
              variant="default"
              leftSection={<IconTrash size={14} />}
              onClick={() => {
                void dismiss(chosen.map(({ number }) => number));
                setSelection(new Set());
              }}
            >
              {t("inbox.dismissMany", { n: chosen.length })}
            </Button>
          ) : null
        }
        empty={
          filtered ? (
            <Empty icon={IconSearchOff} title={t("inbox.noMatchTitle")} />
          ) : (
            <Empty icon={IconDoor} title={t("inbox.noneTitle")} text={t("inbox.noneText")} />
          )
        }
      />
      <KnockDrawer number={/^\d+$/.test(knock) ? Number(knock) : null} onClose={() => setFilters({ knock: "" })} onDismiss={dismiss} />
    </>
  );
}
