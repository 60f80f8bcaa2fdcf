/** What stands on the station's displays. */
import { ActionIcon, Button, Group, Modal, NativeSelect, SimpleGrid, Stack, Textarea, TextInput } from "@mantine/core";
import { IconCheck, IconHandStop, IconHelp, IconHourglass, type Icon, IconMessage2, IconPlus, IconRefresh, IconTrash, IconX } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { api, queries, type Schema, take, useMay } from "@/api";
import { useState } from "react";
import { common, momentOf, speak, useTexts } from "@/i18n";
import { useLive } from "@/live";
import { useFilters, useParams } from "@/route";
import { Age, confirm, done, Empty, Panel, SafeText, Skeletons, Time, type Tone, Trouble, useThrottled, visible } from "@/ui";
import { Tag } from "@/ui/Tag.tsx";
import { Actor } from "@/ui/words/Actor.tsx";
import { tell } from "../asking.tsx";
import { useDetail } from "../data.ts";
import { useActing } from "./acting.ts";
import classes from "./more.module.css";
import { NotInVersion } from "./NotInVersion.tsx";
import { texts } from "./texts.ts";

type Message = Schema<"DisplayMessageOut">;
type State = Message["state"];
type While = Schema<"MessageState">;
type Priority = Schema<"MessagePriority">;

const ADDRESS = { do: "" };
const PRIORITIES = ["NormalCycle", "InFront", "AlwaysFront"] as const satisfies readonly Priority[];
const WHILES = ["Charging", "Idle", "Faulted", "Unavailable"] as const satisfies readonly While[];
const keyOf = (id: string) => ["display", id] as const;

const LOOKS: Readonly<Record<State, { tone: Tone; icon: Icon }>> = {
  asked: { tone: "busy", icon: IconHourglass },
  shown: { tone: "free", icon: IconCheck },
  refused: { tone: "bad", icon: IconHandStop },
  cleared: { tone: "away", icon: IconX },
  expired: { tone: "away", icon: IconX },
  missing: { tone: "wait", icon: IconHelp },
};

function askClear(message: Message): void {
  const { t } = speak(texts);
  confirm({
    title: t("disp.clearAsk"),
    text: visible(message.contents[0]?.text.slice(0, 200) ?? ""),
    action: t("disp.clear"),
    danger: true,
    run: async () => {
      const { answer } = await take(api.POST("/api/v1/stations/{station_id}/display-messages/{number}/clear", { params: { path: { station_id: message.station_id, number: message.number } } }));
      tell(t("disp.clear"), answer);
      await queries.invalidateQueries({ queryKey: keyOf(message.station_id) });
    },
  });
}

function Form(props: { id: string; leave: () => void }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const [text, setText] = useState("");
  const [language, setLanguage] = useState("");
  const [priority, setPriority] = useState<Priority>("NormalCycle");
  const [during, setDuring] = useState<While | "">("");
  const [from, setFrom] = useState("");
  const [until, setUntil] = useState("");
  const show = useMutation({
    mutationFn: () =>
      take(
        api.POST("/api/v1/stations/{station_id}/display-messages", {
          params: { path: { station_id: props.id } },
          body: { contents: [{ text: text.trim(), format: "UTF8", language: language.trim() }], priority, state: during === "" ? null : during, starts_at: momentOf(from)?.toISOString() ?? null, ends_at: momentOf(until)?.toISOString() ?? null },
        }),
      ),
    onSuccess: ({ answer }) => {
      tell(t("disp.show"), answer);
      void queries.invalidateQueries({ queryKey: keyOf(props.id) });
      if (answer.outcome !== "rejected") props.leave();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        show.mutate();
      }}
    >
      <Stack>
        <Textarea label={t("disp.text")} required autosize minRows={2} maxRows={6} maxLength={512} data-autofocus value={text} onChange={(event) => setText(event.currentTarget.value)} />
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <NativeSelect label={t("disp.priority")} value={priority} onChange={(event) => setPriority(event.currentTarget.value as Priority)} data={PRIORITIES.map((each) => ({ value: each, label: t(`disp.priority.${each}`) }))} />
          <NativeSelect
            label={t("disp.while")}
            value={during}
            onChange={(event) => setDuring(event.currentTarget.value as While | "")}
            data={[{ value: "", label: t("disp.always") }, ...WHILES.map((each) => ({ value: each, label: t(`disp.while.${each}`) }))]}
          />
          <TextInput type="datetime-local" label={t("disp.from")} value={from} onChange={(event) => setFrom(event.currentTarget.value)} />
          <TextInput type="datetime-local" label={t("disp.until")} value={until} onChange={(event) => setUntil(event.currentTarget.value)} />
          <TextInput label={t("disp.language")} placeholder="de" maxLength={8} value={language} onChange={(event) => setLanguage(event.currentTarget.value)} />
        </SimpleGrid>
        {show.isError ? <Trouble error={show.error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={props.leave} disabled={show.isPending}>
            {words("ui.cancel")}
          </Button>
          <Button type="submit" loading={show.isPending} disabled={text.trim() === ""}>
            {t("disp.show")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

export default function Display() {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const { id } = useParams<{ id: string }>();
  const may = useMay();
  const detail = useDetail(id).data;
  const { busy, act } = useActing();
  const [address, setAddress] = useFilters<"do">(ADDRESS);
  const [past, setPast] = useState(false);
  const again = useThrottled(() => void queries.invalidateQueries({ queryKey: keyOf(id) }), 500);
  useLive(["display.changed"], (happenings) => {
    if (happenings.some(({ data }) => data.station_id === id)) again();
  });
  const found = useQuery({ queryKey: keyOf(id), queryFn: ({ signal }) => take(api.GET("/api/v1/display-messages", { params: { query: { station_id: id, limit: 200 } }, signal })) });
  if (detail === undefined) return <Skeletons rows={4} height={60} />;
  if (detail.link.protocol === "ocpp1.6") return <NotInVersion icon={IconMessage2} text={t("disp.notIn16")} />;
  const asks = may("stations:command");
  const all = found.data?.items ?? [];
  const isNow = (each: Message): boolean => each.state === "shown" || each.state === "asked" || each.state === "missing";
  const shown = past ? all : all.filter(isNow);
  const old = all.length - all.filter(isNow).length;
  return (
    <Panel
      title={t("disp.title")}
      beside={
        asks ? (
          <Group gap="xs">
            <Button
              size="compact-sm"
              variant="default"
              leftSection={<IconRefresh size={16} />}
              disabled={!detail.link.connected}
              loading={busy === "report"}
              onClick={() =>
                act("report", async () => {
                  const { answer } = await take(api.POST("/api/v1/stations/{station_id}/display-messages-report", { params: { path: { station_id: id } }, body: { numbers: [] } }));
                  if (answer.outcome === "accepted") done(t("disp.reporting"));
                  else tell(t("disp.report"), answer);
                })
              }
            >
              {t("disp.report")}
            </Button>
            <Button size="compact-sm" leftSection={<IconPlus size={16} />} disabled={!detail.link.connected} onClick={() => setAddress({ do: "message" })}>
              {t("disp.show")}
            </Button>
          </Group>
        ) : null
      }
    >
      {found.data === undefined ? (
        found.isError ? (
          <Trouble error={found.error} retry={() => void found.refetch()} />
        ) : (
          <Skeletons rows={3} />
        )
      ) : shown.length === 0 ? (
        <Empty icon={IconMessage2} title={t("disp.none")} text={t("disp.noneText")} />
      ) : (
        <ul className={classes.list}>
          {shown.map((each) => (
            <li key={each.number}>
              <div className={classes.grow}>
                {each.contents.map((content, index) => (
                  <div key={index} className={classes.message} lang={content.language || undefined}>
                    <SafeText text={content.text} most={300} />
                  </div>
                ))}
                <div className={classes.quiet}>
                  {t("disp.number", { n: each.number })} · {t(`disp.priority.${each.priority}`)}
                  {each.showing === null ? "" : ` · ${t("disp.only")} ${each.showing}`}
                  {each.starts_at === null ? null : (
                    <>
                      {" "}
                      · {t("disp.from")} <Time at={each.starts_at} />
                    </>
                  )}
                  {each.ends_at === null ? null : (
                    <>
                      {" "}
                      · {t("disp.until")} <Time at={each.ends_at} />
                    </>
                  )}
                  {" · "}
                  <Age at={each.changed_at} />
                  {each.actor === "" ? null : (
                    <>
                      {" "}
                      · <Actor name={each.actor} />
                    </>
                  )}
                </div>
                {each.said === "" || each.state !== "refused" ? null : (
                  <div className={classes.quiet}>
                    {t("disp.said")} <SafeText text={each.said} most={60} />
                  </div>
                )}
              </div>
              <Tag look={LOOKS[each.state]}>{t(`disp.state.${each.state}`)}</Tag>
              {asks && isNow(each) ? (
                <ActionIcon variant="subtle" color="gray" disabled={!detail.link.connected} aria-label={t("disp.clearOf", { n: each.number })} onClick={() => askClear(each)}>
                  <IconTrash size={16} />
                </ActionIcon>
              ) : null}
            </li>
          ))}
        </ul>
      )}
      {old === 0 ? null : (
        <Button variant="subtle" size="compact-sm" mt="xs" aria-expanded={past} onClick={() => setPast(!past)}>
          {past ? t("disp.hidePast") : t("disp.showPast", { n: old })}
        </Button>
      )}
      {asks ? (
        <Modal opened={address.do === "message"} onClose={() => setAddress({ do: "" })} title={t("disp.showTitle", { id: visible(id) })} closeButtonProps={{ "aria-label": words("app.close") }}>
          <Form id={id} leave={() => setAddress({ do: "" })} />
        </Modal>
      ) : null}
    </Panel>
  );
}
