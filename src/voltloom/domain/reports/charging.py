"""Tokens, transactions and meters."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from voltloom.domain.ids import Place, TransactionId
from voltloom.domain.metering import Sample
from voltloom.domain.reports.base import Noted, Report
from voltloom.domain.tariff import StationCost
from voltloom.domain.token import Authorization, IdToken
from voltloom.domain.transaction import ChargingState, Phase, StopReason, TransactionLimit


@dataclass(frozen=True, slots=True)
class AuthorizationReported(Report[Authorization]):
    """A token was presented, and the station asks whether it may charge."""

    token: IdToken
    places: tuple[Place, ...] = ()
    """The EVSEs it is meant for, where the station says (2.1)."""


@dataclass(slots=True)
class TransactionReply:
    """authorization: None when the report carried no token. transaction_id: ours, for a 1.6 start.

    total_cost   with taxes; None where nobody reckons it here. message: for the driver. 2.x only
    """

    transaction_id: TransactionId
    authorization: Authorization | None = None
    total_cost: Decimal | None = None
    message: str = ""
    limit: TransactionLimit | None = None
    """2.1 only: what the station is to hold it to from now on."""


@dataclass(slots=True)
class TransactionReported(Report[TransactionReply]):
    """A transaction started, went on or ended. Comes late, doubled and out of order; `offline` says it was queued.

    transaction_id    None only for a 1.6 start: we give it one
    sequence          rises by one with each 2.x report of a transaction; None in 1.6
    trigger           the standard's trigger reason, e.g. "ChargingStateChanged"; "" in 1.6
    meter_start_wh, meter_stop_wh   the register at start and stop, where given apart from samples (1.6)
    cost              what the station reckoned itself (2.1)
    limit             what it holds the transaction to (2.1)
    token             who began (STARTED) or ended (ENDED) it, where said
    """

    phase: Phase
    transaction_id: TransactionId | None
    at: datetime | None
    place: Place | None = None
    sequence: int | None = None
    trigger: str = ""
    token: IdToken | None = None
    meter_start_wh: float | None = None
    meter_stop_wh: float | None = None
    samples: tuple[Sample, ...] = ()
    charging_state: ChargingState | None = None
    stop_reason: StopReason | None = None
    remote_start_id: int | None = None
    reservation_id: int | None = None
    offline: bool = False
    phases_used: int | None = None
    cable_max_a: float | None = None
    cost: StationCost | None = None
    limit: TransactionLimit | None = None


@dataclass(slots=True)
class SamplesReported(Report[Noted]):
    """Meter values that came apart from a transaction's reports: 1.6 MeterValues (which may name one), or 2.x
    MeterValues outside transactions."""

    place: Place
    samples: tuple[Sample, ...]
    transaction_id: TransactionId | None = None
