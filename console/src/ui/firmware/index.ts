export { useUpdateColumns } from "./columns.tsx";
export { isUnderWay, isUpdateState, UPDATE_STATES, type UpdateState, UpdateTag } from "./looks.tsx";
export { texts as updateTexts } from "./texts.ts";
export { UpdateDrawer } from "./UpdateDrawer.tsx";
export { type Update, useUpdate, useUpdates } from "./updates.ts";
