"""One outlet and what is plugged into it: the physics of a transaction, with no word of any protocol."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

from voltloom.domain.metering import Context, Sample
from voltloom.domain.station import ConnectorStatus
from voltloom.domain.transaction import ChargingState, StopReason
from voltloom.simulator.faults import PartError
from voltloom.simulator.meter import Flow, Meter
from voltloom.simulator.vehicle import (
    Curve,
    Outlet,
    Vehicle,
    acceptance,
    charge,
    dc_voltage_v,
    phases_used,
    power_w,
    seconds_to,
)


@dataclass(frozen=True, slots=True)
class Token:
    """kind: a 2.x id token type; 1.6 says the value only."""

    value: str
    kind: str = "ISO14443"

    @property
    def key(self) -> str:
        return self.value.upper()


@dataclass(slots=True, eq=False)
class Transaction:
    """number: the station's own count. id: known at once in 2.x, from the server's answer in 1.6 ("" until then)."""

    number: int
    evse: "Evse"
    token: Token | None
    started_at: float
    meter_start_wh: float
    id: str = ""
    group: str = ""
    sequence: int = 0
    remote_start_id: int | None = None
    reservation_id: int | None = None
    state: ChargingState = ChargingState.EV_CONNECTED
    confirmed: bool = False
    """The server has answered its start."""
    stopping: StopReason | None = None
    """No more power, but not over until the cable is out (2.x, begun with the cable)."""
    ended_at: float | None = None
    reason: StopReason | None = None
    told: bool = False
    """The server has answered its end."""
    priority: bool = False
    """It charges by the profile for priority."""
    limit: Mapping[str, float] = field(default_factory=dict[str, float])
    """What it is held to (2.1), by the names of the standard."""

    def next_sequence(self) -> int:
        self.sequence += 1
        return self.sequence - 1


@dataclass(frozen=True, slots=True)
class Reservation:
    id: int
    token: Token
    expires_at: float
    group: str = ""


@dataclass(slots=True, eq=False)
class Evse:
    """number: from 1. limit_w: what charging profiles leave of its power. Times are Unix seconds."""

    number: int
    outlet: Outlet
    connector_type: str
    meter: Meter
    car: Vehicle | None = None
    soc: float = 0.0
    transaction: Transaction | None = None
    authorized: Token | None = None
    """Who may begin as soon as a cable is in."""
    spent: bool = False
    """The car's transaction is over, its cable is still in."""
    error: PartError | None = None
    operative: bool = True
    wanted_operative: bool = True
    """Differs from `operative` while a change waits for the transaction's end."""
    reservation: Reservation | None = None
    limit_w: float = inf
    energized: bool = False
    told: tuple[ConnectorStatus, str] | None = None
    """Status and error as last told to the server."""
    _curve: Curve | None = field(default=None, init=False)
    _settled_at: float = field(default=0.0, init=False)

    # ---- what happens to it

    def plug(self, car: Vehicle, now: float) -> None:
        self.car, self.soc, self.spent, self._settled_at = car, car.soc, False, now
        self._recalculate()

    def unplug(self, now: float) -> None:
        self.settle(now)
        self.car, self.spent, self.energized = None, False, False
        self._recalculate()

    def energize(self, on: bool, now: float) -> None:
        self.settle(now)
        self.energized = on

    def limit(self, watts: float, now: float) -> None:
        self.settle(now)
        self.limit_w = watts
        self._recalculate()

    def settle(self, now: float) -> None:
        """Count what has flowed until now."""
        if self.flowing and self.car is not None and now > self._settled_at:
            done = charge(self._curve, self.car.capacity_wh, self.soc, self.car.target_soc, now - self._settled_at)
            self.soc = done.soc
            self.meter.count(done.energy_wh)
        self._settled_at = max(now, self._settled_at)

    def _recalculate(self) -> None:
        self._curve = None if self.car is None else acceptance(self.car.model, self.outlet, self.limit_w)

    # ---- how it stands

    @property
    def flowing(self) -> bool:
        return (
            self.energized and self.error is None and self._curve is not None
            and self.car is not None and self.soc < self.car.target_soc
        )  # fmt: skip

    def seconds_to_full(self) -> float:
        if not self.flowing or self.car is None:
            return inf
        return seconds_to(self._curve, self.car.capacity_wh, self.soc, self.car.target_soc)

    @property
    def charging_state(self) -> ChargingState:
        if self.car is None:
            return ChargingState.IDLE
        if not self.energized:
            return ChargingState.EV_CONNECTED
        if self.flowing:
            return ChargingState.CHARGING
        if self.soc >= self.car.target_soc or acceptance(self.car.model, self.outlet) is None:
            return ChargingState.SUSPENDED_EV
        return ChargingState.SUSPENDED_EVSE

    @property
    def status(self) -> ConnectorStatus:
        """In 1.6 terms, which are the finer ones."""
        if self.error is not None:
            return ConnectorStatus.FAULTED
        if not self.operative:
            return ConnectorStatus.UNAVAILABLE
        if self.transaction is not None and self.transaction.stopping is None:
            return _BY_STATE.get(self.charging_state, ConnectorStatus.PREPARING)
        if self.spent:
            return ConnectorStatus.FINISHING
        if self.car is not None or self.authorized is not None:
            return ConnectorStatus.PREPARING
        return ConnectorStatus.RESERVED if self.reservation is not None else ConnectorStatus.AVAILABLE

    @property
    def is_busy(self) -> bool:
        return self.transaction is not None

    @property
    def is_free(self) -> bool:
        """A transaction may begin here."""
        return self.error is None and self.operative and self.transaction is None and not self.spent

    def flow(self) -> Flow:
        car = self.car
        offered = min(self.outlet.max_w, self.limit_w) if self.energized else 0.0
        if car is None:
            return Flow(offered_w=offered)
        dc = self.outlet.is_dc
        return Flow(
            power_w=power_w(self._curve, self.soc) if self.flowing else 0.0,
            phases=phases_used(car.model, self.outlet),
            dc_v=dc_voltage_v(car.model, self.soc) if dc else 0.0,
            soc=self.soc if dc else None,
            offered_w=offered,
        )

    def read(self, now: float, context: Context = Context.PERIODIC) -> Sample:
        self.settle(now)
        return self.meter.read(now, self.flow(), context)


_BY_STATE = {
    ChargingState.CHARGING: ConnectorStatus.CHARGING,
    ChargingState.SUSPENDED_EV: ConnectorStatus.SUSPENDED_EV,
    ChargingState.SUSPENDED_EVSE: ConnectorStatus.SUSPENDED_EVSE,
}
