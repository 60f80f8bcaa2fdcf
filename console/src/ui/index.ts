export {
  Age,
  Copy,
  done,
  doneWithUndo,
  Duration,
  Empty,
  Energy,
  failed,
  Figure,
  Hint,
  Id,
  PageHeader,
  Panel,
  Percent,
  Power,
  SafeText,
  sayProblem,
  Since,
  Skeletons,
  StateBadge,
  Time,
  Trouble,
  Unknown,
  useTitle,
  visible,
} from "./basics.tsx";
export { copyText } from "./clipboard.ts";
export { confirm, type Question } from "./confirm.ts";
export { lookOf, type Look, STATION_STATES, type Tone, TONES, wordOf } from "./states.ts";
export { type Filter, FilterBar } from "./FilterBar.tsx";
export { type Option, textOf, valuesOf } from "./filters.ts";
export { PickFilter, RangeFilter, rangeOf } from "./ownFilters.tsx";
export { useKept } from "./kept.ts";
export { type Site, useSiteNames, useSites } from "./sites.ts";
export { useThrottled } from "./useThrottled.ts";
export { type Column, type TableProps, VirtualTable } from "./VirtualTable.tsx";
export { JsonView } from "./JsonView.tsx";
export { SavedViews } from "./SavedViews.tsx";
export { beginning, bodyOf, type JsonSchema, labelOf, SchemaForm, useApiDocument } from "./SchemaForm.tsx";
export { RoleChoice, RoleName, RolesTable, useRoles, wordOfScope } from "./access.tsx";
export { type Role, ROLES, roleTexts, wordOfRole } from "./roles.ts";
export { Device, deviceOf } from "./Device.tsx";
