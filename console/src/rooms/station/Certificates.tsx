/** The certificates by which the station may come in (security profile 3): issued, shown, taken back. */
import { Alert, Badge, Button, Group, Modal, NativeSelect, Stack, Text, Textarea } from "@mantine/core";
import { IconCertificate, IconDownload } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, queries, type Schema, take } from "@/api";
import { common, speak, useTexts } from "@/i18n";
import { confirm, Copy, done, Empty, Skeletons, Time, Trouble } from "@/ui";
import { type Detail, keys } from "./data.ts";
import { Facts } from "./Facts.tsx";
import { texts } from "./texts.ts";

function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/x-pem-file" }));
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  URL.revokeObjectURL(url);
}

function Pem(props: { title: string; name: string; text: string }) {
  const { t } = useTexts(texts);
  return (
    <Group gap="xs">
      <Text size="sm" fw={600}>
        {props.title}
      </Text>
      <Button size="compact-sm" variant="light" leftSection={<IconDownload size={14} />} onClick={() => download(props.name, props.text)}>
        {t("station.certificates.download", { what: props.name })}
      </Button>
      <Copy text={props.text} what={props.title} />
    </Group>
  );
}

function askRevoke(id: string, fingerprint: string): void {
  const { t } = speak(texts);
  confirm({
    title: t("station.certificates.revokeAsk"),
    text: t("station.certificates.revokeText", { id }),
    action: t("station.certificates.revoke"),
    danger: true,
    run: async () => {
      await take(api.POST("/api/v1/certificates/{fingerprint}/revoke", { params: { path: { fingerprint } }, body: { reason: "" } }));
      await queries.invalidateQueries({ queryKey: keys.certificates(id) });
      done(t("station.certificates.revoked"));
    },
  });
}

export default function Certificates(props: { detail: Detail; close: () => void }) {
  const { t } = useTexts(texts);
  const { t: tc } = useTexts(common);
  const { id } = props.detail;
  const listed = useQuery({
    queryKey: keys.certificates(id),
    queryFn: () => take(api.GET("/api/v1/certificates", { params: { query: { station_id: id } } })),
  });
  const [kind, setKind] = useState<"ec" | "rsa" | "csr">("ec");
  const [csr, setCsr] = useState("");
  const issue = useMutation({
    mutationFn: (): Promise<Schema<"IssuedOut">> =>
      take(
        api.POST("/api/v1/stations/{station_id}/certificates", {
          params: { path: { station_id: id } },
          body: kind === "csr" ? { csr, kind: "ec" } : { kind },
        }),
      ),
    onSuccess: () => void queries.invalidateQueries({ queryKey: keys.certificates(id) }),
  });
  const made = issue.data;
  return (
    <Modal opened onClose={props.close} size="lg" title={t("station.certificates.title", { id })} closeButtonProps={{ "aria-label": tc("app.close") }}>
      <Stack>
        {issue.isError ? <Trouble error={issue.error} /> : null}
        {made === undefined ? (
          <Stack gap="xs">
            <Group align="flex-end">
              <NativeSelect
                label={t("station.certificates.new")}
                value={kind}
                onChange={(event) => setKind(event.currentTarget.value as typeof kind)}
                data={[
                  { value: "ec", label: t("station.certificates.ec") },
                  { value: "rsa", label: t("station.certificates.rsa") },
                  { value: "csr", label: t("station.certificates.csr") },
                ]}
              />
              <Button leftSection={<IconCertificate size={16} />} loading={issue.isPending} disabled={kind === "csr" && csr.trim() === ""} onClick={() => issue.mutate()}>
                {t("station.certificates.issue")}
              </Button>
            </Group>
            {kind === "csr" ? (
              <Textarea label={t("station.certificates.request")} placeholder="-----BEGIN CERTIFICATE REQUEST-----" autosize minRows={4} maxRows={10} maxLength={10_000} value={csr} onChange={(event) => setCsr(event.currentTarget.value)} />
            ) : null}
          </Stack>
        ) : (
          <Alert color="brand" title={t("station.certificates.issued")}>
            <Stack gap="xs">
              {made.key ? <Text size="sm">{t("station.certificates.keyOnce")}</Text> : null}
              <Pem title={t("station.certificates.certificate")} name={`${id}.pem`} text={made.certificate} />
              {made.key ? <Pem title={t("station.certificates.key")} name={`${id}.key`} text={made.key} /> : null}
              <Pem title={t("station.certificates.root")} name="voltloom-root.pem" text={made.chain} />
            </Stack>
          </Alert>
        )}
        {listed.isPending ? (
          <Skeletons rows={2} />
        ) : listed.isError ? (
          <Trouble error={listed.error} retry={() => void listed.refetch()} />
        ) : listed.data.items.length === 0 ? (
          <Empty icon={IconCertificate} title={t("station.certificates.none")} text={t("station.certificates.noneText")} />
        ) : (
          listed.data.items.map((each) => (
            <Stack key={each.fingerprint} gap={4} p="sm" style={{ border: "1px solid var(--mantine-color-default-border)", borderRadius: "var(--mantine-radius-md)" }}>
              <Group justify="space-between">
                <Badge variant="light" color={each.revoked_at ? "red" : "brand"}>
                  {each.revoked_at ? t("station.certificates.isRevoked") : t("station.certificates.valid")}
                </Badge>
                {each.revoked_at ? null : (
                  <Button size="compact-sm" variant="subtle" color="red" onClick={() => askRevoke(id, each.fingerprint)}>
                    {t("station.certificates.revoke")}
                  </Button>
                )}
              </Group>
              <Facts
                rows={[
                  [t("station.certificates.fingerprint"), <span key="f">{each.fingerprint} <Copy text={each.fingerprint} what={t("station.certificates.fingerprint")} /></span>],
                  [t("station.certificates.from"), <Time key="b" at={each.not_before} style="short" />],
                  [t("station.certificates.until"), <Time key="a" at={each.not_after} style="date" />],
                ]}
              />
            </Stack>
          ))
        )}
      </Stack>
    </Modal>
  );
}
