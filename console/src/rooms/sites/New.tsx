import { useMutation } from "@tanstack/react-query";
import { api, queries, take } from "@/api";
import { useTexts } from "@/i18n";
import { navigate, pathOf } from "@/route";
import { done, PageHeader, visible } from "@/ui";
import { hereZone, SiteForm, type Values } from "./Form.tsx";
import { texts } from "./texts.ts";

const BLANK: Values = { name: "", address: "", city: "", country: "", latitude: null, longitude: null, timezone: hereZone(), power_limit_w: null };

export default function NewSite() {
  const { t } = useTexts(texts);
  const add = useMutation({
    mutationFn: (values: Values) => take(api.POST("/api/v1/sites", { body: values })),
    onSuccess: (site) => {
      void queries.invalidateQueries({ queryKey: ["sites"] });
      done(t("sites.added", { name: visible(site.name) }));
      navigate(pathOf("sites", site.id));
    },
  });
  return (
    <>
      <PageHeader title={t("sites.new")} path={[{ title: t("sites.title"), to: "/sites" }]} />
      <SiteForm id={null} values={BLANK} action={t("sites.create")} back="/sites" error={add.error} saving={add.isPending} save={(values) => add.mutate(values)} />
    </>
  );
}
