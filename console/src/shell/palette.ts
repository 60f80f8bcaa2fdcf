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
