/**
 * What words of stations mean for people: causes, and what to do. Pure; the words themselves are texts.
 *
 * Codes are those of OCPP 1.6 (StatusNotification.errorCode) and, for 2.x, "Component.Variable" of the device model.
 */

const FAULTS = [
  ["lock", /ConnectorLockFailure|PlugRetentionLock/i],
  ["vehicle", /EVCommunicationError|ControlMetering|ISO15118|EVComm/i],
  ["ground", /GroundFailure|\bRCD\b|RCDs?\.|GroundFault|Residual/i],
  ["heat", /HighTemperature|OverTemperature|Temperature/i],
  ["current", /OverCurrent/i],
  ["overVoltage", /OverVoltage/i],
  ["underVoltage", /UnderVoltage/i],
  ["meter", /PowerMeterFailure|FiscalMetering|Meter/i],
  ["switch", /PowerSwitchFailure|Contactor|ElectricalFeed/i],
  ["pilot", /CPPWM|Pilot/i],
  ["reader", /ReaderFailure|TokenReader/i],
  ["reset", /ResetFailure/i],
  ["signal", /WeakSignal/i],
  ["list", /LocalListConflict/i],
  ["cable", /CableBreakaway|Cable/i],
  ["emergency", /Emergency|EStop|E-Stop/i],
  ["tamper", /Tamper|Shock|Tilt|Intrusion/i],
  ["internal", /InternalError/i],
] as const;

export type FaultKind = (typeof FAULTS)[number][0] | "other";

/** By the code; where that says nothing, by the station's own words. */
export function kindOfFault(code: string, text: string): FaultKind {
  return (FAULTS.find(([, pattern]) => pattern.test(code)) ?? FAULTS.find(([, pattern]) => pattern.test(text)))?.[0] ?? "other";
}

const LOSSES = [
  ["silent", /^silent for|did not answer/i],
  ["unread", /did not read/i],
  ["replaced", /replaced by a newer|connected anew/i],
  ["closed", /closed by (the )?station/i],
  ["bad", /bad messages|too (many|fast|large)|not UTF-8|protocol/i],
  ["server", /server restarts|the node|try again later|shut/i],
  ["sentAway", /disabled|removed|password|certificate|sent away|profile|changed/i],
  ["lost", /connection lost|reset by peer|timed out/i],
] as const;

export type Loss = (typeof LOSSES)[number][0] | "other";

/** Why a connection ended, by the phrase that was kept. */
export function kindOfLoss(reason: string): Loss {
  return LOSSES.find(([, pattern]) => pattern.test(reason))?.[0] ?? "other";
}

/** How good a connection is by the way a ping takes there and back. */
export function qualityOf(rttMs: number): "good" | "fair" | "poor" {
  return rttMs < 250 ? "good" : rttMs < 1000 ? "fair" : "poor";
}

/** The codes of a CALLERROR that mean the same in all versions, each with a text "station.code.<name>". */
export const ERROR_CODES = [
  "FormationViolation",
  "FormatViolation",
  "GenericError",
  "InternalError",
  "MessageTypeNotSupported",
  "NotImplemented",
  "NotSupported",
  "OccurrenceConstraintViolation",
  "OccurenceConstraintViolation",
  "PropertyConstraintViolation",
  "ProtocolError",
  "RpcFrameworkError",
  "SecurityError",
  "TypeConstraintViolation",
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

export function isKnownCode(code: string): code is ErrorCode {
  return (ERROR_CODES as readonly string[]).includes(code);
}

const VERSIONS: Readonly<Record<string, string>> = { "ocpp1.6": "OCPP 1.6", "ocpp2.0.1": "OCPP 2.0.1", "ocpp2.1": "OCPP 2.1" };

export function versionOf(protocol: string): string {
  return VERSIONS[protocol] ?? protocol;
}
