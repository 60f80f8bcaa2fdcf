/** What the map stands on: Natural Earth from this server, or what the operator has set. */
import { addProtocol, type StyleSpecification } from "maplibre-gl";
import { plainFetch } from "@/api";

/**
 * embedded   Natural Earth, from this server
 * style      a MapLibre style at an address
 * tiles      pictures: an address with {z}, {x}, {y}
 * pmtiles    an archive of tiles that this server gives, a piece at a time
 */
export type MapBase =
  | { kind: "embedded" }
  | { kind: "style"; url: string; attribution: string }
  | { kind: "tiles"; url: string; attribution: string }
  | { kind: "pmtiles"; url: string; attribution: string };

export async function readBase(): Promise<MapBase> {
  const answer = await plainFetch("/api/v1/console");
  return answer.ok ? ((await answer.json()) as { map: MapBase }).map : { kind: "embedded" };
}

export async function baseStyle(base: Exclude<MapBase, { kind: "embedded" }>): Promise<StyleSpecification | string> {
  switch (base.kind) {
    case "style":
      return base.url;
    case "tiles":
      return pictures([base.url], base.attribution, 19);
    case "pmtiles":
      return archive(new URL(base.url, location.origin).href, base.attribution);
  }
}

function pictures(tiles: string[], attribution: string, maxzoom: number): StyleSpecification {
  return {
    version: 8,
    sources: { tiles: { type: "raster", tiles, tileSize: 256, attribution, maxzoom } },
    layers: [{ id: "tiles", type: "raster", source: "tiles" }],
  };
}

/** An archive of pictures, or of vectors in the layers that Protomaps and OpenMapTiles have in common. */
async function archive(url: string, attribution: string): Promise<StyleSpecification> {
  const { PMTiles, Protocol, TileType } = await import("pmtiles");
  const protocol = new Protocol();
  const file = new PMTiles(url);
  protocol.add(file);
  addProtocol("pmtiles", protocol.tile);
  const header = await file.getHeader();
  if (header.tileType !== TileType.Mvt) return pictures([`pmtiles://${url}/{z}/{x}/{y}`], attribution, header.maxZoom);
  const read = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--map-${name}`).trim();
  const [sea, land, border, ink] = [read("sea"), read("land"), read("border"), read("ink")];
  const metadata = (await file.getMetadata()) as { vector_layers?: { id: string }[] };
  const has = new Set((metadata.vector_layers ?? []).map(({ id }) => id));
  const layers: StyleSpecification["layers"] = [{ id: "ground", type: "background", paint: { "background-color": has.has("earth") ? sea : land } }];
  const fill = (id: string, color: string): void => {
    if (has.has(id)) layers.push({ id, type: "fill", source: "tiles", "source-layer": id, paint: { "fill-color": color } });
  };
  const line = (id: string, color: string, width: number): void => {
    if (has.has(id)) layers.push({ id, type: "line", source: "tiles", "source-layer": id, paint: { "line-color": color, "line-width": ["interpolate", ["linear"], ["zoom"], 5, width / 3, 16, width * 3] } });
  };
  fill("earth", land);
  fill("water", sea);
  for (const id of ["roads", "transportation"]) line(id, border, 1.2);
  for (const id of ["boundaries", "boundary"]) line(id, ink, 0.5);
  if (has.has("buildings")) fill("buildings", border);
  return { version: 8, sources: { tiles: { type: "vector", url: `pmtiles://${url}`, attribution } }, layers };
}
