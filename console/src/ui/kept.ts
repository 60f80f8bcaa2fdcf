/** Small choices of the reader (columns, panels that are open), kept in this browser. */
import { useCallback, useState } from "react";

function read<T>(key: string, otherwise: T): T {
  try {
    const text = localStorage.getItem(`voltloom-${key}`);
    return text === null ? otherwise : (JSON.parse(text) as T);
  } catch {
    return otherwise;
  }
}

export function useKept<T>(key: string, otherwise: T): readonly [T, (value: T) => void] {
  const [value, setValue] = useState<T>(() => read(key, otherwise));
  const keep = useCallback(
    (next: T) => {
      setValue(next);
      try {
        localStorage.setItem(`voltloom-${key}`, JSON.stringify(next));
      } catch {
        // It holds until the page is left.
      }
    },
    [key],
  );
  return [value, keep];
}
