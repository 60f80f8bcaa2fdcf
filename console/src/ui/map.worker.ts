/**
 * MapLibre's worker, which also knows `world://land` and `world://borders`: Natural Earth is read and unfolded where it
 * is drawn. From the page its shapes would be copied here for each map that is shown, which takes a tenth of a second.
 */
import MapLibreWorker from "maplibre-gl/dist/maplibre-gl-worker.mjs";
import worldUrl from "world-atlas/countries-50m.json?url";
import { type World, worldOf } from "./world.ts";

/** As the worker is to what is added to it. */
interface MapWorker {
  addProtocol(name: string, load: (asked: { url: string }) => Promise<{ data: World[keyof World] }>): void;
}

let loaded: Promise<World> | undefined;

async function read(): Promise<World> {
  return worldOf((await (await fetch(worldUrl)).json()) as Parameters<typeof worldOf>[0]);
}

/** Once; again after it could not be loaded. */
function world(): Promise<World> {
  loaded ??= read().catch((error: unknown) => {
    loaded = undefined;
    throw error;
  });
  return loaded;
}

(globalThis as unknown as MapWorker).addProtocol("world", async ({ url }) => {
  const { land, borders } = await world();
  return { data: url.endsWith("land") ? land : borders };
});

// Its package says that the worker does nothing by itself: unless it is used, the build leaves it out.
Object.assign(globalThis, { MapLibreWorker });
