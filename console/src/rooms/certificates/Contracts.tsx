/** Where vehicles get their charging contracts from (ISO 15118), and what became of the latest requests. */
import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { IconCheck, IconFileCertificate, IconHandStop, IconPlugConnected, IconX } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { api, type Schema, take, useMay } from "@/api";
import { useTexts } from "@/i18n";
import { pathOf } from "@/route";
import { Age, Empty, Id, Panel, SafeText, Skeletons, Trouble } from "@/ui";
import { Facts } from "@/ui/Facts.tsx";
import { Tag, type TagLook } from "@/ui/Tag.tsx";
import classes from "./certificates.module.css";
import { texts } from "./texts.ts";

const LOOKS: Readonly<Record<Schema<"ContractsOutcome">, TagLook>> = {
  given: { tone: "free", icon: IconCheck },
  refused: { tone: "wait", icon: IconHandStop },
  failed: { tone: "bad", icon: IconX },
};
const LATEST = 50;
const REFRESH_MS = 30_000;

function Try() {
  const { t } = useTexts(texts);
  const tried = useMutation({ mutationFn: () => take(api.POST("/api/v1/contract-pool/test")) });
  return (
    <Stack gap="sm" mt="md" align="flex-start">
      <Button variant="default" leftSection={<IconPlugConnected size={16} />} loading={tried.isPending} onClick={() => tried.mutate()}>
        {t("contracts.try")}
      </Button>
      <div role="status">
        {tried.data === undefined ? null : (
          <Alert color={tried.data.reached ? "brand" : "red"} icon={tried.data.reached ? <IconCheck /> : <IconX />} title={t(tried.data.reached ? "contracts.reached" : "contracts.notReached", { n: tried.data.took_ms })}>
            {tried.data.reason === "" ? null : <SafeText text={tried.data.reason} />}
          </Alert>
        )}
      </div>
      {tried.isError ? <Trouble error={tried.error} /> : null}
    </Stack>
  );
}

function Pool() {
  const { t } = useTexts(texts);
  const may = useMay();
  const found = useQuery({ queryKey: ["contracts", "pool"], queryFn: ({ signal }) => take(api.GET("/api/v1/contract-pool", { signal })), refetchInterval: REFRESH_MS });
  const of = found.data;
  if (of === undefined) return found.isError ? <Trouble error={found.error} retry={() => void found.refetch()} /> : <Skeletons rows={3} />;
  return (
    <Panel title={t("contracts.pool")}>
      {of.url === "" ? (
        <Text c="dimmed">{t("contracts.noPool")}</Text>
      ) : (
        <>
          <Facts
            rows={[
              [t("contracts.url"), <SafeText key="url" text={of.url} mono />],
              [t("contracts.token"), t(of.has_token ? "contracts.tokenSet" : "contracts.tokenUnset")],
              [t("contracts.day"), t("contracts.counts", { given: of.given, refused: of.refused, failed: of.failed })],
              of.last_given_at !== null && [t("contracts.lastGiven"), <Age key="given" at={of.last_given_at} />],
              of.last_failed_at !== null && [t("contracts.lastFailed"), <Age key="failed" at={of.last_failed_at} />],
            ]}
          />
          {may("stations:command") ? <Try /> : null}
        </>
      )}
    </Panel>
  );
}

function Latest() {
  const { t } = useTexts(texts);
  const found = useQuery({
    queryKey: ["contracts", "requests"],
    queryFn: ({ signal }) => take(api.GET("/api/v1/contract-requests", { params: { query: { limit: LATEST } }, signal })),
    refetchInterval: REFRESH_MS,
  });
  const rows = found.data?.items;
  if (rows === undefined) return found.isError ? <Trouble error={found.error} retry={() => void found.refetch()} /> : <Skeletons rows={4} />;
  return (
    <Panel title={t("contracts.latest")}>
      {rows.length === 0 ? (
        <Empty icon={IconFileCertificate} title={t("contracts.none")} text={t("contracts.noneText")} />
      ) : (
        <ul className={classes.list}>
          {rows.map((row) => (
            <li key={row.number}>
              <div className={classes.grow}>
                <Id id={row.station_id} to={pathOf("stations", row.station_id)} />
                {row.reason === "" ? null : (
                  <div>
                    <SafeText text={row.reason} />
                  </div>
                )}
                <Group gap={6} className={classes.quiet ?? ""}>
                  <SafeText text={row.action} most={20} /> · <Age at={row.at} /> · {t("contracts.took", { n: row.took_ms })}
                </Group>
              </div>
              <Tag look={LOOKS[row.outcome]}>{t(`contracts.outcome.${row.outcome}`)}</Tag>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

export function Contracts() {
  return (
    <Stack gap="md">
      <Pool />
      <Latest />
    </Stack>
  );
}
