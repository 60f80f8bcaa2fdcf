/** What stations asked to have signed, and what became of it. */
import { ActionIcon, Button } from "@mantine/core";
import { IconFileCertificate, IconFilterOff, IconX } from "@tabler/icons-react";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, queries, type Schema, take, useMay } from "@/api";
import { common, format, speak, useTexts } from "@/i18n";
import { useLive } from "@/live";
import { pathOf, useFilters } from "@/route";
import { Age, type Column, confirm, done, Empty, FilterBar, Id, SafeText, Trouble, useThrottled, valuesOf, visible, VirtualTable } from "@/ui";
import { certificateTexts, RequestTag } from "@/ui/certificates";
import { StationFilter } from "@/ui/StationFilter.tsx";
import { texts } from "./texts.ts";

type Asked = Schema<"RequestOut">;
type State = Asked["state"];

const ADDRESS = { station: "", state: "" };
const STATES = ["waiting", "accepted", "refused", "failed", "superseded", "expired"] as const satisfies readonly State[];
const PAGE = 100;
const rowId = (row: Asked): string => row.id;
const again = (): void => void queries.invalidateQueries({ queryKey: ["certificates", "requests"] });

function askCancel(row: Asked): void {
  const { t } = speak(texts);
  confirm({
    title: t("certificates.cancelAsk", { id: visible(row.station_id) }),
    text: t("certificates.cancelText"),
    action: t("certificates.cancel"),
    danger: true,
    run: async () => {
      await take(api.POST("/api/v1/certificates/requests/{request_id}/cancel", { params: { path: { request_id: row.id } } }));
      again();
      done(t("certificates.cancelled"));
    },
  });
}

export function Requests() {
  const { t } = useTexts(texts);
  const { t: say } = useTexts(certificateTexts);
  const { t: words } = useTexts(common);
  const may = useMay();
  const writes = may("stations:write");
  const [address, setAddress] = useFilters<keyof typeof ADDRESS>(ADDRESS);
  const station = address.station.trim();
  const states = useMemo(() => valuesOf(address.state).filter((each): each is State => (STATES as readonly string[]).includes(each)), [address.state]);
  const fresh = useThrottled(again, 1000);
  useLive(["certificate.request_changed"], fresh);
  const found = useInfiniteQuery({
    queryKey: ["certificates", "requests", "all", station, states],
    queryFn: ({ pageParam, signal }) => {
      const query = { limit: PAGE, ...(station === "" ? {} : { station_id: station }), ...(states.length === 0 ? {} : { state: [...states] }), ...(pageParam === undefined ? {} : { after: pageParam }) };
      return take(api.GET("/api/v1/certificates/requests", { params: { query }, signal }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: keepPreviousData,
  });
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data]);
  const columns = useMemo<readonly Column<Asked>[]>(
    () => [
      { id: "station", title: t("certificates.station"), min: 160, keep: true, card: "title", cell: (row) => <Id id={row.station_id} to={pathOf("stations", row.station_id, "certificates")} /> },
      { id: "state", title: t("certificates.state"), min: 130, grow: 0, keep: true, card: "aside", cell: (row) => <RequestTag state={row.state} /> },
      { id: "use", title: t("certificates.use"), min: 190, cell: (row) => (row.use === null ? t("certificates.useUnsaid") : say(`cert.signing.${row.use}`)) },
      { id: "why", title: t("certificates.why"), min: 200, grow: 2, cell: (row) => (row.reason === "" ? null : <SafeText text={row.reason} most={120} />) },
      { id: "next", title: t("certificates.next"), min: 110, grow: 0, card: "none", cell: (row) => (row.next_at === null ? null : format.time(new Date(row.next_at), "time")) },
      { id: "asked", title: t("certificates.asked"), min: 110, grow: 0, cell: (row) => <Age at={row.asked_at} /> },
      ...(writes
        ? [
            {
              id: "cancel",
              title: "",
              min: 48,
              grow: 0,
              keep: true,
              align: "end",
              card: "aside",
              cell: (row) =>
                row.state === "waiting" ? (
                  <ActionIcon variant="subtle" color="gray" aria-label={t("certificates.cancelOf", { id: visible(row.station_id) })} onClick={() => askCancel(row)}>
                    <IconX size={16} />
                  </ActionIcon>
                ) : null,
            } satisfies Column<Asked>,
          ]
        : []),
    ],
    [t, say, writes],
  );
  return (
    <>
      <FilterBar
        values={address}
        defaults={ADDRESS}
        onChange={setAddress}
        filters={[
          { kind: "own", name: "station", field: <StationFilter label={t("certificates.station")} value={address.station} onChange={(chosen) => setAddress({ station: chosen })} /> },
          { kind: "choices", name: "state", label: t("certificates.state"), options: STATES.map((state) => ({ value: state, label: say(`cert.request.${state}`) })) },
        ]}
      />
      {found.isError && rows.length === 0 ? (
        <Trouble error={found.error} retry={() => void found.refetch()} />
      ) : (
        <VirtualTable
          id="certificate-requests"
          label={t("certificates.requests")}
          rows={rows}
          columns={columns}
          rowId={rowId}
          to={(row) => pathOf("stations", row.station_id, "certificates")}
          loading={found.isPending}
          more={{ has: found.hasNextPage, loading: found.isFetchingNextPage, load: () => void found.fetchNextPage() }}
          empty={
            station !== "" || states.length > 0 ? (
              <Empty icon={IconFilterOff} title={t("certificates.noneFound")}>
                <Button variant="default" onClick={() => setAddress(ADDRESS)}>
                  {words("ui.reset")}
                </Button>
              </Empty>
            ) : (
              <Empty icon={IconFileCertificate} title={t("certificates.noRequests")} text={t("certificates.noRequestsText")} />
            )
          }
        />
      )}
    </>
  );
}
