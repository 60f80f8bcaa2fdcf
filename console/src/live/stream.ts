/**
 * One stream of events for the tab: resumed where it stopped, told apart from silence, handed out once a frame.
 *
 * It is read by fetch and not by EventSource, because the heartbeats that say "still here" are comments, which
 * EventSource hides: how old the picture is would be a guess. While the tab is hidden the stream is let go after a
 * while (a browser opens six connections to a server, whatever the number of tabs) and taken up where it was.
 */
import { currentSession, onServerBack, onSession, plainFetch, Problem } from "@/api";
import type { EventName, Happening, HappeningOf } from "./events.ts";
import { FrameReader } from "./frames.ts";

const FIRST_MS = 500;
const LONGEST_MS = 20_000;
/** The server's heart beats every 15 s: after two, whatever carried the stream is dead, though nobody said so. */
const SILENT_MS = 32_000;
const HIDDEN_MS = 60_000;
/** What was away for longer reads the whole anew rather than thousands of events that are no longer of interest. */
const FORGOTTEN_MS = 5 * 60_000;

type Listener = (happenings: readonly Happening[]) => void;

/**
 * is         off: nobody is signed in or may listen; paused: the tab is hidden
 * heardAt    when the last byte came, in ms of performance.now(); null before the first
 */
export interface Pulse {
  readonly is: "off" | "opening" | "live" | "lost" | "paused";
  readonly heardAt: number | null;
}

let pulse: Pulse = { is: "off", heardAt: null };
let newest: number | null = null;
let running: AbortController | undefined;
let attempt = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
let hiddenTimer: ReturnType<typeof setTimeout> | undefined;
let watchdog: ReturnType<typeof setInterval> | undefined;

const listeners = new Set<Listener>();
const pulses = new Set<() => void>();
const resyncs = new Set<() => void>();

let waiting: Happening[] = [];
let scheduled = false;

function become(is: Pulse["is"]): void {
  if (pulse.is === is) return;
  pulse = { ...pulse, is };
  for (const each of pulses) each();
}

/** How the stream is. The age of what is shown grows by itself: read it from time to time. */
export function currentPulse(): Pulse {
  return pulse;
}

export function onPulse(listener: () => void): () => void {
  pulses.add(listener);
  return () => pulses.delete(listener);
}

/** All that happens, many at a time, at most once a frame. */
export function onHappenings(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Events were missed: whatever was built from them is to be read anew. */
export function onResync(listener: () => void): () => void {
  resyncs.add(listener);
  return () => resyncs.delete(listener);
}

function flush(): void {
  scheduled = false;
  if (waiting.length === 0) return;
  const batch = waiting;
  waiting = [];
  for (const listener of listeners) listener(batch);
}

function hand(happening: Happening): void {
  waiting.push(happening);
  if (scheduled) return;
  scheduled = true;
  // A hidden tab gets no frames, and must not pile up.
  if (document.hidden) setTimeout(flush, 250);
  else requestAnimationFrame(flush);
}

function resync(): void {
  waiting = [];
  for (const each of resyncs) each();
}

function took(event: string, id: number | null, data: string): void {
  if (id !== null) newest = id;
  switch (event) {
    case "hello":
      return;
    case "resync": {
      const { after } = JSON.parse(data) as { after: number };
      newest = Math.max(newest ?? 0, after);
      resync();
      return;
    }
    case "goodbye":
      // The session is no longer good; the next call of any kind asks to sign in.
      running?.abort();
      return;
    default:
      hand({ name: event, number: id, data: JSON.parse(data) as unknown } as Happening);
  }
}

async function listen(abort: AbortController): Promise<void> {
  const after = newest === null ? "" : `?after=${newest}`;
  const answer = await plainFetch(`/api/v1/events${after}`, { signal: abort.signal, cache: "no-store" });
  if (!answer.ok || answer.body === null) throw Problem.of(answer.status, null);
  const frames = new FrameReader(took);
  const text = new TextDecoder();
  const reader = answer.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done || abort.signal.aborted) return;
    pulse = { ...pulse, heardAt: performance.now() };
    attempt = 0;
    become("live");
    frames.read(text.decode(value, { stream: true }));
  }
}

async function run(): Promise<void> {
  if (running !== undefined) return;
  clearTimeout(timer);
  const abort = new AbortController();
  running = abort;
  if (pulse.is !== "lost") become("opening");
  try {
    await listen(abort);
  } catch (error) {
    if (error instanceof Problem && (error.status === 401 || error.status === 403)) {
      if (running === abort) running = undefined;
      become("off");
      return;
    }
  }
  if (running === abort) running = undefined;
  if (wanted()) {
    become("lost");
    later();
  }
}

function later(): void {
  clearTimeout(timer);
  // Spread, so that all consoles of a network do not come back in one breath.
  const delay = Math.min(FIRST_MS * 2 ** attempt, LONGEST_MS) * (0.5 + Math.random());
  attempt += 1;
  timer = setTimeout(() => void run(), delay);
}

function stop(is: Pulse["is"]): void {
  clearTimeout(timer);
  const abort = running;
  running = undefined;
  abort?.abort();
  become(is);
}

function mayListen(): boolean {
  const session = currentSession();
  return session.is === "in" && session.who.scopes.includes("events:read");
}

function wanted(): boolean {
  return mayListen() && pulse.is !== "paused" && pulse.is !== "off";
}

function begin(): void {
  if (!mayListen()) return;
  if (pulse.is === "off" || pulse.is === "paused") become("opening");
  const away = pulse.heardAt === null ? 0 : performance.now() - pulse.heardAt;
  if (away > FORGOTTEN_MS) {
    newest = null;
    resync();
  }
  attempt = 0;
  void run();
}

function look(): void {
  // Timers sleep with the machine: the first beat after waking finds the silence.
  if (running !== undefined && pulse.heardAt !== null && performance.now() - pulse.heardAt > SILENT_MS) {
    stop("lost");
    begin();
  }
}

function visibility(): void {
  clearTimeout(hiddenTimer);
  if (!document.hidden) begin();
  else hiddenTimer = setTimeout(() => document.hidden && pulse.is !== "off" && stop("paused"), HIDDEN_MS);
}

let signedInAs: string | null = null;

function session(): void {
  const now = currentSession();
  if (now.is === "expired" || now.is === "unknown") return;
  const who = now.is === "in" ? now.who.id : null;
  if (who === signedInAs && who !== null && running !== undefined) return;
  if (who !== signedInAs) newest = null;
  signedInAs = who;
  stop("off");
  begin();
}

/** Once, when the pages start. */
export function startLive(): void {
  if (watchdog !== undefined) return;
  watchdog = setInterval(look, 5000);
  document.addEventListener("visibilitychange", visibility);
  addEventListener("online", begin);
  onServerBack(begin);
  onSession(session);
  session();
}

/** What a snapshot says it is consistent with: the stream goes on from there. */
export function heardUpTo(number: number): void {
  newest = Math.max(newest ?? 0, number);
}

export type { EventName, Happening, HappeningOf };
