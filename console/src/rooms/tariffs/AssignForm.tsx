/** Which tariff holds where. */
import { Autocomplete, Button, Group, Modal, Radio, Select, Stack, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { api, queries, take } from "@/api";
import { common, useTexts } from "@/i18n";
import { type Fleet, useFleetCalmly } from "@/live";
import { done, Trouble, useSiteNames, useSites, visible } from "@/ui";
import { type Assignment, gistOf, useTariffs } from "./tariffs.ts";
import { texts } from "./texts.ts";

type Kind = Assignment["kind"];

const KINDS = ["network", "site", "station", "token"] as const satisfies readonly Kind[];

/** "the site Lyon Harbour". */
export function useTargetName(): (of: Pick<Assignment, "kind" | "target">) => string {
  const { t } = useTexts(texts);
  const sites = useSiteNames();
  return useCallback(({ kind, target }) => (kind === "network" ? t("tariffs.kind.network") : t(`tariffs.kind.${kind}`, { name: visible((kind === "site" ? (sites.get(target) ?? target) : target).slice(0, 60)) })), [t, sites]);
}

const idsOf = (fleet: Fleet): string => fleet.rows.map((row) => row.id).join("\n");

function Form(props: { tariff: string; leave: () => void }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const tariffs = useTariffs(false);
  const sites = useSites();
  const stations = useFleetCalmly(idsOf).split("\n").filter(Boolean);
  const nameOf = useTargetName();
  const [tariff, setTariff] = useState<string | null>(props.tariff || null);
  const [kind, setKind] = useState<Kind>("network");
  const [target, setTarget] = useState("");
  const assign = useMutation({
    mutationFn: () => take(api.PUT("/api/v1/tariff-assignments", { body: { kind, target: kind === "network" ? "" : target.trim(), tariff_id: tariff ?? "" } })),
    onSuccess: async (made) => {
      await queries.invalidateQueries({ queryKey: ["tariffs", "assignments"] });
      done(t("tariffs.assigned", { id: visible(made.tariff_id), what: nameOf(made) }));
      props.leave();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        assign.mutate();
      }}
    >
      <Stack>
        <Select label={t("tariffs.tariff")} required searchable data={(tariffs.data ?? []).map((each) => ({ value: each.id, label: visible(`${each.name || each.id} · ${gistOf(each)}`) }))} value={tariff} onChange={setTariff} nothingFoundMessage={t("tariffs.none")} />
        <Radio.Group
          label={t("tariffs.what")}
          value={kind}
          onChange={(value) => {
            setKind(value);
            setTarget("");
          }}
        >
          <Stack gap="xs" mt={4}>
            {KINDS.map((each) => (
              <Radio key={each} value={each} label={t(`tariffs.kindName.${each}`)} description={t(`tariffs.kindAbout.${each}`)} />
            ))}
          </Stack>
        </Radio.Group>
        {kind === "site" ? (
          <Select label={t("tariffs.kindName.site")} required searchable data={sites.map((site) => ({ value: site.id, label: visible(site.name) }))} value={target || null} onChange={(value) => setTarget(value ?? "")} />
        ) : kind === "station" ? (
          <Autocomplete label={t("tariffs.kindName.station")} required maxLength={48} data={stations} limit={20} value={target} onChange={setTarget} />
        ) : kind === "token" ? (
          <TextInput label={t("tariffs.kindName.token")} required maxLength={255} autoComplete="off" spellCheck={false} value={target} onChange={(event) => setTarget(event.currentTarget.value)} />
        ) : null}
        {assign.isError ? <Trouble error={assign.error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={props.leave} disabled={assign.isPending}>
            {words("ui.cancel")}
          </Button>
          <Button type="submit" loading={assign.isPending} disabled={tariff === null || (kind !== "network" && target.trim() === "")}>
            {t("tariffs.assign")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

export function AssignForm(props: { opened: boolean; tariff: string; leave: () => void }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  return (
    <Modal opened={props.opened} onClose={props.leave} title={t("tariffs.assignTitle")} closeButtonProps={{ "aria-label": words("app.close") }}>
      <Form key={props.tariff} tariff={props.tariff} leave={props.leave} />
    </Modal>
  );
}
