/** A document as it came: folded, searched, copied. Texts in it are from outside: they are shown, never believed. */
import { Box, Button, Group, SegmentedControl, TextInput, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconChevronRight, IconSearch } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { common, useTexts } from "@/i18n";
import { Copy, SafeText, visible } from "./basics.tsx";
import classes from "./json.module.css";

const MOST_CHILDREN = 100;
const OPEN_DEPTH = 2;
/** One that is larger is arranged by the reader's wish only. */
const MOST_RAW = 200_000;

function entriesOf(value: object): [string, unknown][] {
  return Array.isArray(value) ? value.map((each, index) => [String(index), each as unknown]) : Object.entries(value);
}

/** Whether a word is in a key or a value, at any depth. Pure. */
export function holds(value: unknown, word: string): boolean {
  if (typeof value === "object" && value !== null) {
    return entriesOf(value).some(([key, each]) => key.toLowerCase().includes(word) || holds(each, word));
  }
  return String(value).toLowerCase().includes(word);
}

function Scalar(props: { value: unknown; word: string }) {
  const { value } = props;
  const kind = value === null ? "null" : typeof value;
  const found = props.word !== "" && String(value).toLowerCase().includes(props.word);
  return (
    <span className={classes.value} data-kind={kind} data-found={found || undefined}>
      {typeof value === "string" ? (
        <>
          "<SafeText text={value} most={200} />"
        </>
      ) : (
        String(value)
      )}
    </span>
  );
}

function Node(props: { name: string | null; value: unknown; depth: number; word: string }) {
  const { name, value, depth, word } = props;
  const { t } = useTexts(common);
  const [open, setOpen] = useState<boolean | null>(null);
  const [most, setMost] = useState(MOST_CHILDREN);
  const found = name !== null && word !== "" && name.toLowerCase().includes(word);
  const label =
    name === null ? null : (
      <span className={classes.name} data-found={found || undefined}>
        <bdi>{visible(name.slice(0, 200))}</bdi>
        {": "}
      </span>
    );
  if (typeof value !== "object" || value === null) {
    return (
      <div className={classes.line}>
        {label}
        <Scalar value={value} word={word} />
      </div>
    );
  }
  const entries = entriesOf(value);
  const [left, right] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  if (entries.length === 0) {
    return (
      <div className={classes.line}>
        {label}
        {left}
        {right}
      </div>
    );
  }
  const isOpen = open ?? (depth < OPEN_DEPTH || entries.length <= 4 || (word !== "" && holds(value, word)));
  return (
    <div>
      <UnstyledButton className={classes.fold ?? ""} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {isOpen ? <IconChevronDown size={13} aria-hidden /> : <IconChevronRight size={13} aria-hidden />}
        {label}
        {isOpen ? left : `${left} ${entries.length} ${right}`}
      </UnstyledButton>
      {isOpen ? (
        <>
          <div className={classes.inner}>
            {entries.slice(0, most).map(([key, each]) => (
              <Node key={key} name={Array.isArray(value) ? null : key} value={each} depth={depth + 1} word={word} />
            ))}
            {entries.length > most ? (
              <Button size="compact-xs" variant="subtle" onClick={() => setMost(most + 10 * MOST_CHILDREN)}>
                {t("ui.rows", { n: entries.length - most })}
              </Button>
            ) : null}
          </div>
          <div className={classes.line}>{right}</div>
        </>
      ) : null}
    </div>
  );
}

/**
 * value   what was parsed; raw: the text as it came, where it is known (it is shown as it was sent, and copied)
 * what    its name, for the copy button
 */
export function JsonView(props: { value: unknown; raw?: string; what: string; search?: boolean }) {
  const { t } = useTexts(common);
  const [view, setView] = useState<"pretty" | "raw">("pretty");
  const [word, setWord] = useState("");
  const text = useMemo(() => props.raw ?? JSON.stringify(props.value, null, 2), [props.raw, props.value]);
  return (
    <Box className={classes.view}>
      <Group gap="xs" mb="xs" justify="space-between" className="no-print">
        <Group gap="xs">
          <SegmentedControl
            size="xs"
            value={view}
            onChange={(chosen) => setView(chosen === "raw" ? "raw" : "pretty")}
            data={[
              { value: "pretty", label: t("ui.pretty") },
              { value: "raw", label: t("ui.asSent") },
            ]}
          />
          {props.search === false || view === "raw" ? null : (
            <TextInput
              size="xs"
              type="search"
              aria-label={t("ui.filter")}
              placeholder={t("ui.filter")}
              leftSection={<IconSearch size={14} />}
              value={word}
              onChange={(event) => setWord(event.currentTarget.value)}
            />
          )}
        </Group>
        <Copy text={text} what={props.what} />
      </Group>
      <div className={classes.code} tabIndex={0} role="group" aria-label={props.what}>
        {view === "raw" ? (
          <pre className={classes.raw}>
            <bdi>{visible(text.slice(0, MOST_RAW))}</bdi>
            {text.length > MOST_RAW ? "…" : null}
          </pre>
        ) : (
          <Node name={null} value={props.value} depth={0} word={word.trim().toLowerCase()} />
        )}
      </div>
    </Box>
  );
}
