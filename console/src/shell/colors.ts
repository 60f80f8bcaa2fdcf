/** Dark, light or as the system: kept in this browser. */
import { isMantineColorScheme, type MantineColorScheme, type MantineColorSchemeManager } from "@mantine/core";

const KEY = "voltloom-colors"; // static/theme.js reads it before the first paint

/** Mantine's own speaks to localStorage unguarded, which throws where storage is forbidden. */
export function colorSchemes(): MantineColorSchemeManager {
  let heard: ((event: StorageEvent) => void) | undefined;
  return {
    get: (otherwise) => {
      try {
        const kept = localStorage.getItem(KEY);
        return isMantineColorScheme(kept) ? kept : otherwise;
      } catch {
        return otherwise;
      }
    },
    set: (value: MantineColorScheme) => {
      try {
        localStorage.setItem(KEY, value);
      } catch {
        // It holds until the page is left.
      }
    },
    subscribe: (update) => {
      heard = (event) => {
        if (event.key === KEY && isMantineColorScheme(event.newValue)) update(event.newValue);
      };
      addEventListener("storage", heard);
    },
    unsubscribe: () => {
      if (heard !== undefined) removeEventListener("storage", heard);
    },
    clear: () => {
      try {
        localStorage.removeItem(KEY);
      } catch {
        // There is nothing to remove.
      }
    },
  };
}
