/** What happens, as `/api/v1/events` tells it; names and fields are those of domain/events.py. Fields only get added. */
export interface Events {
  "station.connected": { station_id: string; at: string; address: string; protocol: string; security_profile: number };
  "station.disconnected": { station_id: string; at: string; reason: string };
  "station.refused": { identity: string; at: string; address: string; reason: string };
  "security.noticed": { kind: string; at: string; station_id: string | null; text: string };
  "station.changed": { station_id: string; at: string; change: string };
  "station.booted": {
    station_id: string;
    at: string;
    registration: string;
    vendor: string;
    model: string;
    firmware: string;
    reason: string;
  };
  "connector.status_changed": {
    station_id: string;
    evse: number;
    connector: number | null;
    at: string;
    status: string;
    previous: string;
    fault: string;
  };
  "station.fault_noticed": {
    station_id: string;
    evse: number;
    connector: number | null;
    at: string;
    code: string;
    vendor_code: string;
    text: string;
    cleared: boolean;
  };
  "station.settings_received": { station_id: string; at: string; report_id: number | null; count: number };
  "command.answered": { station_id: string; at: string; command: string; outcome: string; actor: string };
  "job.changed": { job_id: string; at: string; change: string; command: string; stations: number; actor: string };
  "job.progressed": { job_id: string; at: string; station_id: string; state: string; outcome: string; done: number; total: number };
  "site.changed": { site_id: string; at: string; change: string };
  "site.load": {
    at: string;
    power_w: number;
    limit_w: number | null;
    charging: number;
    connected: number;
    sites: readonly { site_id: string; power_w: number; limit_w: number | null; charging: number; connected: number }[];
  };
  "token.changed": { value: string; at: string; change: string };
  "transaction.started": { station_id: string; transaction_id: string; evse: number; at: string; token: string };
  "transaction.updated": {
    station_id: string;
    transaction_id: string;
    evse: number;
    at: string;
    charging_state: string;
    energy_wh: number | null;
    power_w: number | null;
    soc_percent: number | null;
  };
  "transaction.ended": {
    station_id: string;
    transaction_id: string;
    evse: number;
    at: string;
    reason: string;
    energy_wh: number | null;
    suspect: boolean;
  };
  "transaction.corrected": {
    station_id: string;
    transaction_id: string;
    evse: number;
    at: string;
    change: string;
    ended: boolean;
    energy_wh: number | null;
    suspect: boolean;
  };
  "transaction.reviewed": {
    station_id: string;
    transaction_id: string;
    at: string;
    action: string;
    reason: string;
    energy_wh: number | null;
    actor: string;
  };
  "audit.noted": { at: string; actor: string; action: string; target: string; outcome: string };
}

export type EventName = keyof Events;

/** One event. number: in the journal; null for what is live only. */
export type Happening = { [N in EventName]: { readonly name: N; readonly number: number | null; readonly data: Events[N] } }[EventName];
export type HappeningOf<N extends EventName> = Extract<Happening, { name: N }>;
