/** Keys, as they are on the keyboard. */
import { Fragment } from "react";
import classes from "./shell.module.css";

export const isApple = /Mac|iPhone|iPad/.test(navigator.userAgent);

export function Keys(props: { keys: string }) {
  return (
    <span>
      {props.keys.split(" ").map((key, index) => (
        <Fragment key={index}>
          {index > 0 ? " " : null}
          <kbd className={classes.key}>{key}</kbd>
        </Fragment>
      ))}
    </span>
  );
}
