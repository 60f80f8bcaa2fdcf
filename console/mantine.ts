/** Of Mantine's styles only those of the parts that the pages use: all of them would be half of the first visit. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const NAME = "virtual:mantine.css";
const FIRST = ["default-css-variables", "baseline", "global"];
/** What other parts are made of without the pages naming it. */
const INSIDE = [
  "ScrollArea",
  "UnstyledButton",
  "VisuallyHidden",
  "Paper",
  "Popover",
  "CloseButton",
  "Group",
  "Loader",
  "Overlay",
  "ModalBase",
  "Input",
  "InlineInput",
  "Flex",
  "Stack",
  "Text",
  "Title",
  "FloatingIndicator",
  "ActionIcon",
  "Combobox",
  "Pill",
  "PillsInput",
  "CheckboxIndicator",
  "RadioIndicator",
  "Notification",
];

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => readFileSync(join(folder, name), "utf8"));
}

function namesIn(text: string): string[] {
  const found: string[] = [];
  for (const [, list = ""] of text.matchAll(/import\s*\{([^}]*)\}\s*from\s*"@mantine\/core"/g)) {
    found.push(...list.split(",").map((name) => (name.trim().replace(/^type\s+/, "").split(" as ")[0] ?? "").trim()));
  }
  return found;
}

/** In a layer, so that the pages' own styles win wherever they come in the order of loading. */
export function mantineStyles(root: string): Plugin {
  const styles = join(root, "node_modules/@mantine/core/styles");
  return {
    name: "mantine-styles",
    resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
    load(id) {
      if (id !== `\0${NAME}`) return undefined;
      const used = [...new Set(sources(join(root, "src")).flatMap(namesIn))].sort();
      const wanted = [...new Set([...FIRST, ...INSIDE, ...used])];
      const files = wanted.map((name) => join(styles, `${name}.layer.css`)).filter((file) => existsSync(file));
      const packages = ["notifications"].map((name) => join(root, `node_modules/@mantine/${name}/styles.layer.css`));
      return [...files, ...packages].map((file) => readFileSync(file, "utf8")).join("\n");
    },
  };
}
