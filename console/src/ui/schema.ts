/** The schemas of the API's own document, for forms that are made from it. */
import { useQuery } from "@tanstack/react-query";
import { plainFetch } from "@/api";

/** What of JSON Schema our document uses. */
export interface JsonSchema {
  $ref?: string;
  type?: "string" | "integer" | "number" | "boolean" | "array" | "object" | "null";
  title?: string;
  description?: string;
  format?: string;
  enum?: readonly (string | number)[];
  const?: string | number | boolean;
  default?: unknown;
  anyOf?: readonly JsonSchema[];
  oneOf?: readonly JsonSchema[];
  items?: JsonSchema;
  properties?: Readonly<Record<string, JsonSchema>>;
  required?: readonly string[];
  additionalProperties?: boolean | JsonSchema;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  writeOnly?: boolean;
}

export interface Operation {
  summary?: string;
  description?: string;
  "x-scope"?: string;
  requestBody?: { content: Record<string, { schema: JsonSchema }>; required?: boolean };
  parameters?: readonly { name: string; in: "path" | "query"; required?: boolean; description?: string; schema: JsonSchema }[];
}

export interface ApiDocument {
  paths: Record<string, Partial<Record<"get" | "post" | "put" | "patch" | "delete", Operation>>>;
  components: { schemas: Record<string, JsonSchema> };
}

/** The API's document; read once. */
export function useApiDocument() {
  return useQuery({
    queryKey: ["openapi"],
    queryFn: async ({ signal }) => (await plainFetch("/api/openapi.json", { signal })).json() as Promise<ApiDocument>,
    staleTime: Infinity,
    gcTime: Infinity,
  });
}

/** A schema with its reference followed. What stands beside the reference wins. */
export function resolved(schema: JsonSchema, document: ApiDocument): JsonSchema {
  if (schema.$ref === undefined) return schema;
  const name = schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1);
  const { $ref: _, ...beside } = schema;
  return { ...resolved(document.components.schemas[name] ?? {}, document), ...beside };
}

/** `T | null` is T that may be left out. */
export function withoutNull(schema: JsonSchema, document: ApiDocument): { schema: JsonSchema; nullable: boolean } {
  const full = resolved(schema, document);
  const choices = full.anyOf ?? full.oneOf;
  if (choices === undefined) return { schema: full, nullable: false };
  const rest = choices.filter((each) => resolved(each, document).type !== "null");
  if (rest.length === choices.length) return { schema: full, nullable: false };
  const { anyOf: _, oneOf: __, ...beside } = full;
  const [only] = rest;
  return { schema: rest.length === 1 && only !== undefined ? { ...resolved(only, document), ...beside } : { ...beside, anyOf: rest }, nullable: true };
}

/** The value a form begins with: what must be there, with its default. */
export function beginning(schema: JsonSchema, document: ApiDocument): unknown {
  const { schema: full, nullable } = withoutNull(schema, document);
  if (full.default !== undefined && full.default !== null) return full.default;
  if (nullable) return undefined;
  if (full.const !== undefined) return full.const;
  if (full.enum?.length === 1) return full.enum[0];
  if (full.properties !== undefined) {
    const value: Record<string, unknown> = {};
    for (const [name, each] of Object.entries(full.properties)) {
      const begin = beginning(each, document);
      const needed = full.required?.includes(name) === true;
      if (begin !== undefined && (needed || (each.default !== undefined && each.default !== null))) value[name] = begin;
    }
    return value;
  }
  if (full.type === "array") return (full.minItems ?? 0) > 0 && full.items !== undefined ? [beginning(full.items, document)] : [];
  return undefined;
}

/** "requested_message" as people say it: "Requested message"; units are set apart: "timeout_s" → "Timeout (s)". */
export function labelOf(name: string): string {
  const units: Readonly<Record<string, string>> = { s: "s", w: "W", a: "A", v: "V", wh: "Wh", ms: "ms", percent: "%" };
  const parts = name.split("_");
  const unit = parts.length > 1 ? units[parts.at(-1) ?? ""] : undefined;
  const words = (unit === undefined ? parts : parts.slice(0, -1)).join(" ");
  const text = words.charAt(0).toUpperCase() + words.slice(1);
  return (unit === undefined ? text : `${text} (${unit})`).replace(/\b(id|evse|url|soc|ocpp)\b/gi, (word) => (word.toLowerCase() === "id" ? "ID" : word.toUpperCase()));
}
