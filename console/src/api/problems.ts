/** What went wrong with a call, as a typed error. */
import type { components } from "./schema.d.ts";

export type ProblemDocument = components["schemas"]["Problem"];

/** Kinds as in /api/docs; `lost`: the server did not answer at all. It is not known whether what was asked was done. */
export type ProblemKind =
  | "unauthenticated"
  | "sign-in-refused"
  | "forbidden"
  | "not-found"
  | "conflict"
  | "station-timed-out"
  | "station-not-connected"
  | "not-in-this-version"
  | "too-large"
  | "invalid"
  | "throttled"
  | "station-error"
  | "unavailable"
  | "bug"
  | "lost"
  | (string & {});

/** There is none, or it was removed. */
export function isMissing(error: unknown): boolean {
  return error instanceof Problem && error.status === 404;
}

export class Problem extends Error {
  constructor(
    readonly kind: ProblemKind,
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly document: Partial<ProblemDocument> = {},
  ) {
    super(detail);
    this.name = "Problem";
  }

  /** The fields that are not valid, by their names. */
  get reasonsByField(): ReadonlyMap<string, string> {
    return new Map((this.document.errors ?? []).map((each) => [each.field ?? "", each.reason ?? ""]));
  }

  get retryAfterS(): number | null {
    return this.document.retry_after_s ?? null;
  }

  static of(status: number, body: unknown): Problem {
    if (typeof body === "object" && body !== null && "type" in body && typeof body.type === "string") {
      const document = body as Partial<ProblemDocument>;
      const kind = body.type.split("#problem-").at(-1) ?? "http";
      return new Problem(kind, status, document.title ?? "", document.detail ?? "", document);
    }
    return new Problem("http", status, `HTTP ${status}`, "", {});
  }

  static lost(cause: unknown): Problem {
    const problem = new Problem("lost", 0, "", "");
    problem.cause = cause;
    return problem;
  }
}
