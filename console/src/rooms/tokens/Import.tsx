/** Tokens by the thousand: a file is looked at first, line by line, and taken when the reader has seen what comes of it. */
import { Anchor, Button, FileButton, Group, Stack, Text, Textarea, UnstyledButton } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconFileTypeCsv, IconUpload } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type DragEvent, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import { plainFetch, Problem, queries, type Schema } from "@/api";
import { useTexts } from "@/i18n";
import { Link, navigate } from "@/route";
import { type Column, done, PageHeader, Panel, SafeText, StateBadge, Trouble, VirtualTable } from "@/ui";
import { texts } from "./texts.ts";
import classes from "./tokens.module.css";

type Result = Schema<"ImportOut">;
type Row = Schema<"RowOut">;
type Fate = Row["fate"];

/** text: what is imported, as it was chosen; from: the file's name, or "" for pasted text. */
interface Chosen {
  text: string;
  from: string;
}

const FATES = ["added", "changed", "unchanged", "refused"] as const;
const LOOKS: Readonly<Record<Fate, string>> = { added: "Accepted", changed: "Pending", unchanged: "Ended", refused: "Rejected" };
const EXAMPLE = "value,kind,holder,group,valid_until\n04A2B3C4D5E680,ISO14443,Ada Moser,fleet-north,2027-12-31T23:59:59Z\nDE-ABC-C12345678-9,eMAID,Ben Okafor,,";
/** As the server has it. */
const MOST_BYTES = 4 << 20;

async function send(text: string, dryRun: boolean): Promise<Result> {
  const answer = await plainFetch(`/api/v1/tokens/import${dryRun ? "?dry_run=true" : ""}`, {
    method: "POST",
    body: text,
    headers: { "content-type": "text/csv; charset=utf-8" },
  });
  const document: unknown = await answer.json().catch(() => null);
  if (!answer.ok) throw Problem.of(answer.status, document);
  return document as Result;
}

/** Pure. Text of a file: UTF-8, or what spreadsheets write instead (UTF-16 with its mark, Windows-1252). */
export function decoded(bytes: Uint8Array<ArrayBuffer>): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** One column of values, as people paste it from anywhere, becomes a file. */
export function asCsv(pasted: string): string {
  const first = pasted.replace(/^\ufeff/, "").split("\n", 1)[0] ?? "";
  return /(^|[,;\t"])\s*"?value"?\s*($|[,;\t"\r])/i.test(first) ? pasted : `value\n${pasted}`;
}

function Choose(props: { choose: (chosen: Chosen) => void }) {
  const { t } = useTexts(texts);
  const [over, setOver] = useState(false);
  const [pasted, setPasted] = useState("");
  const [wrong, setWrong] = useState("");
  const read = (file: File | null | undefined): void => {
    if (file === null || file === undefined) return;
    if (file.size > MOST_BYTES) {
      setWrong(t("import.tooLarge"));
      return;
    }
    setWrong("");
    file.arrayBuffer().then(
      (bytes) => props.choose({ text: decoded(new Uint8Array(bytes)), from: file.name }),
      () => setWrong(t("import.unreadable", { name: file.name })),
    );
  };
  const dropped = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    read(event.dataTransfer.files[0]);
  };
  // Ctrl V anywhere on the page, but where one types.
  const onPaste = useEffectEvent((event: ClipboardEvent) => {
    if (event.target instanceof HTMLElement && /^(INPUT|TEXTAREA)$/.test(event.target.tagName)) return;
    const file = event.clipboardData?.files[0];
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (file !== undefined) read(file);
    else if (text.trim() !== "") props.choose({ text: asCsv(text), from: "" });
  });
  useEffect(() => {
    const listen = (event: ClipboardEvent): void => onPaste(event);
    addEventListener("paste", listen);
    return () => removeEventListener("paste", listen);
  }, []);
  return (
    <Stack>
      <div
        className={classes.drop}
        data-over={over || undefined}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={dropped}
      >
        <IconFileTypeCsv size={36} stroke={1.4} aria-hidden />
        <Text fw={600}>{t("import.drop")}</Text>
        <FileButton onChange={read} accept=".csv,.txt,text/csv,text/plain">
          {(button) => (
            <Button {...button} leftSection={<IconUpload size={16} />}>
              {t("import.choose")}
            </Button>
          )}
        </FileButton>
        <Text size="sm" c="dimmed">
          {t("import.dropHint")}
        </Text>
        {wrong === "" ? null : (
          <Text size="sm" role="alert" c="red.9">
            {wrong}
          </Text>
        )}
      </div>
      <Panel title={t("import.paste")}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (pasted.trim() !== "") props.choose({ text: asCsv(pasted), from: "" });
          }}
        >
          <Textarea
            className={classes.paste ?? ""}
            aria-label={t("import.paste")}
            placeholder={"04A2B3C4D5E680\n04A2B3C4D5E681"}
            autosize
            minRows={4}
            maxRows={14}
            spellCheck={false}
            value={pasted}
            onChange={(event) => setPasted(event.currentTarget.value)}
          />
          <Group justify="flex-end" mt="sm">
            <Button type="submit" variant="default" disabled={pasted.trim() === ""}>
              {t("import.look")}
            </Button>
          </Group>
        </form>
      </Panel>
      <Panel title={t("import.how")}>
        <Text size="sm" mb="xs">
          {t("import.howText")}
        </Text>
        <pre className={classes.example} tabIndex={0} aria-label={t("import.example")}>
          {EXAMPLE}
        </pre>
        <Anchor size="sm" href={`data:text/csv;charset=utf-8,${encodeURIComponent(EXAMPLE)}`} download="tokens.csv" mt="xs" display="inline-block">
          {t("import.template")}
        </Anchor>
      </Panel>
    </Stack>
  );
}

const rowId = (row: Row): string => String(row.row);

function Preview(props: { chosen: Chosen; result: Result; again: () => void }) {
  const { t } = useTexts(texts);
  const { chosen, result, again } = props;
  const [fate, setFate] = useState<Fate | null>(result.refused > 0 ? "refused" : null);
  const [taken, setTaken] = useState<Result | null>(null);
  const shown = taken ?? result;
  const rows = useMemo(() => (fate === null ? shown.rows : shown.rows.filter((row) => row.fate === fate)), [shown, fate]);
  const apply = useMutation({
    mutationFn: () => send(chosen.text, false),
    onSuccess: (after) => {
      void queries.invalidateQueries({ queryKey: ["tokens"] });
      setTaken(after);
      done(t("import.done", { n: after.added + after.changed }));
    },
  });
  const columns = useMemo(
    (): readonly Column<Row>[] => [
      { id: "line", title: t("import.line"), min: 75, grow: 0, align: "end", keep: true, card: "line", cell: (row) => String(row.line ?? row.row) },
      { id: "value", title: t("tokens.value"), min: 180, keep: true, card: "title", cell: (row) => (row.value === "" ? "–" : <SafeText text={row.value} most={40} mono />) },
      { id: "fate", title: t("import.fate"), min: 140, grow: 0, keep: true, card: "aside", cell: (row) => <StateBadge state={LOOKS[row.fate]} label={t(`fate.${row.fate}`)} size="sm" /> },
      {
        id: "what",
        title: t("import.what"),
        min: 220,
        grow: 2.5,
        keep: true,
        cell: (row) => (row.reason !== "" ? <SafeText text={row.reason} most={90} /> : row.changes.length > 0 ? row.changes.map((name) => fieldText(name, t)).join(", ") : <Text span c="dimmed" aria-hidden>–</Text>),
      },
    ],
    [t],
  );
  const changes = result.added + result.changed;
  return (
    <>
      {taken === null ? null : (
        <div className={classes.note} data-tone="free" role="status">
          <IconCheck size={18} aria-hidden />
          <strong>{t("import.done", { n: taken.added + taken.changed })}</strong>
          <Group gap="sm" ml="auto">
            <Button size="xs" onClick={() => navigate("/tokens")}>
              {t("import.toTokens")}
            </Button>
            <Button size="xs" variant="default" onClick={again}>
              {t("import.another")}
            </Button>
          </Group>
        </div>
      )}
      <div className={classes.fates}>
        {FATES.map((each) => (
          <UnstyledButton
            key={each}
            className={classes.fate ?? ""}
            aria-pressed={fate === each}
            data-tone={each === "refused" && shown.refused > 0 ? "bad" : undefined}
            onClick={() => setFate(fate === each ? null : each)}
          >
            <Text size="sm" c="dimmed">
              {t(`fate.${each}`)}
            </Text>
            <strong>{t("import.count", { n: shown[each] })}</strong>
          </UnstyledButton>
        ))}
      </div>
      {shown.refused > 0 && taken === null ? (
        <div className={classes.note} data-tone="wait">
          <IconAlertTriangle size={18} aria-hidden />
          {t("import.someRefused", { n: shown.refused })}
        </div>
      ) : null}
      <VirtualTable id="token-import" label={t("import.preview")} rows={rows} columns={columns} rowId={rowId} empty={<Text c="dimmed">{t("import.noneSuch")}</Text>} />
      {taken === null ? (
        <Group className={`${classes.apply} no-print`} justify="flex-end">
          {apply.isError ? <Trouble error={apply.error} /> : null}
          <Button variant="default" onClick={again} disabled={apply.isPending}>
            {t("import.other")}
          </Button>
          <Button loading={apply.isPending} disabled={changes === 0} onClick={() => apply.mutate()}>
            {changes === 0 ? t("import.nothing") : t("import.apply", { n: changes })}
          </Button>
        </Group>
      ) : null}
    </>
  );
}

function fieldText(name: string, t: ReturnType<typeof useTexts<typeof texts.en>>["t"]): string {
  const key = `field.${name}`;
  return key in texts.en ? t(key as "field.holder") : name;
}

export default function ImportPage() {
  const { t } = useTexts(texts);
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const preview = useMutation({ mutationFn: (given: Chosen) => send(given.text, true) });
  const look = useRef<HTMLDivElement>(null);
  const { isSuccess } = preview;
  useEffect(() => {
    if (isSuccess) look.current?.focus();
  }, [isSuccess]);
  const choose = (given: Chosen): void => {
    setChosen(given);
    preview.mutate(given);
  };
  const again = (): void => {
    setChosen(null);
    preview.reset();
  };
  const detail = chosen === null || preview.isError ? t("import.detail") : chosen.from === "" ? t("import.fromPaste") : t("import.fromFile", { name: chosen.from });
  return (
    <>
      <PageHeader title={t("import.title")} path={[{ title: t("tokens.title"), to: "/tokens" }]} detail={detail}>
        <Button component={Link} to="/tokens" variant="default">
          {t("import.leave")}
        </Button>
      </PageHeader>
      {preview.isError ? (
        <Stack mb="md">
          <Trouble error={preview.error} />
        </Stack>
      ) : null}
      {preview.isPending ? (
        <Text role="status" c="dimmed">
          {t("import.looking")}
        </Text>
      ) : chosen !== null && preview.data !== undefined ? (
        <div ref={look} tabIndex={-1} className={classes.look}>
          <Preview chosen={chosen} result={preview.data} again={again} />
        </div>
      ) : (
        <Choose choose={choose} />
      )}
    </>
  );
}
