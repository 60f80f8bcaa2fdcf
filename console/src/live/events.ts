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
  "firmware.update_changed": { station_id: string; update_id: number; at: string; state: string; version: string; reason: string; campaign_id: string };
  "firmware.publication_changed": { station_id: string; publication_id: number; at: string; state: string; version: string };
  "firmware.campaign_changed": { campaign_id: string; at: string; change: string; reason: string; wave: number; stations: number; done: number; failed: number };
  "log.changed": { station_id: string; log_id: number; at: string; kind: string; state: string; reason: string; size: number | null };
  "display.changed": { station_id: string; number: number; at: string; state: string };
  "station.list_changed": { station_id: string; at: string; state: string; version: number; entries: number };
  "settings.wanted_changed": { station_id: string; template_id: string; at: string; change: string };
  "settings.reconciled": { station_id: string; at: string; hold: number; refused: number; rebooting: number; held_back: boolean; reason: string };
  "certificate.request_changed": { station_id: string; request: string; at: string; state: string; reason: string };
  "charging.profile_changed": { station_id: string; profile_id: number; evse: number; at: string; state: string };
  "charging.limit_changed": { station_id: string; evse: number; source: string; at: string; limited: boolean; grid_critical: boolean };
  "station.monitors_received": { station_id: string; at: string; report_id: number; count: number };
  "monitors.template_changed": { template_id: string; at: string; change: string };
  "station.event_noticed": {
    station_id: string;
    at: string;
    component: string;
    variable: string;
    evse: number | null;
    trigger: string;
    value: string;
    severity: number | null;
    cleared: boolean;
  };
  "station.stream_changed": { station_id: string; at: string; stream_id: number; change: string };
  "cost.settled": { station_id: string; transaction_id: string; at: string; currency: string; with_tax: number };
  "payment.told": { station_id: string; transaction_id: string; at: string; status: string };
  "tariff.assigned": { at: string; kind: string; target: string; tariff_id: string };
  "audit.noted": { at: string; actor: string; action: string; target: string; outcome: string };
}

export type EventName = keyof Events;

/** One event. number: in the journal; null for what is live only. */
export type Happening = { [N in EventName]: { readonly name: N; readonly number: number | null; readonly data: Events[N] } }[EventName];
export type HappeningOf<N extends EventName> = Extract<Happening, { name: N }>;
