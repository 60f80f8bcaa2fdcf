import { Button, Group, Menu, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconBan, IconBolt, IconCheck, IconDots, IconNfc, IconPencil, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Fragment, type ReactNode, useMemo } from "react";
import { api, isMissing, queries, take, useMay } from "@/api";
import { useTexts } from "@/i18n";
import { useLive } from "@/live";
import { Link, navigate, pathOf, useParams } from "@/route";
import { type Column, Copy, Empty, Id, PageHeader, Panel, SafeText, Skeletons, StateBadge, Time, Trouble, useThrottled, VirtualTable, visible } from "@/ui";
import { ChargeDuration, ChargeEnergy, ChargeState, rowKey, RunningCharge, type Transaction } from "@/ui/charge";
import { askRemove, setBlocked } from "./acts.ts";
import { kindText } from "./kinds.ts";
import { type Token, useGroups, useToken } from "./queries.ts";
import { texts } from "./texts.ts";
import { TokenDialog } from "./TokenForm.tsx";
import classes from "./tokens.module.css";

const RECENT = 20;
const OFTEN_MS = 1500;

/** Its charges, the running ones apart; kept current. */
function useCharges(value: string) {
  const may = useMay();
  const readable = may("transactions:read");
  const key = ["transactions", "of-token", value.toUpperCase()] as const;
  const read = (state: "open" | "ended", limit: number) => ({
    queryKey: [...key, state],
    queryFn: ({ signal }: { signal: AbortSignal }) => take(api.GET("/api/v1/transactions", { params: { query: { token: value, state, limit } }, signal })),
    enabled: readable,
  });
  const open = useQuery(read("open", 50));
  const ended = useQuery(read("ended", RECENT));
  const again = useThrottled(() => void queries.invalidateQueries({ queryKey: key }), OFTEN_MS);
  useLive(["transaction.started", "transaction.corrected"], (happenings) => {
    if (happenings.some((each) => each.name !== "transaction.started" || each.data.token.toUpperCase() === value.toUpperCase())) again();
  });
  const running = open.data?.items ?? [];
  useLive(["transaction.ended", "transaction.reviewed"], (happenings) => {
    const known = new Set([...running, ...(ended.data?.items ?? [])].map((each) => each.id));
    if (happenings.some(({ data }) => known.has(data.transaction_id))) again();
  });
  return { readable, open, ended };
}

const whereTo = (row: Transaction): string => pathOf("transactions", row.station_id, row.id);

function Charges(props: { value: string }) {
  const { t } = useTexts(texts);
  const { readable, open, ended } = useCharges(props.value);
  const columns = useMemo(
    (): readonly Column<Transaction>[] => [
      { id: "station", title: t("token.station"), min: 130, keep: true, card: "title", cell: (row) => <Id id={row.station_id} to={whereTo(row)} /> },
      { id: "state", title: t("tokens.standing"), min: 120, keep: true, card: "aside", cell: (row) => <ChargeState of={row} size="sm" /> },
      { id: "started", title: t("token.started"), min: 120, cell: (row) => <Time at={row.started_at} /> },
      { id: "duration", title: t("token.duration"), min: 100, align: "end", cell: (row) => <ChargeDuration of={row} /> },
      { id: "energy", title: t("token.energy"), min: 100, align: "end", keep: true, cell: (row) => <ChargeEnergy of={row} /> },
    ],
    [t],
  );
  if (!readable) return null;
  const running = open.data?.items ?? [];
  return (
    <>
      <Panel title={t("token.now")}>
        {open.isPending ? (
          <Skeletons rows={1} height={90} />
        ) : open.isError ? (
          <Trouble error={open.error} retry={() => void open.refetch()} />
        ) : running.length === 0 ? (
          <Text c="dimmed">{t("token.nowNone")}</Text>
        ) : (
          <Stack gap="sm">
            {running.map((each) => (
              <RunningCharge key={rowKey(each)} of={each} />
            ))}
          </Stack>
        )}
      </Panel>
      <Panel
        title={t("token.recent")}
        beside={
          <Button component={Link} to={`/transactions?token=${encodeURIComponent(props.value)}`} variant="subtle" size="compact-sm">
            {t("token.all")}
          </Button>
        }
      >
        {ended.isError ? (
          <Trouble error={ended.error} retry={() => void ended.refetch()} />
        ) : ended.data?.items.length === 0 ? (
          <Empty icon={IconBolt} title={t("token.recentNone")} text={t("token.recentNoneText")} />
        ) : (
          <VirtualTable
            id="token-transactions"
            label={t("token.recent")}
            rows={ended.data?.items ?? NONE}
            columns={columns}
            rowId={rowKey}
            to={whereTo}
            loading={ended.isPending}
          />
        )}
      </Panel>
    </>
  );
}

const NONE: readonly Transaction[] = [];

function Fact(props: { name: string; children: ReactNode }) {
  return (
    <Fragment>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </Fragment>
  );
}

/** Why it would be answered so, where that is not plain. */
function Why(props: { of: Token }) {
  const { t } = useTexts(texts);
  const { groups } = useGroups();
  const { of } = props;
  const group = groups.find((each) => each.id === of.group);
  const text =
    of.standing === "Blocked"
      ? of.state === "blocked"
        ? t("token.whyBlocked")
        : t("token.whyGroup", { group: visible(group?.name || of.group || "").slice(0, 60) })
      : of.standing === "Expired"
        ? t("token.whyExpired")
        : of.standing === "NotAtThisTime"
          ? t("token.whyEarly")
          : of.allowed !== null && of.running >= of.allowed
            ? t("token.whyBusy", { n: of.allowed })
            : t("token.whyAccepted");
  return (
    <Text size="sm" c="dimmed">
      {text}
    </Text>
  );
}

function Facts(props: { of: Token }) {
  const { t } = useTexts(texts);
  const { groups } = useGroups();
  const { of } = props;
  const group = groups.find((each) => each.id === of.group);
  return (
    <Panel title={t("token.facts")}>
      <dl className={classes.facts}>
        <Fact name={t("tokens.standing")}>
          <StateBadge state={of.standing} size="sm" />
          <Why of={of} />
        </Fact>
        <Fact name={t("tokens.holder")}>{of.holder === "" ? <Text c="dimmed">–</Text> : <SafeText text={of.holder} most={120} />}</Fact>
        <Fact name={t("tokens.group")}>
          {of.group === null || of.group === undefined ? (
            <Text c="dimmed">–</Text>
          ) : (
            <>
              <Id id={of.group} to={`/tokens?group=${encodeURIComponent(of.group)}`} />
              {group === undefined || group.name === "" ? null : (
                <div>
                  <SafeText text={group.name} most={80} />
                </div>
              )}
            </>
          )}
        </Fact>
        <Fact name={t("tokens.kind")}>{kindText(of.kind)}</Fact>
        <Fact name={t("tokens.validFrom")}>{!of.valid_from ? <Text c="dimmed" inherit>{t("tokens.always")}</Text> : <Time at={of.valid_from} style="full" />}</Fact>
        <Fact name={t("tokens.validUntil")}>{!of.valid_until ? <Text c="dimmed" inherit>{t("tokens.forever")}</Text> : <Time at={of.valid_until} style="full" />}</Fact>
        <Fact name={t("tokens.allowedShort")}>{of.allowed === null ? t("tokens.any") : String(of.allowed)}</Fact>
        {of.language === "" ? null : <Fact name={t("tokens.language")}>{of.language}</Fact>}
        {of.note === "" ? null : (
          <Fact name={t("tokens.note")}>
            <SafeText text={of.note} most={400} />
          </Fact>
        )}
      </dl>
    </Panel>
  );
}

function Acts(props: { of: Token }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const [opened, { open, close }] = useDisclosure(false);
  const { of } = props;
  if (!may("tokens:write")) return null;
  const blocked = of.state === "blocked";
  return (
    <>
      <Button variant={blocked ? "filled" : "default"} leftSection={blocked ? <IconCheck size={16} /> : <IconBan size={16} />} onClick={() => void setBlocked(of, !blocked)}>
        {blocked ? t("tokens.unblock") : t("tokens.block")}
      </Button>
      <Button variant="default" leftSection={<IconPencil size={16} />} onClick={open}>
        {t("tokens.edit")}
      </Button>
      <Menu>
        <Menu.Target>
          <Button variant="default" px="xs" aria-label={t("tokens.more", { value: of.value.slice(0, 40) })}>
            <IconDots size={18} />
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconTrash size={16} />} onClick={() => askRemove(of, () => navigate("/tokens"))}>
            {t("tokens.remove")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <TokenDialog opened={opened} token={of} leave={close} saved={close} />
    </>
  );
}

export default function TokenPage() {
  const { t } = useTexts(texts);
  const { value } = useParams<{ value: string }>();
  const { data, error, isError, refetch } = useToken(value);
  const path = [{ title: t("tokens.title"), to: "/tokens" }];
  const isUnknown = data === undefined && isError && isMissing(error);
  return (
    <>
      <PageHeader
        title={visible(data?.value ?? value).slice(0, 120)}
        path={path}
        beside={
          <Group gap="xs">
            <Copy text={data?.value ?? value} what={t("tokens.value")} />
            {data === undefined ? null : <StateBadge state={data.standing} />}
          </Group>
        }
        detail={data === undefined || data.holder === "" ? undefined : <SafeText text={data.holder} most={80} />}
      >
        {data === undefined ? null : <Acts of={data} />}
      </PageHeader>
      {data !== undefined ? (
        <div className={classes.columns} key={value}>
          <Stack gap="md" miw={0}>
            <Charges value={data.value} />
          </Stack>
          <Facts of={data} />
        </div>
      ) : isUnknown ? (
        <Stack gap="md">
          <Empty icon={IconNfc} title={t("token.unknown")} text={t("token.unknownText")} />
          <Charges value={value} />
        </Stack>
      ) : isError ? (
        <Trouble error={error} retry={() => void refetch()} />
      ) : (
        <Skeletons rows={4} height={90} />
      )}
    </>
  );
}
