/** Who uses this page, and what they may. One for the whole tab. */
import { useSyncExternalStore } from "react";
import type { components } from "./schema.d.ts";

export type Who = components["schemas"]["ActorOut"];
export type Scope = components["schemas"]["Scope"];

/**
 * unknown   not asked yet
 * nobody    nobody is signed in: the sign-in page
 * expired   somebody was, and is asked again over the page, which keeps all that was typed
 */
export type Session =
  | { readonly is: "unknown" }
  | { readonly is: "nobody" }
  | { readonly is: "in"; readonly who: Who }
  | { readonly is: "expired"; readonly who: Who };

let session: Session = { is: "unknown" };
const listeners = new Set<() => void>();
let waiting: { promise: Promise<boolean>; settle: (again: boolean) => void } | undefined;

function become(next: Session): void {
  session = next;
  for (const listener of listeners) listener();
}

export function currentSession(): Session {
  return session;
}

export function signedIn(who: Who): void {
  become({ is: "in", who });
  waiting?.settle(true);
  waiting = undefined;
}

export function signedOut(): void {
  become({ is: "nobody" });
  confirmed(false);
  waiting?.settle(false);
  waiting = undefined;
}

/** A call was refused because nobody is signed in any more. True when somebody is again: then it may be repeated. */
export function sessionExpired(): Promise<boolean> {
  if (session.is !== "in" && session.is !== "expired") return Promise.resolve(false);
  if (waiting === undefined) {
    let settle: (again: boolean) => void = () => undefined;
    const promise = new Promise<boolean>((resolve) => (settle = resolve));
    waiting = { promise, settle };
    become({ is: "expired", who: session.who });
  }
  return waiting.promise;
}

let confirming: { promise: Promise<boolean>; settle: (confirmed: boolean) => void } | undefined;

/** A call was refused because the person has not shown for a while that it is them. True when they have: then it may be
 * repeated. */
export function confirmationNeeded(): Promise<boolean> {
  if (session.is !== "in") return Promise.resolve(false);
  if (confirming === undefined) {
    let settle: (confirmed: boolean) => void = () => undefined;
    const promise = new Promise<boolean>((resolve) => (settle = resolve));
    confirming = { promise, settle };
    for (const listener of listeners) listener();
  }
  return confirming.promise;
}

export function confirmed(yes: boolean): void {
  confirming?.settle(yes);
  confirming = undefined;
  for (const listener of listeners) listener();
}

/** Is the reader being asked to show that it is them? */
export function useConfirming(): boolean {
  return useSyncExternalStore(onSession, () => confirming !== undefined);
}

export function csrfToken(): string {
  return session.is === "in" || session.is === "expired" ? (session.who.csrf_token ?? "") : "";
}

export function onSession(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useSession(): Session {
  return useSyncExternalStore(onSession, currentSession);
}

/** Who is signed in. Only for what is shown to people who are. */
export function useWho(): Who {
  const now = useSession();
  if (now.is !== "in" && now.is !== "expired") throw new Error("nobody is signed in");
  return now.who;
}

/** A question to ask of what the reader may do: may("stations:command"). */
export function useMay(): (scope: Scope | null) => boolean {
  const { scopes } = useWho();
  return (scope) => scope === null || scopes.includes(scope);
}
