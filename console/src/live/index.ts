export { useFleetCalmly } from "./calm.ts";
export type { EventName, Events, Happening, HappeningOf } from "./events.ts";
export {
  currentFleet,
  type Fleet,
  onFleet,
  sameList,
  sameRecord,
  startFleet,
  type Station,
  type StationState,
  useFleet,
  useStation,
} from "./fleet.ts";
export { isLoadRange, LOAD_RANGES, type LoadOverTime, type LoadRange, useLoad } from "./load.ts";
export { type Overview, type TroubleGroup, useOverview } from "./overview.ts";
export { type Site, useSites } from "./sites.ts";
export { currentPulse, onHappenings, onResync, type Pulse, startLive } from "./stream.ts";
export { useLive, useNow, usePulse } from "./useLive.ts";
