/** A new password for the station: told this once. */
import { Alert, Button, Code, Group, Modal, Radio, Stack, Text } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, queries, take } from "@/api";
import { common, useTexts } from "@/i18n";
import { Copy, Trouble } from "@/ui";
import { type Detail, keys } from "./data.ts";
import { Facts } from "./Facts.tsx";
import { texts } from "./texts.ts";

export default function Password(props: { detail: Detail; close: () => void }) {
  const { t } = useTexts(texts);
  const { t: tc } = useTexts(common);
  const { detail } = props;
  const connected = detail.link.connected;
  const [how, setHow] = useState(connected ? "install" : "enter");
  const change = useMutation({
    mutationFn: () =>
      take(api.POST("/api/v1/stations/{station_id}/password", { params: { path: { station_id: detail.id } }, body: { install: how === "install" } })),
    onSuccess: () => void queries.invalidateQueries({ queryKey: keys.detail(detail.id) }),
  });
  const made = change.data;
  return (
    <Modal
      opened
      onClose={props.close}
      closeOnClickOutside={made === undefined}
      title={t("station.password.title", { id: detail.id })}
      size="lg"
      closeButtonProps={{ "aria-label": tc("app.close") }}
    >
      {made === undefined ? (
        <Stack>
          {change.isError ? <Trouble error={change.error} /> : null}
          <Radio.Group value={how} onChange={setHow} label={t("station.password.how")}>
            <Stack gap="xs" mt="xs">
              <Radio value="install" disabled={!connected} label={t("station.password.install")} description={t(connected ? "station.password.installHelp" : "station.password.away")} />
              <Radio value="enter" label={t("station.password.enter")} description={t("station.password.enterHelp")} />
            </Stack>
          </Radio.Group>
          {how === "enter" && connected ? <Text fw={600}>{t("station.password.blast")}</Text> : null}
          <Group justify="flex-end">
            <Button variant="default" onClick={props.close} disabled={change.isPending}>
              {tc("ui.cancel")}
            </Button>
            <Button color={how === "enter" ? "red.9" : "brand"} leftSection={<IconKey size={16} />} loading={change.isPending} onClick={() => change.mutate()}>
              {t("station.password.make")}
            </Button>
          </Group>
        </Stack>
      ) : made.installed ? (
        <Stack>
          <Alert color="brand" title={t("station.password.installed")}>
            {t("station.password.installedText")}
          </Alert>
          <Group justify="flex-end">
            <Button onClick={props.close}>{tc("app.close")}</Button>
          </Group>
        </Stack>
      ) : (
        <Stack>
          <Alert color="brand" title={t("station.password.once")}>
            {t("station.password.onceText")}
          </Alert>
          <Facts
            rows={[
              [t("station.password.urls"), made.urls.map((url) => <Copied key={url} text={url} what={t("station.password.url")} />)],
              [t("station.password.username"), <Copied key="user" text={made.username} what={t("station.password.username")} />],
              [t("station.password.password"), made.password === null ? t("station.password.none") : <Copied key="password" text={made.password} what={t("station.password.password")} />],
            ]}
          />
          <Group justify="flex-end">
            <Button onClick={props.close}>{t("station.password.written")}</Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}

function Copied(props: { text: string; what: string }) {
  return (
    <Group gap={4} wrap="nowrap">
      <Code style={{ overflowWrap: "anywhere" }}>{props.text}</Code>
      <Copy text={props.text} what={props.what} />
    </Group>
  );
}
