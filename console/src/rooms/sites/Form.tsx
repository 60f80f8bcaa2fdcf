/** What is to be said of a site: the same fields for a new one and for a change. */
import { Button, Group, NumberInput, Select, Skeleton, Stack, Text, TextInput } from "@mantine/core";
import { IconMapPinOff } from "@tabler/icons-react";
import { type ClipboardEvent, lazy, type ReactNode, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { Problem, type Schema } from "@/api";
import { common, useTexts } from "@/i18n";
import { useSites } from "@/live";
import { Link, pathOf } from "@/route";
import { Panel, Trouble } from "@/ui";
import type { Place } from "@/ui/Map.tsx";
import { countries, zones } from "./places.ts";
import classes from "./sites.module.css";
import { texts } from "./texts.ts";

const PickMap = lazy(() => import("@/ui/Map.tsx"));

export type Values = Required<Schema<"SiteIn">>;

/** As they are typed; a number that is not there is "". */
type Draft = Omit<Values, "latitude" | "longitude" | "power_limit_w"> & { latitude: number | ""; longitude: number | ""; limit_kw: number | "" };

const DIGITS = 6;
/** 59.911, 10.757 · 59,911; 10,757 · 59.911 10.757 */
const PAIR = /^\s*(-?\d{1,2}(?:[.,]\d+)?)\s*[,;\s]\s*(-?\d{1,3}(?:[.,]\d+)?)\s*$/;

export function pairIn(text: string): { latitude: number; longitude: number } | null {
  const found = PAIR.exec(text);
  if (found === null) return null;
  const [latitude, longitude] = found.slice(1).map((each) => Number(each.replace(",", ".")));
  if (latitude === undefined || longitude === undefined || Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return null;
  return { latitude, longitude };
}

export function hereZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

function draftOf(values: Values): Draft {
  const { latitude, longitude, power_limit_w, ...rest } = values;
  return { ...rest, latitude: latitude ?? "", longitude: longitude ?? "", limit_kw: power_limit_w === null ? "" : power_limit_w / 1000 };
}

function valuesOf(draft: Draft): Values {
  const { latitude, longitude, limit_kw, ...rest } = draft;
  return {
    ...rest,
    name: rest.name.trim(),
    address: rest.address.trim(),
    city: rest.city.trim(),
    latitude: latitude === "" ? null : latitude,
    longitude: longitude === "" ? null : longitude,
    power_limit_w: limit_kw === "" ? null : Math.round(limit_kw * 1000),
  };
}

const numberOf = (value: number | string): number | "" => (typeof value === "number" && Number.isFinite(value) ? value : "");

/** id: of the site that is changed; null for a new one. back: where cancelling leads. */
export function SiteForm(props: {
  id: string | null;
  values: Values;
  action: string;
  back: string;
  error: unknown;
  saving: boolean;
  save: (values: Values) => void;
}): ReactNode {
  const { t, language } = useTexts(texts);
  const { t: word } = useTexts(common);
  const [draft, setDraft] = useState(() => draftOf(props.values));
  const [tries, setTries] = useState(0);
  const form = useRef<HTMLFormElement>(null);
  // Who sends it with a slip is led to the slip.
  useEffect(() => {
    if (tries > 0) form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [tries]);
  const sites = useSites().data;
  const set = (change: Partial<Draft>): void => setDraft((before) => ({ ...before, ...change }));
  const isChanged = JSON.stringify(valuesOf(draft)) !== JSON.stringify(valuesOf(draftOf(props.values)));
  const leaving = isChanged && !props.saving;
  useEffect(() => {
    if (!leaving) return undefined;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [leaving]);
  const reasons = props.error instanceof Problem ? props.error.reasonsByField : new Map<string, string>();
  const lacks = {
    name: tries > 0 && draft.name.trim() === "" ? t("sites.needsName") : null,
    position: tries > 0 && (draft.latitude === "") !== (draft.longitude === "") ? t("sites.both") : null,
  };
  const error = (field: string): string | null => reasons.get(field) ?? null;
  const paste = (event: ClipboardEvent): void => {
    const pair = pairIn(event.clipboardData.getData("text"));
    if (pair === null) return;
    event.preventDefault();
    set(pair);
  };
  const nations = useMemo(() => [...countries(language)], [language]);
  const times = useMemo(() => [...zones(props.values.timezone)], [props.values.timezone]);
  const others = useMemo(
    () =>
      (sites ?? []).flatMap((site): Place[] =>
        site.latitude === null || site.longitude === null || site.id === props.id
          ? []
          : [{ id: site.id, name: site.name, latitude: site.latitude, longitude: site.longitude, counts: {}, to: pathOf("sites", site.id) }],
      ),
    [sites, props.id],
  );
  const pin = draft.latitude === "" || draft.longitude === "" ? undefined : { latitude: draft.latitude, longitude: draft.longitude };
  return (
    <form
      ref={form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setTries(tries + 1);
        if (draft.name.trim() === "" || (draft.latitude === "") !== (draft.longitude === "")) return;
        props.save(valuesOf(draft));
      }}
    >
      <div className={classes.form}>
        <Panel>
          <Stack>
            <TextInput
              label={t("sites.fieldName")}
              description={t("sites.fieldNameHint")}
              required
              maxLength={100}
              data-autofocus={props.id === null || undefined}
              value={draft.name}
              error={lacks.name ?? error("name")}
              onChange={(event) => set({ name: event.currentTarget.value })}
            />
            <TextInput label={t("sites.fieldAddress")} maxLength={200} autoComplete="off" value={draft.address} error={error("address")} onChange={(event) => set({ address: event.currentTarget.value })} />
            <div className={classes.pair}>
              <TextInput label={t("sites.fieldCity")} maxLength={100} autoComplete="off" value={draft.city} error={error("city")} onChange={(event) => set({ city: event.currentTarget.value })} />
              <Select label={t("sites.fieldCountry")} data={nations} searchable clearable clearButtonProps={{ "aria-label": `${word("ui.clear")}: ${t("sites.fieldCountry")}` }} value={draft.country || null} error={error("country")} onChange={(country) => set({ country: country ?? "" })} />
            </div>
            <Select
              label={t("sites.fieldZone")}
              description={t("sites.fieldZoneHint")}
              data={times}
              searchable
              limit={60}
              value={draft.timezone}
              error={error("timezone")}
              onChange={(timezone) => set({ timezone: timezone ?? "UTC" })}
            />
            <NumberInput
              label={t("sites.fieldLimit")}
              description={t("sites.fieldLimitHint")}
              suffix=" kW"
              min={0}
              max={1_000_000}
              decimalScale={3}
              thousandSeparator={language === "de" ? "." : ","}
              decimalSeparator={language === "de" ? "," : "."}
              hideControls
              value={draft.limit_kw}
              error={error("power_limit_w")}
              onChange={(value) => set({ limit_kw: numberOf(value) })}
            />
            <div className={classes.pair}>
              <NumberInput label={t("sites.fieldLatitude")} min={-90} max={90} decimalScale={DIGITS} hideControls value={draft.latitude} error={lacks.position ?? error("latitude")} onPaste={paste} onChange={(value) => set({ latitude: numberOf(value) })} />
              <NumberInput label={t("sites.fieldLongitude")} min={-180} max={180} decimalScale={DIGITS} hideControls value={draft.longitude} error={lacks.position === null ? error("longitude") : true} onPaste={paste} onChange={(value) => set({ longitude: numberOf(value) })} />
            </div>
            <Text size="sm" c="dimmed">
              {t("sites.positionHint")}
            </Text>
            {pin === undefined ? null : (
              <Group>
                <Button variant="subtle" color="gray" size="xs" leftSection={<IconMapPinOff size={16} />} onClick={() => set({ latitude: "", longitude: "" })}>
                  {t("sites.clearPosition")}
                </Button>
              </Group>
            )}
          </Stack>
        </Panel>
        <Suspense fallback={<Skeleton height={420} />}>
          <PickMap
            whole
            label={t("sites.mapPick")}
            places={others}
            {...(pin === undefined ? {} : { pin })}
            height="max(22rem, min(70dvh, 44rem))"
            onPick={({ latitude, longitude }) => set({ latitude: Number(latitude.toFixed(DIGITS)), longitude: Number(longitude.toFixed(DIGITS)) })}
          />
        </Suspense>
        {/* Where whoever sent it looks. */}
        <Stack gap="sm">
          {props.error !== null && props.error !== undefined && reasons.size === 0 ? <Trouble error={props.error} /> : null}
          <Group gap="xs">
            <Button type="submit" loading={props.saving}>
              {props.action}
            </Button>
            <Button component={Link} to={props.back} variant="default">
              {word("ui.cancel")}
            </Button>
          </Group>
        </Stack>
      </div>
    </form>
  );
}
