/** Whether the page is on its way to paper: then lists are whole and colours light, whatever the screen shows. */
import { useSyncExternalStore } from "react";
import { flushSync } from "react-dom";

const paper = matchMedia("print");
const listeners = new Set<() => void>();
let printing = paper.matches;

function become(next: boolean): void {
  if (printing === next) return;
  printing = next;
  // What is not on the page when this returns is not on the paper.
  flushSync(() => {
    for (const listener of listeners) listener();
  });
}

addEventListener("beforeprint", () => become(true));
addEventListener("afterprint", () => become(false));
paper.addEventListener("change", () => become(paper.matches));

function onPrinting(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function usePrinting(): boolean {
  return useSyncExternalStore(onPrinting, () => printing);
}
