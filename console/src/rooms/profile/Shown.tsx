/** Language, colours, time zone: kept by the server, so that they are the same in every browser of the reader's. */
import { NativeSelect, SegmentedControl, Select, Stack, Text, useMantineColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { readPreferences, savePreferences } from "@/api";
import { chooseLanguage, chooseZone, format, isLanguage, language, LANGUAGES, useTexts, useZone } from "@/i18n";
import { useNow } from "@/live";
import { Panel } from "@/ui";
import { texts } from "./texts.ts";

const NAMES = { en: "English", de: "Deutsch" } as const;
const BROWSERS = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** How far from UTC, now: "+01:00". */
function offset(zone: string, now: Date): string {
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts(now);
  return parts.find(({ type }) => type === "timeZoneName")?.value.replace("GMT", "") || "+00:00";
}

function useZones(): readonly { value: string; label: string }[] {
  return useMemo(() => {
    const now = new Date();
    // Browsers leave UTC out of their list.
    const names = [...new Set(["UTC", ...Intl.supportedValuesOf("timeZone")])];
    return names.map((name) => ({ value: name, label: `${name.replaceAll("_", " ")} (${offset(name, now)})` }));
  }, []);
}

export function Shown() {
  const { t } = useTexts(texts);
  const zones = useZones();
  const zone = useZone();
  const now = useNow(1000);
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const kept = useQuery({ queryKey: ["session", "preferences"], queryFn: readPreferences });
  const chosen = kept.data?.language ?? language();
  const save = (change: Parameters<typeof savePreferences>[0]): void => void savePreferences(change).then(() => kept.refetch());
  return (
    <Panel title={t("profile.shown")}>
      <Stack>
        <NativeSelect
          label={t("profile.language")}
          value={isLanguage(chosen) ? chosen : ""}
          onChange={(event) => {
            const next = event.currentTarget.value;
            chooseLanguage(isLanguage(next) ? next : (navigator.languages.map((tag) => tag.slice(0, 2)).find(isLanguage) ?? "en"));
            save({ language: next });
          }}
          data={[{ value: "", label: t("profile.languageAuto") }, ...LANGUAGES.map((each) => ({ value: each, label: NAMES[each] }))]}
        />
        <Stack gap={4}>
          <Text size="sm" fw={500} id="profile-colors">
            {t("profile.colors")}
          </Text>
          <SegmentedControl
            aria-labelledby="profile-colors"
            value={colorScheme}
            onChange={(scheme) => {
              setColorScheme(scheme);
              save({ theme: scheme });
            }}
            data={[
              { value: "auto", label: t("profile.auto") },
              { value: "light", label: t("profile.light") },
              { value: "dark", label: t("profile.dark") },
            ]}
          />
        </Stack>
        <Select
          label={t("profile.zone")}
          description={t("profile.zoneNow", { time: format.time(now, "seconds") })}
          inputWrapperOrder={["label", "input", "description"]}
          placeholder={t("profile.zoneAuto", { zone: BROWSERS })}
          data={zones}
          value={zone || null}
          onChange={(name) => {
            chooseZone(name ?? "");
            save({ zone: name ?? "" });
          }}
          searchable
          clearable
          limit={60}
          nothingFoundMessage={t("profile.zoneNone")}
        />
        <Text size="sm" c="dimmed">
          {t("profile.shownKept")}
        </Text>
      </Stack>
    </Panel>
  );
}
