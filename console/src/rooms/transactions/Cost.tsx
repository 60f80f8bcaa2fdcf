/** What a charge costs, so far or in the end; what the station reckoned itself; what became of payments at the station. */
import { Anchor, Text } from "@mantine/core";
import { IconCheck, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { api, queries, type Schema, take } from "@/api";
import { format, useTexts } from "@/i18n";
import { useLive } from "@/live";
import { Link } from "@/route";
import { Id, JsonView, Panel, SafeText, Time, useThrottled } from "@/ui";
import type { Transaction } from "@/ui/charge";
import { Facts } from "@/ui/Facts.tsx";
import { Tag, type TagLook } from "@/ui/Tag.tsx";
import { wordOfStage } from "@/ui/words/words.ts";
import classes from "./detail.module.css";
import { texts } from "./texts.ts";

type Cost = Schema<"CostOut">;
type Settlement = Schema<"SettlementOut">;

const PACE_MS = 5000;

/** undefined: not read yet; null: no tariff applies, and the station reckoned nothing. By the list: none is no error. */
function useCost(of: Transaction): Cost | null | undefined {
  const { station_id, id } = of;
  const queryKey = ["costs", station_id, id];
  const again = useThrottled(() => void queries.invalidateQueries({ queryKey }), PACE_MS);
  useLive(["transaction.updated", "transaction.corrected", "cost.settled"], (happenings) => {
    if (happenings.some(({ data }) => data.station_id === station_id && data.transaction_id === id)) again();
  });
  return useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      const [known] = (await take(api.GET("/api/v1/costs", { params: { query: { station_id, transaction_id: id, limit: 1 } }, signal }))).items;
      if (known === undefined) return null;
      if (known.final) return known;
      return take(api.GET("/api/v1/transactions/{station_id}/{transaction_id}/cost", { params: { path: { station_id, transaction_id: id } }, signal }));
    },
  }).data;
}

function useSettlements(of: Transaction): readonly Settlement[] {
  const { station_id, id } = of;
  const queryKey = ["settlements", station_id, id];
  useLive(["payment.told"], (happenings) => {
    if (happenings.some(({ data }) => data.station_id === station_id && data.transaction_id === id)) void queries.invalidateQueries({ queryKey });
  });
  const found = useQuery({
    queryKey,
    queryFn: ({ signal }) => take(api.GET("/api/v1/settlements", { params: { query: { station_id, transaction_id: id, limit: 20 } }, signal })),
  });
  return found.data?.items ?? [];
}

function quantityOf(amount: Cost["amounts"][number]): string {
  if (amount.dimension === "energy") return format.energy(amount.quantity);
  return amount.dimension === "fixed" ? "" : format.duration(amount.quantity);
}

/** Its own lines: what was used of what, taxes, and the sum. */
function Bill(props: { cost: Cost }) {
  const { t } = useTexts(texts);
  const { cost } = props;
  const money = (text: string): string => format.money(Number(text), cost.currency);
  return (
    <table className={classes.bill}>
      <tbody>
        {cost.amounts.map((each, index) => (
          <tr key={index}>
            <th scope="row">
              {t(`cost.of.${each.dimension}`)}
              <small>{quantityOf(each)}</small>
            </th>
            <td>{money(each.without_tax)}</td>
          </tr>
        ))}
        {cost.taxes.map((each, index) => (
          <tr key={`tax${index}`}>
            <th scope="row">
              <SafeText text={each.kind === "vat" ? t("cost.vat") : each.kind} most={20} />
              <small>{format.percent(Number(each.percent) / 100, 3)}</small>
            </th>
            <td>{money(each.amount)}</td>
          </tr>
        ))}
        {cost.bound === "" ? null : (
          <tr>
            <th scope="row" colSpan={2}>
              <small>{t(cost.bound === "min" ? "cost.least" : "cost.most")}</small>
            </th>
          </tr>
        )}
        {cost.with_tax === null ? null : (
          <tr data-sum>
            <th scope="row">{t(cost.final ? "cost.final" : "cost.soFar")}</th>
            <td>{money(cost.with_tax)}</td>
          </tr>
        )}
      </tbody>
    </table>
  );
}

function detailsOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const SETTLED: TagLook = { tone: "free", icon: IconCheck };
const NOT: TagLook = { tone: "bad", icon: IconX };

function Payment(props: { of: Settlement; currency: string }) {
  const { t } = useTexts(texts);
  const { of } = props;
  const company = of.company === null ? "" : [of.company.name, of.company.address1, of.company.address2, `${of.company.postal_code} ${of.company.city}`.trim(), of.company.country].filter(Boolean).join(", ");
  return (
    <li>
      <div className={classes.payment}>
        <Tag look={of.status === "Settled" ? SETTLED : NOT}>{wordOfStage(of.status)}</Tag>
        <strong>{format.money(Number(of.amount), props.currency)}</strong>
        <Text span size="sm" c="dimmed">
          <Time at={of.at} style="short" />
        </Text>
      </div>
      <Facts
        rows={[
          [t("cost.reference"), of.psp_ref === "" ? null : <Id key="reference" id={of.psp_ref} copy />],
          [t("cost.receipt"), of.receipt_id === "" ? null : <SafeText key="receipt" text={of.receipt_id} most={60} mono />],
          // Where it leads is the station's word: shown, never followed.
          [t("cost.receiptAt"), of.receipt_url === "" ? null : <SafeText key="url" text={of.receipt_url} most={80} mono />],
          [t("cost.why"), of.info === "" ? null : <SafeText key="info" text={of.info} most={200} />],
          [t("cost.company"), company === "" ? null : <SafeText key="company" text={company} most={160} />],
          [t("cost.vatNumber"), of.vat_number === "" ? null : <SafeText key="vat" text={of.vat_number} most={40} mono />],
        ]}
      />
    </li>
  );
}

export function CostPanel(props: { of: Transaction }) {
  const { t } = useTexts(texts);
  const { of } = props;
  const cost = useCost(of);
  const payments = useSettlements(of);
  const known = cost ?? null;
  const own = known?.station ?? null;
  const currency = known?.currency || own?.currency || "";
  if (known === null && payments.length === 0) return null;
  return (
    <Panel title={t("cost.title")}>
      {known === null ? null : (
        <>
          {known.tariff_id === "" ? null : <Bill cost={known} />}
          <Facts
            rows={[
              [
                t("cost.tariff"),
                known.tariff_id === "" ? null : (
                  <Anchor key="tariff" component={Link} size="sm" to={`/tariffs?of=${encodeURIComponent(known.tariff_id)}`}>
                    <SafeText text={known.tariff_id} most={60} />
                  </Anchor>
                ),
              ],
              [t("cost.reckoned"), known.final || known.reckoned_at === null ? null : <Time key="reckoned" at={known.reckoned_at} style="seconds" />],
              [
                t("cost.told"),
                known.told === null ? null : (
                  <span key="told">
                    {format.money(Number(known.told), known.currency)}
                    {known.told_at === null ? null : <> · <Time at={known.told_at} style="seconds" /></>}
                  </span>
                ),
              ],
              [t("cost.own"), own === null ? null : <strong key="own">{own.total === null ? t("cost.ownUnknown") : format.money(Number(own.total), own.currency)}</strong>],
            ]}
          />
          {own === null ? null : (
            <details className={classes.more}>
              <summary>{t("cost.ownDetails")}</summary>
              <JsonView value={detailsOf(own.details)} what={t("cost.ownDetails")} search={false} />
            </details>
          )}
        </>
      )}
      {payments.length === 0 ? null : (
        <section aria-label={t("cost.payments")}>
          <h3 className={classes.payments}>{t("cost.payments")}</h3>
          <ul className={classes.paymentList}>
            {payments.map((each) => (
              <Payment key={each.number} of={each} currency={currency} />
            ))}
          </ul>
        </section>
      )}
    </Panel>
  );
}
