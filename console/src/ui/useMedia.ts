import { useMediaQuery } from "@mantine/hooks";

export const PHONE = "(max-width: 47.99em)";

/** Whether it holds, from the first rendering on: nothing is drawn twice. */
export function useMedia(query: string): boolean {
  return useMediaQuery(query, matchMedia(query).matches);
}
