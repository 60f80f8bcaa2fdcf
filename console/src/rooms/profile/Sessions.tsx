import { ActionIcon, Badge, Button, Group, Stack, Text, Tooltip } from "@mantine/core";
import { IconLogout } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { api, queries, type Schema, take } from "@/api";
import { common, useTexts } from "@/i18n";
import { Age, confirm, Device, deviceOf, done, Panel, Skeletons, Time, Trouble } from "@/ui";
import { texts } from "./texts.ts";

const KEY = ["session", "sessions"] as const;
const again = (): void => void queries.invalidateQueries({ queryKey: KEY });

function One(props: { session: Schema<"SessionOut"> }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const { session } = props;
  const device = deviceOf(session.agent);
  const end = useMutation({
    mutationFn: () => take(api.DELETE("/api/v1/sessions/{session_id}", { params: { path: { session_id: session.id } } })),
    onSuccess: () => {
      again();
      done(t("sessions.ended", { device }));
    },
  });
  return (
    <Stack gap={4} component="li">
      <Group justify="space-between" wrap="nowrap" align="flex-start" gap="sm">
        <Stack gap={2} miw={0}>
          <Group gap="xs">
            <Device agent={session.agent} />
            {session.current ? (
              <Badge size="sm" variant="light" tt="none">
                {t("sessions.this")}
              </Badge>
            ) : null}
          </Group>
          <Text size="sm" c="dimmed">
            <bdi>{session.address || words("ui.unknown")}</bdi> · {t("sessions.seen")} <Age at={session.last_seen_at} />
          </Text>
          <Text size="sm" c="dimmed">
            {t("sessions.began")} <Time at={session.created_at} /> {t(session.by === "link" ? "sessions.byLink" : "sessions.byPassword")}
          </Text>
        </Stack>
        {session.current ? null : (
          <Tooltip label={t("sessions.endOne", { device })}>
            <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("sessions.endOne", { device })} loading={end.isPending} onClick={() => end.mutate()}>
              <IconLogout size={18} />
            </ActionIcon>
          </Tooltip>
        )}
      </Group>
      {end.isError ? <Trouble error={end.error} /> : null}
    </Stack>
  );
}

export function Sessions() {
  const { t } = useTexts(texts);
  const sessions = useQuery({ queryKey: KEY, queryFn: () => take(api.GET("/api/v1/sessions")), refetchInterval: 60_000 });
  // This one first, then by when they were last seen.
  const items = [...(sessions.data?.items ?? [])].sort((a, b) => Number(b.current) - Number(a.current) || b.last_seen_at.localeCompare(a.last_seen_at));
  const others = items.filter((each) => !each.current).length;
  const endOthers = (): void =>
    confirm({
      title: t("sessions.endOthersAsk"),
      text: t("sessions.endOthersText"),
      blast: t("sessions.endOthersBlast", { n: others }),
      action: t("sessions.endOthers"),
      danger: true,
      run: async () => {
        await take(api.DELETE("/api/v1/sessions"));
        again();
        done(t("sessions.endedOthers"));
      },
    });
  return (
    <Panel
      title={t("sessions.title")}
      id="sessions"
      beside={
        others > 0 ? (
          <Button size="xs" variant="default" onClick={endOthers}>
            {t("sessions.endOthers")}
          </Button>
        ) : null
      }
    >
      {sessions.isPending ? (
        <Skeletons rows={2} height={52} />
      ) : sessions.isError ? (
        <Trouble error={sessions.error} retry={() => void sessions.refetch()} />
      ) : (
        <Stack gap="md" component="ul" m={0} p={0} style={{ listStyle: "none" }}>
          {items.map((session) => (
            <One key={session.id} session={session} />
          ))}
          {others === 0 ? (
            <Text size="sm" c="dimmed" component="li">
              {t("sessions.only")}
            </Text>
          ) : null}
        </Stack>
      )}
    </Panel>
  );
}
