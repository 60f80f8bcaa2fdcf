/**
 * Calls to voltloom's API, typed by its own OpenAPI document.
 *
 *     const station = await take(api.GET("/api/v1/stations/{station_id}", { params: { path: { station_id } } }));
 *
 * `take` gives the document or throws a Problem. A call that finds the session expired waits for the sign-in that opens
 * over the page and goes on by itself, as does one that takes a person who has just shown that it is them; one that does not reach the server throws a Problem of kind `lost`.
 */
import createClient, { type Middleware } from "openapi-fetch";
import { Problem, type ProblemKind } from "./problems.ts";
import type { paths } from "./schema.d.ts";
import { serverAnswered, serverLost } from "./server.ts";
import { confirmationNeeded, csrfToken, sessionExpired } from "./session.ts";

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

function isAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

async function send(request: Request): Promise<Response> {
  // The body of a request can be read once; the copy is for sending it again after a new sign-in.
  const again = request.clone();
  if (!SAFE.has(request.method)) request.headers.set("X-CSRF-Token", csrfToken());
  let answer: Response;
  try {
    answer = await fetch(request);
  } catch (error) {
    if (isAborted(error)) throw error;
    serverLost();
    throw Problem.lost(error);
  }
  // A proxy whose server is away answers for it.
  if (answer.status === 502 || answer.status === 503 || answer.status === 504) {
    const type = answer.headers.get("content-type") ?? "";
    if (!type.includes("json")) {
      serverLost();
      throw Problem.lost(new Error(`HTTP ${answer.status}`));
    }
  }
  serverAnswered();
  const isSignIn = new URL(request.url).pathname.startsWith("/api/v1/session") && request.method === "POST";
  if (answer.status === 401 && !isSignIn && (await sessionExpired())) return send(again);
  if (answer.status === 403 && (await isOf(answer, "fresh-sign-in-needed")) && (await confirmationNeeded())) {
    return send(again);
  }
  return answer;
}

async function isOf(answer: Response, kind: ProblemKind): Promise<boolean> {
  try {
    return Problem.of(answer.status, await answer.clone().json()).kind === kind;
  } catch {
    return false;
  }
}

/** For what openapi-fetch does not cover: streams, files. */
export function plainFetch(path: string, options: RequestInit = {}): Promise<Response> {
  return send(new Request(path, { credentials: "same-origin", ...options }));
}

const problems: Middleware = {
  async onResponse({ response }) {
    if (response.ok || response.status === 304) return undefined;
    let body: unknown = null;
    try {
      body = await response.clone().json();
    } catch {
      // Not JSON: from a proxy perhaps. The status says enough.
    }
    throw Problem.of(response.status, body);
  },
};

export const api = createClient<paths>({ baseUrl: location.origin, credentials: "same-origin", fetch: send });
api.use(problems);

/** The document of an answer; undefined for those without one (204). Problems were thrown before. */
export async function take<D>(answer: Promise<{ data?: D }>): Promise<D> {
  return (await answer).data as D;
}
