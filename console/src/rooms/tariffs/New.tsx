/** `/tariffs/new`: a tariff, with what a usual charge would cost by it while it is typed. */
import { ActionIcon, Button, Checkbox, Group, NumberInput, Select, SimpleGrid, Stack, Switch, Text, Textarea, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, Problem, queries, type Schema, take } from "@/api";
import { common, format, useTexts } from "@/i18n";
import { Link, navigate, useFilters } from "@/route";
import { done, PageHeader, Panel, Skeletons, Trouble, visible } from "@/ui";
import classes from "./tariffs.module.css";
import { type Conditions, type Dimension, DIMENSIONS, money, type Tariff, useTariffs, whenOf } from "./tariffs.ts";
import { texts } from "./texts.ts";

type Day = Conditions["days"][number];
type Body = Schema<"TariffIn">;

const ADDRESS = { like: "" };
const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] as const satisfies readonly Day[];
const CURRENCIES = ["EUR", "CHF", "GBP", "USD", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF"];
const MOST_PRICES = 20;
const NO_CONDITIONS: Conditions = { days: [] };
/** A usual charge: what it would cost is shown. */
const USUAL = { kwh: 30, minutes: 60, idle: 15 } as const;

interface Price {
  amount: number | string;
  conditions: Conditions;
}

interface Fields {
  id: string;
  name: string;
  currency: string;
  vat: number | string;
  prices: Readonly<Record<Dimension, readonly Price[]>>;
  least: number | string;
  most: number | string;
  text: string;
  language: string;
  /** Taxes of another kind than one VAT for all: kept as they were. */
  taxes: Schema<"TaxBody-Input">[] | null;
}

const NOTHING: Fields = { id: "", name: "", currency: "EUR", vat: "", prices: { energy: [{ amount: "", conditions: NO_CONDITIONS }], charging_time: [], idle_time: [], fixed: [] }, least: "", most: "", text: "", language: "", taxes: null };

/** As another, for a new version of it. */
function likeOf(tariff: Tariff): Fields {
  const prices = Object.fromEntries(DIMENSIONS.map((each) => [each, (tariff[each]?.prices ?? []).map((price) => ({ amount: Number(price.amount), conditions: price.conditions }))])) as unknown as Fields["prices"];
  const taxes = DIMENSIONS.map((each) => tariff[each]?.taxes).find((each) => each !== undefined) ?? [];
  const simple = taxes.length <= 1 && taxes.every((tax) => tax.kind === "vat" && tax.stack === 0);
  const [text] = tariff.texts;
  return {
    id: "",
    name: tariff.name,
    currency: tariff.currency,
    vat: taxes[0] === undefined ? "" : Number(taxes[0].percent),
    prices,
    least: tariff.min_cost ? Number(tariff.min_cost) : "",
    most: tariff.max_cost ? Number(tariff.max_cost) : "",
    text: text?.text ?? "",
    language: text?.language ?? "",
    taxes: simple ? null : taxes,
  };
}

const told = (value: number | string): boolean => value !== "" && !Number.isNaN(Number(value));

function bodyOf(fields: Fields): Body {
  const taxes = fields.taxes ?? (told(fields.vat) && Number(fields.vat) > 0 ? [{ kind: "vat", percent: String(fields.vat), stack: 0 }] : []);
  const rate = (dimension: Dimension) => {
    const prices = fields.prices[dimension].filter((price) => told(price.amount));
    return prices.length === 0 ? null : { prices: prices.map((price) => ({ amount: String(price.amount), conditions: price.conditions })), taxes };
  };
  return {
    id: fields.id.trim(),
    name: fields.name.trim(),
    currency: fields.currency,
    energy: rate("energy"),
    charging_time: rate("charging_time"),
    idle_time: rate("idle_time"),
    fixed: rate("fixed"),
    min_cost: told(fields.least) ? String(fields.least) : null,
    max_cost: told(fields.most) ? String(fields.most) : null,
    texts: fields.text.trim() === "" ? [] : [{ text: fields.text.trim(), language: fields.language.trim() }],
  };
}

/** What the usual charge costs with the prices that hold otherwise; null where one of them always depends. */
function example(fields: Fields): { lines: readonly { dimension: Dimension; cost: number }[]; tax: number; total: number; bound: "" | "least" | "most" } | null {
  const amounts: Readonly<Record<Dimension, number>> = { energy: USUAL.kwh, charging_time: USUAL.minutes, idle_time: USUAL.idle, fixed: 1 };
  const lines: { dimension: Dimension; cost: number }[] = [];
  for (const dimension of DIMENSIONS) {
    const prices = fields.prices[dimension].filter((price) => told(price.amount));
    if (prices.length === 0) continue;
    const plain = prices.find((price) => isPlain(price.conditions));
    if (plain === undefined) continue;
    lines.push({ dimension, cost: Number(plain.amount) * amounts[dimension] });
  }
  if (lines.length === 0) return null;
  const net = lines.reduce((sum, line) => sum + line.cost, 0);
  const tax = fields.taxes === null && told(fields.vat) ? (net * Number(fields.vat)) / 100 : 0;
  const gross = net + tax;
  if (told(fields.least) && gross < Number(fields.least)) return { lines, tax, total: Number(fields.least), bound: "least" };
  if (told(fields.most) && gross > Number(fields.most)) return { lines, tax, total: Number(fields.most), bound: "most" };
  return { lines, tax, total: gross, bound: "" };
}

function isPlain(conditions: Conditions): boolean {
  const said: Readonly<Record<string, unknown>> = { ...conditions };
  return conditions.days.length === 0 && Object.keys(said).every((name) => name === "days" || said[name] === null || said[name] === undefined);
}

function PriceLine(props: { dimension: Dimension; index: number; price: Price; currency: string; change: (price: Price) => void; remove: () => void }) {
  const { t } = useTexts(texts);
  const { price, change, dimension } = props;
  const { conditions } = price;
  const [dependent, setDependent] = useState(!isPlain(conditions));
  const set = (changes: Partial<Conditions>): void => change({ ...price, conditions: { ...conditions, ...changes } });
  return (
    <div className={classes.price}>
      <div className={classes.priceRow}>
        <NumberInput
          label={`${t(`tariffs.per.${dimension}`)}${props.index === 0 ? "" : ` (${props.index + 1})`}`}
          min={0}
          decimalScale={5}
          decimalSeparator={format.decimalSeparator()}
          suffix={` ${props.currency}`}
          value={price.amount}
          onChange={(amount) => change({ ...price, amount })}
        />
        <Switch
          mb={8}
          label={t("tariffs.depends")}
          checked={dependent}
          onChange={(event) => {
            setDependent(event.currentTarget.checked);
            if (!event.currentTarget.checked) change({ ...price, conditions: NO_CONDITIONS });
          }}
        />
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("tariffs.removePrice", { what: t(`tariffs.per.${dimension}`), n: props.index + 1 })} onClick={props.remove}>
          <IconX size={16} />
        </ActionIcon>
      </div>
      {dependent ? (
        <Stack gap="xs" mt="xs">
          <Checkbox.Group label={t("tariffs.days")} value={conditions.days} onChange={(days) => set({ days: DAYS.filter((day) => days.includes(day)) })}>
            <Group gap="sm" mt={4}>
              {DAYS.map((day) => (
                <Checkbox key={day} size="sm" value={day} label={t(`tariffs.day.${day}`)} />
              ))}
            </Group>
          </Checkbox.Group>
          <SimpleGrid cols={{ base: 2, xs: 4 }}>
            <TextInput type="time" label={t("tariffs.fromTime")} value={conditions.from_time ?? ""} onChange={(event) => set({ from_time: event.currentTarget.value || null })} />
            <TextInput type="time" label={t("tariffs.toTime")} value={conditions.to_time ?? ""} onChange={(event) => set({ to_time: event.currentTarget.value || null })} />
            <NumberInput label={t("tariffs.afterMinutes")} min={0} allowDecimal={false} value={typeof conditions.min_s === "number" ? conditions.min_s / 60 : ""} onChange={(value) => set({ min_s: told(value) ? Number(value) * 60 : null })} />
            <NumberInput label={t("tariffs.untilMinutes")} min={0} allowDecimal={false} value={typeof conditions.max_s === "number" ? conditions.max_s / 60 : ""} onChange={(value) => set({ max_s: told(value) ? Number(value) * 60 : null })} />
          </SimpleGrid>
          {isPlain(conditions) ? null : (
            <Text size="sm" c="dimmed">
              {t("tariffs.holds", { when: whenOf(conditions) })}
            </Text>
          )}
        </Stack>
      ) : null}
    </div>
  );
}

function Form(props: { like: Tariff | null }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const [fields, setFields] = useState<Fields>(() => (props.like === null ? NOTHING : likeOf(props.like)));
  const set = (changes: Partial<Fields>): void => setFields((now) => ({ ...now, ...changes }));
  const setPrices = (dimension: Dimension, prices: readonly Price[]): void => set({ prices: { ...fields.prices, [dimension]: prices } });
  const save = useMutation({
    mutationFn: () => take(api.POST("/api/v1/tariffs", { body: bodyOf(fields) })),
    onSuccess: async (made) => {
      await queries.invalidateQueries({ queryKey: ["tariffs"] });
      done(t("tariffs.isMade", { id: visible(made.id) }));
      navigate(`/tariffs?of=${encodeURIComponent(made.id)}`);
    },
  });
  const reasons = save.error instanceof Problem ? save.error.reasonsByField : new Map<string, string>();
  const wrong = (name: string): { error?: string } => (reasons.has(name) ? { error: reasons.get(name) ?? "" } : {});
  const shown = example(fields);
  return (
    <form
      className={classes.page}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack gap="md" miw={0}>
        <Panel title={t("tariffs.tariff")}>
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            <TextInput label={t("tariffs.id")} description={t("tariffs.idHint")} required maxLength={60} autoComplete="off" spellCheck={false} pattern="[A-Za-z0-9][A-Za-z0-9._:\-]*" value={fields.id} onChange={(event) => set({ id: event.currentTarget.value })} {...wrong("id")} />
            <TextInput label={t("tariffs.name")} description={t("tariffs.nameHint")} maxLength={100} autoComplete="off" value={fields.name} onChange={(event) => set({ name: event.currentTarget.value })} {...wrong("name")} />
            <Select label={t("tariffs.currency")} searchable data={CURRENCIES.includes(fields.currency) ? CURRENCIES : [fields.currency, ...CURRENCIES]} value={fields.currency} onChange={(currency) => set({ currency: currency ?? "EUR" })} />
            {fields.taxes === null ? (
              <NumberInput label={t("tariffs.vat")} min={0} max={100} decimalScale={3} decimalSeparator={format.decimalSeparator()} suffix=" %" value={fields.vat} onChange={(vat) => set({ vat })} />
            ) : (
              <Text size="sm" c="dimmed" mt={{ base: 0, xs: 28 }}>
                {t("tariffs.otherTaxes")}
              </Text>
            )}
          </SimpleGrid>
        </Panel>
        <Panel title={t("tariffs.prices")}>
          <Text size="sm" c="dimmed" mb="sm">
            {t("tariffs.pricesText")}
          </Text>
          <Stack gap="sm">
            {DIMENSIONS.map((dimension) => (
              <div key={dimension}>
                {fields.prices[dimension].map((price, index) => (
                  <PriceLine
                    key={index}
                    dimension={dimension}
                    index={index}
                    price={price}
                    currency={fields.currency}
                    change={(changed) => setPrices(dimension, fields.prices[dimension].map((each, at) => (at === index ? changed : each)))}
                    remove={() => setPrices(dimension, fields.prices[dimension].filter((_, at) => at !== index))}
                  />
                ))}
                <Button
                  variant="subtle"
                  size="compact-sm"
                  leftSection={<IconPlus size={14} />}
                  disabled={fields.prices[dimension].length >= MOST_PRICES}
                  onClick={() => setPrices(dimension, [...fields.prices[dimension], { amount: "", conditions: NO_CONDITIONS }])}
                >
                  {fields.prices[dimension].length === 0 ? t(`tariffs.add.${dimension}`) : t("tariffs.addAnother", { what: t(`tariffs.per.${dimension}`) })}
                </Button>
              </div>
            ))}
          </Stack>
        </Panel>
        <Panel title={t("tariffs.bounds")}>
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            <NumberInput label={t("tariffs.least")} description={t("tariffs.withTax")} min={0} decimalScale={5} decimalSeparator={format.decimalSeparator()} suffix={` ${fields.currency}`} value={fields.least} onChange={(least) => set({ least })} {...wrong("min_cost")} />
            <NumberInput label={t("tariffs.most")} description={t("tariffs.withTax")} min={0} decimalScale={5} decimalSeparator={format.decimalSeparator()} suffix={` ${fields.currency}`} value={fields.most} onChange={(most) => set({ most })} {...wrong("max_cost")} />
          </SimpleGrid>
          <Textarea mt="sm" label={t("tariffs.text")} description={t("tariffs.textHint")} autosize minRows={2} maxLength={1024} value={fields.text} onChange={(event) => set({ text: event.currentTarget.value })} />
          {fields.text === "" ? null : <TextInput mt="sm" label={t("tariffs.language")} placeholder="de" maxLength={8} w={120} value={fields.language} onChange={(event) => set({ language: event.currentTarget.value })} />}
        </Panel>
      </Stack>
      <div className={classes.side}>
        <Panel title={t("tariffs.example")}>
          <Text size="sm" c="dimmed" mb="sm">
            {t("tariffs.exampleText", { kwh: USUAL.kwh, minutes: USUAL.minutes, idle: USUAL.idle })}
          </Text>
          <div aria-live="polite">
            {shown === null ? (
              <Text size="sm" c="dimmed">
                {t("tariffs.exampleNone")}
              </Text>
            ) : (
              <table className={classes.bill}>
                <tbody>
                  {shown.lines.map((line) => (
                    <tr key={line.dimension}>
                      <th scope="row">{t(`tariffs.bill.${line.dimension}`)}</th>
                      <td>{money(line.cost.toFixed(2), fields.currency)}</td>
                    </tr>
                  ))}
                  {shown.tax === 0 ? null : (
                    <tr>
                      <th scope="row">{t("tariffs.vat")}</th>
                      <td>{money(shown.tax.toFixed(2), fields.currency)}</td>
                    </tr>
                  )}
                  <tr className={classes.total}>
                    <th scope="row">{t(shown.bound === "" ? "tariffs.total" : shown.bound === "least" ? "tariffs.atLeast" : "tariffs.atMost")}</th>
                    <td>{money(shown.total.toFixed(2), fields.currency)}</td>
                  </tr>
                </tbody>
              </table>
            )}
          </div>
        </Panel>
        {save.isError ? <Trouble error={save.error} /> : null}
        <Group justify="flex-end">
          <Button component={Link} to="/tariffs" variant="default">
            {words("ui.cancel")}
          </Button>
          <Button type="submit" loading={save.isPending} disabled={fields.id.trim() === ""}>
            {t("tariffs.make")}
          </Button>
        </Group>
      </div>
    </form>
  );
}

export default function NewTariff() {
  const { t } = useTexts(texts);
  const [{ like }] = useFilters<"like">(ADDRESS);
  const all = useTariffs(true);
  const found = like === "" ? null : (all.data?.find((each) => each.id === like) ?? null);
  return (
    <>
      <PageHeader title={t("tariffs.new")} path={[{ title: t("tariffs.title"), to: "/tariffs" }]} detail={t("tariffs.neverChanges")} />
      {like !== "" && all.data === undefined ? all.isError ? <Trouble error={all.error} retry={() => void all.refetch()} /> : <Skeletons rows={6} /> : <Form key={like} like={found} />}
    </>
  );
}
