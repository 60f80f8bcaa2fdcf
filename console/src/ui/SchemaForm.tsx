/**
 * A form made from a schema of the API's document: what the server will check, the form asks for.
 *
 *     const document = useApiDocument();
 *     const body = bodyOf(document.data, "/api/v1/stations/{station_id}/reset", "post");
 *     <SchemaForm document={document.data} schema={body} value={value} onChange={setValue} reasons={problem?.reasonsByField} />
 *
 * It holds no state: `beginning(schema, document)` is what a form begins with. What it has no field for is asked for as JSON.
 */
import { ActionIcon, Box, Button, Fieldset, Group, JsonInput, MultiSelect, NativeSelect, NumberInput, Select, Stack, Switch, TagsInput, Text, Textarea, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { common, fieldOf, momentOf, useTexts } from "@/i18n";
import classes from "./ui.module.css";
import { type ApiDocument, beginning, type JsonSchema, labelOf, resolved, withoutNull } from "./schema.ts";

export { beginning, type JsonSchema, labelOf, useApiDocument } from "./schema.ts";

const LONG = 200;

/** The schema of what an operation takes; undefined where it takes nothing. */
export function bodyOf(document: ApiDocument | undefined, path: string, method: "post" | "put" | "patch"): JsonSchema | undefined {
  return document?.paths[path]?.[method]?.requestBody?.content["application/json"]?.schema;
}

interface FieldProps {
  name: string;
  path: string;
  schema: JsonSchema;
  document: ApiDocument;
  required: boolean;
  value: unknown;
  onChange: (value: unknown) => void;
  reasons: ReadonlyMap<string, string>;
  disabled: boolean;
}

type Values = Readonly<Record<string, unknown>>;

function asRecord(value: unknown): Values {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Values) : {};
}

function Fields(props: Omit<FieldProps, "name" | "required">) {
  const { schema, value, onChange, path } = props;
  const values = asRecord(value);
  return (
    <Stack gap="sm">
      {Object.entries(schema.properties ?? {}).map(([name, each]) => (
        <Field
          key={name}
          {...props}
          name={name}
          path={path === "" ? name : `${path}.${name}`}
          schema={each}
          required={schema.required?.includes(name) ?? false}
          value={values[name]}
          onChange={(next) => {
            const { [name]: _, ...rest } = values;
            onChange(next === undefined ? rest : { ...rest, [name]: next });
          }}
        />
      ))}
    </Stack>
  );
}

function RawField(props: FieldProps & { label: string }) {
  const [text, setText] = useState(() => (props.value === undefined ? "" : JSON.stringify(props.value, null, 2)));
  return (
    <JsonInput
      label={props.label}
      description={props.schema.description}
      error={props.reasons.get(props.path)}
      required={props.required}
      disabled={props.disabled}
      autosize
      minRows={3}
      value={text}
      onChange={(typed) => {
        setText(typed);
        try {
          props.onChange(typed.trim() === "" ? undefined : JSON.parse(typed));
        } catch {
          // Half of a document: the field says so when it is left.
        }
      }}
      validationError="JSON"
    />
  );
}

function ListField(props: FieldProps & { label: string; items: JsonSchema }) {
  const { t } = useTexts(common);
  const list = Array.isArray(props.value) ? (props.value as unknown[]) : [];
  return (
    <Fieldset legend={props.label} disabled={props.disabled}>
      {props.schema.description === undefined ? null : (
        <Text size="xs" c="dimmed" mb="xs">
          {props.schema.description}
        </Text>
      )}
      <Stack gap="sm">
        {list.map((each, index) => (
          <Group key={index} align="flex-start" wrap="nowrap" gap="xs">
            <Box flex={1} miw={0}>
              <Field
                {...props}
                name={`${props.label} ${index + 1}`}
                path={`${props.path}.${index}`}
                schema={props.items}
                required
                value={each}
                onChange={(next) => props.onChange(list.map((old, at) => (at === index ? next : old)))}
              />
            </Box>
            <ActionIcon variant="subtle" color="gray" mt={24} aria-label={`${t("ui.remove")}: ${props.label} ${index + 1}`} onClick={() => props.onChange(list.filter((_, at) => at !== index))}>
              <IconTrash size={16} />
            </ActionIcon>
          </Group>
        ))}
        <Button
          size="compact-sm"
          variant="light"
          w="fit-content"
          leftSection={<IconPlus size={14} />}
          disabled={props.schema.maxItems !== undefined && list.length >= props.schema.maxItems}
          onClick={() => props.onChange([...list, beginning(props.items, props.document)])}
        >
          {t("ui.add")}
        </Button>
      </Stack>
    </Fieldset>
  );
}

/** One of several kinds of document: which, then its fields. */
function ChoiceField(props: FieldProps & { label: string; choices: readonly JsonSchema[] }) {
  const fits = (choice: JsonSchema): boolean => {
    const values = asRecord(props.value);
    const { properties = {}, required = [] } = resolved(choice, props.document);
    return required.every((name) => name in values) && Object.keys(values).every((name) => name in properties);
  };
  const [chosen, setChosen] = useState(() => Math.max(0, props.choices.findIndex(fits)));
  const choice = props.choices[chosen] ?? {};
  return (
    <Stack gap="xs">
      <NativeSelect
        label={props.label}
        description={props.schema.description}
        disabled={props.disabled}
        data={props.choices.map((each, index) => ({ value: String(index), label: resolved(each, props.document).title ?? String(index + 1) }))}
        value={String(chosen)}
        onChange={(event) => {
          const next = Number(event.currentTarget.value);
          setChosen(next);
          props.onChange(beginning(props.choices[next] ?? {}, props.document));
        }}
      />
      <Field {...props} schema={choice} required />
    </Stack>
  );
}

function Field(props: FieldProps) {
  const { t } = useTexts(common);
  const { schema, nullable } = withoutNull(props.schema, props.document);
  const { value, onChange, path, disabled } = props;
  const label = props.name === "" ? (schema.title ?? "") : labelOf(props.name);
  const required = props.required && !nullable;
  const shared = { label, description: schema.description, error: props.reasons.get(path), required, disabled };
  const choices = schema.anyOf ?? schema.oneOf;
  if (schema.const !== undefined) return null;
  if (schema.enum !== undefined) {
    return (
      <Select
        {...shared}
        data={schema.enum.map(String)}
        clearable={!required}
        clearButtonProps={{ "aria-label": `${t("ui.clear")}: ${label}` }}
        placeholder={required ? undefined : t("ui.notSet")}
        searchable={schema.enum.length > 8}
        value={typeof value === "string" || typeof value === "number" ? String(value) : null}
        onChange={(chosen) => onChange(chosen === null ? undefined : (schema.enum?.find((each) => String(each) === chosen) ?? chosen))}
      />
    );
  }
  if (choices !== undefined && choices.every((each) => resolved(each, props.document).properties !== undefined)) {
    return <ChoiceField {...props} schema={schema} label={label} choices={choices} />;
  }
  switch (schema.type) {
    case "boolean":
      return nullable ? (
        <NativeSelect
          {...shared}
          data={[
            { value: "", label: t("ui.notSet") },
            { value: "true", label: t("ui.yes") },
            { value: "false", label: t("ui.no") },
          ]}
          value={typeof value === "boolean" ? String(value) : ""}
          onChange={(event) => onChange(event.currentTarget.value === "" ? undefined : event.currentTarget.value === "true")}
        />
      ) : (
        <Switch label={label} description={schema.description} error={shared.error} disabled={disabled} checked={value === true} onChange={(event) => onChange(event.currentTarget.checked)} />
      );
    case "integer":
    case "number":
      return (
        <NumberInput
          {...shared}
          allowDecimal={schema.type === "number"}
          {...((schema.minimum ?? schema.exclusiveMinimum) === undefined ? {} : { min: schema.minimum ?? schema.exclusiveMinimum ?? 0 })}
          {...((schema.maximum ?? schema.exclusiveMaximum) === undefined ? {} : { max: schema.maximum ?? schema.exclusiveMaximum ?? 0 })}
          placeholder={required ? "" : t("ui.notSet")}
          value={typeof value === "number" ? value : ""}
          onChange={(typed) => onChange(typeof typed === "number" ? typed : undefined)}
        />
      );
    case "array": {
      const items = resolved(schema.items ?? {}, props.document);
      const list = Array.isArray(value) ? (value as unknown[]) : [];
      if (items.enum !== undefined) {
        return <MultiSelect {...shared} data={items.enum.map(String)} value={list.map(String)} onChange={onChange} clearable clearButtonProps={{ "aria-label": `${t("ui.clear")}: ${label}` }} />;
      }
      if (items.type === "string") return <TagsInput {...shared} value={list.map(String)} onChange={onChange} />;
      return schema.items === undefined ? <RawField {...props} label={label} schema={schema} /> : <ListField {...props} label={label} schema={schema} items={schema.items} />;
    }
    case "object":
      if (schema.properties === undefined) return <RawField {...props} label={label} schema={schema} />;
      if (path === "") return <Fields {...props} schema={schema} />;
      return nullable && value === undefined ? (
        <Button size="compact-sm" variant="light" w="fit-content" leftSection={<IconPlus size={14} />} disabled={disabled} onClick={() => onChange(beginning({ ...schema }, props.document) ?? {})}>
          {label}
        </Button>
      ) : (
        <Fieldset legend={label} disabled={disabled}>
          <Fields {...props} schema={schema} />
          {nullable ? (
            <Button mt="sm" size="compact-sm" variant="subtle" color="gray" leftSection={<IconTrash size={14} />} onClick={() => onChange(undefined)}>
              {t("ui.remove")}
            </Button>
          ) : null}
        </Fieldset>
      );
    case "string": {
      const text = typeof value === "string" ? value : "";
      const change = (typed: string): void => onChange(typed === "" && !required ? undefined : typed);
      if (schema.format === "date-time") {
        return (
          <TextInput
            {...shared}
            type="datetime-local"
            step={1}
            value={typeof value === "string" ? fieldOf(new Date(value), "second") : ""}
            onChange={(event) => onChange(momentOf(event.currentTarget.value)?.toISOString())}
          />
        );
      }
      if ((schema.maxLength ?? 0) > LONG) {
        // Not Mantine's autosize: it lays the page out once more for each.
        return <Textarea {...shared} rows={1} resize="vertical" classNames={{ input: classes.grows ?? "" }} maxLength={schema.maxLength} value={text} onChange={(event) => change(event.currentTarget.value)} />;
      }
      return (
        <TextInput
          {...shared}
          type={schema.format === "uri" ? "url" : "text"}
          maxLength={schema.maxLength}
          placeholder={required ? "" : t("ui.notSet")}
          value={text}
          onChange={(event) => change(event.currentTarget.value)}
        />
      );
    }
    default:
      return <RawField {...props} label={label} schema={schema} />;
  }
}

const NO_REASONS: ReadonlyMap<string, string> = new Map();

export function SchemaForm(props: {
  document: ApiDocument;
  schema: JsonSchema;
  value: unknown;
  onChange: (value: unknown) => void;
  reasons?: ReadonlyMap<string, string> | undefined;
  disabled?: boolean;
}) {
  return (
    <Field
      name=""
      path=""
      required
      schema={props.schema}
      document={props.document}
      value={props.value}
      onChange={props.onChange}
      reasons={props.reasons ?? NO_REASONS}
      disabled={props.disabled ?? false}
    />
  );
}
