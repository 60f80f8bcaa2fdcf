/** Filters of other kinds, for FilterBar's `own`: one of very many things, and a stretch of time. */
import { Autocomplete, Button, CloseButton, Popover, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconCalendar } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { common, fieldOf, format, momentOf, useTexts } from "@/i18n";
import { type Said, SPANS } from "./range.ts";
import classes from "./filter.module.css";

export { rangeOf } from "./range.ts";

/**
 * One of very many: typed, with proposals. The address has it when it is chosen, or Enter says that it is whole.
 *
 * options   proposals for what is typed, the best first; onTyped: to ask for them
 */
export function PickFilter(props: {
  label: string;
  value: string;
  options: readonly string[];
  onTyped?: (typed: string) => void;
  onChange: (value: string) => void;
  icon?: ReactNode;
  /** Where / goes. */
  first?: boolean;
}) {
  const { t } = useTexts(common);
  const { value, onChange } = props;
  const [typed, setTyped] = useState(value);
  const [seen, setSeen] = useState(value);
  if (seen !== value) {
    setSeen(value);
    setTyped(value);
  }
  const type = (text: string): void => {
    setTyped(text);
    props.onTyped?.(text);
    if (text === "") onChange("");
  };
  return (
    <Autocomplete
      className={classes.choice ?? ""}
      {...(props.first === true ? { "data-filter": true } : {})}
      aria-label={props.label}
      placeholder={props.first === true ? `${props.label}  /` : props.label}
      data={[...new Set(props.options)]}
      limit={12}
      value={typed}
      maxLength={255}
      leftSection={props.icon}
      rightSection={typed === "" ? null : <CloseButton size="sm" aria-label={`${t("ui.clear")}: ${props.label}`} onClick={() => type("")} />}
      data-set={value !== "" || undefined}
      onChange={type}
      onOptionSubmit={onChange}
      onBlur={() => onChange(typed.trim())}
      onKeyDown={(event) => {
        if (event.key === "Enter" && event.currentTarget.getAttribute("aria-activedescendant") === null) onChange(typed.trim());
      }}
    />
  );
}

/** What a field of the browser shows, in the reader's zone: 2026-11-23T14:02. */
function localOf(text: string): string {
  return text === "" ? "" : fieldOf(new Date(text));
}

function isoOf(local: string): string {
  return momentOf(local)?.toISOString() ?? "";
}

/** A stretch of time: one of the usual ones that move along with now ("24h"), or from and until (ISO). See `rangeOf`. */
export function RangeFilter(props: { label: string; since: string; until: string; onChange: (range: Said) => void }) {
  const { t } = useTexts(common);
  const { since, until, onChange } = props;
  const [opened, { toggle, close }] = useDisclosure(false);
  const moving = SPANS.find((span) => span === since);
  const written = (text: string): string => (text === "" ? "…" : format.time(new Date(text), "short"));
  const said = moving !== undefined ? t(`range.${moving}`) : since === "" && until === "" ? "" : `${written(since)} – ${written(until)}`;
  return (
    <Popover opened={opened} onChange={(open) => !open && close()} position="bottom-start" shadow="md" trapFocus withRoles>
      <Popover.Target>
        <Button
          variant="default"
          fw={said === "" ? 400 : 500}
          c={said === "" ? "dimmed" : "inherit"}
          leftSection={<IconCalendar size={16} stroke={1.7} aria-hidden />}
          aria-label={said === "" ? props.label : `${props.label}: ${said}`}
          data-set={said !== "" || undefined}
          onClick={toggle}
        >
          {said === "" ? props.label : said}
        </Button>
      </Popover.Target>
      <Popover.Dropdown w={300}>
        <Stack gap="sm">
          <SimpleGrid cols={2} spacing="xs">
            {SPANS.map((span) => (
              <Button
                key={span}
                size="compact-md"
                variant={span === since ? "filled" : "default"}
                aria-pressed={span === since}
                onClick={() => {
                  onChange({ since: span, until: "" });
                  close();
                }}
              >
                {t(`range.${span}`)}
              </Button>
            ))}
          </SimpleGrid>
          <TextInput
            type="datetime-local"
            label={t("range.from")}
            value={localOf(moving === undefined ? since : "")}
            onChange={(event) => onChange({ since: isoOf(event.currentTarget.value), until })}
          />
          <TextInput
            type="datetime-local"
            label={t("range.until")}
            value={localOf(until)}
            onChange={(event) => onChange({ since: moving === undefined ? since : "", until: isoOf(event.currentTarget.value) })}
          />
          <Button variant="subtle" color="gray" size="compact-sm" disabled={said === ""} onClick={() => onChange({ since: "", until: "" })}>
            {t("ui.clear")}
          </Button>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
