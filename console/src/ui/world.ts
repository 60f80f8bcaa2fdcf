/** Natural Earth's countries as plane shapes. */
import { feature, mesh } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";

export interface World {
  land: GeoJSON.FeatureCollection;
  borders: GeoJSON.MultiLineString;
}

type Line = GeoJSON.Position[];

/** Pure. On a sphere a line may step over 180°; on a plane it goes on: 179, 181. The map itself puts the rest on the other side. */
export function unwrapped(line: Line): Line {
  let turn = 0;
  return line.map(([x = 0, y = 0], index) => {
    const before = line[index - 1]?.[0] ?? x;
    if (x - before > 180) turn -= 360;
    else if (before - x > 180) turn += 360;
    return [x + turn, y];
  });
}

/** Pure. A ring round a pole does not close on a plane: it goes home along the edge of the map. */
export function ringOf(line: Line): Line {
  const ring = unwrapped(line);
  const [first, last] = [ring[0], ring.at(-1)];
  if (first === undefined || last === undefined || Math.abs((last[0] ?? 0) - (first[0] ?? 0)) < 180) return ring;
  const edge = (first[1] ?? 0) < 0 ? -90 : 90;
  return [...ring, [last[0] ?? 0, edge], [first[0] ?? 0, edge], first];
}

function plane(geometry: GeoJSON.Geometry): GeoJSON.Geometry {
  switch (geometry.type) {
    case "Polygon":
      return { ...geometry, coordinates: geometry.coordinates.map(ringOf) };
    case "MultiPolygon":
      return { ...geometry, coordinates: geometry.coordinates.map((rings) => rings.map(ringOf)) };
    default:
      return geometry;
  }
}

export function worldOf(topology: Topology<{ countries: GeometryCollection }>): World {
  const { countries } = topology.objects;
  const { features } = feature(topology, countries);
  return {
    land: { type: "FeatureCollection", features: features.map((each) => ({ ...each, geometry: plane(each.geometry) })) },
    borders: { type: "MultiLineString", coordinates: mesh(topology, countries).coordinates.map(unwrapped) },
  };
}
