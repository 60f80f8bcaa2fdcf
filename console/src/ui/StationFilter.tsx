/** A station, for lists that are of all of them: typed, with proposals from the fleet. */
import { IconPlug } from "@tabler/icons-react";
import { useMemo } from "react";
import { type Fleet, useFleetCalmly } from "@/live";
import { PickFilter } from "./ownFilters.tsx";

const idsOf = (fleet: Fleet): string => fleet.rows.map((row) => row.id).join("\n");

export function StationFilter(props: { label: string; value: string; onChange: (station: string) => void }) {
  const ids = useFleetCalmly(idsOf);
  const options = useMemo(() => ids.split("\n").filter(Boolean), [ids]);
  return <PickFilter first label={props.label} icon={<IconPlug size={16} stroke={1.7} />} value={props.value} options={options} onChange={props.onChange} />;
}
