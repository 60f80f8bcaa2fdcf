/** Images: what there is, whom it is for, and how many run it. */
import { Button, Text } from "@mantine/core";
import { IconAlertTriangle, IconFilterOff, IconPackage, IconPlus, IconSignature } from "@tabler/icons-react";
import { useMemo } from "react";
import { format, useTexts } from "@/i18n";
import { useFilters } from "@/route";
import { type Column, Empty, FilterBar, SafeText, Skeletons, Time, Trouble, VirtualTable } from "@/ui";
import { PartsBar, Tag } from "@/ui/Tag.tsx";
import { Actor } from "@/ui/words/Actor.tsx";
import classes from "./firmware.module.css";
import { type Image, type Make, usageOf, useImages, useMakes } from "./queries.ts";
import { texts } from "./texts.ts";

const DEFAULTS = { q: "" };
const rowId = (row: Image): string => row.id;

export function Signed(props: { image: Image }) {
  const { t } = useTexts(texts);
  const { image } = props;
  if (image.size === null) return <Tag look={{ tone: "wait", icon: IconAlertTriangle }}>{t("firmware.noContent")}</Tag>;
  return image.signed ? (
    <Tag look={{ tone: "free", icon: IconSignature }} title={image.signer?.subject.slice(0, 200) ?? ""}>
      {t("firmware.signed")}
    </Tag>
  ) : (
    <Tag look={{ tone: "wait", icon: IconAlertTriangle }}>{t("firmware.unsigned")}</Tag>
  );
}

export function Usage(props: { image: Image; makes: readonly Make[] }) {
  const { t } = useTexts(texts);
  const used = usageOf(props.image, props.makes);
  if (used.for === 0) return <Text span size="sm" c="dimmed">{t("firmware.forNone")}</Text>;
  return (
    <div className={classes.inRow}>
      <PartsBar label={t("firmware.runs")} parts={[{ id: "run", tone: "free", n: used.run, name: t("firmware.runs") }]} total={used.for} />
      <span className={classes.count}>{t("firmware.runsOf", { run: used.run, total: used.for })}</span>
    </div>
  );
}

export function Images(props: { add: (() => void) | null; open: (id: string) => void }) {
  const { t } = useTexts(texts);
  const { open } = props;
  const found = useImages();
  const makes = useMakes();
  const [filters, setFilters] = useFilters<"q">(DEFAULTS);
  const words = filters.q.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = (found.data ?? []).filter((each) => words.every((word) => `${each.version} ${each.vendor} ${each.model} ${each.file_name}`.toLowerCase().includes(word)));
  const columns = useMemo<readonly Column<Image>[]>(
    () => [
      {
        id: "version",
        title: t("firmware.version"),
        min: 150,
        keep: true,
        card: "title",
        cell: (row) => (
          <button type="button" className={classes.open} onClick={() => open(row.id)}>
            <SafeText text={row.version} most={40} />
          </button>
        ),
      },
      { id: "signed", title: t("firmware.signature"), min: 150, grow: 0, keep: true, card: "aside", cell: (row) => <Signed image={row} /> },
      { id: "for", title: t("firmware.madeFor"), min: 170, grow: 1.2, cell: (row) => <SafeText text={`${row.vendor} ${row.model}`.trim() || t("firmware.anyMake")} most={50} /> },
      { id: "used", title: t("firmware.runs"), min: 200, grow: 1.4, cell: (row) => <Usage image={row} makes={makes} /> },
      { id: "size", title: t("firmware.size"), min: 100, grow: 0, align: "end", cell: (row) => (row.size === null ? <Text span c="dimmed">–</Text> : <span className={classes.number}>{format.bytes(row.size)}</span>) },
      { id: "when", title: t("firmware.added"), min: 120, grow: 0, cell: (row) => <Time at={row.created_at} /> },
      { id: "who", title: t("firmware.by"), min: 110, card: "none", cell: (row) => <Actor name={row.actor} most={30} /> },
      { id: "file", title: t("firmware.file"), min: 180, hidden: true, card: "none", cell: (row) => <SafeText text={row.file_name} most={60} mono /> },
    ],
    [t, makes, open],
  );
  if (found.isError && found.data === undefined) return <Trouble error={found.error} retry={() => void found.refetch()} />;
  if (found.data === undefined) return <Skeletons rows={4} />;
  return (
    <>
      {found.data.length === 0 ? null : <FilterBar values={filters} defaults={DEFAULTS} onChange={setFilters} filters={[{ kind: "search", name: "q", label: t("firmware.searchImages") }]} />}
      <VirtualTable
        id="firmware-images"
        label={t("firmware.images")}
        rows={rows}
        columns={columns}
        rowId={rowId}
        onOpen={(row) => open(row.id)}
        empty={
          found.data.length > 0 ? (
            <Empty icon={IconFilterOff} title={t("firmware.noneFound")}>
              <Button variant="default" onClick={() => setFilters({ q: "" })}>
                {t("firmware.showAll")}
              </Button>
            </Empty>
          ) : (
            <Empty icon={IconPackage} title={t("firmware.noImages")} text={t("firmware.noImagesText")}>
              {props.add === null ? null : (
                <Button leftSection={<IconPlus size={16} />} onClick={props.add}>
                  {t("firmware.addImage")}
                </Button>
              )}
            </Empty>
          )
        }
      />
    </>
  );
}
