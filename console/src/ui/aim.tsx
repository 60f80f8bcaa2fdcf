/** Whom a template is for: patterns of make, model and firmware, and a site. */
import { Autocomplete, Select, SimpleGrid, Text } from "@mantine/core";
import { useCallback } from "react";
import type { Schema } from "@/api";
import { inLanguages, type Same, useTexts } from "@/i18n";
import { type Fleet, useFleetCalmly } from "@/live";
import { visible } from "./basics.tsx";
import { useSiteNames, useSites } from "./sites.ts";

export type Aim = Schema<"AimBody">;

const en = {
  "aim.vendor": "Vendor",
  "aim.model": "Model",
  "aim.firmware": "Firmware",
  "aim.site": "Site",
  "aim.any": "any",
  "aim.pattern": "* stands for any letters, ? for one. Empty: any.",
  "aim.all": "all stations",
  "aim.at": "at {site}",
  "aim.runs": "with firmware {firmware}",
  "aim.fits": { one: "{n} station now", other: "{n} stations now" },
} as const;

const de: Same<typeof en> = {
  "aim.vendor": "Hersteller",
  "aim.model": "Modell",
  "aim.firmware": "Firmware",
  "aim.site": "Standort",
  "aim.any": "egal",
  "aim.pattern": "* steht für beliebige Zeichen, ? für eines. Leer: egal.",
  "aim.all": "alle Stationen",
  "aim.at": "in {site}",
  "aim.runs": "mit Firmware {firmware}",
  "aim.fits": { one: "jetzt {n} Station", other: "jetzt {n} Stationen" },
};

export const aimTexts = inLanguages({ en, de });

/** Pure. As the server has it: * and ?, in any case; an empty pattern fits all. */
export function isLike(pattern: string, text: string): boolean {
  if (pattern.trim() === "") return true;
  const escaped = pattern.trim().replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*+/g, ".*").replace(/\?/g, ".");
  return new RegExp(`^${escaped}$`, "is").test(text.trim());
}

/** How many stations an aim fits now. */
export function useFits(aim: Aim): number {
  const { vendor, model, firmware, site_id: site } = aim;
  const count = useCallback(
    (fleet: Fleet) => fleet.rows.filter((row) => isLike(vendor, row.vendor) && isLike(model, row.model) && isLike(firmware, row.firmware) && (site === "" || row.site_id === site)).length,
    [vendor, model, firmware, site],
  );
  return useFleetCalmly(count);
}

/** "Kestrel Power Talon*, with firmware 2.*, at Lyon · 12 stations now" */
export function AimText(props: { aim: Aim }) {
  const { t } = useTexts(aimTexts);
  const { aim } = props;
  const sites = useSiteNames();
  const fits = useFits(aim);
  const parts = [
    visible(`${aim.vendor} ${aim.model}`.trim()),
    aim.firmware === "" ? "" : t("aim.runs", { firmware: visible(aim.firmware) }),
    aim.site_id === "" ? "" : t("aim.at", { site: sites.size === 0 ? "…" : visible(sites.get(aim.site_id) ?? aim.site_id) }),
  ].filter(Boolean);
  return (
    <Text span size="sm" c="dimmed">
      {parts.length === 0 ? t("aim.all") : parts.join(", ")} · {t("aim.fits", { n: fits })}
    </Text>
  );
}

const unique = (fleet: Fleet, of: "vendor" | "model" | "firmware"): string => JSON.stringify([...new Set(fleet.rows.map((row) => row[of]))].filter(Boolean).sort());
const vendors = (fleet: Fleet): string => unique(fleet, "vendor");
const models = (fleet: Fleet): string => unique(fleet, "model");
const firmwares = (fleet: Fleet): string => unique(fleet, "firmware");

export function AimFields(props: { aim: Aim; onChange: (aim: Aim) => void }) {
  const { t } = useTexts(aimTexts);
  const { aim, onChange } = props;
  const sites = useSites();
  const known = { vendor: useFleetCalmly(vendors), model: useFleetCalmly(models), firmware: useFleetCalmly(firmwares) };
  const fits = useFits(aim);
  return (
    <div>
      <SimpleGrid cols={{ base: 1, xs: 2 }} verticalSpacing="sm">
        {(["vendor", "model", "firmware"] as const).map((each) => (
          <Autocomplete key={each} label={t(`aim.${each}`)} placeholder={t("aim.any")} maxLength={100} data={JSON.parse(known[each]) as string[]} limit={30} value={aim[each]} onChange={(value) => onChange({ ...aim, [each]: value })} />
        ))}
        <Select label={t("aim.site")} placeholder={t("aim.any")} clearable searchable data={sites.map((site) => ({ value: site.id, label: visible(site.name) }))} value={aim.site_id || null} onChange={(site) => onChange({ ...aim, site_id: site ?? "" })} />
      </SimpleGrid>
      <Text size="sm" c="dimmed" mt="xs" role="status">
        {t("aim.pattern")} · {t("aim.fits", { n: fits })}
      </Text>
    </div>
  );
}
