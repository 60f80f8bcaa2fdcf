/** Adding and changing a token. */
import { Autocomplete, Button, Group, Modal, NumberInput, Select, SimpleGrid, Stack, Switch, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, Problem, queries, type Schema, take } from "@/api";
import { common, fieldOf, momentOf, useTexts } from "@/i18n";
import { done, Trouble, visible } from "@/ui";
import { KINDS, type Token, useGroups } from "./queries.ts";
import { texts } from "./texts.ts";

interface Fields {
  value: string;
  kind: Token["kind"];
  holder: string;
  group: string;
  note: string;
  language: string;
  validFrom: string;
  validUntil: string;
  many: boolean;
  allowed: number | string;
}

/** To the minute, in the reader's zone; "" for none. */
const ofField = (iso: string | null | undefined): string => (iso ? fieldOf(new Date(iso)) : "");

function beginning(token: Token | null): Fields {
  return {
    value: token?.value ?? "",
    kind: token?.kind ?? "",
    holder: token?.holder ?? "",
    group: token?.group ?? "",
    note: token?.note ?? "",
    language: token?.language ?? "",
    validFrom: ofField(token?.valid_from),
    validUntil: ofField(token?.valid_until),
    many: token !== null && token.allowed === null,
    allowed: token?.allowed ?? 1,
  };
}

type Body = Omit<Schema<"TokenChangeIn">, "state">;

function bodyOf(fields: Fields): Body {
  const isoOf = (local: string): string | null => momentOf(local)?.toISOString() ?? null;
  return {
    kind: fields.kind,
    holder: fields.holder.trim(),
    group: fields.group.trim() === "" ? null : fields.group.trim(),
    note: fields.note.trim(),
    language: fields.language.trim(),
    valid_from: isoOf(fields.validFrom),
    valid_until: isoOf(fields.validUntil),
    allowed: fields.many ? null : Number(fields.allowed),
  };
}

/** Only what was changed: what somebody else changed meanwhile stays. */
function changesOf(token: Token, fields: Fields): Partial<Body> {
  const before = bodyOf(beginning(token));
  const after = bodyOf(fields);
  const names = (Object.keys(after) as (keyof typeof after)[]).filter((name) => before[name] !== after[name]);
  return Object.fromEntries(names.map((name) => [name, after[name]]));
}

/** token: null to add one. */
function Form(props: { token: Token | null; leave: () => void; saved: (token: Token) => void }) {
  const { t } = useTexts(texts);
  const { t: tc } = useTexts(common);
  const { token, leave } = props;
  const [fields, setFields] = useState(() => beginning(token));
  const set = (changes: Partial<Fields>): void => setFields((now) => ({ ...now, ...changes }));
  const { groups } = useGroups();
  const save = useMutation({
    mutationFn: async () => {
      const group = fields.group.trim();
      // A group that is named and not there is added, as an import does it.
      if (group !== "" && groups.every((each) => each.id !== group)) {
        await take(api.PUT("/api/v1/token-groups/{group_id}", { params: { path: { group_id: group } }, body: { name: "", blocked: false, master: false } }));
      }
      return token === null
        ? take(api.POST("/api/v1/tokens", { body: { ...bodyOf(fields), value: fields.value.trim(), state: "active" } }))
        : take(api.PATCH("/api/v1/tokens/{value}", { params: { path: { value: token.value } }, body: changesOf(token, fields) as Schema<"TokenChangeIn"> }));
    },
    onSuccess: (after) => {
      void queries.invalidateQueries({ queryKey: ["tokens"] });
      done(t(token === null ? "tokens.added" : "tokens.saved", { value: visible(after.value).slice(0, 40) }));
      props.saved(after);
    },
  });
  const reasons = save.error instanceof Problem ? save.error.reasonsByField : new Map<string, string>();
  const wrong = (name: string): { error?: string } => (reasons.has(name) ? { error: reasons.get(name) ?? "" } : {});
  const isNewGroup = fields.group.trim() !== "" && groups.every((each) => each.id !== fields.group.trim());
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack>
        {token === null ? (
          <TextInput
            label={t("tokens.value")}
            description={t("tokens.valueHint")}
            required
            maxLength={255}
            autoComplete="off"
            spellCheck={false}
            data-autofocus
            value={fields.value}
            onChange={(event) => set({ value: event.currentTarget.value })}
            {...wrong("value")}
          />
        ) : null}
        <TextInput label={t("tokens.holder")} maxLength={200} autoComplete="off" data-autofocus={token !== null || undefined} value={fields.holder} onChange={(event) => set({ holder: event.currentTarget.value })} {...wrong("holder")} />
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <Autocomplete
            label={t("tokens.group")}
            description={isNewGroup ? t("tokens.groupNew") : t("tokens.groupHint")}
            maxLength={36}
            data={groups.map((each) => each.id)}
            limit={20}
            value={fields.group}
            onChange={(group) => set({ group })}
            {...wrong("group")}
          />
          <Select
            label={t("tokens.kind")}
            description={t("tokens.kindHint")}
            data={KINDS.map((kind) => ({ value: kind === "" ? "any" : kind, label: t(`kind.${kind === "" ? "any" : kind}`) }))}
            value={fields.kind === "" ? "any" : fields.kind}
            onChange={(kind) => set({ kind: kind === null || kind === "any" ? "" : (kind as Token["kind"]) })}
          />
          <TextInput type="datetime-local" label={t("tokens.validFrom")} value={fields.validFrom} onChange={(event) => set({ validFrom: event.currentTarget.value })} {...wrong("valid_from")} />
          <TextInput type="datetime-local" label={t("tokens.validUntil")} value={fields.validUntil} onChange={(event) => set({ validUntil: event.currentTarget.value })} {...wrong("valid_until")} />
        </SimpleGrid>
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <div>
            <NumberInput label={t("tokens.allowed")} min={1} max={1_000_000} allowDecimal={false} disabled={fields.many} value={fields.many ? "" : fields.allowed} onChange={(allowed) => set({ allowed })} {...wrong("allowed")} />
            <Switch mt="xs" label={t("tokens.allowedAny")} checked={fields.many} onChange={(event) => set({ many: event.currentTarget.checked, allowed: fields.allowed === "" ? 1 : fields.allowed })} />
          </div>
          <TextInput label={t("tokens.language")} description={t("tokens.languageHint")} inputWrapperOrder={["label", "input", "description", "error"]} maxLength={8} value={fields.language} onChange={(event) => set({ language: event.currentTarget.value })} {...wrong("language")} />
        </SimpleGrid>
        <Textarea label={t("tokens.note")} autosize minRows={2} maxLength={2000} value={fields.note} onChange={(event) => set({ note: event.currentTarget.value })} {...wrong("note")} />
        {save.isError ? <Trouble error={save.error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={leave} disabled={save.isPending}>
            {tc("ui.cancel")}
          </Button>
          <Button type="submit" loading={save.isPending}>
            {token === null ? t("tokens.add") : t("tokens.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

export function TokenDialog(props: { opened: boolean; token: Token | null; leave: () => void; saved: (token: Token) => void }) {
  const { t } = useTexts(texts);
  const { t: tc } = useTexts(common);
  return (
    <Modal opened={props.opened} onClose={props.leave} title={props.token === null ? t("tokens.addTitle") : t("tokens.editTitle")} size="lg" closeButtonProps={{ "aria-label": tc("app.close") }}>
      <Form token={props.token} leave={props.leave} saved={props.saved} />
    </Modal>
  );
}
