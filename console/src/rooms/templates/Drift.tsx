/** What stations have otherwise than is wanted of them. */
import { Button, Text } from "@mantine/core";
import { IconArrowsDiff, IconCheck, IconFilterOff, IconHandStop, IconHelp, type Icon, IconRefresh, IconReplace } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useMemo, useState } from "react";
import { api, queries, type Schema, take, useMay } from "@/api";
import { common, useTexts } from "@/i18n";
import { useLive } from "@/live";
import { pathOf, useFilters } from "@/route";
import { Age, type Column, done, Empty, failed, FilterBar, Id, SafeText, type Tone, Trouble, Unknown, useThrottled, visible, VirtualTable } from "@/ui";
import { settingNameOf } from "@/ui/settingName.ts";
import { Tag } from "@/ui/Tag.tsx";
import { useSettingTemplates } from "./Settings.tsx";
import { texts } from "./texts.ts";

type Row = Schema<"DriftOut">;
type Standing = Row["standing"];

const DEFAULTS = { q: "", standing: "" };
const rowId = (row: Row): string => `${row.station_id} ${row.wanted.name}`;
/** A page looks at 200 stations and may hold nothing: it is read on until there is something to see. */
const AHEAD = 100;

const LOOKS: Readonly<Record<Standing, { tone: Tone; icon: Icon }>> = {
  holds: { tone: "free", icon: IconCheck },
  differs: { tone: "bad", icon: IconArrowsDiff },
  refused: { tone: "bad", icon: IconHandStop },
  reboot_needed: { tone: "wait", icon: IconReplace },
  not_heard: { tone: "away", icon: IconHelp },
};
const SHOWN = ["differs", "refused", "reboot_needed", "not_heard"] as const satisfies readonly Standing[];

export function Drift() {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const may = useMay();
  const templates = useSettingTemplates();
  const names = useMemo(() => new Map((templates.data ?? []).map((each) => [each.id, each.name])), [templates.data]);
  const [filters, setFilters] = useFilters<keyof typeof DEFAULTS>(DEFAULTS);
  const [busy, setBusy] = useState<string | null>(null);
  const again = useThrottled(() => void queries.invalidateQueries({ queryKey: ["drift"] }), 3000);
  useLive(["settings.reconciled", "settings.wanted_changed"], again);
  const found = useInfiniteQuery({
    queryKey: ["drift"],
    queryFn: ({ pageParam, signal }) => take(api.GET("/api/v1/settings/drift", { params: { query: pageParam === undefined ? {} : { after: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
  });
  const all = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data]);
  const more = useEffectEvent(() => void found.fetchNextPage());
  const wants = found.hasNextPage && !found.isFetchingNextPage && all.length < AHEAD;
  useEffect(() => {
    if (wants) more();
  }, [wants, all.length]);
  const rows = useMemo(() => {
    const said = filters.q.toLowerCase().split(/\s+/).filter(Boolean);
    return all.filter((row) => (filters.standing === "" || row.standing === filters.standing) && said.every((word) => `${row.station_id} ${row.wanted.name}`.toLowerCase().includes(word)));
  }, [all, filters]);
  const asks = may("stations:command");
  const columns = useMemo((): readonly Column<Row>[] => {
    const reconcile = async (id: string): Promise<void> => {
      setBusy(id);
      try {
        const after = await take(api.POST("/api/v1/stations/{station_id}/settings/reconcile", { params: { path: { station_id: id } } }));
        if (after.trouble === "") done(t("templates.reconciled", { id: visible(id) }));
        else failed(new Error(after.trouble));
        await queries.invalidateQueries({ queryKey: ["drift"] });
      } catch (error) {
        failed(error);
      } finally {
        setBusy(null);
      }
    };
    return [
      { id: "station", title: t("templates.station"), min: 140, keep: true, card: "title", cell: (row) => <Id id={row.station_id} to={pathOf("stations", row.station_id, "settings")} /> },
      { id: "standing", title: t("templates.standing"), min: 150, grow: 0, keep: true, card: "aside", cell: (row) => <Tag look={LOOKS[row.standing]}>{t(`templates.standing.${row.standing}`)}</Tag> },
      { id: "setting", title: t("templates.setting"), min: 290, grow: 1.6, keep: true, cell: (row) => <SafeText mono text={settingNameOf(row.wanted)} most={70} /> },
      { id: "wanted", title: t("templates.wanted"), min: 110, keep: true, cell: (row) => <SafeText mono text={row.wanted.value} most={40} /> },
      { id: "has", title: t("templates.has"), min: 110, keep: true, cell: (row) => (row.value === null ? <Unknown /> : <SafeText mono text={row.value} most={40} />) },
      { id: "template", title: t("templates.template"), min: 140, cell: (row) => (row.template_id === "" ? t("templates.ofItAlone") : <SafeText text={names.get(row.template_id) ?? row.template_id} most={40} />) },
      { id: "heard", title: t("templates.heard"), min: 110, grow: 0, card: "none", cell: (row) => <Age at={row.heard_at} /> },
      ...(asks
        ? [
            {
              id: "act",
              title: "",
              min: 164,
              grow: 0,
              keep: true,
              align: "end",
              card: "line",
              cell: (row) => (
                <Button size="compact-sm" variant="default" leftSection={<IconRefresh size={14} />} loading={busy === row.station_id} onClick={() => void reconcile(row.station_id)}>
                  {t("templates.putRight")}
                </Button>
              ),
            } satisfies Column<Row>,
          ]
        : []),
    ];
  }, [t, names, asks, busy]);
  const isFiltered = filters.q !== "" || filters.standing !== "";
  return (
    <>
      <FilterBar
        values={filters}
        defaults={DEFAULTS}
        onChange={setFilters}
        filters={[
          { kind: "search", name: "q", label: t("templates.search") },
          { kind: "choice", name: "standing", label: t("templates.standing"), options: SHOWN.map((each) => ({ value: each, label: t(`templates.standing.${each}`), count: all.filter((row) => row.standing === each).length })) },
        ]}
      />
      {found.isError && all.length === 0 ? (
        <Trouble error={found.error} retry={() => void found.refetch()} />
      ) : (
        <VirtualTable
          id="drift"
          label={t("templates.drift")}
          rows={rows}
          columns={columns}
          rowId={rowId}
          to={(row) => pathOf("stations", row.station_id, "settings")}
          loading={found.isPending || (rows.length === 0 && found.isFetchingNextPage)}
          more={{ has: found.hasNextPage, loading: found.isFetchingNextPage, load: () => void found.fetchNextPage() }}
          empty={
            isFiltered ? (
              <Empty icon={IconFilterOff} title={t("templates.noneFits")}>
                <Button variant="default" onClick={() => setFilters(DEFAULTS)}>
                  {words("ui.reset")}
                </Button>
              </Empty>
            ) : (
              <Empty icon={IconCheck} title={t("templates.noDrift")} text={t("templates.noDriftText")} />
            )
          }
        />
      )}
      <Text size="sm" c="dimmed" mt="sm">
        {t("templates.driftText")}
      </Text>
    </>
  );
}
