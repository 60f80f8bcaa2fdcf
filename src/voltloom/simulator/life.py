"""What goes on at a station: cars come, drivers show tokens and leave, parts fail and recover. From a seed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from voltloom.domain.transaction import StopReason
from voltloom.simulator.chance import dice
from voltloom.simulator.evse import Evse, Token
from voltloom.simulator.faults import Fault, FaultKind, next_fault
from voltloom.simulator.station import Station
from voltloom.simulator.vehicle import REAL_TIME, SiteKind, Tempo, Visit, next_visit

_TRIES = 3
_STRANGER = 0.04


@dataclass(frozen=True, slots=True)
class Habits:
    """tokens: of drivers the network knows, strangers: of others. faults_per_day: of one station, at pace 1."""

    kind: SiteKind
    tokens: Sequence[Token]
    strangers: Sequence[Token] = ()
    tempo: Tempo = REAL_TIME
    faults_per_day: float = 0.0


class Life:
    """Runs on its station's own clock: once begun, waking the station is all it needs."""

    def __init__(self, station: Station, habits: Habits, seed: int) -> None:
        self._station = station
        self._habits = habits
        self._seed = f"{seed}/{station.plan.id}"
        self._rng = dice(self._seed, "life")
        self._stuck: set[int] = set()
        self.faults: list[Fault] = []
        """Those that have happened, oldest first."""

    def begin(self) -> None:
        """From now on. Cars that would have come in the last hours and not left yet come now, one by one."""
        now = self._station.now
        for evse in self._station.evses:
            after, number = now - 8 * 3600 / self._habits.tempo.pace, 0
            visit = self._visit(evse, after, number)
            while visit.departs_at < now:
                visit = self._visit(evse, visit.departs_at, visit.number + 1)
            self._expect(evse, visit, self._rng.uniform(3, 20) if visit.arrives_at < now else 0.0)
        self._next_fault(0)

    # ---- cars

    def _visit(self, evse: Evse, after: float, number: int) -> Visit:
        return next_visit(
            f"{self._seed}/{evse.number}", self._habits.kind, evse.outlet, after, number, self._habits.tempo
        )

    def _expect(self, evse: Evse, visit: Visit, late_s: float = 0.0) -> None:
        wait = max(0.0, visit.arrives_at - self._station.now) + late_s
        self._station.after(wait, lambda: self._arrive(evse, visit))

    def _expect_another(self, evse: Evse, visit: Visit) -> None:
        self._expect(evse, self._visit(evse, self._station.now + 2.0, visit.number + 1))

    def _arrive(self, evse: Evse, visit: Visit) -> None:
        if evse.car is not None or not evse.operative or evse.error is not None:
            self._expect_another(evse, visit)  # taken, or out of order: drives on
            return
        token = self._token()
        self._station.after(max(5.0, visit.departs_at - self._station.now), lambda: self._leave(evse, visit, token))
        if self._rng.random() < 0.25:  # shows the token before plugging in
            self._show(evse, token, 1)
            self._station.after(self._rng.uniform(2, 8), lambda: self._plug(evse, visit))
        else:
            self._plug(evse, visit)
            self._station.after(self._rng.uniform(1, 6), lambda: self._show(evse, token, 1))

    def _plug(self, evse: Evse, visit: Visit) -> None:
        if evse.car is None:
            self._station.plug_in(evse.number, visit.vehicle)

    def _token(self) -> Token:
        if self._habits.strangers and self._rng.random() < _STRANGER:
            return self._rng.choice(self._habits.strangers)
        busy = {evse.transaction.token for evse in self._station.evses if evse.transaction is not None}
        free = [token for token in self._habits.tokens if token not in busy]
        return self._rng.choice(free or self._habits.tokens)

    def _show(self, evse: Evse, token: Token, try_: int) -> None:
        """Who is refused, or finds the screen dark, tries again once or twice."""
        tx = evse.transaction
        if tx is not None and tx.token is not None:
            return

        def decided(may: bool) -> None:
            if not may and try_ < _TRIES:
                self._station.after(self._rng.uniform(5, 15), lambda: self._show(evse, token, try_ + 1))

        self._station.present(evse.number, token, decided)

    def _leave(self, evse: Evse, visit: Visit, token: Token) -> None:
        tx = evse.transaction
        ours = tx is not None and tx.token is not None and tx.token.key == token.key and tx.stopping is None
        if ours and (evse.outlet.is_dc or self._rng.random() < 0.6):
            self._station.present(evse.number, token)
            self._station.after(self._rng.uniform(1, 4), lambda: self._drive_off(evse, visit))
        else:
            self._drive_off(evse, visit)

    def _drive_off(self, evse: Evse, visit: Visit) -> None:
        if evse.car is visit.vehicle:
            self._station.unplug(evse.number)
        self._expect_another(evse, visit)

    # ---- faults

    def _next_fault(self, number: int) -> None:
        habits = self._habits
        fault = next_fault(
            self._seed, len(self._station.evses), self._station.now, number, habits.faults_per_day, habits.tempo
        )
        if fault is not None:
            self._station.after(fault.at - self._station.now, lambda: self._happen(fault))

    def _happen(self, fault: Fault) -> None:
        self.faults = [*self.faults[-19:], fault]
        self._station.tally["faults: " + fault.kind.value] += 1
        recover = self._begin_fault(fault)
        self._station.after(max(0.0, fault.ends_at - fault.at), recover)
        self._next_fault(fault.number + 1)

    def _begin_fault(self, fault: Fault) -> Callable[[], None]:
        """What undoes it is what comes back."""
        station, evse = self._station, self._station.evse(fault.evse)
        match fault.kind:
            case FaultKind.CONNECTOR if fault.error is not None:
                station.break_part(fault.evse, fault.error)
                return lambda: station.mend(fault.evse)
            case FaultKind.OFFLINE:
                station.network = False
                return self._network_back
            case FaultKind.POWER_LOSS if station.powered:
                station.power_down(StopReason.POWER_LOSS)
                return station.power_up
            case FaultKind.FLAPPING:
                self._flap(fault)
                return self._network_back
            case FaultKind.STUCK if evse.is_free and evse.car is None:
                car = self._visit(evse, station.now, 100_000 + fault.number).vehicle
                station.plug_in(fault.evse, car)
                return lambda: station.unplug(fault.evse) if evse.car is car else None
            case FaultKind.METER_JUMP if evse.is_busy:
                evse.meter.jump(fault.jump_wh)
            case FaultKind.DISORDER:
                station.disorder = True
                return lambda: setattr(station, "disorder", False)
            case FaultKind.ZOMBIE:
                station.mute_ends = True
                return lambda: setattr(station, "mute_ends", False)
            case _:
                pass  # nothing there to go wrong
        return lambda: None

    def _network_back(self) -> None:
        self._station.network = True

    def _flap(self, fault: Fault) -> None:
        station = self._station
        if station.now >= fault.ends_at - 2:
            return
        station.network = False
        station.after(self._rng.uniform(0.5, 1.5), self._network_back)
        station.after(self._rng.uniform(4, 12), lambda: self._flap(fault))
