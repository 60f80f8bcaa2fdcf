import { Button, SimpleGrid, Stack } from "@mantine/core";
import { IconBolt } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { api, isMissing, queries, take } from "@/api";
import { useTexts } from "@/i18n";
import { useLive } from "@/live";
import { Link, useParams } from "@/route";
import { Empty, Figure, Id, PageHeader, Power, Skeletons, Trouble, visible } from "@/ui";
import { ChargeDuration, ChargeEnergy, ChargePower, ChargeSoc, ChargeState, StopButton, type Transaction, UnlockButton } from "@/ui/charge";
import { CostPanel } from "./Cost.tsx";
import { Facts } from "./Facts.tsx";
import { Messages } from "./Messages.tsx";
import { Oddities } from "./Oddities.tsx";
import { Plot } from "./Plot.tsx";
import { texts } from "./texts.ts";
import { Timeline } from "./Timeline.tsx";
import { texts as charge } from "@/ui/charge/texts.ts";
import classes from "./detail.module.css";

function useTransaction(station: string, id: string) {
  const queryKey = ["transactions", station, id] as const;
  const found = useQuery({
    queryKey: [...queryKey, "itself"],
    queryFn: ({ signal }) =>
      take(api.GET("/api/v1/transactions/{station_id}/{transaction_id}", { params: { path: { station_id: station, transaction_id: id } }, signal })),
  });
  useLive(["transaction.started", "transaction.ended", "transaction.corrected", "transaction.reviewed"], (happenings) => {
    if (happenings.some(({ data }) => data.station_id === station && data.transaction_id === id)) void queries.invalidateQueries({ queryKey });
  });
  return found;
}

/** Of one that is over, W; null where no meter said anything. */
function meanOf(of: Transaction): number | null {
  const hours = (Date.parse(of.ended_at ?? "") - Date.parse(of.started_at)) / 3_600_000;
  return of.energy_wh === null || !(hours > 0) ? null : of.energy_wh / hours;
}

function Numbers(props: { of: Transaction }) {
  const { t } = useTexts(charge);
  const { of } = props;
  return (
    <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm" mb="md">
      {of.ended_at === null ? <Figure name={t("charge.power")} value={<ChargePower of={of} />} /> : <Figure name={t("charge.meanPower")} value={<Power w={meanOf(of)} />} />}
      <Figure name={t("charge.energy")} value={<ChargeEnergy of={of} />} />
      <Figure name={t("charge.soc")} value={<ChargeSoc of={of} />} />
      <Figure name={t("charge.duration")} value={<ChargeDuration of={of} />} />
    </SimpleGrid>
  );
}

function Whole(props: { of: Transaction }) {
  const { t } = useTexts(texts);
  const { of } = props;
  const station = visible(of.station_id);
  const isOpen = of.ended_at === null;
  return (
    <div className={classes.whole}>
      <PageHeader
        title={of.evse === 0 ? t("transaction.title", { station }) : t("transaction.titleEvse", { station, evse: of.evse })}
        path={[{ title: t("transactions.title"), to: "/transactions" }]}
        beside={<ChargeState of={of} />}
        detail={<Id id={of.id} copy />}
      >
        <div className={classes.acts}>
          <StopButton of={of} size="md" />
          {isOpen ? <UnlockButton of={of} size="md" /> : null}
        </div>
      </PageHeader>
      <Numbers of={of} />
      <Oddities of={of} />
      <div className={classes.columns}>
        <div className={classes.plot}>
          <Plot of={of} />
        </div>
        <Stack gap="md" className={classes.side ?? ""}>
          <Facts of={of} />
          <CostPanel of={of} />
          <Timeline of={of} />
        </Stack>
        <div className={classes.messages}>
          <Messages of={of} />
        </div>
      </div>
    </div>
  );
}

export default function TransactionPage() {
  const { t } = useTexts(texts);
  const { station, id } = useParams<{ station: string; id: string }>();
  const { data, error, isError, refetch } = useTransaction(station, id);
  if (data !== undefined) return <Whole key={`${station}\n${id}`} of={data} />;
  if (isError && isMissing(error)) {
    return (
      <>
        <PageHeader title={t("transaction.missing")} path={[{ title: t("transactions.title"), to: "/transactions" }]} />
        <Empty icon={IconBolt} title={t("transaction.missing")} text={t("transaction.missingText", { station: visible(station) })}>
          <Button component={Link} to="/transactions" variant="default">
            {t("transaction.back")}
          </Button>
        </Empty>
      </>
    );
  }
  return (
    <>
      <PageHeader title={t("transaction.title", { station: visible(station) })} path={[{ title: t("transactions.title"), to: "/transactions" }]} />
      {isError ? <Trouble error={error} retry={() => void refetch()} /> : <Skeletons rows={6} height={90} />}
    </>
  );
}
