/** Campaigns, the latest first. */
import { Button, Group } from "@mantine/core";
import { IconPlus, IconStairsUp } from "@tabler/icons-react";
import { useMemo } from "react";
import { useMay } from "@/api";
import { format, useTexts } from "@/i18n";
import { Link, pathOf } from "@/route";
import { type Column, Empty, SafeText, Skeletons, Time, Trouble, VirtualTable } from "@/ui";
import { Actor } from "@/ui/words/Actor.tsx";
import classes from "./firmware.module.css";
import { CampaignBar, StageTag } from "./looks.tsx";
import { type Campaign, useCampaigns, useImages } from "./queries.ts";
import { texts } from "./texts.ts";

const rowId = (row: Campaign): string => row.id;
const toOf = (row: Campaign): string => pathOf("firmware", "campaigns", row.id);

/** add: opens the form for an image, where the reader may. */
export function Campaigns(props: { add: (() => void) | null }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const found = useCampaigns();
  const images = useImages();
  const makes = useMemo(() => new Map((images.data ?? []).map((image) => [image.id, `${image.vendor} ${image.model}`.trim()])), [images.data]);
  const columns = useMemo<readonly Column<Campaign>[]>(
    () => [
      {
        id: "version",
        title: t("firmware.version"),
        min: 200,
        grow: 1.4,
        keep: true,
        card: "title",
        cell: (row) => (
          <Link to={toOf(row)} className={classes.title}>
            <strong>
              <SafeText text={row.version} most={40} />
            </strong>
            <span className={classes.quiet}>
              <SafeText text={makes.get(row.image_id) || t("firmware.anyMake")} most={40} />
            </span>
          </Link>
        ),
      },
      { id: "stage", title: t("firmware.state"), min: 140, grow: 0, keep: true, card: "aside", cell: (row) => <StageTag stage={row.stage} /> },
      {
        id: "progress",
        title: t("firmware.progress"),
        min: 220,
        grow: 1.6,
        keep: true,
        cell: (row) => (
          <div className={classes.inRow}>
            <CampaignBar campaign={row} />
            <span className={classes.count}>{t("firmware.doneOf", { done: row.counts.done ?? 0, total: row.total })}</span>
          </div>
        ),
      },
      { id: "failed", title: t("firmware.item.failed"), min: 116, grow: 0, align: "end", cell: (row) => ((row.counts.failed ?? 0) === 0 ? "0" : <strong className={classes.bad}>{format.number(row.counts.failed ?? 0)}</strong>) },
      { id: "wave", title: t("firmware.wave"), min: 110, grow: 0, card: "none", cell: (row) => (row.wave === 0 ? t("firmware.canaries") : t("firmware.waveN", { n: row.wave })) },
      { id: "who", title: t("firmware.by"), min: 110, card: "none", cell: (row) => <Actor name={row.actor} most={30} /> },
      { id: "when", title: t("firmware.asked"), min: 120, grow: 0, cell: (row) => <Time at={row.asked_at} /> },
    ],
    [t, makes],
  );
  if (found.isError && found.data === undefined) return <Trouble error={found.error} retry={() => void found.refetch()} />;
  if (found.data === undefined) return <Skeletons rows={4} />;
  const hasImages = (images.data?.length ?? 0) > 0;
  return (
    <VirtualTable
      id="firmware-campaigns"
      label={t("firmware.campaigns")}
      rows={found.data.items}
      columns={columns}
      rowId={rowId}
      to={toOf}
      empty={
        <Empty icon={IconStairsUp} title={t("firmware.noCampaigns")} text={t("firmware.noCampaignsText")}>
          <Group justify="center">
            {!hasImages && props.add !== null ? (
              <Button leftSection={<IconPlus size={16} />} onClick={props.add}>
                {t("firmware.addImage")}
              </Button>
            ) : null}
            {hasImages && may("stations:command") ? (
              <Button component={Link} to="/firmware/campaigns/new" leftSection={<IconStairsUp size={16} />}>
                {t("firmware.newCampaign")}
              </Button>
            ) : null}
          </Group>
        </Empty>
      }
    />
  );
}
