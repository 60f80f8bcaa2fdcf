"""What happened here, past tense: told by features to other features, consoles and partners. Nobody answers.

An event is **journaled** (kept with a number, delivered at least once to listeners, resumable by consoles) unless its
class says `live_only`: those are shown while they happen and gone.

Names are an interface: a console or a webhook sees `transaction.started`, not the class. Fields only ever get added.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from voltloom.domain.ids import JsonText, SiteId, StationId, TransactionId


class Event:
    """name: as the outside sees it. live_only: not journaled, so nobody may `listen` to it."""

    __slots__ = ()

    name: ClassVar[str]
    live_only: ClassVar[bool] = False


# ---- connections


@dataclass(frozen=True, slots=True)
class StationConnected(Event):
    name: ClassVar[str] = "station.connected"
    station_id: StationId
    at: datetime
    address: str
    protocol: str
    security_profile: int


@dataclass(frozen=True, slots=True)
class StationDisconnected(Event):
    """reason: a short phrase for people, e.g. "closed by station (1000)", "silent for 90 s"."""

    name: ClassVar[str] = "station.disconnected"
    station_id: StationId
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class StationRefused(Event):
    """A knock that was not let in, the first of its kind or after a quiet time. See the inbox."""

    name: ClassVar[str] = "station.refused"
    identity: str
    at: datetime
    address: str
    reason: str


@dataclass(frozen=True, slots=True)
class SecurityNoticed(Event):
    """Something an operator responsible for security wants to know. kind: e.g. "duplicate_connection",
    "token_guessing", "bad_messages", "station:TamperDetectionActivated"."""

    name: ClassVar[str] = "security.noticed"
    kind: str
    at: datetime
    station_id: StationId | None
    text: str


# ---- stations


@dataclass(frozen=True, slots=True)
class StationChanged(Event):
    """The registry entry was added, changed (credentials included) or removed: whoever remembers it, looks again."""

    name: ClassVar[str] = "station.changed"
    station_id: StationId
    at: datetime
    change: str
    """added, changed, removed; password: with the one it came in with it may not stay; reached: it came with a higher
    security profile than ever before, which only those who let it in must know."""


@dataclass(frozen=True, slots=True)
class StationBooted(Event):
    name: ClassVar[str] = "station.booted"
    station_id: StationId
    at: datetime
    registration: str
    vendor: str
    model: str
    firmware: str
    reason: str


@dataclass(frozen=True, slots=True)
class ConnectorStatusChanged(Event):
    name: ClassVar[str] = "connector.status_changed"
    station_id: StationId
    evse: int
    connector: int | None
    at: datetime
    status: str
    previous: str
    fault: str


@dataclass(frozen=True, slots=True)
class FaultNoticed(Event):
    name: ClassVar[str] = "station.fault_noticed"
    station_id: StationId
    evse: int
    connector: int | None
    at: datetime
    code: str
    vendor_code: str
    text: str
    cleared: bool


@dataclass(frozen=True, slots=True)
class SettingsReceived(Event):
    """A report of settings is complete."""

    name: ClassVar[str] = "station.settings_received"
    station_id: StationId
    at: datetime
    report_id: int | None
    count: int


@dataclass(frozen=True, slots=True)
class CommandAnswered(Event):
    """An operator's command and its outcome; `actor` asked for it."""

    name: ClassVar[str] = "command.answered"
    station_id: StationId
    at: datetime
    command: str
    outcome: str
    actor: str


@dataclass(frozen=True, slots=True)
class JobChanged(Event):
    """Something is asked of many stations (change "asked"), all of them were asked ("done"), or the rest will not be
    ("cancelled"). stations: how many; cancelled: how many were not asked."""

    name: ClassVar[str] = "job.changed"
    job_id: str
    at: datetime
    change: str
    command: str
    stations: int
    actor: str


@dataclass(frozen=True, slots=True)
class JobProgressed(Event):
    """What became of one station. done: how many of `total` are behind us."""

    name: ClassVar[str] = "job.progressed"
    live_only: ClassVar[bool] = True
    job_id: str
    at: datetime
    station_id: StationId
    state: str
    outcome: str
    done: int
    total: int


# ---- sites and tokens


@dataclass(frozen=True, slots=True)
class SiteChanged(Event):
    name: ClassVar[str] = "site.changed"
    site_id: SiteId
    at: datetime
    change: str


@dataclass(frozen=True, slots=True)
class SiteLoad:
    """power_w: of all running transactions there. charging: how many draw power. connected: stations."""

    site_id: SiteId
    power_w: float
    limit_w: float | None
    charging: int
    connected: int


@dataclass(frozen=True, slots=True)
class SiteLoadMeasured(Event):
    """The power of the network now, and of those sites where it is another than the last time ("": of stations in no
    site)."""

    name: ClassVar[str] = "site.load"
    live_only: ClassVar[bool] = True
    at: datetime
    power_w: float
    limit_w: float | None
    charging: int
    connected: int
    sites: tuple[SiteLoad, ...]


@dataclass(frozen=True, slots=True)
class TokenChanged(Event):
    """value: the token, upper case; "*" when many changed at once."""

    name: ClassVar[str] = "token.changed"
    value: str
    at: datetime
    change: str


# ---- transactions


@dataclass(frozen=True, slots=True)
class TransactionStarted(Event):
    name: ClassVar[str] = "transaction.started"
    station_id: StationId
    transaction_id: TransactionId
    evse: int
    at: datetime
    token: str


@dataclass(frozen=True, slots=True)
class TransactionEnded(Event):
    """energy_wh: delivered; None where no meter said. suspect: held back from billing until looked at."""

    name: ClassVar[str] = "transaction.ended"
    station_id: StationId
    transaction_id: TransactionId
    evse: int
    at: datetime
    reason: str
    energy_wh: float | None
    suspect: bool


@dataclass(slots=True)
class TransactionUpdated(Event):
    """How a running transaction stands. Not frozen, as one is made for each meter value: see `Report`."""

    name: ClassVar[str] = "transaction.updated"
    live_only: ClassVar[bool] = True
    station_id: StationId
    transaction_id: TransactionId
    evse: int
    at: datetime
    charging_state: str
    energy_wh: float | None
    power_w: float | None
    soc_percent: float | None


@dataclass(frozen=True, slots=True)
class TransactionCorrected(Event):
    """What was told of a transaction is not so: the station told better, later. `TransactionEnded` came before, or it
    was known only from its middle.

    change   "started": it began at another time, or with another token than was thought
             "ended": the station told the end of what we had closed
             "reopened": it goes on, although we had closed it
             "energy": its energy is another
    ended    whether it is over now
    """

    name: ClassVar[str] = "transaction.corrected"
    station_id: StationId
    transaction_id: TransactionId
    evse: int
    at: datetime
    change: str
    ended: bool
    energy_wh: float | None
    suspect: bool


@dataclass(frozen=True, slots=True)
class TransactionReviewed(Event):
    """Somebody looked at it. action: "accept", "close" or "reopen". energy_wh: as stated; None: as it was reckoned."""

    name: ClassVar[str] = "transaction.reviewed"
    station_id: StationId
    transaction_id: TransactionId
    at: datetime
    action: str
    reason: str
    energy_wh: float | None
    actor: str


@dataclass(frozen=True, slots=True)
class LocalListChanged(Event):
    """state: see `GET /local-lists`. version: of the station's list, as far as it is known; 0: it has none."""

    name: ClassVar[str] = "station.list_changed"
    station_id: StationId
    at: datetime
    state: str
    version: int
    entries: int


@dataclass(frozen=True, slots=True)
class ReservationChanged(Event):
    """state: see `GET /reservations`."""

    name: ClassVar[str] = "reservation.changed"
    station_id: StationId
    reservation_id: int
    at: datetime
    state: str


# ---- firmware and logs


@dataclass(frozen=True, slots=True)
class FirmwareUpdateChanged(Event):
    """state: see `GET /firmware/updates`. reason: why it failed, or what else is to be known. campaign_id "": none."""

    name: ClassVar[str] = "firmware.update_changed"
    station_id: StationId
    update_id: int
    at: datetime
    state: str
    version: str
    reason: str
    campaign_id: str


@dataclass(frozen=True, slots=True)
class FirmwarePublicationChanged(Event):
    """A local controller, and an image it is to offer. state: see `GET /firmware/publications`."""

    name: ClassVar[str] = "firmware.publication_changed"
    station_id: StationId
    publication_id: int
    at: datetime
    state: str
    version: str


@dataclass(frozen=True, slots=True)
class FirmwareCampaignChanged(Event):
    """change: "began", "wave" (the next one), "paused", "halted", "resumed", "cancelled" or "done". done, failed: how
    many of `stations`."""

    name: ClassVar[str] = "firmware.campaign_changed"
    campaign_id: str
    at: datetime
    change: str
    reason: str
    wave: int
    stations: int
    done: int
    failed: int


@dataclass(frozen=True, slots=True)
class StationLogChanged(Event):
    """state: see `GET /logs`. size: in bytes, once it is here."""

    name: ClassVar[str] = "log.changed"
    station_id: StationId
    log_id: int
    at: datetime
    kind: str
    state: str
    reason: str
    size: int | None


@dataclass(frozen=True, slots=True)
class DisplayMessageChanged(Event):
    """state: see `GET /display-messages`."""

    name: ClassVar[str] = "display.changed"
    station_id: StationId
    number: int
    at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class WantedSettingsChanged(Event):
    """What one station is to be set to (station_id), or those that a template is for. change: added, changed or
    removed."""

    name: ClassVar[str] = "settings.wanted_changed"
    station_id: str
    template_id: str
    at: datetime
    change: str


@dataclass(frozen=True, slots=True)
class SettingsReconciled(Event):
    """A station was compared with what it is to have, and put right. hold, refused, rebooting: how many of them.

    held_back   it is not accepted, for want of what `reason` says
    reason      also why it could not be asked
    """

    name: ClassVar[str] = "settings.reconciled"
    station_id: StationId
    at: datetime
    hold: int
    refused: int
    rebooting: int
    held_back: bool
    reason: str


@dataclass(frozen=True, slots=True)
class CertificateRequestChanged(Event):
    """A station's request for a certificate. state: see `GET /certificates/requests`."""

    name: ClassVar[str] = "certificate.request_changed"
    station_id: StationId
    request: str
    at: datetime
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class StartedWithProfile(Event):
    """A station accepted to start a transaction, and the profile that came with the request.

    remote_start_id   what the transaction that comes of it will carry
    transaction_id    of the one that was running already, begun by the cable (2.x)
    """

    name: ClassVar[str] = "charging.started_with_profile"
    station_id: StationId
    at: datetime
    evse: int | None
    profile: JsonText
    actor: str
    remote_start_id: int | None = None
    transaction_id: TransactionId | None = None


@dataclass(frozen=True, slots=True)
class TransactionLimitChanged(Event):
    """What a transaction is held to: wanted here, or set at its station. by: "us" or "station"."""

    name: ClassVar[str] = "transaction.limit_changed"
    station_id: StationId
    transaction_id: TransactionId
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class TransactionResumed(Event):
    """It goes on after its station was without power (2.1). transaction_id: what its station calls it."""

    name: ClassVar[str] = "transaction.resumed"
    station_id: StationId
    transaction_id: TransactionId
    at: datetime


@dataclass(frozen=True, slots=True)
class ChargingProfileChanged(Event):
    """state: see `GET /charging-profiles`."""

    name: ClassVar[str] = "charging.profile_changed"
    station_id: StationId
    profile_id: int
    evse: int
    at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class ChargingLimitChanged(Event):
    """Somebody else (source: EMS, SO, …) limits the station, or no longer."""

    name: ClassVar[str] = "charging.limit_changed"
    station_id: StationId
    evse: int
    source: str
    at: datetime
    limited: bool
    grid_critical: bool


@dataclass(frozen=True, slots=True)
class ChargingNeedsTold(Event):
    """transaction_id: "" where none is known at that EVSE."""

    name: ClassVar[str] = "charging.needs_told"
    station_id: StationId
    transaction_id: TransactionId
    evse: int
    at: datetime
    answer: str


@dataclass(frozen=True, slots=True)
class PriorityChargingChanged(Event):
    name: ClassVar[str] = "charging.priority_changed"
    station_id: StationId
    transaction_id: TransactionId
    at: datetime
    active: bool


@dataclass(frozen=True, slots=True)
class DerAlarmNoticed(Event):
    """A control towards the grid changes what flows, or no longer. fault: what of the grid; "" where not said."""

    name: ClassVar[str] = "der.alarm"
    station_id: StationId
    kind: str
    fault: str
    at: datetime
    ended: bool
    text: str


@dataclass(frozen=True, slots=True)
class DerControlChanged(Event):
    """state: see `GET /stations/{id}/der-controls`."""

    name: ClassVar[str] = "der.control_changed"
    station_id: StationId
    control_id: str
    kind: str
    at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class BatterySwapChanged(Event):
    """state: see `GET /battery-swaps`. serials: of the batteries that this step was about."""

    name: ClassVar[str] = "battery.swap_changed"
    station_id: StationId
    request_id: int
    at: datetime
    state: str
    serials: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MonitorsReceived(Event):
    """A report of what a station watches is complete."""

    name: ClassVar[str] = "station.monitors_received"
    station_id: StationId
    at: datetime
    report_id: int
    count: int


@dataclass(frozen=True, slots=True)
class MonitorTemplateChanged(Event):
    """change: added, changed or removed."""

    name: ClassVar[str] = "monitors.template_changed"
    template_id: str
    at: datetime
    change: str


@dataclass(frozen=True, slots=True)
class StationEventNoticed(Event):
    """A station told of something it watches. severity: 0 (danger) to 9 (debug); None where it is not known."""

    name: ClassVar[str] = "station.event_noticed"
    live_only: ClassVar[bool] = True
    station_id: StationId
    at: datetime
    component: str
    variable: str
    evse: int | None
    trigger: str
    value: str
    severity: int | None
    cleared: bool


@dataclass(frozen=True, slots=True)
class StreamChanged(Event):
    """change: opened, refused or closed."""

    name: ClassVar[str] = "station.stream_changed"
    station_id: StationId
    at: datetime
    stream_id: int
    change: str


@dataclass(frozen=True, slots=True)
class CustomerInformationReceived(Event):
    """What a station knows of a customer is all here, to be read once."""

    name: ClassVar[str] = "customer.information_received"
    station_id: StationId
    at: datetime
    request_id: int


@dataclass(frozen=True, slots=True)
class TariffsChanged(Event):
    """What a tariff is assigned to. kind: "network", "site", "station" or "token". tariff_id: "" for none any more."""

    name: ClassVar[str] = "tariff.assigned"
    at: datetime
    kind: str
    target: str
    tariff_id: str


@dataclass(frozen=True, slots=True)
class PriceAsked(Event):
    """Somebody showed a token, and the station is told the price in a message of its own (1.6)."""

    name: ClassVar[str] = "tariff.asked"
    station_id: StationId
    at: datetime
    token: str
    tariff_id: str


@dataclass(frozen=True, slots=True)
class CostSettled(Event):
    """What a transaction costs that is over; again, where what was told of it changed.

    with_tax   in the smallest unit of the currency
    """

    name: ClassVar[str] = "cost.settled"
    station_id: StationId
    transaction_id: TransactionId
    at: datetime
    currency: str
    with_tax: int


@dataclass(frozen=True, slots=True)
class PaymentTold(Event):
    """What became of a payment at a station. status: Settled, Canceled, Rejected or Failed."""

    name: ClassVar[str] = "payment.told"
    station_id: StationId
    transaction_id: str
    at: datetime
    status: str


@dataclass(frozen=True, slots=True)
class AuditNoted(Event):
    """Somebody did something that is kept in the audit log."""

    name: ClassVar[str] = "audit.noted"
    at: datetime
    actor: str
    action: str
    target: str
    outcome: str
