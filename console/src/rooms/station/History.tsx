/** Everything that happened to the station, the latest first, and when it was not up. */
import { Button, Chip, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Fragment, useMemo } from "react";
import { api, isMissing, type Schema, take } from "@/api";
import { dayFrom, dayOf, fieldOf, format, momentOf, useLanguage, useTexts } from "@/i18n";
import { useFilters, useParams } from "@/route";
import { Duration, Empty, Panel, Percent, Skeletons, Trouble } from "@/ui";
import { keys, useUptime } from "./data.ts";
import { byTime, Event, type Item } from "./Events.tsx";
import classes from "./station.module.css";
import { texts } from "./texts.ts";
import { UptimeBars, useOutages } from "./UptimeBars.tsx";

type Chapter = Schema<"Chapter">;

const CHAPTERS = ["connection", "boot", "status", "fault", "command", "change", "transaction", "security"] as const satisfies readonly Chapter[];
const DEFAULTS = { chapter: "", since: "", until: "" } as const;

function UptimeHead(props: { id: string }) {
  const { t } = useTexts(texts);
  const uptime = useUptime(props.id);
  const outages = useOutages(props.id).data ?? [];
  const month = uptime.data?.month;
  // A station that was removed has a history, and no uptime.
  if (isMissing(uptime.error)) return null;
  return (
    <Panel title={t("station.uptime.title")}>
      {uptime.isError ? (
        <Trouble error={uptime.error} retry={() => void uptime.refetch()} />
      ) : month === undefined || uptime.data === undefined ? (
        <Skeletons rows={2} height={28} />
      ) : (
        <Stack gap="sm">
          <div className={classes.measures}>
            {(["day", "week", "month"] as const).map((each) => (
              <span key={each} className={classes.measure}>
                <span>{t(`station.uptime.${each}`)}</span>
                <Text span fw={650} size="xl">
                  <Percent of={uptime.data[each].uptime} digits={2} />
                </Text>
              </span>
            ))}
            {(
              [
                ["station.uptime.offline", month.offline_s],
                ["station.uptime.faulted", month.faulted_s],
                ["station.uptime.out", month.unavailable_s],
              ] as const
            ).map(([key, s]) => (
              <span key={key} className={classes.measure}>
                <span>{t(key)}</span>
                <span>
                  {s < 0.5 ? t("station.uptime.none") : <Duration s={s} />}
                </span>
              </span>
            ))}
            <span className={classes.measure}>
              <span>{t("station.uptime.count")}</span>
              <span>{format.number(outages.length)}</span>
            </span>
          </div>
          <UptimeBars id={props.id} />
          <Text size="xs" c="dimmed">
            {t("station.uptime.meaning")}
          </Text>
        </Stack>
      )}
    </Panel>
  );
}

export default function History() {
  const { t } = useTexts(texts);
  useLanguage();
  const { id } = useParams<{ id: string }>();
  const [filters, setFilters] = useFilters<keyof typeof DEFAULTS>(DEFAULTS);
  const chapters = filters.chapter.split(",").filter((each): each is Chapter => (CHAPTERS as readonly string[]).includes(each));
  const found = useInfiniteQuery({
    queryKey: [...keys.history(id), filters],
    queryFn: ({ pageParam }) =>
      take(
        api.GET("/api/v1/stations/{station_id}/history", {
          params: {
            path: { station_id: id },
            query: {
              limit: 100,
              ...(chapters.length === 0 ? {} : { chapter: chapters }),
              ...(filters.since === "" ? {} : { since: filters.since }),
              ...(filters.until === "" ? {} : { until: filters.until }),
              ...(pageParam === null ? {} : { after: pageParam }),
            },
          },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
  });
  const days = useMemo(() => {
    const made: { day: string; items: Item[] }[] = [];
    for (const item of byTime(found.data?.pages.flatMap((page) => page.items) ?? [])) {
      const day = dayOf(new Date(item.at)).toISOString();
      const last = made.at(-1);
      if (last?.day === day) last.items.push(item);
      else made.push({ day, items: [item] });
    }
    return made;
  }, [found.data]);
  const filtered = chapters.length > 0 || filters.since !== "" || filters.until !== "";
  return (
    <Stack>
      <UptimeHead id={id} />
      <Panel title={t("station.hist.title")}>
        <Group gap="xs" mb="sm" className="no-print">
          <Chip.Group multiple value={chapters} onChange={(chosen) => setFilters({ chapter: chosen.join(",") })}>
            {CHAPTERS.map((each) => (
              <Chip key={each} value={each} size="xs" variant="light">
                {t(`station.chapter.${each}`)}
              </Chip>
            ))}
          </Chip.Group>
          <TextInput
            size="xs"
            type="date"
            aria-label={t("station.hist.day")}
            title={t("station.hist.day")}
            value={fieldOf(new Date(filters.since), "day")}
            onChange={(event) => {
              const { value } = event.currentTarget;
              const from = momentOf(`${value}T00:00`);
              setFilters(from === null ? { since: "", until: "" } : { since: from.toISOString(), until: dayFrom(from, 1).toISOString() });
            }}
          />
          {filtered ? (
            <Button size="xs" variant="subtle" color="gray" onClick={() => setFilters(DEFAULTS)}>
              {t("station.hist.everything")}
            </Button>
          ) : null}
        </Group>
        {found.isError ? (
          <Trouble error={found.error} retry={() => void found.refetch()} />
        ) : found.isPending ? (
          <Skeletons rows={8} height={28} />
        ) : days.length === 0 ? (
          <Empty icon={IconHistory} title={t(filtered ? "station.hist.noneFound" : "station.hist.none")} text={t(filtered ? "station.hist.noneFoundText" : "station.hist.noneText")} />
        ) : (
          days.map(({ day, items }) => (
            <Fragment key={day}>
              <h3 className={classes.day}>{format.time(new Date(day), "date")}</h3>
              <ol className={classes.line}>
                {items.map((item) => (
                  <Event key={item.number} id={id} item={item} />
                ))}
              </ol>
            </Fragment>
          ))
        )}
        {found.hasNextPage ? (
          <Group justify="center" mt="sm">
            <Button variant="default" loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
              {t("station.hist.more")}
            </Button>
          </Group>
        ) : null}
      </Panel>
    </Stack>
  );
}
