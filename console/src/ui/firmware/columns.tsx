/** The columns of a list of updates. */
import { useMemo } from "react";
import { useTexts } from "@/i18n";
import { pathOf } from "@/route";
import { Actor } from "@/ui/words/Actor.tsx";
import { Age, Id, SafeText } from "../basics.tsx";
import type { Column } from "../VirtualTable.tsx";
import { UpdateTag } from "./looks.tsx";
import { texts } from "./texts.ts";
import classes from "./update.module.css";
import type { Update } from "./updates.ts";

export function useUpdateColumns(open: (id: number) => void, withStation: boolean): readonly Column<Update>[] {
  const { t } = useTexts(texts);
  return useMemo(
    () => [
      ...(withStation ? [{ id: "station", title: t("update.station"), min: 150, keep: true, card: "title", cell: (row) => <Id id={row.station_id} to={pathOf("stations", row.station_id, "firmware")} /> } satisfies Column<Update>] : []),
      {
        id: "version",
        title: t("update.fromTo"),
        min: 170,
        grow: 1.2,
        keep: !withStation,
        ...(withStation ? {} : { card: "title" as const }),
        cell: (row) => (
          <button type="button" className={classes.open} onClick={() => open(row.id)}>
            <SafeText text={row.from_version || "?"} most={24} /> → <SafeText text={row.version} most={24} />
          </button>
        ),
      },
      { id: "state", title: t("update.state"), min: 160, grow: 0, keep: true, card: "aside", cell: (row) => <UpdateTag state={row.state} /> },
      { id: "why", title: t("update.why"), min: 200, grow: 2, cell: (row) => (row.reason === "" ? null : <SafeText text={row.reason} most={90} />) },
      { id: "changed", title: t("update.changed"), min: 110, grow: 0, cell: (row) => <Age at={row.changed_at ?? row.asked_at} /> },
      { id: "who", title: t("update.by"), min: 110, card: "none", cell: (row) => <Actor name={row.actor} most={30} /> },
    ],
    [t, open, withStation],
  );
}
