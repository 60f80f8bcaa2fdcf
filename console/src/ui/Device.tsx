/** Which browser on which system, out of what a browser calls itself. */
import { IconDeviceDesktop, IconDeviceMobile, IconTerminal2 } from "@tabler/icons-react";
import { visible } from "./basics.tsx";
import classes from "./access.module.css";

const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:e|A|iOS)?\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\b(?:Firefox|FxiOS)\//, "Firefox"],
  [/\b(?:HeadlessChrome|Chrome|CriOS)\//, "Chrome"],
  [/\bVersion\/.*Safari\//, "Safari"],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/Android/, "Android"],
  [/iPhone/, "iPhone"],
  [/iPad/, "iPad"],
  [/Windows/, "Windows"],
  [/CrOS/, "ChromeOS"],
  [/Mac OS X|Macintosh/, "macOS"],
  [/Linux|X11/, "Linux"],
];

/** Pure. "Firefox · Linux"; what we do not know, as it says. */
export function deviceOf(agent: string): string {
  const browser = BROWSERS.find(([pattern]) => pattern.test(agent))?.[1];
  const system = SYSTEMS.find(([pattern]) => pattern.test(agent))?.[1];
  return [browser, system].filter((each) => each !== undefined).join(" · ") || agent.split(/[\s/]/)[0]?.slice(0, 40) || "?";
}

export function Device(props: { agent: string }) {
  const { agent } = props;
  const Shape = /Mobile|Android|iPhone|iPad/.test(agent) ? IconDeviceMobile : /Mozilla/.test(agent) ? IconDeviceDesktop : IconTerminal2;
  return (
    <span className={classes.role} title={visible(agent.slice(0, 300))}>
      <Shape size={16} stroke={1.8} aria-hidden />
      <bdi>{visible(deviceOf(agent))}</bdi>
    </span>
  );
}
