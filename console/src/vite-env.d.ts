/// <reference types="vite/client" />
declare module "virtual:mantine.css";

/** It has no types of its own. */
declare module "maplibre-gl/dist/maplibre-gl-worker.mjs" {
  const MapLibreWorker: unknown;
  export default MapLibreWorker;
}
