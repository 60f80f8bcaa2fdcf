/** Filters of which any of several values may hold, as one text of the address: "Faulted,Offline". */
import type { ReactNode } from "react";

export interface Option {
  value: string;
  label: string;
  count?: number;
  icon?: ReactNode;
}

const PART = /(?:\\.|[^,\\])+/gs;

/** Pure. The values of a text; a comma within a value has a backslash before it. */
export function valuesOf(text: string): readonly string[] {
  return (text.match(PART) ?? []).map((part) => part.replace(/\\(.)/gs, "$1"));
}

/** Pure. The other way round. */
export function textOf(values: readonly string[]): string {
  return values.map((value) => value.replace(/[\\,]/g, "\\$&")).join(",");
}
