/** Names and their values, side by side. What has no value is left out. */
import { Fragment, type ReactNode } from "react";
import classes from "./facts.module.css";

export function Facts(props: { rows: readonly (readonly [string, ReactNode] | null | false)[] }) {
  return (
    <dl className={classes.facts}>
      {props.rows.map((row) =>
        row === null || row === false || row[1] === null || row[1] === "" || row[1] === undefined ? null : (
          <Fragment key={row[0]}>
            <dt>{row[0]}</dt>
            <dd>{row[1]}</dd>
          </Fragment>
        ),
      )}
    </dl>
  );
}
