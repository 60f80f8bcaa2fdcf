/** `/stations/new`: three fields. */
import { Alert, Anchor, Button, Collapse, Group, NativeSelect, Paper, Stack, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronDown, IconChevronUp, IconPlus } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, Problem, queries, type Schema, take } from "@/api";
import { useTexts } from "@/i18n";
import { useStation } from "@/live";
import { Link, navigate, pathOf, useFilters } from "@/route";
import { Age, Id, PageHeader, Panel, Trouble, useSites } from "@/ui";
import { texts as list } from "../texts.ts";
import classes from "./door.module.css";
import { remember, useRecentKnocks } from "./knocks.ts";
import { siteIdOf, SiteField } from "./SiteField.tsx";
import { texts } from "./texts.ts";

type Profile = Schema<"SecurityProfile">;
const PROFILES = [0, 1, 2, 3] as const satisfies readonly Profile[];
const IDENTITY = /^[A-Za-z0-9*\-_=+|@.]{1,48}$/;
const DAY_MS = 86_400_000;
const MOST_CALLING = 5;

/** The page of what comes after: what to enter in the station, and its way in. */
export function wayTo(station: string): string {
  return `/stations/new?${new URLSearchParams({ station }).toString()}`;
}

export function ProfileField(props: { value: Profile; onChange: (profile: Profile) => void }) {
  const { t } = useTexts(texts);
  return (
    <NativeSelect
      label={t("new.profile")}
      value={String(props.value)}
      onChange={(event) => props.onChange(PROFILES.find((each) => String(each) === event.currentTarget.value) ?? props.value)}
      data={PROFILES.map((profile) => ({ value: String(profile), label: t(`new.profile${profile}`) }))}
    />
  );
}

function Calling() {
  const { t } = useTexts(texts);
  const { data } = useRecentKnocks(true);
  const [now] = useState(() => Date.now());
  const unknown = (data?.items ?? []).filter((knock) => knock.station === null && knock.identity !== "" && now - Date.parse(knock.last_at) < DAY_MS);
  if (unknown.length === 0) return null;
  return (
    <Panel title={t("new.calling")}>
      <Text size="sm" c="dimmed" mb="xs">
        {t("new.callingText")}
      </Text>
      {unknown.slice(0, MOST_CALLING).map((knock) => (
        <div key={knock.number} className={classes.other}>
          <span>
            <Id id={knock.identity} />{" "}
            <Text span size="sm" c="dimmed">
              {t("live.address", { address: knock.address })} · <Age at={knock.last_at} />
            </Text>
          </span>
          <Button component={Link} to={`/inbox?${new URLSearchParams({ knock: String(knock.number) }).toString()}`} size="xs" variant="default">
            {t("inbox.adopt")}
          </Button>
        </div>
      ))}
    </Panel>
  );
}

const DEFAULTS = { id: "", site: "" } as const;

export function Register() {
  const { t } = useTexts(texts);
  const { t: l } = useTexts(list);
  // From elsewhere a field may be filled in already: /stations/new?site=…
  const [given] = useFilters(DEFAULTS);
  const sites = useSites();
  const [id, setId] = useState(given.id);
  const [name, setName] = useState("");
  const [typedSite, setSite] = useState<string | null>(null);
  const site = typedSite ?? sites.find((each) => each.id === given.site)?.name ?? "";
  const [profile, setProfile] = useState<Profile>(1);
  const [password, setPassword] = useState("");
  const [more, { toggle }] = useDisclosure(false);
  const known = useStation(id.trim());
  const add = useMutation({
    mutationFn: async () => {
      const site_id = await siteIdOf(sites, site);
      return take(
        api.POST("/api/v1/stations", {
          body: { id: id.trim(), name: name.trim(), site_id, notes: "", security_profile: profile, policy: "Accepted", cert_fingerprint: "", password: password === "" ? null : password },
        }),
      );
    },
    onSuccess: (welcome) => {
      remember(welcome);
      void queries.invalidateQueries({ queryKey: ["stations"] });
      navigate(wayTo(welcome.station_id), { replace: true });
    },
  });
  const reasons = add.error instanceof Problem ? add.error.reasonsByField : new Map<string, string>();
  const bad = id.trim() !== "" && !IDENTITY.test(id.trim());
  return (
    <>
      <PageHeader title={t("new.title")} detail={t("new.intro")} path={[{ title: l("stations.title"), to: "/stations" }]} />
      <div className={classes.two}>
        <Paper withBorder p="md">
          <form
            onSubmit={(event) => {
              event.preventDefault();
              if (!bad && known === undefined && id.trim() !== "") add.mutate();
            }}
          >
            <Stack>
              <TextInput
                label={t("new.id")}
                description={t("new.idHint")}
                inputWrapperOrder={["label", "input", "description", "error"]}
                required
                autoFocus
                autoComplete="off"
                spellCheck={false}
                maxLength={48}
                value={id}
                onChange={(event) => setId(event.currentTarget.value)}
                error={bad ? t("new.idBad") : (reasons.get("id") ?? null)}
              />
              {known === undefined || add.isSuccess ? null : (
                <Alert role="status">
                  {t("new.idTaken")}{" "}
                  <Anchor component={Link} to={pathOf("stations", known.id)}>
                    {t("new.idOpen")}
                  </Anchor>
                </Alert>
              )}
              <TextInput label={t("new.name")} description={t("new.nameHint")} inputWrapperOrder={["label", "input", "description", "error"]} maxLength={100} value={name} onChange={(event) => setName(event.currentTarget.value)} error={reasons.get("name") ?? null} />
              <SiteField value={site} onChange={setSite} />
              <Button variant="subtle" color="gray" w="fit-content" px="xs" size="compact-sm" aria-expanded={more} onClick={toggle} rightSection={more ? <IconChevronUp size={14} /> : <IconChevronDown size={14} />}>
                {t("new.more")}
              </Button>
              <Collapse expanded={more}>
                <Stack>
                  <ProfileField value={profile} onChange={setProfile} />
                  {profile === 1 || profile === 2 ? (
                    <TextInput
                      label={t("new.password")}
                      description={t("new.passwordHint")}
                      inputWrapperOrder={["label", "input", "description", "error"]}
                      autoComplete="off"
                      spellCheck={false}
                      maxLength={100}
                      value={password}
                      onChange={(event) => setPassword(event.currentTarget.value)}
                      error={reasons.get("password") ?? null}
                    />
                  ) : null}
                </Stack>
              </Collapse>
              {add.error === null ? null : <Trouble error={add.error} />}
              <Group>
                <Button type="submit" loading={add.isPending} leftSection={<IconPlus size={16} />} disabled={bad || id.trim() === "" || known !== undefined}>
                  {t("new.go")}
                </Button>
              </Group>
            </Stack>
          </form>
        </Paper>
        <Calling />
      </div>
    </>
  );
}
