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
export { currentPulse, onHappenings, onResync, type Pulse, startLive } from "./stream.ts";
export { useLive, useNow, usePulse } from "./useLive.ts";
