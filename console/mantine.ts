/**
 * Of Mantine's styles each comes with the part that wears it, in the same chunk: all of them would be half of the first visit.
 * Every part has a module with the names of its classes; importing that one imports its styles.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const FIRST = "virtual:mantine.css";
const PART = "virtual:mantine/";
/** In the first chunk, in this order: what other parts are made of, and change. */
const BASE = [
  "default-css-variables",
  "baseline",
  "global",
  "ScrollArea",
  "UnstyledButton",
  "VisuallyHidden",
  "Paper",
  "Popover",
  "CloseButton",
  "Group",
  "Loader",
  "Overlay",
  "Input",
  "Flex",
  "Stack",
  "Text",
  "Title",
  "ActionIcon",
];
/** Of what these are made, and what they change. */
const UNDER: Readonly<Record<string, readonly string[]>> = {
  Checkbox: ["InlineInput", "CheckboxIndicator"],
  Radio: ["InlineInput", "RadioIndicator"],
  Switch: ["InlineInput"],
  Modal: ["ModalBase"],
  Drawer: ["ModalBase"],
  PillsInput: ["Pill"],
  SegmentedControl: ["FloatingIndicator"],
  Tabs: ["FloatingIndicator"],
};

const MIDDLE = new Set(Object.values(UNDER).flat());

/** Chunks come in any order. So the order is one of layers: what a part is made of before the part, the pages' own styles after all. */
function inLayer(name: string, styles: string): string {
  const layer = BASE.includes(name) ? "base" : MIDDLE.has(name) ? "middle" : "part";
  return `@layer mantine.base, mantine.middle, mantine.part;\n${styles.replaceAll("@layer mantine", `@layer mantine.${layer}`)}`;
}

export function mantineStyles(root: string): Plugin {
  const styles = join(root, "node_modules/@mantine/core/styles");
  const fileOf = (name: string): string => join(styles, `${name}.layer.css`);
  const stylesOf = (name: string): string => inLayer(name, readFileSync(fileOf(name), "utf8"));
  let whole = false;
  return {
    name: "mantine-styles",
    configResolved(config) {
      // Vite's own server bundles libraries beforehand, without asking plugins.
      whole = config.command === "serve";
    },
    resolveId: (id) => (id === FIRST || id.startsWith(PART) ? { id: `\0${id}`, moduleSideEffects: true } : undefined),
    load(id) {
      if (id === `\0${FIRST}`) {
        if (whole) return readFileSync(join(root, "node_modules/@mantine/core/styles.layer.css"), "utf8");
        return BASE.map(stylesOf).join("\n");
      }
      if (id.startsWith(`\0${PART}`)) return stylesOf(id.slice(PART.length + 1, -4));
      return undefined;
    },
    transform(code, id) {
      const [, name] = /@mantine\/core\/esm\/.*\/(\w+)\.module\.mjs$/.exec(id) ?? [];
      if (name === undefined || BASE.includes(name) || !existsSync(fileOf(name))) return undefined;
      const wanted = [...(UNDER[name] ?? []), name].map((each) => `import "${PART}${each}.css";\n`);
      return { code: `${wanted.join("")}${code}`, map: null };
    },
  };
}
