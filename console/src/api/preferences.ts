/** How the console is shown to somebody: kept by the server, so that it is so in every browser of theirs. */
import { api, take } from "./client.ts";
import type { components } from "./schema.d.ts";
import { currentSession } from "./session.ts";

export type Preferences = components["schemas"]["PreferencesDocument"];

let known: Preferences | null = null;

export async function readPreferences(): Promise<Preferences> {
  known = await take(api.GET("/api/v1/session/preferences"));
  return known;
}

/** What is chosen holds in this browser at once; that the server keeps it too may fail without harm. */
export async function savePreferences(change: Partial<Preferences>): Promise<void> {
  const session = currentSession();
  if (session.is !== "in" || session.who.kind !== "person") return;
  try {
    const before = known ?? (await readPreferences());
    known = { ...before, ...change };
    await take(api.PUT("/api/v1/session/preferences", { body: known }));
  } catch {
    // It is asked for again with the next choice.
  }
}
