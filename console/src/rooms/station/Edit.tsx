/** What we say of the station, and what it must bring to be let in. */
import { Button, Drawer, Group, MultiSelect, NativeSelect, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, Problem, queries, type Schema, take, useMay } from "@/api";
import { common, useTexts } from "@/i18n";
import { done, Trouble, visible } from "@/ui";
import { type Detail, keys, useSites } from "./data.ts";
import { texts } from "./texts.ts";

type Change = Schema<"StationChangeIn">;
const PROFILES = [0, 1, 2, 3] as const;

export default function Edit(props: { detail: Detail; close: () => void }) {
  const { t } = useTexts(texts);
  const { t: tc } = useTexts(common);
  const may = useMay();
  const { detail } = props;
  const sites = useSites();
  const [name, setName] = useState(detail.name);
  const [site, setSite] = useState(detail.site_id);
  const [notes, setNotes] = useState(detail.notes);
  const [profile, setProfile] = useState(String(detail.security_profile));
  const [policy, setPolicy] = useState(detail.policy);
  const [protocols, setProtocols] = useState(detail.protocols);
  const change: Change = {
    ...(name === detail.name ? {} : { name }),
    ...(site === detail.site_id ? {} : { site_id: site }),
    ...(notes === detail.notes ? {} : { notes }),
    ...(Number(profile) === detail.security_profile ? {} : { security_profile: Number(profile) as NonNullable<Change["security_profile"]> }),
    ...(policy === detail.policy ? {} : { policy }),
    ...(protocols.join() === detail.protocols.join() ? {} : { protocols: protocols as NonNullable<Change["protocols"]> }),
  };
  const keep = useMutation({
    mutationFn: () => take(api.PATCH("/api/v1/stations/{station_id}", { params: { path: { station_id: detail.id } }, body: change })),
    onSuccess: (answer) => {
      queries.setQueryData(keys.detail(detail.id), answer);
      done(t("station.edit.done"));
      props.close();
    },
  });
  const reasons = keep.error instanceof Problem ? keep.error.reasonsByField : new Map<string, string>();
  return (
    <Drawer opened onClose={props.close} position="right" size="md" title={t("station.edit.title", { id: detail.id })} closeButtonProps={{ "aria-label": tc("app.close") }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          keep.mutate();
        }}
      >
        <Stack>
          {keep.isError ? <Trouble error={keep.error} /> : null}
          <TextInput label={t("station.edit.name")} description={t("station.edit.nameHelp")} maxLength={100} value={name} error={reasons.get("name")} onChange={(event) => setName(event.currentTarget.value)} data-autofocus />
          {may("sites:read") ? (
            <Select
              label={t("station.edit.site")}
              placeholder={t("station.edit.noSite")}
              searchable
              clearable
              clearButtonProps={{ "aria-label": tc("ui.clear") }}
              value={site}
              onChange={setSite}
              data={(sites.data?.items ?? []).map((each) => ({ value: each.id, label: visible(each.name) }))}
              error={reasons.get("site_id")}
            />
          ) : null}
          <Textarea label={t("station.edit.notes")} autosize minRows={2} maxRows={10} maxLength={5000} value={notes} error={reasons.get("notes")} onChange={(event) => setNotes(event.currentTarget.value)} />
          <NativeSelect
            label={t("station.edit.profile")}
            description={t("station.edit.profileHelp", { n: detail.profile_reached })}
            value={profile}
            error={reasons.get("security_profile")}
            onChange={(event) => setProfile(event.currentTarget.value)}
            data={PROFILES.map((each) => ({ value: String(each), label: t(`station.profile.${each}`) }))}
          />
          <NativeSelect
            label={t("station.edit.policy")}
            description={t("station.edit.policyHelp")}
            value={policy}
            onChange={(event) => setPolicy(event.currentTarget.value as Detail["policy"])}
            data={(["Accepted", "Pending", "Rejected"] as const).map((value) => ({ value, label: t(`station.policy.${value}`) }))}
          />
          <MultiSelect
            label={t("station.edit.protocols")}
            description={t("station.edit.protocolsHelp")}
            value={protocols}
            onChange={setProtocols}
            data={[
              { value: "ocpp1.6", label: "OCPP 1.6" },
              { value: "ocpp2.0.1", label: "OCPP 2.0.1" },
              { value: "ocpp2.1", label: "OCPP 2.1" },
            ]}
            clearable
            clearButtonProps={{ "aria-label": tc("ui.clear") }}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={props.close}>
              {tc("ui.cancel")}
            </Button>
            <Button type="submit" loading={keep.isPending} disabled={Object.keys(change).length === 0}>
              {t("station.edit.keep")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Drawer>
  );
}
