/** A site by its name; one that is not there yet is made when it is needed. */
import { Autocomplete } from "@mantine/core";
import { useMemo } from "react";
import { api, queries, take, useMay } from "@/api";
import { useTexts } from "@/i18n";
import { type Site, useSites } from "@/ui";
import { texts } from "./texts.ts";

function named(sites: readonly Site[], name: string): Site | undefined {
  const wanted = name.trim().toLowerCase();
  return sites.find((site) => site.name.toLowerCase() === wanted);
}

/** The id of the site of this name, which is made where there is none; null for no name. */
export async function siteIdOf(sites: readonly Site[], name: string): Promise<string | null> {
  if (name.trim() === "") return null;
  const known = named(sites, name);
  if (known !== undefined) return known.id;
  const made = await take(api.POST("/api/v1/sites", { body: { name: name.trim(), address: "", city: "", country: "", timezone: Intl.DateTimeFormat().resolvedOptions().timeZone } }));
  void queries.invalidateQueries({ queryKey: ["sites"] });
  return made.id;
}

export function SiteField(props: { value: string; onChange: (name: string) => void }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const sites = useSites();
  const names = useMemo(() => [...new Set(sites.map((site) => site.name))].sort((a, b) => a.localeCompare(b)), [sites]);
  const { value } = props;
  const isNew = value.trim() !== "" && named(sites, value) === undefined;
  const mayMake = may("sites:write");
  return (
    <Autocomplete
      label={t("new.site")}
      description={isNew && mayMake ? t("new.siteNew", { name: value.trim() }) : t("new.siteHint")}
      inputWrapperOrder={["label", "input", "description", "error"]}
      error={isNew && !mayMake ? t("new.siteUnknown") : null}
      data={names}
      limit={50}
      maxLength={100}
      value={value}
      onChange={props.onChange}
    />
  );
}
