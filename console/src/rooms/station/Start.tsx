/** Starting a transaction: where, and for whom. */
import { Autocomplete, Button, Group, Modal, NativeSelect, Stack, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, take, useMay } from "@/api";
import { common, useTexts } from "@/i18n";
import { Trouble, useKept, visible } from "@/ui";
import { tell } from "./asking.tsx";
import type { Detail, Transaction } from "./data.ts";
import { texts } from "./texts.ts";

/** EVSEs that the station told of, in order. */
export function evsesOf(detail: Detail): readonly number[] {
  return [...new Set(detail.connectors.map((each) => each.evse))].filter((evse) => evse > 0).sort((a, b) => a - b);
}

export default function Start(props: { detail: Detail; open: readonly Transaction[]; evse: number | null; close: () => void }) {
  const { t } = useTexts(texts);
  const { t: tc } = useTexts(common);
  const may = useMay();
  const { detail } = props;
  const evses = evsesOf(detail);
  const free = evses.find((evse) => !props.open.some((each) => each.evse === evse));
  const [evse, setEvse] = useState(String(props.evse ?? free ?? ""));
  const [last, keepLast] = useKept<string>("start-token", "");
  const [token, setToken] = useState(last);
  const [typed] = useDebouncedValue(token, 200);
  const found = useQuery({
    queryKey: ["tokens", "find", typed],
    queryFn: () => take(api.GET("/api/v1/tokens", { params: { query: { q: typed, limit: 8 } } })),
    enabled: may("tokens:read"),
  });
  const busy = evse !== "" && props.open.some((each) => each.evse === Number(evse));
  const start = useMutation({
    mutationFn: () =>
      take(api.POST("/api/v1/transactions", { body: { station_id: detail.id, token: token.trim(), token_kind: "Central", ...(evse === "" ? {} : { evse: Number(evse) }) } })),
    onSuccess: ({ accepted, ...said }) => {
      keepLast(token.trim());
      tell(t("station.start.do"), { ...said, outcome: accepted ? "accepted" : "rejected" });
      props.close();
    },
  });
  return (
    <Modal opened onClose={props.close} title={t("station.start.title", { id: detail.id })} closeButtonProps={{ "aria-label": tc("app.close") }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          start.mutate();
        }}
      >
        <Stack>
          {start.isError ? <Trouble error={start.error} /> : null}
          <NativeSelect
            label={t("station.start.where")}
            value={evse}
            onChange={(event) => setEvse(event.currentTarget.value)}
            data={[{ value: "", label: t("station.start.any") }, ...evses.map((each) => ({ value: String(each), label: t("station.evse.name", { evse: each }) }))]}
          />
          {busy ? <Text size="sm">{t("station.start.busy")}</Text> : null}
          <Autocomplete
            label={t("station.start.token")}
            description={t("station.start.tokenHelp")}
            data-autofocus
            required
            maxLength={255}
            value={token}
            onChange={setToken}
            data={[...new Set((found.data?.items ?? []).map((each) => each.value))]}
            renderOption={({ option }) => {
              const of = found.data?.items.find((each) => each.value === option.value);
              return (
                <span>
                  <bdi>{visible(option.value)}</bdi>
                  {of?.holder ? (
                    <Text span size="sm" c="dimmed">
                      {" · "}
                      <bdi>{visible(of.holder)}</bdi>
                    </Text>
                  ) : null}
                </span>
              );
            }}
            filter={({ options }) => options}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={props.close}>
              {tc("ui.cancel")}
            </Button>
            <Button type="submit" loading={start.isPending} disabled={token.trim() === ""}>
              {t("station.start.do")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
