/** Certificates that were issued to stations, and how long each holds. */
import { ActionIcon, Button, Menu, Stack, Text } from "@mantine/core";
import { IconBan, IconCertificate, IconDots, IconFilterOff, IconRotateClockwise } from "@tabler/icons-react";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, queries, type Schema, take, useMay } from "@/api";
import { common, format, speak, useTexts } from "@/i18n";
import { useLive, useNow } from "@/live";
import { pathOf, useFilters } from "@/route";
import { type Column, confirm, done, Empty, failed, Figure, FilterBar, Id, SafeText, sayProblem, Time, Trouble, useThrottled, visible, VirtualTable } from "@/ui";
import { certificateTexts, StandingTag } from "@/ui/certificates";
import { StationFilter } from "@/ui/StationFilter.tsx";
import classes from "./certificates.module.css";
import { texts } from "./texts.ts";

type Certificate = Schema<"CertificateOut">;

const ADDRESS = { station: "", within: "" };
const WITHIN = ["7", "30", "90"] as const;
const PAGE = 100;
const DAY_MS = 86_400_000;
const rowId = (row: Certificate): string => row.fingerprint;
const again = (): void => void queries.invalidateQueries({ queryKey: ["certificates", "issued"] });

function query(within: number | null, station: string, after: string | undefined, limit: number) {
  return { limit, ...(station === "" ? {} : { station_id: station }), ...(within === null ? {} : { expires_within_days: within }), ...(after === undefined ? {} : { after }) };
}

async function renew(row: Certificate): Promise<void> {
  const { t } = speak(texts);
  const answer = await take(api.POST("/api/v1/stations/{station_id}/certificates/renew", { params: { path: { station_id: row.station_id } }, body: { use: row.use } }));
  if (answer.outcome === "rejected") failed(new Error(t("certificates.renewRefused", { id: visible(row.station_id), status: visible(answer.status.slice(0, 50)) })));
  else done(t("certificates.renewed", { id: visible(row.station_id) }));
  again();
}

function askRevoke(row: Certificate): void {
  const { t } = speak(texts);
  confirm({
    title: t("certificates.revokeAsk", { id: visible(row.station_id) }),
    text: t("certificates.revokeText"),
    action: t("certificates.revoke"),
    danger: true,
    run: async () => {
      await take(api.POST("/api/v1/certificates/{fingerprint}/revoke", { params: { path: { fingerprint: row.fingerprint } }, body: { reason: "" } }));
      again();
      done(t("certificates.revoked"));
    },
  });
}

function RowMenu(props: { of: Certificate }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const { of } = props;
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t("certificates.more", { id: visible(of.station_id), serial: of.serial.slice(0, 12) })}>
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {may("stations:command") ? (
          <Menu.Item leftSection={<IconRotateClockwise size={16} />} onClick={() => void renew(of).catch(failed)}>
            {t("certificates.renew")}
          </Menu.Item>
        ) : null}
        {may("stations:write") ? (
          <Menu.Item leftSection={<IconBan size={16} />} disabled={of.state === "revoked"} onClick={() => askRevoke(of)}>
            {t("certificates.revoke")}
          </Menu.Item>
        ) : null}
      </Menu.Dropdown>
    </Menu>
  );
}

/** How many days are left, by words; what is over is over. */
function Left(props: { until: string }) {
  const { t } = useTexts(texts);
  const now = useNow(60_000);
  const days = Math.floor((new Date(props.until).getTime() - now.getTime()) / DAY_MS);
  return (
    <span className={classes.left} data-tone={days < 0 ? "bad" : days < 30 ? "wait" : "free"}>
      <Time at={props.until} style="date" />
      <small>{days < 0 ? t("certificates.over") : t("certificates.daysLeft", { n: days })}</small>
    </span>
  );
}

function Soon() {
  const { t } = useTexts(texts);
  // As many as a page holds: of more it is enough to know that they are many.
  const counts = useQuery({
    queryKey: ["certificates", "issued", "soon"],
    queryFn: async ({ signal }) => {
      const count = async (days: number): Promise<{ n: number; more: boolean }> => {
        const page = await take(api.GET("/api/v1/certificates", { params: { query: query(days, "", undefined, 500) }, signal }));
        return { n: page.items.length, more: page.next != null };
      };
      return Promise.all(WITHIN.map((days) => count(Number(days))));
    },
  });
  return (
    <div className={classes.figures}>
      {WITHIN.map((days, index) => {
        const found = counts.data?.[index];
        return (
          <Figure
            key={days}
            name={t("certificates.within", { n: Number(days) })}
            value={found === undefined ? (counts.isError ? sayProblem(counts.error) : "…") : `${format.number(found.n)}${found.more ? "+" : ""}`}
            to={`/certificates?within=${days}`}
            alarm={days !== "90" && (found?.n ?? 0) > 0}
          />
        );
      })}
    </div>
  );
}

export function Issued() {
  const { t } = useTexts(texts);
  const { t: say } = useTexts(certificateTexts);
  const { t: words } = useTexts(common);
  const may = useMay();
  const [address, setAddress] = useFilters<keyof typeof ADDRESS>(ADDRESS);
  const station = address.station.trim();
  const within = WITHIN.some((each) => each === address.within) ? Number(address.within) : null;
  const fresh = useThrottled(again, 2000);
  useLive(["certificate.request_changed"], fresh);
  const found = useInfiniteQuery({
    queryKey: ["certificates", "issued", station, within],
    queryFn: ({ pageParam, signal }) => take(api.GET("/api/v1/certificates", { params: { query: query(within, station, pageParam, PAGE) }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: keepPreviousData,
  });
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data]);
  const acts = may("stations:command") || may("stations:write");
  const columns = useMemo<readonly Column<Certificate>[]>(
    () => [
      { id: "station", title: t("certificates.station"), min: 160, keep: true, card: "title", cell: (row) => <Id id={row.station_id} to={pathOf("stations", row.station_id, "certificates")} /> },
      { id: "state", title: t("certificates.state"), min: 140, grow: 0, keep: true, card: "aside", cell: (row) => <StandingTag state={row.state} /> },
      { id: "until", title: t("certificates.until"), min: 150, keep: true, cell: (row) => (row.state === "revoked" || row.state === "replaced" ? <Time at={row.not_after} style="date" /> : <Left until={row.not_after} />) },
      { id: "use", title: t("certificates.use"), min: 190, grow: 1.3, cell: (row) => say(`cert.signing.${row.use}`) },
      { id: "kind", title: t("certificates.kind"), min: 100, grow: 0, card: "none", cell: (row) => row.kind.toUpperCase() },
      { id: "issued", title: t("certificates.issuedAt"), min: 120, grow: 0, card: "none", cell: (row) => <Time at={row.issued_at} /> },
      { id: "serial", title: t("certificates.serial"), min: 160, hidden: true, card: "none", cell: (row) => <SafeText mono text={row.serial} most={24} /> },
      ...(acts ? [{ id: "menu", title: "", min: 52, grow: 0, keep: true, align: "end", card: "aside", cell: (row) => <RowMenu of={row} /> } satisfies Column<Certificate>] : []),
    ],
    [t, say, acts],
  );
  const isFiltered = station !== "" || within !== null;
  return (
    <Stack gap="md">
      <Soon />
      <div>
        <FilterBar
          values={address}
          defaults={ADDRESS}
          onChange={setAddress}
          filters={[
            { kind: "own", name: "station", field: <StationFilter label={t("certificates.station")} value={address.station} onChange={(chosen) => setAddress({ station: chosen })} /> },
            { kind: "choice", name: "within", label: t("certificates.expires"), options: WITHIN.map((days) => ({ value: days, label: t("certificates.within", { n: Number(days) }) })) },
          ]}
        />
        {found.isError && rows.length === 0 ? (
          <Trouble error={found.error} retry={() => void found.refetch()} />
        ) : (
          <VirtualTable
            id="certificates"
            label={t("certificates.issued")}
            rows={rows}
            columns={columns}
            rowId={rowId}
            to={(row) => pathOf("stations", row.station_id, "certificates")}
            loading={found.isPending}
            rowHeight={52}
            more={{ has: found.hasNextPage, loading: found.isFetchingNextPage, load: () => void found.fetchNextPage() }}
            empty={
              isFiltered ? (
                <Empty icon={IconFilterOff} title={within === null ? t("certificates.noneFound") : t("certificates.noneExpire")}>
                  <Button variant="default" onClick={() => setAddress(ADDRESS)}>
                    {words("ui.reset")}
                  </Button>
                </Empty>
              ) : (
                <Empty icon={IconCertificate} title={t("certificates.none")} text={t("certificates.noneText")} />
              )
            }
          />
        )}
      </div>
      <Text size="sm" c="dimmed">
        {t("certificates.byItself")}
      </Text>
    </Stack>
  );
}
