/** `/stations/new?station=…`: what to enter in a station, and its way in. */
import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconClipboard, IconDownload, IconKey, IconPrinter, IconQrcode, IconShare } from "@tabler/icons-react";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useReducer } from "react";
import { api, take } from "@/api";
import { common, useTexts } from "@/i18n";
import { useStation } from "@/live";
import { Link, pathOf } from "@/route";
import { confirm, Copy, copyText, done, Id, PageHeader, Panel, SafeText, Skeletons, StateBadge, Trouble, visible } from "@/ui";
import { texts as list } from "../texts.ts";
import classes from "./door.module.css";
import { remember, remembered } from "./knocks.ts";
import { texts } from "./texts.ts";
import { WayIn } from "./WayIn.tsx";

const Qr = lazy(() => import("@/ui/Qr.tsx").then((file) => ({ default: file.Qr })));

const CA_FILE = "voltloom-ca.pem";

function Value(props: { name: string; text: string; hint?: string }) {
  return (
    <div className={classes.value}>
      <dt>{props.name}</dt>
      <dd>
        <div className={classes.enter}>
          <bdi>{props.text}</bdi>
          <Copy text={props.text} what={props.name} />
        </div>
        {props.hint === undefined ? null : <div className={classes.hint}>{props.hint}</div>}
      </dd>
    </div>
  );
}

/** ws://host:9000/ocpp of ws://host:9000/ocpp/CP-7. */
function baseOf(url: string): string {
  return url.replace(/\/[^/]*$/, "");
}

function portOf(url: string): string {
  const found = new URL(url);
  return found.port || (found.protocol === "wss:" ? "443" : "80");
}

function isLocal(url: string): boolean {
  return /^(localhost|127\.|\[::1\])/.test(new URL(url).hostname);
}

/** connected: it can be given another one over its connection. */
function Password(props: { station: string; profile: number; connected: boolean; onNew: () => void }) {
  const { t } = useTexts(texts);
  const { station, profile, connected } = props;
  const told = remembered(station)?.welcome;
  if (profile === 0) return <Text size="sm">{t("connect.passwordNone")}</Text>;
  if (profile === 3) return <Text size="sm">{t("connect.passwordCertificate")}</Text>;
  if (told !== undefined && told.password !== null && !told.installed) return <Value name={t("connect.password")} text={told.password} hint={t("connect.once")} />;
  return (
    <div className={classes.value}>
      <dt>{t("connect.password")}</dt>
      <dd>
        <Text size="sm" mb="xs">
          {t(told === undefined ? "connect.passwordGone" : told.installed ? "connect.passwordInstalled" : "connect.passwordKept")}
        </Text>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconKey size={14} />}
          onClick={() =>
            confirm({
              title: t("connect.renewTitle", { id: station }),
              text: t(connected ? "connect.renewOver" : "connect.renewText"),
              action: t("connect.renew"),
              danger: !connected,
              run: async () => {
                remember(await take(api.POST("/api/v1/stations/{station_id}/password", { params: { path: { station_id: station } }, body: { install: connected } })));
                props.onNew();
                done(t("connect.renewed"));
              },
            })
          }
        >
          {t("connect.renew")}
        </Button>
      </dd>
    </div>
  );
}

export function Connect(props: { station: string }) {
  const { t } = useTexts(texts);
  const { t: l } = useTexts(list);
  const { station } = props;
  const { t: c } = useTexts(common);
  const [qr, { toggle: toggleQr }] = useDisclosure(false);
  const [, again] = useReducer((n: number) => n + 1, 0);
  const row = useStation(station);
  const detail = useQuery({ queryKey: ["stations", station], queryFn: ({ signal }) => take(api.GET("/api/v1/stations/{station_id}", { params: { path: { station_id: station } }, signal })) });
  const path = [{ title: l("stations.title"), to: "/stations" }];
  if (detail.error !== null && detail.data === undefined) {
    return (
      <>
        <PageHeader title={t("connect.title", { id: station })} path={path} />
        <Trouble error={detail.error} retry={() => void detail.refetch()} />
      </>
    );
  }
  if (detail.data === undefined) {
    return (
      <>
        <PageHeader title={t("connect.title", { id: station })} path={path} />
        <Skeletons rows={6} />
      </>
    );
  }
  const told = remembered(station);
  const { urls } = detail.data;
  const profile = detail.data.security_profile;
  const first = urls[0] ?? "";
  const isIn = row?.connected === true;
  const nameOf = (url: string): string => (urls.length < 2 ? t("connect.url") : t(url.startsWith("wss:") ? "connect.urlTls" : "connect.urlPlain"));
  const sheet = [
    t("connect.sheet", { id: station }),
    ...urls.map((url) => `${nameOf(url)}: ${url}`),
    `${t("new.id")}: ${station}`,
    ...(profile === 1 || profile === 2 ? [`${t("connect.user")}: ${station}`] : []),
    ...(told?.welcome.password ? [`${t("connect.password")}: ${told.welcome.password}`] : []),
    ...(urls.some((url) => url.startsWith("wss:")) ? [t("connect.sheetCertificate", { file: CA_FILE })] : []),
  ].join("\n");
  return (
    <>
      <PageHeader title={t(isIn ? "connect.titleDone" : "connect.title", { id: station })} path={path} beside={row === undefined ? null : <StateBadge state={row.state} />} detail={detail.data.name === "" ? null : <bdi>{visible(detail.data.name)}</bdi>}>
        <Button component={Link} to="/stations/new" variant="default">
          {t("connect.another")}
        </Button>
        <Button component={Link} to={pathOf("stations", station)} variant={isIn ? "filled" : "default"}>
          {t("connect.toStation")}
        </Button>
      </PageHeader>
      <div className={classes.two}>
        <Panel title={t("connect.enter")}>
          <Stack>
            {urls.some(isLocal) ? (
              <Alert color="yellow" variant="outline" icon={<IconAlertTriangle aria-hidden />}>
                {t("connect.local")}
              </Alert>
            ) : null}
            <dl className={classes.values}>
              {urls.map((url, index) => (
                <Value key={url} name={nameOf(url)} text={url} {...(index === urls.length - 1 ? { hint: t("connect.base", { base: baseOf(url), id: station }) } : {})} />
              ))}
              {profile === 1 || profile === 2 ? <Value name={t("connect.user")} text={station} hint={t("connect.userHint")} /> : null}
              <Password station={station} profile={profile} connected={isIn} onNew={again} />
              {urls.some((url) => url.startsWith("wss:")) ? (
                <div className={classes.value}>
                  <dt>{t("connect.certificate")}</dt>
                  <dd>
                    <Text size="sm" mb="xs">
                      {t("connect.certificateText")}
                    </Text>
                    <Button component="a" href="/api/v1/certificates/roots" download={CA_FILE} size="xs" variant="default" leftSection={<IconDownload size={14} />}>
                      {t("connect.download")}
                    </Button>
                  </dd>
                </div>
              ) : null}
            </dl>
            <Group gap="xs" className="no-print">
              <Button leftSection={<IconClipboard size={16} />} onClick={() => void copyText(sheet).then((copied) => done(copied ? t("connect.allCopied") : c("ui.copyFailed")))}>
                {t("connect.copyAll")}
              </Button>
              {"share" in navigator ? (
                <Button variant="default" leftSection={<IconShare size={16} />} onClick={() => void navigator.share({ title: t("connect.sheet", { id: station }), text: sheet }).catch(() => undefined)}>
                  {t("connect.share")}
                </Button>
              ) : null}
              <Button variant="default" leftSection={<IconQrcode size={16} />} aria-expanded={qr} onClick={toggleQr}>
                {t("connect.qr")}
              </Button>
              <Button variant="default" leftSection={<IconPrinter size={16} />} onClick={() => print()}>
                {t("connect.print")}
              </Button>
            </Group>
            {qr ? (
              <Suspense fallback={<Skeletons rows={1} height={240} />}>
                <Qr text={sheet} label={t("connect.qrLabel", { id: station })} size={240} />
                <Text size="sm" c="dimmed">
                  {t("connect.qrText")}
                </Text>
              </Suspense>
            ) : null}
          </Stack>
        </Panel>
        <Panel title={t("live.title")}>
          <WayIn station={station} begun={told?.at ?? null} port={first === "" ? "" : portOf(first)} />
          {row !== undefined && isIn && row.vendor !== "" ? (
            <dl className={classes.facts}>
              <dt>{l("stations.make")}</dt>
              <dd>
                <SafeText text={`${row.vendor} ${row.model}`} />
              </dd>
              <dt>{l("stations.firmware")}</dt>
              <dd>
                <SafeText text={row.firmware} mono />
              </dd>
              <dt>{l("stations.serial")}</dt>
              <dd>{row.serial === "" ? "–" : <Id id={row.serial} />}</dd>
            </dl>
          ) : null}
        </Panel>
      </div>
    </>
  );
}
