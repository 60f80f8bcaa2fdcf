/** `/firmware/campaigns/:id`: how it goes, wave by wave, and what became of each station. */
import { Alert, Anchor, Button, Stack, Text } from "@mantine/core";
import { IconHandStop, IconPlayerPause, IconPlayerPlay, IconPlayerStop, IconRefresh, IconStairsUp } from "@tabler/icons-react";
import { useMemo } from "react";
import { api, queries, take, useMay } from "@/api";
import { format, speak, useTexts } from "@/i18n";
import { Link, navigate, pathOf, useFilters, useParams } from "@/route";
import { type Column, confirm, done, Empty, failed, Id, PageHeader, Panel, SafeText, Skeletons, Time, Trouble, visible, VirtualTable } from "@/ui";
import { Facts } from "@/ui/Facts.tsx";
import { isUpdateState, UpdateDrawer } from "@/ui/firmware";
import { wordOfActor, wordOfHalt, wordOfStage } from "@/ui/words/words.ts";
import classes from "./firmware.module.css";
import { CampaignBar, ITEMS, type ItemState, ItemTag, StageTag, toneOfItem } from "./looks.tsx";
import { type Campaign, type CampaignStation, isOver, useCampaign, useCampaignStations, useImages } from "./queries.ts";
import { texts } from "./texts.ts";
import { Waves, wavesOf } from "./Waves.tsx";

const DEFAULTS = { state: "", update: "", sort: "station" };
const SHOWN = [...ITEMS, "skipped"] as const satisfies readonly ItemState[];
const AGAIN: ReadonlySet<ItemState> = new Set<ItemState>(["failed", "not_reached", "cancelled"]);
const rowId = (row: CampaignStation): string => row.station_id;

type Turn = "pause" | "resume" | "cancel";

async function turn(campaign: Campaign, how: Turn): Promise<void> {
  const { t } = speak(texts);
  const params = { params: { path: { campaign_id: campaign.id } } };
  if (how === "pause") await take(api.POST("/api/v1/firmware/campaigns/{campaign_id}/pause", params));
  else if (how === "resume") await take(api.POST("/api/v1/firmware/campaigns/{campaign_id}/resume", params));
  else await take(api.POST("/api/v1/firmware/campaigns/{campaign_id}/cancel", params));
  await queries.invalidateQueries({ queryKey: ["firmware", "campaigns"] });
  done(t(`firmware.turned.${how}`));
}

function Actions(props: { campaign: Campaign; again: readonly string[] }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const { campaign } = props;
  if (!may("stations:command")) return null;
  if (isOver(campaign)) {
    if (props.again.length === 0) return null;
    // As many as an address holds; of more the failed are found in the list.
    const names = props.again.slice(0, 150).join(",");
    return (
      <Button component={Link} to={`/firmware/campaigns/new?image=${encodeURIComponent(campaign.image_id)}&stations=${encodeURIComponent(names)}`} leftSection={<IconRefresh size={16} />}>
        {t("firmware.again", { n: Math.min(150, props.again.length) })}
      </Button>
    );
  }
  const halted = campaign.stage === "halted";
  return (
    <>
      {campaign.stage === "running" ? (
        <Button variant="default" leftSection={<IconPlayerPause size={16} />} onClick={() => void turn(campaign, "pause").catch(failed)}>
          {t("firmware.pause")}
        </Button>
      ) : (
        <Button
          leftSection={<IconPlayerPlay size={16} />}
          onClick={() => {
            if (!halted) {
              void turn(campaign, "resume").catch(failed);
              return;
            }
            confirm({
              title: t("firmware.resumeAsk"),
              text: t("firmware.resumeText"),
              blast: t("firmware.resumeBlast", { failed: campaign.counts.failed ?? 0, n: campaign.counts.waiting ?? 0 }),
              action: t("firmware.resume"),
              danger: true,
              run: () => turn(campaign, "resume"),
            });
          }}
        >
          {t("firmware.resume")}
        </Button>
      )}
      <Button
        variant="default"
        leftSection={<IconPlayerStop size={16} />}
        onClick={() =>
          confirm({
            title: t("firmware.cancelAsk"),
            text: t("firmware.cancelText"),
            blast: t("firmware.cancelBlast", { n: campaign.counts.waiting ?? 0 }),
            action: t("firmware.cancel"),
            danger: true,
            run: () => turn(campaign, "cancel"),
          })
        }
      >
        {t("firmware.cancel")}
      </Button>
    </>
  );
}

function Tally(props: { counts: Readonly<Record<string, number>>; chosen: string; choose: (state: string) => void }) {
  const { t } = useTexts(texts);
  return (
    <div className={classes.tally} role="group" aria-label={t("firmware.state")}>
      {SHOWN.filter((state) => (props.counts[state] ?? 0) > 0 || props.chosen === state).map((state) => (
        <button key={state} type="button" className={classes.chip} aria-pressed={props.chosen === state} onClick={() => props.choose(props.chosen === state ? "" : state)}>
          <span className={classes.dot} data-tone={toneOfItem(state)} aria-hidden />
          {t(`firmware.item.${state}`)}
          <span>{format.number(props.counts[state] ?? 0)}</span>
        </button>
      ))}
    </div>
  );
}

function useColumns(): readonly Column<CampaignStation>[] {
  const { t } = useTexts(texts);
  return useMemo(
    () => [
      { id: "station", title: t("firmware.station"), min: 150, keep: true, card: "title", sort: (row) => row.station_id, cell: (row) => <Id id={row.station_id} to={pathOf("stations", row.station_id, "firmware")} /> },
      { id: "state", title: t("firmware.state"), min: 140, grow: 0, keep: true, card: "aside", sort: (row) => SHOWN.indexOf(row.state), cell: (row) => <ItemTag state={row.state} /> },
      { id: "wave", title: t("firmware.wave"), min: 110, grow: 0, sort: (row) => row.wave, cell: (row) => (row.wave === null ? null : row.wave === 0 ? t("firmware.canary1") : t("firmware.waveN", { n: row.wave })) },
      { id: "outcome", title: t("firmware.outcome"), min: 200, grow: 3, sort: (row) => row.outcome || null, cell: (row) => <SafeText text={isUpdateState(row.outcome) ? wordOfStage(row.outcome) : row.outcome} most={160} /> },
      { id: "at", title: t("firmware.changed"), min: 100, grow: 0, sort: (row) => row.at, cell: (row) => (row.at === null ? null : <Time at={row.at} style="seconds" />) },
    ],
    [t],
  );
}

export default function CampaignPage() {
  const { t } = useTexts(texts);
  const { id = "" } = useParams();
  const found = useCampaign(id);
  const images = useImages();
  const stations = useCampaignStations(id, found.data?.total ?? 0);
  const columns = useColumns();
  const [filters, setFilters] = useFilters<keyof typeof DEFAULTS>(DEFAULTS);
  const rows = useMemo(() => (stations.data ?? []).filter((row) => filters.state === "" || row.state === filters.state), [stations.data, filters.state]);
  const path = [{ title: t("firmware.title"), to: "/firmware" }];
  if (found.data === undefined) {
    return (
      <>
        <PageHeader title={t("firmware.campaign")} path={path} />
        {found.isError ? <Trouble error={found.error} retry={() => void found.refetch()} /> : <Skeletons rows={6} />}
      </>
    );
  }
  const campaign = found.data;
  const image = images.data?.find((each) => each.id === campaign.image_id);
  const waves = stations.data === undefined ? [] : wavesOf(campaign, stations.data);
  const behind = campaign.total - (campaign.counts.waiting ?? 0) - (campaign.counts.updating ?? 0);
  const again = (stations.data ?? []).filter((row) => AGAIN.has(row.state)).map(rowId);
  return (
    <>
      <PageHeader
        title={t("firmware.campaignOf", { version: visible(campaign.version).slice(0, 60) })}
        path={path}
        beside={<StageTag stage={campaign.stage} />}
        detail={t("firmware.begunBy", { who: visible(wordOfActor(campaign.actor)).slice(0, 60), when: format.time(new Date(campaign.asked_at), "full") })}
      >
        <Actions campaign={campaign} again={again} />
      </PageHeader>
      <Stack gap="md">
        {campaign.stage === "halted" ? (
          <Alert color="red" icon={<IconHandStop />} title={t("firmware.haltedTitle")}>
            <SafeText text={wordOfHalt(campaign.reason)} most={300} />. {t("firmware.haltedText")}
          </Alert>
        ) : null}
        <div className={classes.page}>
          <Panel title={t("firmware.progress")} beside={<Text size="sm" c="dimmed" role="status">{t("firmware.behind", { done: behind, total: campaign.total })}</Text>}>
            <Stack gap="md">
              <CampaignBar campaign={campaign} thick />
              <Tally counts={campaign.counts} chosen={filters.state} choose={(state) => setFilters({ state })} />
              {stations.isError ? <Trouble error={stations.error} retry={() => void stations.refetch()} /> : <Waves waves={waves} current={isOver(campaign) ? null : campaign.wave} soak={campaign.wave === 0 && !isOver(campaign) ? campaign.soak_minutes : 0} />}
            </Stack>
          </Panel>
          <Panel title={t("firmware.plan")}>
            <Facts
              rows={[
                [
                  t("firmware.image"),
                  <Anchor key="image" component={Link} size="sm" to={`/firmware?tab=images&image=${encodeURIComponent(campaign.image_id)}`}>
                    <SafeText text={image === undefined ? campaign.version : [image.version, `${image.vendor} ${image.model}`.trim()].filter(Boolean).join(" · ")} most={80} />
                  </Anchor>,
                ],
                [t("firmware.canary"), format.number(campaign.canary)],
                [t("firmware.soak"), campaign.soak_minutes === 0 ? t("firmware.noSoak") : format.duration(campaign.soak_minutes * 60)],
                [t("firmware.waveSize"), format.number(campaign.wave_size)],
                [t("firmware.atOnce"), format.number(campaign.at_once)],
                [t("firmware.halt"), format.percent(campaign.halt_percent / 100, 0)],
                [t("firmware.patience"), format.duration(campaign.patience_minutes * 60)],
                [t("firmware.ends"), <Time key="ends" at={campaign.ends_at} />],
                [t("firmware.ended"), campaign.ended_at === null ? null : <Time key="ended" at={campaign.ended_at} />],
              ]}
            />
          </Panel>
        </div>
        <VirtualTable
          id="firmware-campaign"
          label={t("firmware.itsStations")}
          rows={rows}
          columns={columns}
          rowId={rowId}
          onOpen={(row) => (row.update_id === null ? navigate(pathOf("stations", row.station_id)) : setFilters({ update: String(row.update_id) }))}
          sort={filters.sort}
          onSort={(sort) => setFilters({ sort })}
          loading={stations.isPending}
          empty={<Empty icon={IconStairsUp} title={t("firmware.noneHere")} />}
        />
      </Stack>
      <UpdateDrawer id={/^\d{1,10}$/.test(filters.update) ? Number(filters.update) : null} close={() => setFilters({ update: "" })} />
    </>
  );
}
