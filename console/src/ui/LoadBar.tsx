import { common, format, useTexts } from "@/i18n";
import classes from "./ui.module.css";

/** A power against its limit, as a bar with both in words. */
export function LoadBar(props: { w: number; limit: number | null; small?: boolean }) {
  const { t } = useTexts(common);
  const { w, limit } = props;
  const share = limit === null || limit <= 0 ? 0 : Math.min(1, w / limit);
  const above = limit !== null && w > limit;
  const figures = { power: format.power(w), limit: limit === null ? "" : format.power(limit) };
  const said = limit === null ? t("load.noLimit", { power: figures.power }) : t(above ? "load.above" : "load.of", figures);
  return (
    <span className={classes.load} title={said}>
      {limit === null ? null : (
        <svg width={props.small === true ? 44 : 64} height={6} role="img" aria-label={said} preserveAspectRatio="none" viewBox="0 0 100 6" data-tone={above ? "bad" : share > 0.9 ? "wait" : "busy"} style={{ flex: "none" }}>
          <rect width={100} height={6} rx={3} fill="var(--mantine-color-default-border)" />
          {w > 0 ? <rect width={Math.max(4, share * 100)} height={6} rx={3} fill="var(--tone)" /> : null}
        </svg>
      )}
      <span className={classes.loadText} data-none={w === 0 || undefined} aria-hidden={limit === null ? undefined : true}>
        {limit === null ? figures.power : `${figures.power} / ${figures.limit}`}
      </span>
    </span>
  );
}
