import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { mantineStyles } from "./mantine.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const pages = process.env.VOLTLOOM_CONSOLE_OUT ?? join(here, "../src/voltloom/console_pages");
const server = process.env.VOLTLOOM_URL ?? "http://127.0.0.1:8000";

/** What is worth it is written packed beside the plain file, once, so that no request costs the server any work. */
function packed(): Plugin {
  return {
    name: "packed",
    apply: "build",
    writeBundle() {
      const folder = join(pages, "assets");
      for (const name of readdirSync(folder)) {
        if (!/\.(m?js|css|svg|json|geojson)$/.test(name)) continue;
        const path = join(folder, name);
        if (statSync(path).size < 1024) continue;
        const bytes = readFileSync(path);
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
        writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), mantineStyles(here), packed()],
  resolve: { alias: { "@": join(here, "src") } },
  // The server puts a fresh nonce in its place with every page.
  html: { cspNonce: "CONSOLE_NONCE" },
  build: {
    outDir: pages,
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    sourcemap: false,
    // Nothing as data: or inline: the content security policy lets in only files of this server.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
    reportCompressedSize: false,
  },
  worker: { format: "es" },
  server: {
    host: "127.0.0.1",
    port: 5173,
    strictPort: true,
    proxy: Object.fromEntries(["/api", "/static", "/livez"].map((path) => [path, { target: server }])),
  },
});
