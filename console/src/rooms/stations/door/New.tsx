import { useFilters } from "@/route";
import { Connect } from "./Connect.tsx";
import { Register } from "./Register.tsx";

const DEFAULTS = { station: "" } as const;

/** `/stations/new`: the form; with `?station=` what comes after it. */
export default function New() {
  const [{ station }] = useFilters(DEFAULTS);
  return station === "" ? <Register /> : <Connect key={station} station={station} />;
}
