/** A campaign wave by wave: those that are behind, the one that runs, and those to come. */
import { IconHourglass } from "@tabler/icons-react";
import { format, useTexts } from "@/i18n";
import { PartsBar } from "@/ui/Tag.tsx";
import classes from "./firmware.module.css";
import { useParts } from "./looks.tsx";
import type { Campaign, CampaignStation } from "./queries.ts";
import { texts } from "./texts.ts";

/** number 0: the canaries. counts: stations by their state; to come: `waiting` alone. */
export interface Wave {
  readonly number: number;
  readonly size: number;
  readonly counts: Readonly<Record<string, number>>;
}

interface Plan {
  readonly canary: number;
  readonly wave_size: number;
}

/** Pure. How `n` stations fall into waves. */
export function planned(plan: Plan, n: number): readonly Wave[] {
  return toCome(plan, n, 0, 0);
}

function toCome(plan: Plan, n: number, from: number, started: number): readonly Wave[] {
  const waves: Wave[] = [];
  let left = n;
  for (let number = from; left > 0; number += 1) {
    const room = (number === 0 ? plan.canary : Math.max(1, plan.wave_size)) - (number === from ? started : 0);
    const size = Math.min(left, Math.max(0, room));
    if (size > 0) waves.push({ number, size, counts: { waiting: size } });
    left -= size;
  }
  return waves;
}

/** Pure. Those of a campaign: from what became of its stations, and what waits. */
export function wavesOf(campaign: Campaign, stations: readonly CampaignStation[]): readonly Wave[] {
  const behind = new Map<number, Record<string, number>>();
  let waiting = 0;
  for (const { wave, state } of stations) {
    // Those that were passed over are of no wave, whenever that was found.
    if (state === "skipped") continue;
    if (wave === null) {
      if (state === "waiting") waiting += 1;
      continue;
    }
    const counts = behind.get(wave) ?? {};
    counts[state] = (counts[state] ?? 0) + 1;
    behind.set(wave, counts);
  }
  const sizeOf = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((sum, each) => sum + each, 0);
  const begun = [...behind].sort(([a], [b]) => a - b).map(([number, counts]): Wave => ({ number, counts, size: sizeOf(counts) }));
  const now = behind.get(campaign.wave);
  const waves = new Map(begun.map((wave) => [wave.number, wave]));
  for (const wave of toCome(campaign, waiting, campaign.wave, now === undefined ? 0 : sizeOf(now))) {
    const known = waves.get(wave.number);
    waves.set(wave.number, known === undefined ? wave : { ...known, size: known.size + wave.size, counts: { ...known.counts, waiting: (known.counts.waiting ?? 0) + wave.size } });
  }
  return [...waves.values()].sort((a, b) => a.number - b.number);
}

const MOST = 12;

/** current: the wave that runs now; null: none does. soak: minutes after the canaries. */
export function Waves(props: { waves: readonly Wave[]; current: number | null; soak: number }) {
  const { t } = useTexts(texts);
  const partsOf = useParts();
  const { waves, current } = props;
  const from = current === null || waves.length <= MOST ? 0 : Math.max(0, Math.min(waves.findIndex((wave) => wave.number === current) - 4, waves.length - MOST));
  const shown = waves.slice(from, from + MOST);
  const last = from + shown.length;
  return (
    <ol className={classes.waves}>
      {from > 0 ? <li className={classes.moreWaves}>{t("firmware.wavesBefore", { n: from })}</li> : null}
      {shown.map((wave) => {
        const done = wave.counts.done ?? 0;
        return (
          <li key={wave.number} aria-current={wave.number === current ? "step" : undefined}>
            <span className={classes.waveName}>{wave.number === 0 ? t("firmware.canaries") : t("firmware.waveN", { n: wave.number })}</span>
            <PartsBar label={wave.number === 0 ? t("firmware.canaries") : t("firmware.waveN", { n: wave.number })} parts={partsOf(wave.counts)} total={wave.size} />
            <span className={classes.count}>{(wave.counts.waiting ?? 0) === wave.size ? t("firmware.stations", { n: wave.size }) : t("firmware.doneOf", { done, total: wave.size })}</span>
            {wave.number === 0 && props.soak > 0 && waves.length > 1 ? (
              <span className={classes.soak}>
                <IconHourglass size={14} aria-hidden />
                {t("firmware.soakFor", { time: format.duration(props.soak * 60) })}
              </span>
            ) : null}
          </li>
        );
      })}
      {last < waves.length ? <li className={classes.moreWaves}>{t("firmware.wavesAfter", { n: waves.length - last })}</li> : null}
    </ol>
  );
}
