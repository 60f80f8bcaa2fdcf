/** Who did it: a person, this machine, or voltloom by itself. */
import { SafeText } from "../basics.tsx";
import { wordOfActor } from "./words.ts";

export function Actor(props: { name: string; most?: number }) {
  return <SafeText text={wordOfActor(props.name)} most={props.most ?? 40} />;
}
