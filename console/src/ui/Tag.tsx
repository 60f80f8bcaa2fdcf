/** A word with its tone and icon, for states that only one room knows; `StateBadge` for those of stations and charges. */
import type { Icon } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./tag.module.css";
import type { Tone } from "./states.ts";

export interface TagLook {
  readonly tone: Tone;
  readonly icon: Icon;
}

export function Tag(props: { look: TagLook; children: ReactNode; title?: string }) {
  const { look } = props;
  return (
    <span className={classes.tag} data-tone={look.tone} title={props.title}>
      <look.icon size={14} stroke={2.2} aria-hidden />
      {props.children}
    </span>
  );
}

export interface Part {
  readonly id: string;
  readonly tone: Tone;
  readonly n: number;
  readonly name: string;
}

/** Shares of a whole, side by side; what each is, is said to those who do not see it. total: more than the parts where some are yet to come. */
export function PartsBar(props: { label: string; parts: readonly Part[]; total?: number; thick?: boolean }) {
  const shown = props.parts.filter((part) => part.n > 0);
  const total = Math.max(1, props.total ?? 0, shown.reduce((sum, part) => sum + part.n, 0));
  const said = shown.map((part) => `${part.name} ${part.n}`).join(", ");
  return (
    <div className={classes.bar} data-thick={props.thick || undefined} role="img" aria-label={said === "" ? props.label : `${props.label}: ${said}`} title={said}>
      {shown.map((part) => (
        <span key={part.id} data-tone={part.tone} style={{ width: `${(part.n / total) * 100}%` }} />
      ))}
    </div>
  );
}
