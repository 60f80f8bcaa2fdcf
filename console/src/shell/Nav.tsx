import { Fragment, memo } from "react";
import { useMay } from "@/api";
import { common, format, useLanguage, useTexts } from "@/i18n";
import { rooms } from "@/rooms/index.ts";
import { preload, type Room } from "@/rooms/room.ts";
import { Link, usePath } from "@/route";
import classes from "./shell.module.css";

const GROUPS = ["network", "administration"] as const;

/** The room of an address: the one whose first way is the longest beginning of it. */
export function roomAt(path: string): Room | undefined {
  const within = (room: Room): number =>
    Math.max(
      ...room.ways.map(({ path: way }) => {
        const fixed = way.replace(/\/:.*$/, "") || "/";
        if (fixed === "/") return path === "/" ? 1 : -1;
        return path === fixed || path.startsWith(`${fixed}/`) ? fixed.length : -1;
      }),
    );
  const found = rooms.map((room) => ({ room, fit: within(room) })).filter(({ fit }) => fit > 0);
  return found.sort((a, b) => b.fit - a.fit)[0]?.room;
}

function BadgeOf(props: { useBadge: NonNullable<Room["useBadge"]> }) {
  const badge = props.useBadge();
  if (badge === null || badge.count === 0) return null;
  return (
    <span className={classes.badge} data-tone={badge.tone} role="img" aria-label={badge.label} title={badge.label}>
      {format.number(badge.count)}
    </span>
  );
}

function Place(props: { room: Room; here: boolean; onGo: () => void }) {
  const language = useLanguage();
  const { room } = props;
  const [way] = room.ways;
  return (
    <Link
      to={way.path}
      className={classes.nav}
      aria-current={props.here ? "page" : undefined}
      onClick={props.onGo}
      onPointerEnter={() => preload(way)}
      onFocus={() => preload(way)}
    >
      <room.icon size={20} stroke={1.7} aria-hidden />
      <span className={classes.navName}>{room.title[language]}</span>
      {room.useBadge === undefined ? null : <BadgeOf useBadge={room.useBadge} />}
    </Link>
  );
}

function NavView(props: { onGo: () => void }) {
  const { t } = useTexts(common);
  const may = useMay();
  const here = roomAt(usePath());
  return GROUPS.map((group) => {
    const inside = rooms
      .filter((room) => room.nav?.group === group && may(room.needs))
      .sort((a, b) => (a.nav?.order ?? 0) - (b.nav?.order ?? 0));
    if (inside.length === 0) return null;
    return (
      <Fragment key={group}>
        {group === "administration" ? <div className={classes.group}>{t("app.administration")}</div> : null}
        {inside.map((room) => (
          <Place key={room.id} room={room} here={room === here} onGo={props.onGo} />
        ))}
      </Fragment>
    );
  });
}

/** Only where it is changes from page to page, and that it knows by itself. */
export const Nav = memo(NavView);
