/** Filters of a list. Their values are the address's: see `useFilters`. */
import { Button, CloseButton, Group, Select, TextInput } from "@mantine/core";
import { IconFilterOff, IconSearch } from "@tabler/icons-react";
import { Fragment, type ReactNode, useEffect, useRef, useState } from "react";
import { common, useTexts, visible } from "@/i18n";
import type { Filters } from "@/route";
import { Choices } from "./Choices.tsx";
import { type Option, textOf, valuesOf } from "./filters.ts";
import classes from "./filter.module.css";

/**
 * search   a field for words; the first has the key /
 * choice   one of some; options with how many there are, where that is known
 * choices  any of some; the address has them with commas between (`valuesOf`, `textOf`)
 * own      a field of another kind, and what else in the address is its: `PickFilter`, `RangeFilter`
 */
export type Filter<N extends string> =
  | { kind: "search"; name: N; label: string }
  | { kind: "choice"; name: N; label: string; options: readonly Option[]; searchable?: boolean }
  | { kind: "choices"; name: N; label: string; options: readonly Option[] }
  | { kind: "own"; name: N; also?: readonly N[]; field: ReactNode };

const PAUSE_MS = 120;

/** What is typed is at once in the field and in the address; what follows quickly comes there together, a moment after the last letter. */
function Search(props: { label: string; value: string; onChange: (value: string) => void }) {
  const { t } = useTexts(common);
  const { value, onChange } = props;
  const [typed, setTyped] = useState(value);
  const [seen, setSeen] = useState(value);
  // The address changed by itself: back, a kept view.
  if (seen !== value) {
    setSeen(value);
    setTyped(value);
  }
  const last = useRef(-Infinity);
  useEffect(() => {
    if (typed === value) return undefined;
    const now = performance.now();
    const timer = setTimeout(() => onChange(typed), now - last.current < PAUSE_MS ? PAUSE_MS : 0);
    last.current = now;
    return () => clearTimeout(timer);
  }, [typed, value, onChange]);
  return (
    <TextInput
      className={classes.search ?? ""}
      data-filter
      type="search"
      aria-label={props.label}
      placeholder={`${props.label}  /`}
      leftSection={<IconSearch size={16} stroke={1.7} />}
      rightSection={typed === "" ? null : <CloseButton size="sm" aria-label={t("ui.clear")} onClick={() => setTyped("")} />}
      value={typed}
      maxLength={100}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === "Escape") {
          // Browsers would empty the field: what was searched for stays, and the keys are the table's again.
          event.preventDefault();
          event.currentTarget.blur();
        }
        if (event.key === "Enter") onChange(typed);
      }}
    />
  );
}

/** Mantine's lists are there while they are closed, with all that is in them: before somebody comes to it, only what is chosen is. */
function Choice<N extends string>(props: { filter: Extract<Filter<N>, { kind: "choice" }>; value: string; set: boolean; onChange: (changes: Partial<Filters<N>>) => void }) {
  const { t, language } = useTexts(common);
  const { filter, value, onChange } = props;
  const [near, setNear] = useState(false);
  const counts = new Intl.NumberFormat(language);
  return (
    <Select
      className={classes.choice ?? ""}
      aria-label={filter.label}
      placeholder={filter.label}
      data={filter.options
        .filter((option) => near || option.value === value)
        .map((option) => ({
          value: option.value,
          label: option.count === undefined ? visible(option.label) : `${visible(option.label)} (${counts.format(option.count)})`,
        }))}
      onFocus={() => setNear(true)}
      onDropdownOpen={() => setNear(true)}
      value={value || null}
      onChange={(chosen) => onChange({ [filter.name]: chosen ?? "" } as Partial<Filters<N>>)}
      clearable
      clearButtonProps={{ "aria-label": `${t("ui.clear")}: ${filter.label}` }}
      searchable={filter.searchable ?? false}
      data-set={props.set || undefined}
    />
  );
}

export function FilterBar<N extends string>(props: {
  filters: readonly Filter<N>[];
  values: Filters<N>;
  /** Values that count as "no filter". */
  defaults: Filters<N>;
  onChange: (changes: Partial<Filters<N>>) => void;
  children?: ReactNode;
}) {
  const { t } = useTexts(common);
  const { values, defaults, onChange } = props;
  const names = props.filters.flatMap((filter) => (filter.kind === "own" ? [filter.name, ...(filter.also ?? [])] : [filter.name]));
  const set = names.filter((name) => values[name] !== defaults[name]);
  return (
    <Group gap="xs" mb="sm" className={`${classes.bar} no-print`} role="search">
      {props.filters.map((filter) =>
        filter.kind === "own" ? (
          <Fragment key={filter.name}>{filter.field}</Fragment>
        ) : filter.kind === "search" ? (
          <SearchOf key={filter.name} name={filter.name} label={filter.label} value={values[filter.name]} onChange={onChange} />
        ) : filter.kind === "choices" ? (
          <Choices
            key={filter.name}
            label={filter.label}
            options={filter.options}
            values={valuesOf(values[filter.name])}
            onChange={(chosen) => onChange({ [filter.name]: textOf(chosen) } as Partial<Filters<N>>)}
          />
        ) : (
          <Choice key={filter.name} filter={filter} value={values[filter.name]} set={values[filter.name] !== defaults[filter.name]} onChange={onChange} />
        ),
      )}
      {set.length > 0 ? (
        <Button
          variant="subtle"
          color="gray"
          leftSection={<IconFilterOff size={16} />}
          onClick={() => onChange(Object.fromEntries(set.map((name) => [name, defaults[name]])) as Partial<Filters<N>>)}
        >
          {t("ui.reset")}
        </Button>
      ) : null}
      {props.children}
    </Group>
  );
}

function SearchOf<N extends string>(props: { name: N; label: string; value: string; onChange: (changes: Partial<Filters<N>>) => void }) {
  const { name, onChange } = props;
  const [change] = useState(() => (value: string) => onChange({ [name]: value } as Partial<Filters<N>>));
  return <Search label={props.label} value={props.value} onChange={change} />;
}
