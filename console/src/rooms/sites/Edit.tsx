import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, queries, type Schema, take } from "@/api";
import { useTexts } from "@/i18n";
import type { Site } from "@/live";
import { navigate, pathOf, useParams } from "@/route";
import { done, doneWithUndo, failed, PageHeader, Skeletons, Trouble, visible } from "@/ui";
import { SiteForm, type Values } from "./Form.tsx";
import { texts } from "./texts.ts";
import { useSite } from "./useSite.ts";

const FIELDS = ["name", "address", "city", "country", "latitude", "longitude", "timezone", "power_limit_w"] as const;

function valuesOf(site: Site): Values {
  return Object.fromEntries(FIELDS.map((field) => [field, site[field]])) as unknown as Values;
}

/** What is to be sent to make `to` of `from`: nothing that somebody else may have changed meanwhile. */
function changes(from: Values, to: Values): Schema<"SiteChangeIn"> {
  return Object.fromEntries(FIELDS.filter((field) => from[field] !== to[field]).map((field) => [field, to[field]]));
}

function put(id: string, body: Schema<"SiteChangeIn">) {
  return take(api.PATCH("/api/v1/sites/{site_id}", { params: { path: { site_id: id } }, body }));
}

function Loaded(props: { site: Site }) {
  const { t } = useTexts(texts);
  // As it was when it was opened: what others change meanwhile is not put back.
  const [site] = useState(props.site);
  const place = pathOf("sites", site.id);
  const save = useMutation({
    mutationFn: async (values: Values) => {
      const before = valuesOf(site);
      const change = changes(before, values);
      if (Object.keys(change).length > 0) await put(site.id, change);
      return { before, values, change };
    },
    onSuccess: ({ before, values, change }) => {
      void queries.invalidateQueries({ queryKey: ["sites"] });
      navigate(place);
      if (Object.keys(change).length === 0) {
        done(t("sites.noChange"));
        return;
      }
      doneWithUndo(t("sites.saved", { name: visible(values.name) }), () => {
        void put(site.id, changes(values, before))
          .then(() => {
            done(t("sites.undone", { name: visible(before.name) }));
            return queries.invalidateQueries({ queryKey: ["sites"] });
          })
          .catch(failed);
      });
    },
  });
  return <SiteForm id={site.id} values={valuesOf(site)} action={t("sites.save")} back={place} error={save.error} saving={save.isPending} save={(values) => save.mutate(values)} />;
}

export default function EditSite() {
  const { t } = useTexts(texts);
  const { id } = useParams<{ id: string }>();
  const found = useSite(id);
  const name = visible(found.data?.name ?? "");
  return (
    <>
      <PageHeader
        title={t("sites.editTitle", { name })}
        path={[
          { title: t("sites.title"), to: "/sites" },
          ...(found.data === undefined ? [] : [{ title: name, to: pathOf("sites", id) }]),
        ]}
      />
      {found.data !== undefined && !found.isPlaceholderData ? <Loaded site={found.data} /> : found.isError ? <Trouble error={found.error} retry={() => void found.refetch()} /> : <Skeletons rows={6} height={56} />}
    </>
  );
}
