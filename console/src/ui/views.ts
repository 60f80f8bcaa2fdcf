import { useKept } from "./kept.ts";

export interface View {
  name: string;
  search: string;
}

/** The views of a room, by name. */
export function useViews(room: string): { views: readonly View[]; keep: (name: string, search: string) => void; remove: (name: string) => void } {
  const [views, setViews] = useKept<readonly View[]>(`views:${room}`, []);
  return {
    views,
    keep: (name, search) => setViews([...views.filter((view) => view.name !== name), { name, search }].sort((a, b) => a.name.localeCompare(b.name))),
    remove: (name) => setViews(views.filter((view) => view.name !== name)),
  };
}
