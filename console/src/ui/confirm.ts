/** Asking before what cannot be taken back, with how far it reaches. */
import { type ReactNode, useSyncExternalStore } from "react";

/**
 * title    the question: "Reset 12 stations?"
 * blast    how far it reaches, as said by a dry run: "3 of them charge now and will stop."
 * action   the word on the button: "Reset", never "OK"
 * run      what is done; while it runs the button waits, and what goes wrong is told in place
 */
export interface Question {
  title: string;
  text?: ReactNode;
  blast?: ReactNode;
  action: string;
  danger?: boolean;
  run: () => Promise<unknown>;
}

interface Standing {
  question: Question | null;
  open: boolean;
}

/** What was asked stays while the dialog fades. */
let standing: Standing = { question: null, open: false };
const listeners = new Set<() => void>();

/** Ask. Nothing happens before the reader says yes. */
export function confirm(asked: Question): void {
  standing = { question: asked, open: true };
  for (const listener of listeners) listener();
}

export function closeQuestion(): void {
  standing = { ...standing, open: false };
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useQuestion(): Standing {
  return useSyncExternalStore(subscribe, () => standing);
}
