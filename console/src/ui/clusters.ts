/** Places that would cover each other on the map, taken together. Pure. */

export interface Dot {
  id: string;
  x: number;
  y: number;
}

export interface Cluster<D extends Dot> {
  x: number;
  y: number;
  members: readonly D[];
}

/**
 * Each dot joins the first cluster whose middle is nearer than `reach` px, in the order of the dots, so that the same
 * dots make the same clusters. A grid of cells finds the neighbours: thousands of dots in a millisecond or two.
 */
export function clustersOf<D extends Dot>(dots: readonly D[], reach: number): readonly Cluster<D>[] {
  const cells = new Map<string, { x: number; y: number; members: D[] }[]>();
  const all: { x: number; y: number; members: D[] }[] = [];
  for (const dot of dots) {
    const [column, row] = [Math.floor(dot.x / reach), Math.floor(dot.y / reach)];
    let home: { x: number; y: number; members: D[] } | undefined;
    for (let dx = -1; dx <= 1 && home === undefined; dx += 1) {
      for (let dy = -1; dy <= 1 && home === undefined; dy += 1) {
        home = cells.get(`${column + dx}:${row + dy}`)?.find((each) => Math.hypot(each.x - dot.x, each.y - dot.y) < reach);
      }
    }
    if (home === undefined) {
      home = { x: dot.x, y: dot.y, members: [] };
      all.push(home);
      const key = `${column}:${row}`;
      cells.set(key, [...(cells.get(key) ?? []), home]);
    }
    home.members.push(dot);
  }
  return all.map(({ members }) => ({
    x: members.reduce((sum, each) => sum + each.x, 0) / members.length,
    y: members.reduce((sum, each) => sum + each.y, 0) / members.length,
    members,
  }));
}

/** The arcs of a ring: where each share begins and ends, as fractions of the circle. */
export function arcsOf(shares: readonly number[]): readonly (readonly [number, number])[] {
  const total = shares.reduce((sum, each) => sum + each, 0);
  let at = 0;
  return shares.map((share) => {
    const from = at;
    at += total === 0 ? 0 : share / total;
    return [from, at] as const;
  });
}
