/** Our own authority, and others that are known here. */
import { ActionIcon, Button, Group, Modal, Select, Stack, Text, Textarea } from "@mantine/core";
import { IconBuildingBank, IconDownload, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, queries, type Schema, take, useMay } from "@/api";
import { common, speak, useTexts } from "@/i18n";
import { confirm, Copy, done, Empty, Panel, SafeText, Skeletons, Time, Trouble, visible } from "@/ui";
import { certificateTexts, USES } from "@/ui/certificates";
import { Actor } from "@/ui/words/Actor.tsx";
import classes from "./certificates.module.css";
import { texts } from "./texts.ts";

type Authority = Schema<"AuthorityOut">;
type Use = Authority["use"];

const KEY = ["certificates", "authorities"];

function askRemove(row: Authority): void {
  const { t } = speak(texts);
  confirm({
    title: t("certificates.removeAsk", { name: visible(row.subject.slice(0, 80)) }),
    text: t(row.use === "MORootCertificate" ? "certificates.removeContracts" : "certificates.removeText"),
    action: t("certificates.remove"),
    danger: true,
    run: async () => {
      await take(api.DELETE("/api/v1/certificates/authorities/{use}/{fingerprint}", { params: { path: { use: row.use, fingerprint: row.fingerprint } } }));
      await queries.invalidateQueries({ queryKey: KEY });
      done(t("certificates.removed"));
    },
  });
}

export function AddAuthority(props: { opened: boolean; leave: () => void }) {
  const { t } = useTexts(texts);
  const { t: say } = useTexts(certificateTexts);
  const { t: words } = useTexts(common);
  const [use, setUse] = useState<Use>("MORootCertificate");
  const [pem, setPem] = useState("");
  const add = useMutation({
    mutationFn: () => take(api.POST("/api/v1/certificates/authorities", { body: { use, certificate: pem.trim() } })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: KEY });
      done(t("certificates.added"));
      setPem("");
      props.leave();
    },
  });
  return (
    <Modal opened={props.opened} onClose={props.leave} size="lg" title={t("certificates.add")} closeButtonProps={{ "aria-label": words("app.close") }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate();
        }}
      >
        <Stack>
          <Select label={t("certificates.use")} description={t(`certificates.about.${use}`)} data={USES.map((each) => ({ value: each, label: say(`cert.use.${each}`) }))} value={use} onChange={(value) => setUse(value ?? "MORootCertificate")} />
          <Textarea label={t("certificates.pem")} placeholder="-----BEGIN CERTIFICATE-----" required autosize minRows={6} maxRows={14} maxLength={10_000} spellCheck={false} value={pem} onChange={(event) => setPem(event.currentTarget.value)} />
          {add.isError ? <Trouble error={add.error} /> : null}
          <Group justify="flex-end">
            <Button variant="default" onClick={props.leave} disabled={add.isPending}>
              {words("ui.cancel")}
            </Button>
            <Button type="submit" loading={add.isPending} disabled={pem.trim() === ""}>
              {t("certificates.add")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

export function Authorities() {
  const { t } = useTexts(texts);
  const { t: say } = useTexts(certificateTexts);
  const may = useMay();
  const found = useQuery({ queryKey: KEY, queryFn: ({ signal }) => take(api.GET("/api/v1/certificates/authorities", { signal })) });
  const writes = may("stations:write");
  return (
    <Stack gap="md">
      <Panel title={t("certificates.ours")}>
        <Text size="sm" mb="sm">
          {t("certificates.oursText")}
        </Text>
        <Group gap="sm">
          <Button component="a" href="/api/v1/certificates/roots" download="voltloom-roots.pem" variant="default" leftSection={<IconDownload size={16} />}>
            {t("certificates.roots")}
          </Button>
          <Button component="a" href="/api/v1/certificates/revoked/ec" download="voltloom-ec.crl" variant="default" leftSection={<IconDownload size={16} />}>
            {t("certificates.crl", { kind: "EC" })}
          </Button>
          <Button component="a" href="/api/v1/certificates/revoked/rsa" download="voltloom-rsa.crl" variant="default" leftSection={<IconDownload size={16} />}>
            {t("certificates.crl", { kind: "RSA" })}
          </Button>
        </Group>
      </Panel>
      {found.data === undefined ? (
        found.isError ? (
          <Trouble error={found.error} retry={() => void found.refetch()} />
        ) : (
          <Skeletons rows={4} />
        )
      ) : found.data.length === 0 ? (
        <Panel title={t("certificates.others")}>
          <Empty icon={IconBuildingBank} title={t("certificates.noAuthorities")} text={t("certificates.noAuthoritiesText")} />
        </Panel>
      ) : (
        USES.filter((use) => found.data.some((each) => each.use === use)).map((use) => (
          <Panel key={use} title={say(`cert.use.${use}`)}>
            <Text size="sm" c="dimmed" mb="sm">
              {t(`certificates.about.${use}`)}
            </Text>
            <ul className={classes.list}>
              {found.data
                .filter((each) => each.use === use)
                .map((each) => (
                  <li key={each.fingerprint}>
                    <div className={classes.grow}>
                      <strong>
                        <SafeText text={each.subject} most={120} />
                      </strong>
                      <div className={classes.quiet}>
                        {t("certificates.until")} <Time at={each.not_after} style="date" /> · {t("certificates.addedBy")} <Actor name={each.actor} />, <Time at={each.added_at} />
                      </div>
                      <Group gap={2} wrap="nowrap" className={classes.quiet ?? ""}>
                        <SafeText mono text={each.fingerprint} most={24} />
                        <Copy text={each.pem} what={t("certificates.pem")} />
                      </Group>
                    </div>
                    {writes ? (
                      <ActionIcon variant="subtle" color="gray" aria-label={t("certificates.removeOf", { name: visible(each.subject.slice(0, 60)) })} onClick={() => askRemove(each)}>
                        <IconTrash size={16} />
                      </ActionIcon>
                    ) : null}
                  </li>
                ))}
            </ul>
          </Panel>
        ))
      )}
    </Stack>
  );
}
