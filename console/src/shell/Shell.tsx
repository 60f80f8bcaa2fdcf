import { useMantineColorScheme } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { lazy, Suspense, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { readPreferences, useMay, useWho } from "@/api";
import { chooseLanguage, chooseZone, common, isLanguage, useLanguage, useTexts, useZone } from "@/i18n";
import { rooms } from "@/rooms/index.ts";
import type { Room, Way } from "@/rooms/room.ts";
import { navigate, Route, Switch, usePath } from "@/route";
import { Skeletons, useTitle } from "@/ui";
import { whenIdle } from "@/ui/afterFrame.ts";
import { Header } from "./Header.tsx";
import { Lost } from "./Lost.tsx";
import { Nav } from "./Nav.tsx";
import { Missing, NotAllowed, Wall } from "./Pages.tsx";
import { isPaletteOpen, listenForPalette, onPalette } from "./palette.ts";
import classes from "./shell.module.css";
import { useShortcuts } from "./shortcuts.ts";

function Place(props: { room: Room; way: Way }) {
  const may = useMay();
  const language = useLanguage();
  const { room, way } = props;
  // Until the page is there and knows better.
  useTitle(way.title[language]);
  const needs = way.needs ?? room.needs;
  if (needs !== null && !may(needs)) return <NotAllowed scope={needs} />;
  return (
    <Suspense fallback={<Skeletons rows={6} height={56} />}>
      <way.page />
    </Suspense>
  );
}

/** What is fixed wins over what is a part: /stations/new before /stations/:id. An order of all of them, not of pairs: sorting takes no less. */
function bySpecificity(a: string, b: string): number {
  const [left, right] = [a, b].map((path) => path.replace(/:[^/]*/g, "\uffff")) as [string, string];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** What somebody chose in another browser holds in this one too. */
function usePreferences(): void {
  const { setColorScheme } = useMantineColorScheme();
  const { id, kind } = useWho();
  useEffect(() => {
    if (kind !== "person") return;
    readPreferences()
      .then(({ language, theme, zone }) => {
        if (isLanguage(language)) chooseLanguage(language);
        if (theme !== "auto") setColorScheme(theme);
        chooseZone(zone);
      })
      .catch(() => undefined);
  }, [id, kind, setColorScheme]);
}

/** Whether the first page has left the browser time for more; at the latest after a second. */
function useIdle(): boolean {
  const [idle, setIdle] = useState(false);
  useEffect(() => whenIdle(() => setIdle(true), 1000), []);
  return idle;
}

const Later = lazy(() => import("./Later.tsx"));

const WAYS = rooms
  .flatMap((room) => room.ways.map((way) => ({ room, way })))
  .sort((a, b) => bySpecificity(a.way.path, b.way.path));

export function Shell() {
  const { t } = useTexts(common);
  const may = useMay();
  const path = usePath();
  usePreferences();
  const zone = useZone();
  const main = useRef<HTMLElement>(null);
  const [menu, { toggle, close }] = useDisclosure(false);
  useEffect(listenForPalette, []);
  const palette = useSyncExternalStore(onPalette, isPaletteOpen);
  const idle = useIdle();
  const [help, { open: openHelp, close: closeHelp }] = useDisclosure(false);
  useShortcuts((key) => {
    const room = rooms.find((each) => each.nav?.key === key && may(each.needs));
    if (room !== undefined) navigate(room.ways[0].path);
    return room !== undefined;
  }, openHelp);
  // Another page: whoever listens to it, or moves by keys, begins at its top. Not at the first, which the reader came to.
  const place = path.split("/").slice(0, 3).join("/");
  const before = useRef(place);
  useEffect(() => {
    if (before.current === place) return;
    before.current = place;
    main.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [place]);
  return (
    <>
      <a href="#main" className={classes.skip} onClick={() => main.current?.focus()}>
        {t("app.skip")}
      </a>
      <header className={classes.header}>
        <Header opened={menu} toggle={toggle} help={openHelp} />
      </header>
      <nav className={classes.side} data-open={menu || undefined} aria-label={t("app.navigation")}>
        <Nav onGo={close} />
      </nav>
      <main className={classes.main} id="main" ref={main} tabIndex={-1}>
        <Lost />
        {/* Another zone: every time is written anew. */}
        <Wall key={`${place} ${zone}`}>
          <Switch>
            {WAYS.map(({ room, way }) => (
              <Route key={way.path} path={way.path}>
                <Place room={room} way={way} />
              </Route>
            ))}
            <Route>
              <Missing />
            </Route>
          </Switch>
        </Wall>
      </main>
      {idle || help || palette ? (
        <Wall quiet>
          <Suspense>
            <Later help={help} closeHelp={closeHelp} />
          </Suspense>
        </Wall>
      ) : null}
    </>
  );
}
