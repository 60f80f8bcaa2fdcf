/** Whom the station trusts, what it proves itself with, and what it asked for. */
import { ActionIcon, Button, Group, Menu, Modal, Select, Stack, Text, Textarea } from "@mantine/core";
import { IconCertificate, IconDots, IconFileCertificate, IconPlus, IconRefresh, IconRotateClockwise, IconShieldCheck, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, queries, type Schema, take, useMay } from "@/api";
import { common, format, speak, useTexts } from "@/i18n";
import { useLive } from "@/live";
import { useFilters, useParams } from "@/route";
import { Age, confirm, Copy, done, Empty, Panel, SafeText, Skeletons, Time, Trouble, visible } from "@/ui";
import { certificateTexts, RequestTag, SIGNING_USES, StandingTag, USES } from "@/ui/certificates";
import { tell } from "../asking.tsx";
import { keys, useDetail } from "../data.ts";
import { useActing } from "./acting.ts";
import classes from "./more.module.css";
import { texts } from "./texts.ts";

type Inventory = Schema<"InventoryOut">;
type Installed = Schema<"InstalledOut">;
type Use = Schema<"CertificateUse">;

const ADDRESS = { do: "" };
const OLD = new Set(["replaced", "expired", "refused", "revoked"]);

const keyOf = (id: string) => ["stations", id, "installed"] as const;

function askDelete(id: string, certificate: Installed, evenOurs: boolean): void {
  const { t } = speak(texts);
  const name = visible(certificate.subject.slice(0, 80)) || certificate.hash.serial;
  confirm({
    title: t("cert.deleteAsk", { name }),
    text: t("cert.deleteText"),
    ...(evenOurs ? { blast: t("cert.deleteOurs") } : {}),
    action: t("cert.delete"),
    danger: true,
    run: async () => {
      const answer = await take(api.POST("/api/v1/stations/{station_id}/installed-certificates/delete", { params: { path: { station_id: id } }, body: { hash: certificate.hash, even_ours: evenOurs } }));
      tell(t("cert.delete"), answer);
      await queries.invalidateQueries({ queryKey: keyOf(id) });
    },
  });
}

function InstallForm(props: { id: string; leave: () => void }) {
  const { t } = useTexts(texts);
  const { t: say } = useTexts(certificateTexts);
  const { t: words } = useTexts(common);
  const [use, setUse] = useState<Use>("CSMSRootCertificate");
  const [source, setSource] = useState<string>("ec");
  const [pem, setPem] = useState("");
  const authorities = useQuery({ queryKey: ["certificates", "authorities"], queryFn: () => take(api.GET("/api/v1/certificates/authorities")) });
  const known = (authorities.data ?? []).filter((each) => each.use === use);
  const sources = [
    ...(use === "CSMSRootCertificate"
      ? [
          { value: "ec", label: t("cert.ours", { kind: "EC" }) },
          { value: "rsa", label: t("cert.ours", { kind: "RSA" }) },
        ]
      : []),
    ...known.map((each) => ({ value: each.fingerprint, label: visible(each.subject.slice(0, 80)) })),
    { value: "pem", label: t("cert.paste") },
  ];
  const chosen = sources.some((each) => each.value === source) ? source : (sources[0]?.value ?? "pem");
  const install = useMutation({
    mutationFn: () =>
      take(
        api.POST("/api/v1/stations/{station_id}/installed-certificates", {
          params: { path: { station_id: props.id } },
          body: { use, ...(chosen === "pem" ? { certificate: pem } : chosen === "ec" || chosen === "rsa" ? { ours: chosen } : { authority: chosen }) },
        }),
      ),
    onSuccess: (answer) => {
      tell(t("cert.install"), answer);
      void queries.invalidateQueries({ queryKey: keyOf(props.id) });
      props.leave();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        install.mutate();
      }}
    >
      <Stack>
        <Select label={t("cert.use")} data={USES.filter((each) => each !== "V2GCertificateChain").map((each) => ({ value: each, label: say(`cert.use.${each}`) }))} value={use} onChange={(value) => setUse(value ?? "CSMSRootCertificate")} />
        <Select label={t("cert.which")} data={sources} value={chosen} onChange={(value) => setSource(value ?? "pem")} />
        {chosen === "pem" ? (
          <Textarea label={t("cert.pem")} placeholder="-----BEGIN CERTIFICATE-----" required autosize minRows={5} maxRows={12} maxLength={10_000} spellCheck={false} value={pem} onChange={(event) => setPem(event.currentTarget.value)} />
        ) : null}
        {install.isError ? <Trouble error={install.error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={props.leave} disabled={install.isPending}>
            {words("ui.cancel")}
          </Button>
          <Button type="submit" loading={install.isPending} disabled={chosen === "pem" && pem.trim() === ""}>
            {t("cert.install")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function InstalledPanel(props: { id: string; connected: boolean }) {
  const { t } = useTexts(texts);
  const { t: say } = useTexts(certificateTexts);
  const { t: words } = useTexts(common);
  const may = useMay();
  const { id } = props;
  const { busy, act } = useActing();
  const [address, setAddress] = useFilters<"do">(ADDRESS);
  const found = useQuery({ queryKey: keyOf(id), queryFn: ({ signal }) => take(api.GET("/api/v1/stations/{station_id}/installed-certificates", { params: { path: { station_id: id } }, signal })) });
  const asks = may("stations:command");
  const refresh = (): void =>
    act("refresh", async () => {
      const now = await take(api.POST("/api/v1/stations/{station_id}/installed-certificates/refresh", { params: { path: { station_id: id } }, body: { uses: [] } }));
      queries.setQueryData<Inventory>(keyOf(id), now);
      done(t("cert.refreshed", { n: now.certificates.length }));
    });
  const inventory = found.data;
  return (
    <Panel
      title={t("cert.installed")}
      beside={
        asks ? (
          <Group gap="xs">
            <Button size="compact-sm" variant="default" leftSection={<IconRefresh size={16} />} loading={busy === "refresh"} disabled={!props.connected} onClick={refresh}>
              {t("cert.refresh")}
            </Button>
            <Button size="compact-sm" leftSection={<IconPlus size={16} />} disabled={!props.connected} onClick={() => setAddress({ do: "install" })}>
              {t("cert.install")}
            </Button>
          </Group>
        ) : null
      }
    >
      {inventory === undefined ? (
        found.isError ? (
          <Trouble error={found.error} retry={() => void found.refetch()} />
        ) : (
          <Skeletons rows={3} />
        )
      ) : inventory.certificates.length === 0 ? (
        <Empty icon={IconShieldCheck} title={t(inventory.told.length === 0 ? "cert.neverTold" : "cert.noneInstalled")} text={t(inventory.told.length === 0 ? "cert.neverToldText" : "cert.noneInstalledText")} />
      ) : (
        USES.filter((use) => inventory.certificates.some((each) => each.use === use)).map((use) => (
          <div key={use}>
            <div className={classes.group}>
              {say(`cert.use.${use}`)}
              <Text span size="xs" c="dimmed">
                {t("cert.asOf")} <Age at={inventory.told.find((each) => each.use === use)?.as_of} />
              </Text>
            </div>
            <ul className={classes.list}>
              {inventory.certificates
                .filter((each) => each.use === use)
                .map((each) => (
                  <li key={`${each.hash.issuer_key_hash}${each.hash.serial}`}>
                    <div className={classes.grow}>
                      {each.subject === "" ? <Text c="dimmed">{t("cert.unknownHere")}</Text> : <SafeText text={each.subject} most={120} />}
                      <div className={classes.quiet}>
                        {t("cert.serial")} <SafeText mono text={each.hash.serial} most={48} />
                        {each.children.length === 0 ? null : ` · ${t("cert.below", { n: each.children.length })}`}
                      </div>
                    </div>
                    {asks ? (
                      <Menu>
                        <Menu.Target>
                          <ActionIcon variant="subtle" color="gray" aria-label={t("cert.more", { name: visible(each.subject.slice(0, 60)) || each.hash.serial })}>
                            <IconDots size={18} />
                          </ActionIcon>
                        </Menu.Target>
                        <Menu.Dropdown>
                          <Menu.Item leftSection={<IconTrash size={16} />} disabled={!props.connected} onClick={() => askDelete(id, each, use === "CSMSRootCertificate")}>
                            {t("cert.delete")}
                          </Menu.Item>
                        </Menu.Dropdown>
                      </Menu>
                    ) : null}
                  </li>
                ))}
            </ul>
          </div>
        ))
      )}
      <Modal opened={address.do === "install" && asks} onClose={() => setAddress({ do: "" })} title={t("cert.installTitle", { id: visible(id) })} closeButtonProps={{ "aria-label": words("app.close") }}>
        <InstallForm id={id} leave={() => setAddress({ do: "" })} />
      </Modal>
    </Panel>
  );
}

function IssuedPanel(props: { id: string; connected: boolean }) {
  const { t } = useTexts(texts);
  const { t: say } = useTexts(certificateTexts);
  const may = useMay();
  const { id } = props;
  const { busy, act } = useActing();
  const [, setAddress] = useFilters<"do">(ADDRESS);
  const [all, setAll] = useState(false);
  const found = useQuery({ queryKey: keys.certificates(id), queryFn: ({ signal }) => take(api.GET("/api/v1/certificates", { params: { query: { station_id: id, limit: 100 } }, signal })) });
  const renew = (use: Schema<"SigningUse">): void =>
    act("renew", async () => {
      tell(t("cert.renew"), await take(api.POST("/api/v1/stations/{station_id}/certificates/renew", { params: { path: { station_id: id } }, body: { use } })));
      await queries.invalidateQueries({ queryKey: keys.certificates(id) });
    });
  const items = found.data?.items ?? [];
  const old = items.filter((each) => OLD.has(each.state));
  const shown = all ? items : items.filter((each) => !OLD.has(each.state));
  return (
    <Panel
      title={t("cert.issued")}
      beside={
        <Group gap="xs">
          {may("stations:command") ? (
            <Menu>
              <Menu.Target>
                <Button size="compact-sm" variant="default" leftSection={<IconRotateClockwise size={16} />} loading={busy === "renew"} disabled={!props.connected}>
                  {t("cert.renew")}
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Label>{t("cert.renewText")}</Menu.Label>
                {SIGNING_USES.map((use) => (
                  <Menu.Item key={use} onClick={() => renew(use)}>
                    {say(`cert.signing.${use}`)}
                  </Menu.Item>
                ))}
              </Menu.Dropdown>
            </Menu>
          ) : null}
          {may("stations:write") ? (
            <Button size="compact-sm" variant="default" leftSection={<IconCertificate size={16} />} onClick={() => setAddress({ do: "certificates" })}>
              {t("cert.issue")}
            </Button>
          ) : null}
        </Group>
      }
    >
      {found.data === undefined ? (
        found.isError ? (
          <Trouble error={found.error} retry={() => void found.refetch()} />
        ) : (
          <Skeletons rows={2} />
        )
      ) : items.length === 0 ? (
        <Empty icon={IconCertificate} title={t("cert.noneIssued")} text={t("cert.noneIssuedText")} />
      ) : (
        <ul className={classes.list}>
          {shown.map((each) => (
            <li key={each.fingerprint}>
              <div className={classes.grow}>
                <strong>{say(`cert.signing.${each.use}`)}</strong> · {each.kind.toUpperCase()}
                <div className={classes.quiet}>
                  {t("cert.from")} <Time at={each.not_before} style="date" /> {t("cert.until")} <Time at={each.not_after} style="date" />
                  {each.renewal_asked_at ? (
                    <>
                      {" "}
                      · {t("cert.renewalAsked")} <Age at={each.renewal_asked_at} />
                    </>
                  ) : null}
                </div>
                <Group gap={2} className={classes.quiet ?? ""} wrap="nowrap">
                  <SafeText mono text={each.fingerprint} most={24} />
                  <Copy text={each.fingerprint} what={t("cert.fingerprint")} />
                </Group>
              </div>
              <StandingTag state={each.state} />
            </li>
          ))}
        </ul>
      )}
      {old.length === 0 ? null : (
        <Button variant="subtle" size="compact-sm" mt="xs" onClick={() => setAll(!all)} aria-expanded={all}>
          {all ? t("cert.hideOld") : t("cert.showOld", { n: old.length })}
        </Button>
      )}
    </Panel>
  );
}

function RequestsPanel(props: { id: string }) {
  const { t } = useTexts(texts);
  const { t: say } = useTexts(certificateTexts);
  const { id } = props;
  const queryKey = ["certificates", "requests", id];
  useLive(["certificate.request_changed"], (happenings) => {
    if (!happenings.some(({ data }) => data.station_id === id)) return;
    void queries.invalidateQueries({ queryKey });
    void queries.invalidateQueries({ queryKey: keys.certificates(id) });
  });
  const found = useQuery({ queryKey, queryFn: ({ signal }) => take(api.GET("/api/v1/certificates/requests", { params: { query: { station_id: id, limit: 20 } }, signal })) });
  return (
    <Panel title={t("cert.requests")}>
      {found.data === undefined ? (
        found.isError ? (
          <Trouble error={found.error} retry={() => void found.refetch()} />
        ) : (
          <Skeletons rows={2} />
        )
      ) : found.data.items.length === 0 ? (
        <Empty icon={IconFileCertificate} title={t("cert.noRequests")} text={t("cert.noRequestsText")} />
      ) : (
        <ul className={classes.list}>
          {found.data.items.map((each) => (
            <li key={each.id}>
              <div className={classes.grow}>
                <strong>{each.use === null ? t("cert.useUnsaid") : say(`cert.signing.${each.use}`)}</strong>
                <div className={classes.quiet}>
                  <Age at={each.asked_at} />
                  {each.attempts > 1 ? ` · ${t("cert.attempts", { n: each.attempts })}` : ""}
                  {each.next_at === null ? "" : ` · ${t("cert.again", { time: format.time(new Date(each.next_at), "short") })}`}
                </div>
                {each.reason === "" ? null : (
                  <div className={classes.quiet}>
                    <SafeText text={each.reason} most={160} />
                  </div>
                )}
              </div>
              <RequestTag state={each.state} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

export default function StationCertificates() {
  const { id } = useParams<{ id: string }>();
  const detail = useDetail(id).data;
  if (detail === undefined) return <Skeletons rows={4} height={60} />;
  const connected = detail.link.connected;
  return (
    <div className={classes.two}>
      <InstalledPanel id={id} connected={connected} />
      <Stack gap="md" miw={0}>
        <IssuedPanel id={id} connected={connected} />
        <RequestsPanel id={id} />
      </Stack>
    </div>
  );
}
