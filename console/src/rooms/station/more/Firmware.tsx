/** What runs on the station, updates of it, what it publishes as a local controller, and the logs it was asked for. */
import { Button, Group, Stack, Text } from "@mantine/core";
import { IconCloudDownload, IconCpu } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { api, queries, take, useMay } from "@/api";
import { useTexts } from "@/i18n";
import { useLive } from "@/live";
import { useFilters, useParams } from "@/route";
import { Empty, failed, Panel, SafeText, Skeletons, Time, Trouble, useThrottled, VirtualTable } from "@/ui";
import { type Update, UpdateDrawer, useUpdateColumns, useUpdates } from "@/ui/firmware";
import { Actor } from "@/ui/words/Actor.tsx";
import { tell } from "../asking.tsx";
import { useDetail } from "../data.ts";
import { Logs } from "./Logs.tsx";
import classes from "./more.module.css";
import { texts } from "./texts.ts";
import { UpdateForm } from "./UpdateForm.tsx";

const ADDRESS = { update: "", do: "" };
const NO_STATES: readonly Update["state"][] = [];
const rowId = (row: Update): string => String(row.id);

function Publications(props: { id: string }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const { id } = props;
  const queryKey = ["firmware", "publications", id];
  const again = useThrottled(() => void queries.invalidateQueries({ queryKey }), 1000);
  useLive(["firmware.publication_changed"], (happenings) => {
    if (happenings.some(({ data }) => data.station_id === id)) again();
  });
  const found = useQuery({ queryKey, queryFn: ({ signal }) => take(api.GET("/api/v1/firmware/publications", { params: { query: { station_id: id, limit: 20 } }, signal })) });
  const items = found.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <Panel title={t("fw.publications")}>
      <ul className={classes.list}>
        {items.map((each) => (
          <li key={each.id}>
            <div className={classes.grow}>
              <strong>
                <SafeText text={each.version} most={40} />
              </strong>{" "}
              {t(`fw.published.${each.state}`)}
              {each.reason === "" ? null : (
                <>
                  : <SafeText text={each.reason} most={120} />
                </>
              )}
              <div className={classes.quiet}>
                <Time at={each.changed_at ?? each.asked_at} /> · <Actor name={each.actor} />
              </div>
            </div>
            {each.state === "published" && may("stations:command") ? (
              <Button
                size="compact-sm"
                variant="default"
                onClick={() =>
                  void take(api.POST("/api/v1/firmware/publications/{publication_id}/unpublish", { params: { path: { publication_id: each.id } } }))
                    .then(({ answer }) => {
                      tell(t("fw.unpublish"), answer);
                      return queries.invalidateQueries({ queryKey });
                    })
                    .catch(failed)
                }
              >
                {t("fw.unpublish")}
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

export default function Firmware() {
  const { t } = useTexts(texts);
  const { id } = useParams<{ id: string }>();
  const may = useMay();
  const detail = useDetail(id).data;
  const found = useUpdates({ station: id, image: "", states: NO_STATES });
  const [address, setAddress] = useFilters<keyof typeof ADDRESS>(ADDRESS);
  const open = useCallback((update: number) => setAddress({ update: String(update) }), [setAddress]);
  const columns = useUpdateColumns(open, false);
  if (detail === undefined) return <Skeletons rows={4} height={60} />;
  const firmware = detail.hardware.firmware;
  return (
    <Stack gap="md">
      <Panel
        title={t("fw.title")}
        beside={
          may("stations:command") ? (
            <Button size="compact-sm" leftSection={<IconCloudDownload size={16} />} disabled={!detail.link.connected} onClick={() => setAddress({ do: "update" })}>
              {t("fw.update")}
            </Button>
          ) : null
        }
      >
        <Group gap="xs" mb="sm">
          <IconCpu size={20} aria-hidden />
          {firmware === "" ? (
            <Text c="dimmed">{t("fw.notTold")}</Text>
          ) : (
            <Text component="div">
              {t("fw.runs")}{" "}
              <strong>
                <SafeText text={firmware} most={60} />
              </strong>
            </Text>
          )}
        </Group>
        {found.isError && found.rows.length === 0 ? (
          <Trouble error={found.error} retry={() => void found.refetch()} />
        ) : (
          <VirtualTable
            id="station-updates"
            label={t("fw.updates")}
            rows={found.rows}
            columns={columns}
            rowId={rowId}
            onOpen={(row) => open(row.id)}
            loading={found.isPending}
            more={{ has: found.hasNextPage, loading: found.isFetchingNextPage, load: () => void found.fetchNextPage() }}
            empty={<Empty icon={IconCloudDownload} title={t("fw.none")} text={t("fw.noneText")} />}
          />
        )}
      </Panel>
      <Publications id={id} />
      <Logs detail={detail} />
      {may("stations:command") ? <UpdateForm detail={detail} opened={address.do === "update"} leave={() => setAddress({ do: "" })} /> : null}
      <UpdateDrawer id={/^\d{1,10}$/.test(address.update) ? Number(address.update) : null} close={() => setAddress({ update: "" })} />
    </Stack>
  );
}
