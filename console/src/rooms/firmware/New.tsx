/** `/firmware/campaigns/new`: an image for many stations; how far it reaches and how it goes are seen before it begins. */
import { Alert, Button, Checkbox, Group, NumberInput, Radio, Select, SimpleGrid, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import {
  IconAlertTriangle,
  IconBolt,
  IconCheck,
  IconCpu,
  type Icon,
  IconPlugConnectedX,
  IconStairsUp,
  IconTargetArrow,
  IconVersions,
} from "@tabler/icons-react";
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { api, queries, type Schema, take } from "@/api";
import { common, fieldOf, format, momentOf, useTexts } from "@/i18n";
import { Link, navigate, pathOf, useFilters } from "@/route";
import { confirm, done, Empty, PageHeader, Panel, SafeText, Skeletons, type Tone, Trouble, useSites, visible } from "@/ui";
import { PartsBar } from "@/ui/Tag.tsx";
import classes from "./firmware.module.css";
import { Signed } from "./Images.tsx";
import { type Image, type Reach, useImages, useMakes } from "./queries.ts";
import { texts } from "./texts.ts";
import { planned, Waves } from "./Waves.tsx";

type Who = "all" | "some" | "named";
type Protocol = "ocpp1.6" | "ocpp2.0.1" | "ocpp2.1";

const ADDRESS = { image: "", stations: "" };
const PAUSE_MS = 350;
const WEEK_MS = 7 * 86_400_000;

interface Plan {
  canary: number | string;
  wave: number | string;
  at_once: number | string;
  halt_percent: number | string;
  soak_minutes: number | string;
  patience_hours: number | string;
  ends: string;
}

interface Meant {
  who: Who;
  site: string;
  firmware: string;
  protocol: string;
  connected: boolean;
  names: string;
}

const CAREFUL: Omit<Plan, "ends"> = { canary: 1, wave: 10, at_once: 5, halt_percent: 20, soak_minutes: 10, patience_hours: 24 };

/** Pure. Identities, as people paste them: with commas, semicolons, spaces or lines between. */
function namesIn(text: string): string[] {
  return [...new Set(text.split(/[\s,;]+/).filter(Boolean))];
}

const whole = (value: number | string, otherwise: number): number => (value === "" || Number.isNaN(Number(value)) ? otherwise : Math.round(Number(value)));

function bodyOf(image: Image, meant: Meant, plan: Plan, unsigned: boolean): Schema<"CampaignIn"> {
  const filtered = meant.who === "some" && (meant.site !== "" || meant.firmware !== "" || meant.protocol !== "" || meant.connected);
  return {
    image_id: image.id,
    stations: meant.who === "named" ? namesIn(meant.names) : null,
    everything: meant.who !== "named" && !filtered,
    canary: whole(plan.canary, 1),
    wave: whole(plan.wave, 10),
    at_once: whole(plan.at_once, 5),
    halt_percent: whole(plan.halt_percent, 20),
    soak_minutes: whole(plan.soak_minutes, 10),
    patience_minutes: whole(plan.patience_hours, 24) * 60,
    ends_at: momentOf(plan.ends)?.toISOString() ?? null,
    allow_unsigned: unsigned,
  };
}

function queryOf(meant: Meant) {
  if (meant.who !== "some") return {};
  return {
    ...(meant.site === "" ? {} : { site_id: meant.site }),
    ...(meant.firmware === "" ? {} : { firmware: meant.firmware }),
    ...(meant.protocol === "" ? {} : { protocol: meant.protocol as Protocol }),
    ...(meant.connected ? { connected: true } : {}),
  };
}

function begin(body: Schema<"CampaignIn">, query: ReturnType<typeof queryOf>, dryRun: boolean): Promise<Schema<"BegunOut">> {
  return take(api.POST("/api/v1/firmware/campaigns", { params: { query: { ...query, dry_run: dryRun } }, body }));
}

function Line(props: { icon: Icon; tone?: Tone; children: string }) {
  return (
    <li data-tone={props.tone}>
      <props.icon size={18} stroke={1.8} aria-hidden />
      <span>{props.children}</span>
    </li>
  );
}

function ReachView(props: { reach: Reach }) {
  const { t } = useTexts(texts);
  const { reach } = props;
  const versions = Object.entries(reach.by_firmware).sort(([, a], [, b]) => b - a);
  const most = Math.max(1, ...versions.map(([, n]) => n));
  return (
    <Stack gap="md">
      <div className={classes.big}>{t("firmware.reachStations", { n: reach.stations })}</div>
      <ul className={classes.reach}>
        {reach.connected > 0 ? (
          <Line icon={IconCheck} tone="free">
            {t("firmware.reachConnected", { n: reach.connected })}
          </Line>
        ) : null}
        {reach.offline > 0 ? (
          <Line icon={IconPlugConnectedX} tone="wait">
            {t("firmware.reachOffline", { n: reach.offline })}
          </Line>
        ) : null}
        {reach.charging > 0 ? (
          <Line icon={IconBolt} tone="busy">
            {t("firmware.reachCharging", { n: reach.charging })}
          </Line>
        ) : null}
        {reach.have_it > 0 ? <Line icon={IconCpu}>{t("firmware.reachHaveIt", { n: reach.have_it })}</Line> : null}
        {reach.other_make > 0 ? <Line icon={IconVersions}>{t("firmware.reachOther", { n: reach.other_make })}</Line> : null}
        {reach.missing.length > 0 ? (
          <Line icon={IconAlertTriangle} tone="bad">
            {t("firmware.reachMissing", { names: visible(reach.missing.slice(0, 5).join(", ").slice(0, 200)), n: reach.missing.length })}
          </Line>
        ) : null}
      </ul>
      {versions.length === 0 ? null : (
        <div>
          <Text size="sm" c="dimmed" mb={4}>
            {t("firmware.runsNow")}
          </Text>
          <dl className={classes.versions}>
            {versions.slice(0, 8).map(([version, n]) => (
              <Version key={version} version={version} n={n} most={most} />
            ))}
          </dl>
        </div>
      )}
    </Stack>
  );
}

function Version(props: { version: string; n: number; most: number }) {
  const { t } = useTexts(texts);
  return (
    <>
      <dt>
        <SafeText text={props.version === "not told" ? t("firmware.notTold") : props.version} most={30} />
      </dt>
      <dd>
        <PartsBar label={t("firmware.runsNow")} parts={[{ id: "n", tone: "away", n: props.n, name: visible(props.version.slice(0, 30)) }]} total={props.most} />
      </dd>
      <dd className={classes.number}>{format.number(props.n)}</dd>
    </>
  );
}

function WhoFields(props: { image: Image; meant: Meant; set: (changes: Partial<Meant>) => void }) {
  const { t } = useTexts(texts);
  const { meant, set, image } = props;
  const sites = useSites();
  const makes = useMakes();
  const versions = [...new Set(makes.filter((make) => image.vendor === "" || make.vendor.toLowerCase() === image.vendor.toLowerCase()).map((make) => make.firmware))].filter(Boolean).sort();
  return (
    <Panel title={t("firmware.which")}>
      <Stack>
        <Radio.Group aria-label={t("firmware.which")} value={meant.who} onChange={(who) => set({ who })}>
          <Stack gap="xs">
            <Radio value="all" label={image.vendor + image.model === "" ? t("firmware.whoAll") : t("firmware.whoMade", { make: visible(`${image.vendor} ${image.model}`.trim()) })} />
            <Radio value="some" label={t("firmware.whoSome")} />
            <Radio value="named" label={t("firmware.whoNamed")} />
          </Stack>
        </Radio.Group>
        {meant.who === "some" ? (
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            <Select label={t("firmware.site")} placeholder={t("firmware.any")} clearable searchable data={sites.map((site) => ({ value: site.id, label: visible(site.name) }))} value={meant.site || null} onChange={(site) => set({ site: site ?? "" })} />
            <Select label={t("firmware.fromVersion")} placeholder={t("firmware.any")} clearable searchable data={versions.map((version) => ({ value: version, label: visible(version) }))} value={meant.firmware || null} onChange={(firmware) => set({ firmware: firmware ?? "" })} />
            <Select
              label={t("firmware.protocol")}
              placeholder={t("firmware.any")}
              clearable
              data={[
                { value: "ocpp1.6", label: "OCPP 1.6" },
                { value: "ocpp2.0.1", label: "OCPP 2.0.1" },
                { value: "ocpp2.1", label: "OCPP 2.1" },
              ]}
              value={meant.protocol || null}
              onChange={(protocol) => set({ protocol: protocol ?? "" })}
            />
            <Checkbox mt={{ base: 0, xs: 28 }} label={t("firmware.onlyConnected")} checked={meant.connected} onChange={(event) => set({ connected: event.currentTarget.checked })} />
          </SimpleGrid>
        ) : null}
        {meant.who === "named" ? (
          <Textarea label={t("firmware.names")} description={t("firmware.namesHint")} autosize minRows={3} maxRows={10} spellCheck={false} value={meant.names} onChange={(event) => set({ names: event.currentTarget.value })} />
        ) : null}
      </Stack>
    </Panel>
  );
}

function PlanFields(props: { plan: Plan; set: (changes: Partial<Plan>) => void }) {
  const { t } = useTexts(texts);
  const { plan, set } = props;
  return (
    <Panel title={t("firmware.how")}>
      <SimpleGrid cols={{ base: 1, xs: 2 }} verticalSpacing="sm">
        <NumberInput label={t("firmware.canary")} description={t("firmware.canaryHint")} min={1} max={100} allowDecimal={false} value={plan.canary} onChange={(canary) => set({ canary })} />
        <NumberInput label={t("firmware.soak")} description={t("firmware.soakHint")} min={0} max={10_080} allowDecimal={false} suffix=" min" value={plan.soak_minutes} onChange={(soak_minutes) => set({ soak_minutes })} />
        <NumberInput label={t("firmware.waveSize")} description={t("firmware.waveHint")} min={1} max={5000} allowDecimal={false} value={plan.wave} onChange={(wave) => set({ wave })} />
        <NumberInput label={t("firmware.atOnce")} description={t("firmware.atOnceHint")} min={1} max={100} allowDecimal={false} value={plan.at_once} onChange={(at_once) => set({ at_once })} />
        <NumberInput label={t("firmware.halt")} description={t("firmware.haltHint")} min={0} max={100} allowDecimal={false} suffix=" %" value={plan.halt_percent} onChange={(halt_percent) => set({ halt_percent })} />
        <NumberInput label={t("firmware.patience")} description={t("firmware.patienceHint")} min={1} max={336} allowDecimal={false} suffix=" h" value={plan.patience_hours} onChange={(patience_hours) => set({ patience_hours })} />
        <TextInput type="datetime-local" label={t("firmware.ends")} description={t("firmware.endsHint")} value={plan.ends} onChange={(event) => set({ ends: event.currentTarget.value })} />
      </SimpleGrid>
    </Panel>
  );
}

function Form(props: { images: readonly Image[]; chosen: string; choose: (id: string) => void; stations: string }) {
  const { t } = useTexts(texts);
  const { images } = props;
  const image = images.find((each) => each.id === props.chosen);
  const [meant, setMeant] = useState<Meant>(() => ({ who: props.stations === "" ? "all" : "named", site: "", firmware: "", protocol: "", connected: false, names: namesIn(props.stations).join("\n") }));
  const [plan, setPlan] = useState<Plan>(() => ({ ...CAREFUL, ends: fieldOf(new Date(Date.now() + WEEK_MS)) }));
  const [unsigned, setUnsigned] = useState(false);
  const asked = useMemo(() => (image === undefined ? null : { body: bodyOf(image, meant, plan, unsigned), query: queryOf(meant) }), [image, meant, plan, unsigned]);
  const [settled] = useDebouncedValue(asked, PAUSE_MS);
  const reach = useQuery({
    queryKey: ["firmware", "reach", settled],
    queryFn: async () => (settled === null ? null : (await begin(settled.body, settled.query, true)).reach),
    enabled: settled !== null && (settled.body.stations === null || settled.body.stations === undefined || settled.body.stations.length > 0),
    placeholderData: keepPreviousData,
    retry: false,
    gcTime: 0,
  });
  const start = useMutation({
    mutationFn: async () => {
      if (asked === null) return null;
      return begin(asked.body, asked.query, false);
    },
    onSuccess: (begun) => {
      if (begun?.campaign_id == null) return;
      void queries.invalidateQueries({ queryKey: ["firmware", "campaigns"] });
      done(t("firmware.begun", { n: begun.reach.stations }));
      navigate(pathOf("firmware", "campaigns", begun.campaign_id));
    },
  });
  const found = reach.data ?? null;
  const canBegin = image !== undefined && found !== null && found.stations > 0 && found.missing.length === 0 && (image.signed || unsigned) && !reach.isError && asked === settled;
  const ask = (): void => {
    if (!canBegin) return;
    confirm({
      title: t("firmware.beginAsk", { n: found.stations, version: visible(image.version).slice(0, 50) }),
      text: t("firmware.beginText"),
      ...(found.charging > 0 ? { blast: t("firmware.reachCharging", { n: found.charging }) } : {}),
      action: t("firmware.begin"),
      run: () => start.mutateAsync(),
    });
  };
  return (
    <form
      className={classes.page}
      onSubmit={(event) => {
        event.preventDefault();
        ask();
      }}
    >
      <Stack gap="md" miw={0}>
        <Panel title={t("firmware.image")}>
          <Stack gap="sm">
            <Select
              aria-label={t("firmware.image")}
              placeholder={t("firmware.chooseImage")}
              searchable
              data={images.map((each) => ({ value: each.id, label: visible([each.version, `${each.vendor} ${each.model}`.trim() || t("firmware.anyMake")].join(" · ")) }))}
              value={image?.id ?? null}
              onChange={(id) => props.choose(id ?? "")}
            />
            {image === undefined ? null : (
              <Group gap="sm">
                <Signed image={image} />
                <Text size="sm" c="dimmed" component="div">
                  <SafeText text={image.file_name} most={60} mono />
                  {image.size === null ? null : ` · ${format.bytes(image.size)}`}
                </Text>
              </Group>
            )}
            {image === undefined || image.signed ? null : (
              <Alert color="yellow" variant="outline" icon={<IconAlertTriangle size={18} />}>
                <Checkbox label={t("firmware.allowUnsigned")} description={t("firmware.allowUnsignedHint")} checked={unsigned} onChange={(event) => setUnsigned(event.currentTarget.checked)} />
              </Alert>
            )}
          </Stack>
        </Panel>
        {image === undefined ? null : <WhoFields image={image} meant={meant} set={(changes) => setMeant((now) => ({ ...now, ...changes }))} />}
        {image === undefined ? null : <PlanFields plan={plan} set={(changes) => setPlan((now) => ({ ...now, ...changes }))} />}
      </Stack>
      <div className={classes.side} data-stays>
        <Panel title={t("firmware.reach")}>
          <div aria-live="polite" aria-busy={asked !== settled || reach.isFetching} className={classes.busy}>
            {image === undefined ? (
              <Text size="sm" c="dimmed">
                {t("firmware.reachFirst")}
              </Text>
            ) : reach.isError ? (
              <Trouble error={reach.error} />
            ) : found === null ? (
              reach.isFetching ? (
                <Skeletons rows={3} />
              ) : (
                <Text size="sm" c="dimmed">
                  {t("firmware.reachNames")}
                </Text>
              )
            ) : (
              <ReachView reach={found} />
            )}
          </div>
        </Panel>
        {found === null || found.stations === 0 || image === undefined ? null : (
          <Panel title={t("firmware.course")}>
            <Waves waves={planned({ canary: whole(plan.canary, 1), wave_size: whole(plan.wave, 10) }, found.stations)} current={null} soak={whole(plan.soak_minutes, 0)} />
          </Panel>
        )}
        {start.isError ? <Trouble error={start.error} /> : null}
        <Group justify="flex-end">
          <Button type="submit" size="md" leftSection={<IconStairsUp size={18} />} disabled={!canBegin} loading={start.isPending}>
            {t("firmware.begin")}
          </Button>
        </Group>
      </div>
    </form>
  );
}

export default function NewCampaign() {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const [address, setAddress] = useFilters<keyof typeof ADDRESS>(ADDRESS);
  const images = useImages();
  const usable = (images.data ?? []).filter((image) => image.size !== null);
  return (
    <>
      <PageHeader title={t("firmware.newCampaign")} path={[{ title: t("firmware.title"), to: "/firmware" }]} detail={t("firmware.newText")} />
      {images.isError && images.data === undefined ? (
        <Trouble error={images.error} retry={() => void images.refetch()} />
      ) : images.data === undefined ? (
        <Skeletons rows={6} />
      ) : usable.length === 0 ? (
        <Empty icon={IconTargetArrow} title={t("firmware.noImages")} text={t("firmware.noImagesText")}>
          <Button component={Link} to="/firmware?tab=images&add=1">
            {t("firmware.addImage")}
          </Button>
          <Button component={Link} to="/firmware" variant="default">
            {words("ui.cancel")}
          </Button>
        </Empty>
      ) : (
        <Form images={usable} chosen={address.image} choose={(image) => setAddress({ image })} stations={address.stations} />
      )}
    </>
  );
}
