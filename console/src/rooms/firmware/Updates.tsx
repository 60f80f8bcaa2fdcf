/** Updates of single stations, the latest first. */
import { Button } from "@mantine/core";
import { IconFilterOff, IconListDetails } from "@tabler/icons-react";
import { useCallback, useMemo } from "react";
import { useTexts } from "@/i18n";
import { useFilters } from "@/route";
import { Empty, FilterBar, Trouble, valuesOf, VirtualTable } from "@/ui";
import { isUpdateState, UPDATE_STATES, type Update, updateTexts, useUpdateColumns, useUpdates } from "@/ui/firmware";
import { StationFilter } from "@/ui/StationFilter.tsx";
import { useImages } from "./queries.ts";
import { texts } from "./texts.ts";

const DEFAULTS = { station: "", of: "", state: "" };
const rowId = (row: Update): string => String(row.id);

export function Updates(props: { open: (id: number) => void }) {
  const { t } = useTexts(texts);
  const { t: say } = useTexts(updateTexts);
  const { open } = props;
  const [filters, setFilters] = useFilters<keyof typeof DEFAULTS>(DEFAULTS);
  const states = useMemo(() => valuesOf(filters.state).filter(isUpdateState), [filters.state]);
  const found = useUpdates({ station: filters.station.trim(), image: filters.of, states });
  const images = useImages();
  const columns = useUpdateColumns(open, true);
  const show = useCallback((row: Update) => open(row.id), [open]);
  const isFiltered = filters.station !== "" || filters.of !== "" || states.length > 0;
  return (
    <>
      <FilterBar
        values={filters}
        defaults={DEFAULTS}
        onChange={setFilters}
        filters={[
          { kind: "own", name: "station", field: <StationFilter label={t("firmware.station")} value={filters.station} onChange={(chosen) => setFilters({ station: chosen })} /> },
          { kind: "choices", name: "state", label: t("firmware.state"), options: UPDATE_STATES.map((state) => ({ value: state, label: say(`update.state.${state}`) })) },
          { kind: "choice", name: "of", label: t("firmware.version"), options: (images.data ?? []).map((image) => ({ value: image.id, label: `${image.version} ${image.vendor} ${image.model}`.trim() })), searchable: true },
        ]}
      />
      {found.isError && found.rows.length === 0 ? (
        <Trouble error={found.error} retry={() => void found.refetch()} />
      ) : (
        <VirtualTable
          id="firmware-updates"
          label={t("firmware.updates")}
          rows={found.rows}
          columns={columns}
          rowId={rowId}
          onOpen={show}
          loading={found.isPending}
          more={{ has: found.hasNextPage, loading: found.isFetchingNextPage, load: () => void found.fetchNextPage() }}
          empty={
            isFiltered ? (
              <Empty icon={IconFilterOff} title={t("firmware.noneFound")}>
                <Button variant="default" onClick={() => setFilters(DEFAULTS)}>
                  {t("firmware.showAll")}
                </Button>
              </Empty>
            ) : (
              <Empty icon={IconListDetails} title={t("firmware.noUpdates")} text={t("firmware.noUpdatesText")} />
            )
          }
        />
      )}
    </>
  );
}
