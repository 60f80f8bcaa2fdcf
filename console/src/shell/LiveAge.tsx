/** How old what is shown is. Honest: the time since the last byte of the stream, not since it was opened. */
import { Tooltip } from "@mantine/core";
import { useEffect, useState } from "react";
import { common, format, useTexts } from "@/i18n";
import { usePulse } from "@/live";
import classes from "./shell.module.css";

/** The server's heart beats every 15 s; later than this something is wrong. */
const STALE_S = 18;

export function LiveAge() {
  const { t } = useTexts(common);
  const pulse = usePulse();
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => document.hidden || setNow(performance.now()), 500);
    return () => clearInterval(timer);
  }, []);
  const ageS = pulse.heardAt === null ? null : Math.max(0, now - pulse.heardAt) / 1000;
  const age = ageS === null ? "" : format.duration(ageS);
  const isLive = pulse.is === "live" && ageS !== null && ageS <= STALE_S;
  const isStale = !isLive && ageS !== null && pulse.is !== "off";
  const text = isLive
    ? t("live.live", { age })
    : isStale
      ? t("live.stale", { age })
      : pulse.is === "off"
        ? t("live.off")
        : pulse.is === "paused"
          ? t("live.paused")
          : t("live.opening");
  const about = isLive ? t("live.aboutLive", { age }) : isStale ? t("live.aboutStale", { age }) : pulse.is === "off" ? t("live.aboutOff") : text;
  return (
    <Tooltip label={about} multiline maw={320}>
      {/* Not a live region: it would be read out twice a second. That the server is lost is told by the banner. */}
      <span className={classes.live} data-tone={isLive ? "free" : isStale ? "wait" : "away"} data-live={pulse.is} tabIndex={0} role="note" aria-label={text}>
        <span className={classes.dot} aria-hidden />
        {text}
      </span>
    </Tooltip>
  );
}
