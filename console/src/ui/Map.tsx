/**
 * Places on a map, by MapLibre; large, so import it only in pages. The land is Natural Earth's, from this server, unless
 * the operator has set tiles (`console_map`). Beside it stands the same as a list, for keyboards and screen readers.
 */
import { ActionIcon, Anchor, Menu, Stack, Text, UnstyledButton, useComputedColorScheme } from "@mantine/core";
import { IconArrowsMaximize, IconMapPinFilled, IconMinus, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { AttributionControl, Map as MapLibre, setWorkerUrl, type StyleSpecification } from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import { useCallback, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import { common, useTexts } from "@/i18n";
import { Link, navigate } from "@/route";
import { afterFrame, whenIdle } from "./afterFrame.ts";
import { arcsOf, type Cluster, clustersOf } from "./clusters.ts";
import { baseStyle, type MapBase, readBase } from "./mapBase.ts";
import { lookOf, type Tone, TONES, wordOf } from "./states.ts";
import { visible } from "./basics.tsx";
import workerUrl from "./map.worker.ts?worker&url";
import classes from "./map.module.css";

// MapLibre looks for its worker beside itself, where the build has moved everything.
setWorkerUrl(workerUrl);

/**
 * counts   how many stations are in which state: { Available: 3, Faulted: 1 }
 * to       where it leads
 */
export interface Place {
  id: string;
  name: string;
  longitude: number;
  latitude: number;
  counts: Readonly<Record<string, number>>;
  to: string;
}

/**
 * places     the same array as long as nothing changed
 * unplaced   how many have no position, which is said below
 * focus      one place in the middle, near
 * onPick     a click on the map gives a position (for choosing one); then places do not lead anywhere
 * pin        the position that is chosen
 * whole      it is what the page is for: the wheel zooms, one finger moves it. Else both scroll the page, and Ctrl or a second finger is for the map
 */
export interface MapProps {
  label: string;
  places: readonly Place[];
  height?: number | string;
  unplaced?: number;
  onPick?: (position: Position) => void;
  pin?: Position;
  whole?: boolean;
}

interface Position {
  longitude: number;
  latitude: number;
}

const REACH_PX = 46;
const GONE_MS = 5_000;
const NAMES_FROM_ZOOM = 6.5;
/** Natural Earth has nothing to tell of a town; tiles have. alone: of one spot, which shows only where in the country it is. */
const NEAREST = { embedded: { all: 7, alone: 4.4 }, other: { all: 14, alone: 14 } };
const ORDER: readonly Tone[] = ["bad", "away", "wait", "held", "busy", "kept", "free"];

interface Spot {
  id: string;
  x: number;
  y: number;
  place: Place;
}

function colors(): Record<"sea" | "land" | "border", string> {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string): string => style.getPropertyValue(`--map-${name}`).trim();
  return { sea: read("sea"), land: read("land"), border: read("border") };
}

function embedded(): StyleSpecification {
  const { sea, land: ground, border } = colors();
  return {
    version: 8,
    sources: {
      land: { type: "geojson", data: "world://land", attribution: "Natural Earth" },
      borders: { type: "geojson", data: "world://borders" },
    },
    layers: [
      { id: "sea", type: "background", paint: { "background-color": sea } },
      { id: "land", type: "fill", source: "land", paint: { "fill-color": ground, "fill-antialias": true } },
      { id: "borders", type: "line", source: "borders", paint: { "line-color": border, "line-width": ["interpolate", ["linear"], ["zoom"], 2, 0.6, 8, 1.4] } },
    ],
  };
}

function bounds(places: readonly Place[]): [number, number, number, number] | null {
  if (places.length === 0) return null;
  const [x, y] = [places.map((each) => each.longitude), places.map((each) => each.latitude)];
  return [Math.min(...x), Math.min(...y), Math.max(...x), Math.max(...y)];
}

/** Some two kilometres. */
function isOneSpot([west, south, east, north]: readonly [number, number, number, number]): boolean {
  return east - west < 0.03 && north - south < 0.02;
}

function tones(counts: Readonly<Record<string, number>>): Record<Tone, number> {
  const found = Object.fromEntries(TONES.map((tone) => [tone, 0])) as Record<Tone, number>;
  for (const [state, count] of Object.entries(counts)) found[lookOf(state).tone] += count;
  return found;
}

function together(places: readonly Place[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { counts: each } of places) for (const [state, count] of Object.entries(each)) counts[state] = (counts[state] ?? 0) + count;
  return counts;
}

function sayCounts(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([state, count]) => `${count} ${wordOf(state)}`)
    .join(", ");
}

/** A ring with the shares of the states, and how many stations in the middle. */
function Ring(props: { counts: Readonly<Record<string, number>> }) {
  const shares = tones(props.counts);
  const total = ORDER.reduce((sum, tone) => sum + shares[tone], 0);
  const size = total === 0 ? 26 : Math.min(58, 28 + Math.log10(total) * 13);
  const radius = size / 2 - 3;
  const round = 2 * Math.PI * radius;
  const arcs = arcsOf(ORDER.map((tone) => shares[tone]));
  return (
    <svg width={size} height={size} viewBox={`0 0 ${size} ${size}`} aria-hidden className={classes.ring}>
      <circle cx={size / 2} cy={size / 2} r={size / 2 - 1} className={classes.disc} />
      {ORDER.map((tone, index) => {
        const [from, to] = arcs[index] ?? [0, 0];
        return to > from ? (
          <circle
            key={tone}
            data-tone={tone}
            className={classes.arc}
            cx={size / 2}
            cy={size / 2}
            r={radius}
            strokeDasharray={`${(to - from) * round} ${round}`}
            strokeDashoffset={-from * round}
            transform={`rotate(-90 ${size / 2} ${size / 2})`}
          />
        ) : null;
      })}
      <text x="50%" y="50%" dy="0.35em" className={classes.count}>
        {total > 9999 ? `${Math.round(total / 1000)}k` : total}
      </text>
    </svg>
  );
}

function Places(props: { places: readonly Place[] }) {
  return (
    <Stack gap={0} component="ul" className={classes.list ?? ""}>
      {[...props.places]
        .sort((a, b) => a.name.localeCompare(b.name))
        .map((each) => (
          <li key={each.id} className={classes.item}>
            <Anchor component={Link} to={each.to}>
              <bdi>{visible(each.name)}</bdi>
            </Anchor>
            <Text size="sm" c="dimmed">
              {sayCounts(each.counts)}
            </Text>
          </li>
        ))}
    </Stack>
  );
}

/** The page scrolls under the pointer and the finger; nobody is caught in a map that they only pass. */
function leaveScrolling(made: MapLibre, node: HTMLElement): void {
  if (matchMedia("(pointer: coarse)").matches) {
    made.dragPan.disable();
    made.getCanvasContainer().style.touchAction = "pan-x pan-y";
  }
  const wheeled = (event: WheelEvent): void => (event.ctrlKey || event.metaKey ? made.scrollZoom.enable() : made.scrollZoom.disable());
  node.addEventListener("wheel", wheeled, { capture: true, passive: true });
}

export function Map(props: MapProps) {
  const { t } = useTexts(common);
  const scheme = useComputedColorScheme("light");
  const base = useQuery({ queryKey: ["console"], queryFn: readBase, staleTime: Infinity });
  const box = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<MapLibre | null>(null);
  const [clusters, setClusters] = useState<readonly Cluster<Spot>[]>([]);
  const [near, setNear] = useState(false);
  const [noPicture, setNoPicture] = useState(false);
  const [asList, setAsList] = useState(false);
  // What was pressed is gone with the picture: who came by keys goes on in what took its place.
  const next = useRef<HTMLElement>(null);
  const swapped = useRef(false);
  const swap = (to: boolean): void => {
    swapped.current = true;
    setAsList(to);
  };
  useEffect(() => {
    if (swapped.current) next.current?.focus();
  }, [asList]);
  const [drawn, setDrawn] = useState(false);
  const [chosen, setChosen] = useState<string | null>(null);
  const [pinned, setPinned] = useState<{ x: number; y: number } | null>(null);
  const { places, onPick, pin } = props;
  const height = props.height ?? 320;
  const picking = useEffectEvent((longitude: number, latitude: number) => onPick?.({ longitude, latitude }));

  const kind = base.data;
  const nearest = kind === undefined || kind.kind === "embedded" ? NEAREST.embedded : NEAREST.other;
  const showAll = useCallback((made: MapLibre, all: readonly Place[], animate: boolean) => {
    const around = bounds(all);
    if (around !== null) made.fitBounds(around, { padding: 50, maxZoom: isOneSpot(around) ? nearest.alone : nearest.all, animate });
  }, [nearest]);
  const begin = useEffectEvent((node: HTMLElement, kind: MapBase) => {
    let made: MapLibre;
    try {
      made = new MapLibre({
        container: node,
        style: { version: 8, sources: {}, layers: [] },
        center: [10, 50],
        zoom: 3.2,
        minZoom: 1,
        maxZoom: 18,
        attributionControl: false,
        dragRotate: false,
        pitchWithRotate: false,
        touchPitch: false,
        cooperativeGestures: false,
        fadeDuration: 0,
      });
    } catch {
      // Without WebGL there is no picture; the list says the same.
      setNoPicture(true);
      return null;
    }
    if (props.whole !== true) leaveScrolling(made, node);
    made.touchZoomRotate.disableRotation();
    made.keyboard.disable();
    made.addControl(new AttributionControl({ compact: false }));
    const canvas = made.getCanvas();
    canvas.tabIndex = -1;
    canvas.setAttribute("aria-hidden", "true");
    canvas.removeAttribute("role");
    made.on("click", (event) => picking(event.lngLat.lng, event.lngLat.lat));
    if (pin === undefined) showAll(made, places, false);
    else made.jumpTo({ center: [pin.longitude, pin.latitude], zoom: nearest.alone });
    void Promise.resolve(kind.kind === "embedded" ? embedded() : baseStyle(kind))
      .then((style) => {
        made.setStyle(style, { diff: false });
        void made.once("idle").then(() => setDrawn(true));
      })
      .catch(() => undefined);
    return made;
  });
  useEffect(() => {
    const node = box.current;
    if (node === null || kind === undefined || asList) return undefined;
    let made: MapLibre | null = null;
    // To make one, and to take one away, takes longer than all else of a page.
    const cancel = afterFrame(() => setMap((made = begin(node, kind))));
    return () => {
      cancel();
      setMap(null);
      const old = made;
      if (node.isConnected) old?.remove();
      else if (old !== null) whenIdle(() => old.remove(), GONE_MS);
    };
  }, [kind, asList]);

  // The first places may come after the map.
  const hasPin = useRef(pin !== undefined);
  const hadNone = useRef(true);
  useEffect(() => {
    if (map === null) {
      hadNone.current = true;
      return;
    }
    if (hadNone.current && places.length > 0 && !hasPin.current) showAll(map, places, false);
    hadNone.current = places.length === 0;
  }, [map, places, showAll]);

  const { longitude, latitude } = pin ?? {};
  useEffect(() => {
    hasPin.current = longitude !== undefined;
    if (map === null || longitude === undefined || latitude === undefined) return undefined;
    const lay = (): void => setPinned(map.project([longitude, latitude]));
    // It may have been typed: bring it into view.
    if (!map.getBounds().contains([longitude, latitude])) map.jumpTo({ center: [longitude, latitude], zoom: Math.max(map.getZoom(), nearest.alone) });
    lay();
    map.on("move", lay);
    map.on("resize", lay);
    return () => {
      map.off("move", lay);
      map.off("resize", lay);
    };
  }, [map, longitude, latitude, nearest]);

  useEffect(() => {
    if (map === null) return undefined;
    const { sea, land, border } = colors();
    if (map.getLayer("land") === undefined) return undefined;
    map.setPaintProperty("sea", "background-color", sea);
    map.setPaintProperty("land", "fill-color", land);
    map.setPaintProperty("borders", "line-color", border);
    return undefined;
  }, [map, scheme]);

  useEffect(() => {
    if (map === null) return undefined;
    const lay = (): void => {
      const { width, height: tall } = map.getContainer().getBoundingClientRect();
      const spots = places.map((place): Spot => {
        const { x, y } = map.project([place.longitude, place.latitude]);
        return { id: place.id, x, y, place };
      });
      const inView = spots.filter(({ x, y }) => x > -60 && y > -60 && x < width + 60 && y < tall + 60);
      setClusters(clustersOf(inView, REACH_PX));
      setNear(map.getZoom() >= NAMES_FROM_ZOOM);
    };
    lay();
    map.on("move", lay);
    map.on("resize", lay);
    return () => {
      map.off("move", lay);
      map.off("resize", lay);
    };
  }, [map, places]);

  const marks = useMemo(
    () =>
      clusters.map((cluster) => {
        const members = cluster.members.map(({ place }) => place);
        const [only] = members;
        const counts = together(members);
        const name = members.length === 1 ? visible(only?.name ?? "") : t("ui.mapSites", { n: members.length });
        return { key: members.map(({ id }) => id).join(), x: cluster.x, y: cluster.y, members, counts, name };
      }),
    [clusters, t],
  );
  if (noPicture || asList) {
    return (
      <div className={classes.map} role="group" aria-label={props.label}>
        <div ref={(node) => void (next.current = node)} className={classes.scroll} style={{ height }} tabIndex={0} role="group" aria-label={props.label}>
          <Places places={places} />
        </div>
        {noPicture ? null : (
          <UnstyledButton className={classes.toggle ?? ""} onClick={() => swap(false)}>
            {t("ui.mapPicture")}
          </UnstyledButton>
        )}
      </div>
    );
  }
  return (
    <div className={classes.map} role="group" aria-label={props.label}>
      <div className={classes.frame} style={{ height }} data-picks={onPick !== undefined || undefined} data-drawn={drawn}>
        <div ref={box} className={classes.canvas} />
        {marks.map((mark) => (
          <button
            key={mark.key}
            type="button"
            className={classes.mark}
            style={{ transform: `translate(-50%, -50%) translate(${mark.x}px, ${mark.y}px)` }}
            aria-label={`${Object.values(mark.counts).reduce((sum, each) => sum + each, 0)} ${mark.name}: ${sayCounts(mark.counts)}`}
            title={`${mark.name}\n${sayCounts(mark.counts)}`}
            disabled={onPick !== undefined}
            onClick={() => {
              const [only] = mark.members;
              const around = bounds(mark.members);
              if (mark.members.length === 1 && only !== undefined) navigate(only.to);
              else if (around !== null && map !== null) {
                // Places of one town do not come apart without zooming into where the map is empty: their names say more.
                if (isOneSpot(around) || map.getZoom() >= 16) setChosen(mark.key);
                else map.fitBounds(around, { padding: 80, maxZoom: Math.min(17, map.getZoom() + 4) });
              }
            }}
          >
            {onPick === undefined ? <Ring counts={mark.counts} /> : <span className={classes.dot} />}
            {/* Number and name are two words, also to those who hear them. */}{" "}
            {near && mark.members.length === 1 ? (
              <span className={classes.name}>
                <bdi>{mark.name}</bdi>
              </span>
            ) : null}
          </button>
        ))}
        {marks
          .filter((mark) => mark.key === chosen)
          .map((mark) => (
            <Menu key={mark.key} opened onClose={() => setChosen(null)} position="bottom" withArrow>
              <Menu.Target>
                <span className={classes.spot} style={{ transform: `translate(${mark.x}px, ${mark.y + 16}px)` }} />
              </Menu.Target>
              <Menu.Dropdown aria-label={mark.name}>
                {mark.members.map((place) => (
                  <Menu.Item key={place.id} component={Link} to={place.to}>
                    <bdi>{visible(place.name)}</bdi>
                    <Text size="xs" c="dimmed">
                      {sayCounts(place.counts)}
                    </Text>
                  </Menu.Item>
                ))}
              </Menu.Dropdown>
            </Menu>
          ))}
        {pinned === null || pin === undefined ? null : (
          <span className={classes.pin} style={{ transform: `translate(-50%, -100%) translate(${pinned.x}px, ${pinned.y}px)` }} aria-hidden>
            <IconMapPinFilled size={38} />
          </span>
        )}
        <div className={classes.controls}>
          <ActionIcon variant="default" size={32} aria-label={t("ui.mapZoomIn")} onClick={() => map?.zoomIn()}>
            <IconPlus size={18} />
          </ActionIcon>
          <ActionIcon variant="default" size={32} aria-label={t("ui.mapZoomOut")} onClick={() => map?.zoomOut()}>
            <IconMinus size={18} />
          </ActionIcon>
          <ActionIcon variant="default" size={32} aria-label={t("ui.mapAll")} onClick={() => map !== null && showAll(map, places, true)}>
            <IconArrowsMaximize size={16} />
          </ActionIcon>
        </div>
      </div>
      <div className={classes.foot}>
        <Text size="xs" c="dimmed">
          {places.length === 0 ? t("ui.mapNone") : props.unplaced ? t("ui.mapUnplaced", { n: props.unplaced }) : null}
        </Text>
        <UnstyledButton ref={(node: HTMLButtonElement | null) => void (next.current = node)} className={classes.toggle ?? ""} onClick={() => swap(true)}>
          {t("ui.mapList")}
        </UnstyledButton>
      </div>
    </div>
  );
}

export default Map;
