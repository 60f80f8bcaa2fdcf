/** The panel that says what needs somebody, gravest first; calm and green when nothing does. */
import { UnstyledButton } from "@mantine/core";
import { IconAlertTriangle, IconAlertTriangleFilled, IconChevronDown, IconCircleCheck, type Icon, IconInfoCircle } from "@tabler/icons-react";
import { useCallback, useId, useState } from "react";
import { useTexts } from "@/i18n";
import { type Fleet, sameList, type Station, type TroubleGroup, useFleet, useNow } from "@/live";
import { Link, pathOf } from "@/route";
import { Age, Id, SafeText, StateBadge } from "../basics.tsx";
import type { Tone } from "../states.ts";
import classes from "./needs.module.css";
import { facts, placeOf, Sentence } from "./sentence.tsx";
import { texts } from "./texts.ts";
import { faultInWords, lossInWords } from "./words.ts";

const LOOK: Readonly<Record<TroubleGroup["severity"], { tone: Tone; icon: Icon }>> = {
  critical: { tone: "bad", icon: IconAlertTriangleFilled },
  warning: { tone: "wait", icon: IconAlertTriangle },
  notice: { tone: "away", icon: IconInfoCircle },
};
const FIRST = 4;

function keyOf(group: TroubleGroup): string {
  return [group.kind, group.code, group.site_id, group.since, group.station_ids[0]].join(" ");
}

/** Why this one does not work, in a few words. */
function Why(props: { station: Station }) {
  useTexts(texts);
  const { state, fault, disconnect_reason } = props.station;
  if (state === "Faulted") return faultInWords(fault) ?? <SafeText text={fault} most={60} />;
  if (state === "Offline" && disconnect_reason !== "") return lossInWords(disconnect_reason) ?? <SafeText text={disconnect_reason} most={60} />;
  return null;
}

function Members(props: { group: TroubleGroup; id: string }) {
  const { t } = useTexts(texts);
  const { group } = props;
  const ids = group.station_ids.join();
  const select = useCallback((fleet: Fleet) => ids.split(",").map((id) => fleet.byId.get(id) ?? id), [ids]);
  const stations = useFleet(select, sameList);
  return (
    <ul className={classes.members} id={props.id}>
      {stations.map((station) =>
        typeof station === "string" ? (
          <li key={station} className={classes.member}>
            <Id id={station} to={pathOf("stations", station)} />
          </li>
        ) : (
          <li key={station.id} className={classes.member}>
            <Id id={station.id} to={pathOf("stations", station.id)} />
            <StateBadge state={station.state} size="sm" />
            <span>
              <Why station={station} /> {station.state_since === null ? null : <Age at={station.state_since} />}
            </span>
          </li>
        ),
      )}
      {group.count > group.station_ids.length ? (
        <li className={classes.member}>{t("needs.andMore", { n: group.count - group.station_ids.length })}</li>
      ) : null}
    </ul>
  );
}

function Group(props: { group: TroubleGroup; within: string | undefined }) {
  const { t } = useTexts(texts);
  const { group } = props;
  const [open, setOpen] = useState(false);
  const id = useId();
  const now = useNow(30_000);
  const { icon: Mark } = LOOK[group.severity];
  const opens = group.count > 1 && group.kind !== "refused" && group.kind !== "suspect";
  const about = facts(group, now);
  return (
    <li className={classes.group}>
      <span className={classes.mark} role="img" aria-label={t(`severity.${group.severity}`)} title={t(`severity.${group.severity}`)}>
        <Mark size={18} stroke={2} />
      </span>
      <div className={classes.words}>
        <Link to={placeOf(group)} className={classes.sentence}>
          <Sentence group={group} {...(props.within === undefined ? {} : { within: props.within })} />
        </Link>
        {about.length === 0 ? null : (
          <span className={classes.about}>
            {about.map((fact, index) => (
              <span key={index}>{fact}</span>
            ))}
          </span>
        )}
      </div>
      {opens ? (
        <UnstyledButton className={classes.open ?? ""} aria-expanded={open} aria-controls={open ? id : undefined} onClick={() => setOpen(!open)}>
          {t("needs.which", { n: group.count })}
          <IconChevronDown size={16} aria-hidden />
        </UnstyledButton>
      ) : null}
      {open && opens ? <Members group={group} id={id} /> : null}
    </li>
  );
}

/** groups: as the overview tells them. within: of this site only, which is then not named. */
export function NeedsYou(props: { groups: readonly TroubleGroup[]; within?: string }) {
  const { t } = useTexts(texts);
  const [all, setAll] = useState(false);
  const { groups } = props;
  const heading = useId();
  const urgent = groups.filter((group) => group.severity !== "notice");
  const stations = urgent.filter(({ kind }) => kind === "fault" || kind === "offline" || kind === "rejected").reduce((sum, { count }) => sum + count, 0);
  const tone: Tone = groups.some(({ severity }) => severity === "critical") ? "bad" : urgent.length > 0 ? "wait" : groups.length > 0 ? "away" : "free";
  const HeadIcon = groups.length === 0 ? IconCircleCheck : (groups[0] === undefined ? IconInfoCircle : LOOK[groups[0].severity].icon);
  const title =
    stations > 0
      ? t("needs.stations", { n: stations })
      : urgent.length > 0
        ? t("needs.things", { n: urgent.length })
        : groups.length > 0
          ? t("needs.notices", { n: groups.length })
          : t("needs.calm");
  const shown = all ? groups : groups.slice(0, FIRST);
  return (
    <section className={classes.panel} data-tone={tone} aria-labelledby={heading} data-needs={groups.length}>
      <div className={classes.head}>
        <HeadIcon size={22} stroke={2} aria-hidden />
        <h2 className={classes.title} id={heading}>
          {title}
        </h2>
        {groups.length === 0 ? <span className={classes.about}>{t(props.within === undefined ? "needs.calmText" : "needs.calmSite")}</span> : null}
      </div>
      {groups.length === 0 ? null : (
        <ul className={classes.groups}>
          {shown.map((group) => (
            <Group key={keyOf(group)} group={group} within={props.within} />
          ))}
        </ul>
      )}
      {groups.length > FIRST ? (
        <UnstyledButton className={classes.more ?? ""} aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? t("needs.less") : t("needs.more", { n: groups.length - FIRST })}
        </UnstyledButton>
      ) : null}
    </section>
  );
}
