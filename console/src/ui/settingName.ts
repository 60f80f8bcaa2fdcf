/** Names of settings as they are written: OCPPCommCtrlr.HeartbeatInterval, Comp[instance]@evse.connector.Var[instance], or a key of 1.6. Pure. */
import type { Schema } from "@/api";

export type NewSetting = Schema<"WantedSettingIn">;

const WRITTEN = /^([^.[\]@]+)(?:\[([^\]]*)\])?(?:@(\d+)(?:\.(\d+))?)?\.([^.[\]@]+)(?:\[([^\]]*)\])?$/;
const OLD = "OCPP16";

export interface Named {
  readonly component: string;
  readonly variable: string;
  readonly component_instance: string;
  readonly variable_instance: string;
  readonly evse: number | null;
  readonly connector: number | null;
}

/** As the reader knows it: a key of 1.6 that 2.x has no name for, alone. */
export function settingNameOf(setting: Named): string {
  return setting.component === OLD ? setting.variable : writtenNameOf(setting);
}

/** OCPPCommCtrlr.HeartbeatInterval; with the EVSE and connector behind an @, and instances in brackets, as the server writes it. */
export function writtenNameOf(setting: Named): string {
  const bracket = (text: string): string => (text === "" ? "" : `[${text}]`);
  const place = setting.evse === null ? "" : `@${setting.evse}${setting.connector === null ? "" : `.${setting.connector}`}`;
  return `${setting.component}${bracket(setting.component_instance)}${place}.${setting.variable}${bracket(setting.variable_instance)}`;
}

/** A name as it is written, with its value; a name without a dot is a key of OCPP 1.6. */
export function newSettingOf(name: string, value: string): NewSetting {
  const said = WRITTEN.exec(name.trim());
  if (said === null) return { key: name.trim(), value, component_instance: "", variable_instance: "", attribute: "Actual" };
  const [, component, componentInstance, evse, connector, variable, variableInstance] = said;
  return {
    component: component ?? null,
    variable: variable ?? null,
    component_instance: componentInstance ?? "",
    variable_instance: variableInstance ?? "",
    evse: evse === undefined ? null : Number(evse),
    connector: connector === undefined ? null : Number(connector),
    attribute: "Actual",
    value,
  };
}
