/** Reading images and campaigns; kept current by what happens. */
import { useQuery } from "@tanstack/react-query";
import { api, queries, type Schema, take } from "@/api";
import { type Fleet, useFleetCalmly, useLive } from "@/live";
import { useThrottled } from "@/ui";

export type Image = Schema<"ImageOut">;
export type Campaign = Schema<"CampaignOut">;
export type CampaignStation = Schema<"CampaignStationOut">;
export type Reach = Schema<"ReachOut">;

const PAGE = 100;
const OFTEN_MS = 1000;
/** A campaign of thousands is not read whole every second. */
const MANY = 1500;
const SELDOM_MS = 10_000;
const ALL = 500;

const CAMPAIGN_EVENTS = ["firmware.campaign_changed", "firmware.update_changed"] as const;

export function isOver(campaign: Pick<Campaign, "stage">): boolean {
  return campaign.stage === "done" || campaign.stage === "cancelled";
}

export async function readImages(signal?: AbortSignal): Promise<readonly Image[]> {
  const all: Image[] = [];
  for (let after: string | undefined; ; ) {
    const query = { limit: ALL, ...(after === undefined ? {} : { after }) };
    const page = await take(api.GET("/api/v1/firmware/images", { params: { query }, ...(signal === undefined ? {} : { signal }) }));
    all.push(...page.items);
    if (page.next === null || page.next === undefined) return all;
    after = page.next;
  }
}

/** All of them: a network keeps five hundred at most. */
export function useImages() {
  return useQuery({ queryKey: ["firmware", "images"], queryFn: ({ signal }) => readImages(signal) });
}

export function useCampaigns() {
  const again = useThrottled(() => void queries.invalidateQueries({ queryKey: ["firmware", "campaigns"], exact: true }), OFTEN_MS);
  useLive(CAMPAIGN_EVENTS, again);
  return useQuery({
    queryKey: ["firmware", "campaigns"],
    queryFn: ({ signal }) => take(api.GET("/api/v1/firmware/campaigns", { params: { query: { limit: PAGE } }, signal })),
  });
}

export function useCampaign(id: string) {
  const again = useThrottled(() => void queries.invalidateQueries({ queryKey: ["firmware", "campaigns", id], exact: true }), OFTEN_MS);
  useLive(CAMPAIGN_EVENTS, (happenings) => {
    if (happenings.some(({ data }) => data.campaign_id === id)) again();
  });
  return useQuery({
    queryKey: ["firmware", "campaigns", id],
    queryFn: ({ signal }) => take(api.GET("/api/v1/firmware/campaigns/{campaign_id}", { params: { path: { campaign_id: id } }, signal })),
  });
}

async function readStations(id: string, signal: AbortSignal): Promise<readonly CampaignStation[]> {
  const all: CampaignStation[] = [];
  for (let after: string | undefined; ; ) {
    const query = { limit: ALL, ...(after === undefined ? {} : { after }) };
    const page = await take(api.GET("/api/v1/firmware/campaigns/{campaign_id}/stations", { params: { path: { campaign_id: id }, query }, signal }));
    all.push(...page.items);
    if (page.next === null || page.next === undefined) return all;
    after = page.next;
  }
}

export function useCampaignStations(id: string, total: number) {
  const queryKey = ["firmware", "campaigns", id, "stations"];
  const again = useThrottled(() => void queries.invalidateQueries({ queryKey }), total > MANY ? SELDOM_MS : OFTEN_MS);
  useLive(CAMPAIGN_EVENTS, (happenings) => {
    if (happenings.some(({ data }) => data.campaign_id === id)) again();
  });
  return useQuery({ queryKey, queryFn: ({ signal }) => readStations(id, signal) });
}

// ---- what the fleet says of firmware

export interface Make {
  readonly vendor: string;
  readonly model: string;
  readonly firmware: string;
  readonly n: number;
}

const SEPARATOR = "\u0000";

/** Pure. How many stations there are of each make, model and firmware. */
function makesOf(fleet: Fleet): readonly Make[] {
  const counts = new Map<string, number>();
  for (const { vendor, model, firmware } of fleet.rows) {
    const key = [vendor, model, firmware].join(SEPARATOR);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([key, n]) => {
    const [vendor = "", model = "", firmware = ""] = key.split(SEPARATOR);
    return { vendor, model, firmware, n };
  });
}

function sameMakes(a: readonly Make[], b: readonly Make[]): boolean {
  return a.length === b.length && a.every((each, index) => each.n === b[index]?.n && each.firmware === b[index].firmware && each.model === b[index].model && each.vendor === b[index].vendor);
}

export function useMakes(): readonly Make[] {
  return useFleetCalmly(makesOf, sameMakes);
}

const alike = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();

/** Pure. How many stations an image is made for, and how many of them run it. */
export function usageOf(image: Pick<Image, "vendor" | "model" | "version">, makes: readonly Make[]): { run: number; for: number } {
  const mine = makes.filter((make) => (image.vendor === "" || alike(image.vendor, make.vendor)) && (image.model === "" || alike(image.model, make.model)));
  const sum = (some: readonly Make[]): number => some.reduce((total, make) => total + make.n, 0);
  return { run: sum(mine.filter((make) => alike(make.firmware, image.version))), for: sum(mine) };
}
