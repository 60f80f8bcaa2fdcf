/** One that was not let in: how far it came, live; the whole of its handshake; adopting and dismissing it. */
import { Alert, Button, Drawer, Group, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconCheck, IconInfoCircle, IconTrash, IconUserPlus } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, isMissing, queries, type Schema, take, useMay } from "@/api";
import { common, format, useTexts } from "@/i18n";
import { Link, navigate, pathOf } from "@/route";
import { Age, Copy, Id, SafeText, Skeletons, Time, Trouble, useSites, visible } from "@/ui";
import classes from "./door.module.css";
import { type Adoption, adoptionOf, type KnockDetail, readAgain, remember, useHandshake, useKnock } from "./knocks.ts";
import { ReasonBadge } from "./ReasonBadge.tsx";
import { ProfileField, wayTo } from "./Register.tsx";
import { siteIdOf, SiteField } from "./SiteField.tsx";
import { Steps } from "./Steps.tsx";
import { texts } from "./texts.ts";

export function KnockDrawer(props: { number: number | null; onClose: () => void; onDismiss: (numbers: readonly number[]) => Promise<void> }) {
  const { t } = useTexts(texts);
  const { t: c } = useTexts(common);
  const knock = useKnock(props.number);
  const found = knock.data;
  return (
    <Drawer
      opened={props.number !== null && !knock.isPending}
      onClose={props.onClose}
      position="right"
      size="lg"
      title={found === undefined ? t("inbox.title") : found.identity === "" ? t("inbox.nobody") : visible(found.identity)}
      closeButtonProps={{ "aria-label": c("app.close") }}
    >
      {found !== undefined && props.number !== null ? (
        <Inside key={found.number} knock={found} gone={isMissing(knock.error)} onClose={props.onClose} onDismiss={props.onDismiss} />
      ) : isMissing(knock.error) ? (
        <Text>{t("inbox.gone")}</Text>
      ) : knock.error !== null ? (
        <Trouble error={knock.error} retry={() => void knock.refetch()} />
      ) : (
        <Skeletons rows={8} />
      )}
    </Drawer>
  );
}

function Inside(props: { knock: KnockDetail; gone: boolean; onClose: () => void; onDismiss: (numbers: readonly number[]) => Promise<void> }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const { knock } = props;
  const handshake = useHandshake(knock.identity);
  const latest = handshake.data?.attempts[0];
  const since = latest?.admitted === true && latest.at > knock.last_at ? latest : null;
  const adoption = since === null ? adoptionOf(knock) : null;
  return (
    <Stack gap="lg">
      <div>
        <Group gap="xs" mb="xs">
          <ReasonBadge reason={knock.reason} />
          <Text size="sm" c="dimmed" component="span">
            {t("live.address", { address: knock.address })} · <Age at={knock.last_at} />
          </Text>
        </Group>
        {since === null ? <Text size="sm">{t(`todo.${knock.reason}`)}</Text> : null}
      </div>
      {props.gone ? <Alert icon={<IconInfoCircle aria-hidden />}>{t("inbox.gone")}</Alert> : null}
      {since === null ? null : (
        <Alert icon={<IconCheck aria-hidden />} role="status">
          {t("inbox.since", { when: format.time(new Date(since.at), "short") })}
        </Alert>
      )}
      {knock.identity === "" ? <Alert icon={<IconInfoCircle aria-hidden />}>{t("inbox.noIdentity")}</Alert> : null}
      {since === null && knock.station?.connected === true ? <Alert icon={<IconInfoCircle aria-hidden />}>{t("inbox.isConnected", { id: knock.station.id })}</Alert> : null}
      {may("stations:write") && !props.gone ? (
        <>
          {adoption === null ? null : <Adopt knock={knock} adoption={adoption} />}
          <Group gap="xs">
            {knock.station === null ? null : (
              <Button component={Link} to={pathOf("stations", knock.station.id)} variant="default">
                {t("inbox.openStation")}
              </Button>
            )}
            <Button
              variant="default"
              leftSection={<IconTrash size={16} />}
              onClick={() => {
                props.onClose();
                void props.onDismiss([knock.number]);
              }}
            >
              {t("inbox.dismiss")}
            </Button>
          </Group>
        </>
      ) : null}
      <section aria-live="polite">
        <Group gap="xs" mb="sm">
          <Title order={3} size="h4">
            {t("live.title")}
          </Title>
          <span className={classes.listening}>{t("live.listening")}</span>
        </Group>
        {latest === undefined || latest.knock === knock.number ? (
          <Steps steps={latest?.steps ?? knock.steps} reason={knock.reason} detail={knock.detail} />
        ) : (
          <Steps steps={latest.steps} reason={latest.reason} />
        )}
      </section>
      <Heard knock={knock} />
    </Stack>
  );
}

function Heard(props: { knock: KnockDetail }) {
  const { t } = useTexts(texts);
  const { knock } = props;
  const text = [`GET ${knock.path}`, ...knock.fields.map(([name = "", value = ""]) => `${name}: ${value}`)].join("\n");
  return (
    <section>
      <Group gap="xs" mb="sm">
        <Title order={3} size="h4">
          {t("inbox.handshake")}
        </Title>
        <Copy text={text} what={t("inbox.copyHandshake")} />
      </Group>
      <dl className={classes.facts}>
        <dt>{t("inbox.path")}</dt>
        <dd>{knock.path === "" ? "–" : <SafeText text={knock.path} most={120} mono />}</dd>
        <dt>{t("inbox.versions")}</dt>
        <dd>{knock.subprotocols.length === 0 ? t("inbox.none") : <SafeText text={knock.subprotocols.join(", ")} mono />}</dd>
        <dt>{t("inbox.tls")}</dt>
        <dd>{knock.tls === "" ? t("inbox.noTls") : <SafeText text={knock.tls} />}</dd>
        <dt>{t("inbox.agent")}</dt>
        <dd>{knock.user_agent === "" ? "–" : <SafeText text={knock.user_agent} />}</dd>
        {knock.station === null ? null : (
          <>
            <dt>{t("inbox.registered")}</dt>
            <dd>
              <Id id={knock.station.id} to={pathOf("stations", knock.station.id)} /> <SafeText text={[knock.station.name, knock.station.vendor, knock.station.model].filter(Boolean).join(" · ")} />
            </dd>
          </>
        )}
        <dt>{t("inbox.attempts")}</dt>
        <dd>{knock.count}</dd>
        <dt>{t("inbox.first")}</dt>
        <dd>
          <Time at={knock.first_at} style="full" />
        </dd>
        <dt>{t("inbox.last")}</dt>
        <dd>
          <Time at={knock.last_at} style="full" />
        </dd>
      </dl>
      {knock.fields.length === 0 ? (
        <Text size="sm" c="dimmed" mt="sm">
          {t("inbox.noHeaders")}
        </Text>
      ) : (
        <details className={classes.heard}>
          <summary>
            <Text span size="sm">
              {t("inbox.headers")}
            </Text>
          </summary>
          <table className={classes.headers}>
            <thead>
              <tr>
                <th scope="col">{t("inbox.header")}</th>
                <th scope="col">{t("inbox.value")}</th>
              </tr>
            </thead>
            <tbody>
              {knock.fields.map(([name = "", value = ""], index) => (
                <tr key={index}>
                  <th scope="row">
                    <SafeText text={name} most={60} />
                  </th>
                  <td>
                    <SafeText text={value} most={200} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </section>
  );
}

const WORDS = { new: "inbox.adoptNew", password: "inbox.adoptPassword", enable: "inbox.adoptEnable" } as const;

function Adopt(props: { knock: KnockDetail; adoption: Adoption }) {
  const { t } = useTexts(texts);
  const { knock, adoption } = props;
  const sites = useSites();
  const [name, setName] = useState("");
  const [site, setSite] = useState("");
  // What it came with is the least that it can: password, with TLS or without.
  const [profile, setProfile] = useState<Schema<"SecurityProfile">>(knock.profile === 2 ? 2 : 1);
  const adopt = useMutation({
    mutationFn: async () => {
      const site_id = adoption === "new" ? await siteIdOf(sites, site) : null;
      const body = adoption === "new" ? { name: name.trim(), site_id, security_profile: profile, policy: "Accepted" as const } : { name: "", security_profile: profile, policy: "Accepted" as const };
      return take(api.POST("/api/v1/inbox/{number}/adopt", { params: { path: { number: knock.number } }, body }));
    },
    onSuccess: (welcome) => {
      remember(welcome);
      void readAgain();
      void queries.invalidateQueries({ queryKey: ["stations", welcome.station_id] });
      navigate(wayTo(welcome.station_id));
    },
  });
  return (
    <form
      className={classes.adopt}
      onSubmit={(event) => {
        event.preventDefault();
        adopt.mutate();
      }}
    >
      <Stack gap="sm">
        {adoption === "new" ? (
          <>
            <Text size="sm">{t("inbox.adoptText")}</Text>
            <TextInput label={t("new.name")} description={t("new.nameHint")} inputWrapperOrder={["label", "input", "description"]} maxLength={100} value={name} onChange={(event) => setName(event.currentTarget.value)} data-autofocus />
            <SiteField value={site} onChange={setSite} />
            <ProfileField value={profile} onChange={setProfile} />
          </>
        ) : null}
        {adopt.error === null ? null : <Trouble error={adopt.error} />}
        <Button type="submit" w="fit-content" loading={adopt.isPending} leftSection={<IconUserPlus size={16} />} {...(adoption === "new" ? {} : { "data-autofocus": true })}>
          {t(WORDS[adoption])}
        </Button>
      </Stack>
    </form>
  );
}
