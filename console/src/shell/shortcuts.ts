/**
 * Keys that work everywhere: g and a letter to go, ? for help, / for the filter. Ctrl K is the palette's own.
 * They wait while somebody types, and while a dialog is open.
 */
import { useEffect, useEffectEvent } from "react";

const CHORD_MS = 1200;

/** Whether keys are for what is typed in, or for a dialog, and not for us. */
export function isBusy(event: KeyboardEvent): boolean {
  const target = event.target;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
  if (document.querySelector('[role="dialog"]') !== null) return true;
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.getAttribute("role") === "option")
  );
}

/** The filter of the page: the field with `data-filter`. */
export function focusFilter(): boolean {
  const field = document.querySelector<HTMLInputElement>("main input[data-filter]");
  field?.focus();
  field?.select();
  return field !== null;
}

export function useShortcuts(goTo: (key: string) => boolean, help: () => void): void {
  const onGo = useEffectEvent(goTo);
  const onHelp = useEffectEvent(help);
  useEffect(() => {
    let chordUntil = 0;
    const pressed = (event: KeyboardEvent): void => {
      if (isBusy(event)) return;
      if (performance.now() < chordUntil) {
        chordUntil = 0;
        if (onGo(event.key.toLowerCase())) event.preventDefault();
        return;
      }
      if (event.key === "g") chordUntil = performance.now() + CHORD_MS;
      else if (event.key === "?") {
        event.preventDefault();
        onHelp();
      } else if (event.key === "/" && focusFilter()) event.preventDefault();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}
