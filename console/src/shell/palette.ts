/** Opening the palette, for those who do not want to load it. */
const listeners = new Set<() => void>();
let opened = false;

function become(next: boolean): void {
  opened = next;
  for (const listener of listeners) listener();
}

export function openPalette(): void {
  become(true);
}

export function closePalette(): void {
  become(false);
}

export function isPaletteOpen(): boolean {
  return opened;
}

export function onPalette(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Ctrl K works from the first moment, also while somebody types. */
export function listenForPalette(): () => void {
  const pressed = (event: KeyboardEvent): void => {
    if (event.key.toLowerCase() !== "k" || event.shiftKey || event.altKey || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    become(!opened);
  };
  addEventListener("keydown", pressed);
  return () => removeEventListener("keydown", pressed);
}
