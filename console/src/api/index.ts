export { api, plainFetch, take } from "./client.ts";
export { type Preferences, readPreferences, savePreferences } from "./preferences.ts";
export { isMissing, Problem, type ProblemKind } from "./problems.ts";
export { queries, type QueryKey } from "./queries.ts";
export type { components, paths } from "./schema.d.ts";
export { knock, onServerBack, serverLost, useServer } from "./server.ts";
export { confirmed, currentSession, onSession, type Scope, type Session, signedIn, signedOut, useConfirming, useMay, useSession, useWho, type Who } from "./session.ts";
import type { components } from "./schema.d.ts";
/** A document of the API by its name: Schema<"StationOut">. */
export type Schema<N extends keyof components["schemas"]> = components["schemas"][N];
