"""A station as a state machine: sans I/O, and in no OCPP version. What it says and hears is worded by a `Speech`.

Whoever drives it sets the time with `touch`, tells it of the link (`opened`, `closed`), hands it what the server calls
(`heard`) and what it answers (`answered`, `failed`), sends what `next_message` gives, one at a time, and wakes it at
`due`. The rest are the things people and cars do to stations.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import inf
from secrets import token_hex

from voltloom.domain.metering import Context, Sample
from voltloom.domain.station import BootReason, ConnectorStatus
from voltloom.domain.transaction import ChargingState, StopReason
from voltloom.simulator.certificates import Certificates
from voltloom.simulator.chance import dice
from voltloom.simulator.device import Device
from voltloom.simulator.evse import Evse, Reservation, Token, Transaction
from voltloom.simulator.faults import PartError
from voltloom.simulator.fleet import StationPlan
from voltloom.simulator.meter import Meter
from voltloom.simulator.outbox import Message, Outbox
from voltloom.simulator.profiles import Profile, limit_at
from voltloom.simulator.timers import Timer, Timers, cancel
from voltloom.simulator.vehicle import Vehicle
from voltloom.simulator.web import Web
from voltloom.simulator.words import Payload, Refused, Said, Speech, Verdict


@dataclass(slots=True)
class _EvseTimers:
    sample: Timer | None = None
    full: Timer | None = None
    limit: Timer | None = None
    patience: Timer | None = None


@dataclass(slots=True)
class Memory:
    """What survives a reboot."""

    cache: dict[str, Verdict] = field(default_factory=dict)
    local_list: dict[str, Verdict] = field(default_factory=dict)
    local_list_version: int = 0
    profiles: dict[int, Profile] = field(default_factory=dict)
    messages: dict[int, Payload] = field(default_factory=dict)
    certificates: Certificates = field(default_factory=Certificates)
    network_profiles: dict[int, Payload] = field(default_factory=dict)


class Station:
    """speech: makes this station's words for one version. boot_s: how long it takes from power to first word.

    life   what makes the ids of its transactions differ from those of another run with the same seed; "" for a new one
    """

    def __init__(
        self,
        plan: StationPlan,
        speech: Callable[["Station"], Speech],
        seed: int = 1,
        boot_s: tuple[float, float] = (2, 6),
        life: str = "",
    ) -> None:
        self.plan = plan
        self.now = 0.0
        self.device = Device(plan)
        self.memory = Memory()
        self.evses = [
            Evse(n, o.outlet, o.connector_type, Meter(f"{seed}/{plan.id}/{n}", o.outlet))
            for n, o in enumerate(plan.outlets, 1)
        ]
        self.speech = speech(self)
        self.rng = dice(seed, plan.id, "station")
        self.ids = dice(seed, plan.id, life or token_hex(8))
        self.tally: Counter[str] = Counter()
        """boots, starts, ends, refusals, lost messages, …"""
        self.transactions: list[Transaction] = []
        """The last ones, the newest at the end."""
        # the link
        self.powered = False
        self.network = True
        self.online = False
        self.registration = ""
        self.boot_reason = BootReason.POWER_UP
        self.boots_by_itself = True
        # what it does beside its link
        self.web: Web | None = None
        """None: it can fetch and send no files."""
        self.security_events: list[tuple[float, str]] = []
        """The last ones, the newest at the end."""
        # faults that are a matter of manners
        self.disorder = False
        self.mute_ends = False
        self._boot_s = boot_s
        self._outbox = Outbox(self._patience, self.rng, self.tally)
        self._timers = Timers()
        self._evse_timers = [_EvseTimers() for _ in self.evses]
        self._heartbeat: Timer | None = None
        self._boot_again: Timer | None = None
        self._offline_since = 0.0
        self._reset_waits = False
        self._incarnation = 0
        self._dark = False

    # ---- time

    def touch(self, now: float) -> None:
        """It is now so late. Time never goes back here."""
        self.now = max(self.now, now)

    @property
    def due(self) -> float:
        """When to call `wake`; infinite for never."""
        return min(self._timers.due, self._outbox.due(self.now) if self.online else inf)

    def wake(self, now: float) -> None:
        """Do all that has come due, each at its own time, however late this is called."""
        while (timer := self._timers.pop(now)) is not None:
            self.touch(timer.due)
            timer.do()
        self.touch(now)

    def after(self, seconds: float, do: Callable[[], None]) -> Timer:
        return self._timers.add(self.now + seconds, do)

    def while_up(self, seconds: float, do: Callable[[], None]) -> Timer:
        """Like `after`, but a reboot forgets it."""
        incarnation = self._incarnation
        return self.after(seconds, lambda: do() if self._incarnation == incarnation and self.powered else None)

    # ---- power and link

    @property
    def link_wanted(self) -> bool:
        """False while there is a link: cut it."""
        return self.powered and self.network and not self._dark

    def power_up(self, reason: BootReason = BootReason.POWER_UP) -> None:
        """Electricity: the station comes up after a while, and wants its link."""
        self.boot_reason = reason

        def up() -> None:
            self.powered = True
            for evse in self.evses:
                evse.told = None

        self.after(self.rng.uniform(*self._boot_s), up)

    def power_down(self, reason: StopReason) -> None:
        """All dark, at once. Transactions end, which is told after the next boot; a scheduled change takes place."""
        self._incarnation += 1
        for evse in self.evses:
            evse.authorized = None
            if evse.transaction is not None:
                self.end(
                    evse.number, reason, "AbnormalCondition" if reason is StopReason.POWER_LOSS else "ResetCommand"
                )
            evse.operative = evse.wanted_operative
        self.powered, self.registration = False, ""
        self._dark = self.online  # even if the power is back before anybody looks, this link is dead
        self._reset_waits = False
        cancel(self._heartbeat, self._boot_again)

    def reboot(self, boot: BootReason, stop: StopReason) -> None:
        self.power_down(stop)
        self.power_up(boot)

    def reset_when_idle(self) -> bool:
        """Reset after the last transaction: True when that has to be waited for."""
        self._reset_waits = any(evse.is_busy for evse in self.evses)
        if not self._reset_waits:
            self.after(1.0, lambda: self.reboot(BootReason.REMOTE_RESET, StopReason.SOFT_RESET))
        return self._reset_waits

    def reconnect(self) -> None:
        """Cut the link, and come in anew: with what it has been given to prove itself."""
        self._dark = self.online

    def opened(self) -> None:
        """The link is up: boot if this is a new life, else tell what has changed."""
        self.online = True
        if self.registration != "Accepted":
            if not self.boots_by_itself:
                return
            if self.plan.quirks.hasty:
                self._tell_all_statuses(early=True)
            self.boot(self.boot_reason)
            return
        long = self.now - self._offline_since > self.device.number("OCPPCommCtrlr", "OfflineThreshold")
        for evse in self.evses:
            if long:
                evse.told = None
            self.tell_status(evse)

    def closed(self) -> None:
        """The link is gone. What was about transactions is kept, the rest forgotten."""
        self.online = self._dark = False
        self._offline_since = self.now
        cancel(self._boot_again)
        for message in self._outbox.forget():
            if message.failed is not None:
                message.failed("link closed")

    # ---- dialogue

    @property
    def talking(self) -> bool:
        """Something is to be sent or to be answered."""
        return len(self._outbox) > 0

    @property
    def queued(self) -> int:
        return len(self._outbox)

    def _patience(self) -> tuple[int, float]:
        return (
            self.device.number("OCPPCommCtrlr", "MessageAttempts", "TransactionEvent"),
            self.device.number("OCPPCommCtrlr", "MessageAttemptInterval", "TransactionEvent"),
        )

    def post(
        self,
        said: Said | None,
        heard: Callable[[Payload], None] | None = None,
        failed: Callable[[str], None] | None = None,
        *,
        durable: bool = False,
        early: bool = False,
        first: bool = False,
    ) -> None:
        """Say this when its turn comes. Not durable and offline: never."""
        if said is None:
            return
        if not (self.online or durable):
            if failed is not None:
                failed("offline")
            return
        self._outbox.add(Message(said, heard, failed, durable, early), first=first)
        if durable and self.disorder:
            # In 1.6 a transaction has no name before its start was answered, so nothing can go before that.
            self._outbox.disturb(swaps=self.plan.version != "1.6")

    def next_message(self) -> Message | None:
        """What to send now, its payload written; it is in flight until `answered` or `failed`."""
        return self._outbox.next(self.now, early_only=self.registration != "Accepted") if self.online else None

    def answered(self, message: Message, payload: Payload) -> None:
        self._outbox.ended(message)
        if message.heard is not None:
            message.heard(payload)

    def failed(self, message: Message, why: str) -> None:
        """A CALLERROR, or no answer in time. Transaction messages are tried again, later and later."""
        self._outbox.ended(message)
        if not self._outbox.again(message, self.now) and message.failed is not None:
            message.failed(why)

    def heard(self, action: str, payload: Payload) -> Payload | Refused:
        """The server calls: what to answer."""
        if self.registration == "Rejected":
            return Refused("SecurityError", "not registered")
        return self.speech.answer(action, payload)

    # ---- registration

    def boot(self, reason: BootReason) -> None:
        cancel(self._boot_again)
        self.post(
            self.speech.boot(reason), self._booted, self._boot_failed, early=True, first=not self.plan.quirks.hasty
        )

    def _booted(self, payload: Payload) -> None:
        self.registration = str(payload.get("status"))
        interval = float(payload.get("interval") or 0)
        if self.registration != "Accepted":
            self._retry_boot(interval or 30.0)
            return
        self.tally["boots"] += 1
        self.boot_reason = BootReason.POWER_UP
        if interval > 0:
            self.device.put("OCPPCommCtrlr", "HeartbeatInterval", str(int(interval)))
        self.restart_heartbeat()
        self._align()
        self._tell_all_statuses()

    def _boot_failed(self, _why: str) -> None:
        if self.online:
            self._retry_boot(30.0)

    def _retry_boot(self, seconds: float) -> None:
        cancel(self._boot_again)
        self._boot_again = self.while_up(seconds, lambda: self.boot(self.boot_reason) if self.online else None)

    def restart_heartbeat(self) -> None:
        """Every HeartbeatInterval, beginning somewhere within it: a fleet must not beat as one."""
        cancel(self._heartbeat)
        interval = self.device.number("OCPPCommCtrlr", "HeartbeatInterval")
        if interval <= 0:
            return

        def beat() -> None:
            self.post(self.speech.heartbeat())
            every = max(1, self.device.number("OCPPCommCtrlr", "HeartbeatInterval"))
            self._heartbeat = self.while_up(every, beat)

        self._heartbeat = self.while_up(self.rng.uniform(0.5, 1.0) * interval, beat)

    # ---- status

    def tell_status(self, evse: Evse, *, always: bool = False, early: bool = False) -> None:
        now_is = (evse.status, evse.error.error_code if evse.error else "")
        if not always and evse.told == now_is:
            return
        if not self.powered or not self.online or (self.registration != "Accepted" and not early):
            return
        evse.told = now_is
        for component in ("EVSE", "Connector"):
            self.device.put(component, "AvailabilityState", plain_status(evse), evse.number, component == "Connector")
        self.post(self.speech.status(evse), early=early)

    def _tell_all_statuses(self, early: bool = False) -> None:
        self.post(self.speech.status(None), early=early)
        for evse in self.evses:
            self.tell_status(evse, always=True, early=early)

    def evse(self, number: int) -> Evse:
        return self.evses[number - 1]

    def known(self, number: int) -> Evse:
        """Raises ValueError for a number there is not."""
        if not 1 <= number <= len(self.evses):
            raise ValueError(f"no EVSE {number}")
        return self.evses[number - 1]

    @property
    def starts_on_plug(self) -> bool:
        return self.plan.quirks.starts_on_plug and self.plan.version != "1.6"

    # ---- people and cars

    def plug_in(self, number: int, car: Vehicle) -> None:
        evse = self.evse(number)
        if evse.car is not None:
            raise ValueError(f"EVSE {number} of {self.plan.id} already has a car")
        evse.plug(car, self.now)
        if not self.powered:
            return
        if evse.is_free and (evse.authorized is not None or self.starts_on_plug):
            self._begin(evse, evse.authorized, "CablePluggedIn")
        self.tell_status(evse)

    def unplug(self, number: int) -> None:
        """The cable leaves the car: a transaction ends, whatever it was doing."""
        evse = self.evse(number)
        evse.settle(self.now)
        tx = evse.transaction
        if tx is not None:
            self._finish(evse, tx.stopping or StopReason.EV_DISCONNECTED, "EVDeparted")
        evse.unplug(self.now)
        self.tell_status(evse)

    def present(self, number: int, token: Token, decided: Callable[[bool], None] | None = None) -> None:
        """A driver shows a token: it begins or ends a transaction. decided: told whether it may."""
        evse = self.evse(number)
        if not self.powered:
            if decided is not None:
                decided(False)
            return

        def with_verdict(verdict: Verdict) -> None:
            self.tally["accepted" if verdict.accepted else "refused"] += 1
            if verdict.accepted:
                self._authorized(evse, token, verdict)
            if decided is not None:
                decided(verdict.accepted)

        tx = evse.transaction
        if tx is not None and tx.token is not None and tx.token.key == token.key and tx.stopping is None:
            self.end(number, StopReason.LOCAL, "StopAuthorized", token)
            if decided is not None:
                decided(True)
            return
        self._ask_about(token, with_verdict)

    def _ask_about(self, token: Token, then: Callable[[Verdict], None]) -> None:
        known = self._remembered(token)
        if known is not None and known.accepted and self.device.flag("AuthCtrlr", "LocalPreAuthorize"):
            then(known)
            return

        def heard(payload: Payload) -> None:
            verdict = self.speech.verdict(payload) or Verdict("Invalid")
            if self.device.flag("AuthCacheCtrlr", "Enabled"):
                self.memory.cache[token.key] = verdict
            then(verdict)

        self.post(self.speech.authorize(token), heard, lambda _why: then(self._offline_verdict(token)))

    def _remembered(self, token: Token) -> Verdict | None:
        return self.memory.local_list.get(token.key) or self.memory.cache.get(token.key)

    def _offline_verdict(self, token: Token) -> Verdict:
        known = self._remembered(token)
        if known is not None and self.device.flag("AuthCtrlr", "LocalAuthorizeOffline"):
            return known
        unknown_too = self.device.flag("AuthCtrlr", "OfflineTxForUnknownIdEnabled")
        return Verdict("Accepted" if unknown_too and known is None else "Invalid")

    def _authorized(self, evse: Evse, token: Token, verdict: Verdict) -> None:
        tx = evse.transaction
        if tx is not None and tx.token is not None:
            if tx.stopping is None and verdict.group and verdict.group == tx.group:
                self.end(evse.number, StopReason.LOCAL, "StopAuthorized", token)
            return
        self.authorize(evse, token, "Authorized", verdict.group)

    def authorize(
        self, evse: Evse, token: Token, trigger: str, group: str = "", remote_start_id: int | None = None
    ) -> None:
        """This token may charge here: now if a car is there, else as soon as one comes, within the timeout."""
        reserved = evse.reservation
        if reserved is not None and token.key != reserved.token.key and not (group and group == reserved.group):
            return
        tx = evse.transaction
        if tx is not None and tx.token is None:
            tx.token, tx.group, tx.remote_start_id = token, group, remote_start_id
            evse.energize(True, self.now)
            self._update(evse, trigger, token=token)
            self._watch(evse)
        elif evse.is_free and evse.car is not None:
            self._begin(evse, token, trigger, group, remote_start_id)
        elif evse.is_free:
            evse.authorized = token
            timers = self._evse_timers[evse.number - 1]
            cancel(timers.patience)
            timeout = self.device.number("TxCtrlr", "EVConnectionTimeOut")
            timers.patience = self.while_up(timeout, lambda: self._give_up(evse, token))
        self.tell_status(evse)

    def _give_up(self, evse: Evse, token: Token) -> None:
        if evse.authorized is token and evse.transaction is None:
            evse.authorized = None
            self.tell_status(evse)

    # ---- transactions

    def _begin(
        self, evse: Evse, token: Token | None, trigger: str, group: str = "", remote_start_id: int | None = None
    ) -> Transaction:
        evse.settle(self.now)
        tx = Transaction(self.tally["starts"] + 1, evse, token, self.now, evse.meter.register_wh)
        tx.group, tx.remote_start_id = group, remote_start_id
        if evse.reservation is not None and token is not None:
            tx.reservation_id, evse.reservation = evse.reservation.id, None
        self.tally["starts"] += 1
        self.transactions = [*self.transactions[-19:], tx]
        evse.transaction, evse.authorized = tx, None
        evse.energize(token is not None, self.now)
        tx.state = evse.charging_state
        sample = evse.read(self.now, Context.BEGIN)

        def heard(payload: Payload) -> None:
            tx.confirmed = True
            self.speech.began(tx, payload)
            self._judge(tx, payload)

        self.post(self.speech.started(tx, trigger, sample, not self.online), heard, durable=True)
        self._watch(evse)
        self.refresh_limit(evse)
        self._schedule_sample(evse, tx)
        return tx

    def _judge(self, tx: Transaction, payload: Payload) -> None:
        """The server may call a token invalid after the fact, or want it to be held to something."""
        limit = payload.get("transactionLimit")
        if limit is not None and tx.ended_at is None and limit != tx.limit:
            tx.limit = limit
            self._update(tx.evse, "LimitSet")
        verdict = self.speech.verdict(payload)
        if verdict is None or tx.token is None:
            return
        if self.device.flag("AuthCacheCtrlr", "Enabled"):
            self.memory.cache[tx.token.key] = verdict
        tx.group = verdict.group or tx.group
        if not verdict.accepted and tx.ended_at is None and self.device.flag("TxCtrlr", "StopTxOnInvalidId"):
            self.tally["deauthorized"] += 1
            self.end(tx.evse.number, StopReason.DE_AUTHORIZED, "Deauthorized")

    def _update(self, evse: Evse, trigger: str, sample: Sample | None = None, token: Token | None = None) -> None:
        tx = evse.transaction
        if tx is None:
            return
        tx.state = evse.charging_state
        if sample is not None and token is None and self._outbox.is_full:
            self.tally["samples dropped"] += 1
            return
        said = self.speech.updated(tx, trigger, sample, not self.online, token)
        self.post(said, lambda payload: self._judge(tx, payload), durable=True)

    def end(self, number: int, reason: StopReason, trigger: str, token: Token | None = None) -> None:
        """Power off; the transaction is over, or waits for the cable where it began with it."""
        evse = self.evse(number)
        tx = evse.transaction
        if tx is None or tx.stopping is not None:
            return
        evse.energize(False, self.now)
        if (
            self.starts_on_plug
            and evse.car is not None
            and reason in (StopReason.LOCAL, StopReason.REMOTE, StopReason.DE_AUTHORIZED)
        ):
            tx.stopping, evse.spent = reason, True
            self._update(evse, trigger, evse.read(self.now, Context.PERIODIC), token)
        else:
            self._finish(evse, reason, trigger, token)
        self.tell_status(evse)

    def _finish(self, evse: Evse, reason: StopReason, trigger: str, token: Token | None = None) -> None:
        tx = evse.transaction
        assert tx is not None
        evse.energize(False, self.now)
        tx.state = evse.charging_state if evse.car is not None and trigger != "EVDeparted" else ChargingState.IDLE
        tx.ended_at, tx.reason = self.now, reason
        sample = evse.read(self.now, Context.END)
        evse.transaction, evse.spent = None, evse.car is not None
        profiles = self.memory.profiles
        for number in [p.id for p in profiles.values() if p.purpose == "TxProfile" and p.evse == evse.number]:
            del profiles[number]
        self.tally["ends"] += 1
        self.tally["energy_wh"] += round(evse.meter.register_wh - tx.meter_start_wh)
        if self.mute_ends:
            self.tally["never ended"] += 1
        else:
            self.post(self.speech.ended(tx, trigger, sample, not self.online, token), lambda _: _told(tx), durable=True)
        timers = self._evse_timers[evse.number - 1]
        cancel(timers.sample, timers.full, timers.limit)
        if evse.wanted_operative != evse.operative:
            evse.operative = evse.wanted_operative
        if self._reset_waits and not any(e.is_busy for e in self.evses):
            self._reset_waits = False
            self.while_up(1.0, lambda: self.reboot(BootReason.REMOTE_RESET, StopReason.SOFT_RESET))

    def find(self, transaction_id: str) -> Transaction | None:
        """The running transaction of this name."""
        return next((e.transaction for e in self.evses if e.transaction and e.transaction.id == transaction_id), None)

    def _watch(self, evse: Evse) -> None:
        """Tell when charging begins, is suspended or goes on; look again when the battery will be full."""
        tx = evse.transaction
        if tx is None:
            return
        evse.settle(self.now)
        if tx.stopping is None and evse.charging_state is not tx.state:
            self._update(evse, "ChargingStateChanged")
        self.tell_status(evse)
        timers = self._evse_timers[evse.number - 1]
        cancel(timers.full)
        seconds = evse.seconds_to_full()
        if seconds < inf:
            timers.full = self.while_up(seconds + 0.05, lambda: self._watch(evse))

    # ---- meters

    def _schedule_sample(self, evse: Evse, tx: Transaction) -> None:
        timers = self._evse_timers[evse.number - 1]
        interval = self.device.number("SampledDataCtrlr", "TxUpdatedInterval")

        def sample() -> None:
            if evse.transaction is not tx:
                return
            if self.device.number("SampledDataCtrlr", "TxUpdatedInterval") > 0:
                self._update(evse, "MeterValuePeriodic", evse.read(self.now))
            self._schedule_sample(evse, tx)
            self._hold(evse, tx)

        timers.sample = self.while_up(interval or 30, sample)

    def _hold(self, evse: Evse, tx: Transaction) -> None:
        """End what has come to its limit. What it costs, the server tells, with CostUpdated."""
        limit = tx.limit
        if evse.meter.register_wh - tx.meter_start_wh >= limit.get("maxEnergy", inf):
            self.end(evse.number, StopReason.ENERGY_LIMIT_REACHED, "EnergyLimitReached")
        elif self.now - tx.started_at >= limit.get("maxTime", inf):
            self.end(evse.number, StopReason.TIME_LIMIT_REACHED, "TimeLimitReached")
        elif evse.soc * 100 >= limit.get("maxSoC", inf):
            self.end(evse.number, StopReason.SOC_LIMIT_REACHED, "SoCLimitReached")

    def _align(self) -> None:
        """Samples at round times of the clock, with or without a transaction."""
        interval = self.device.number("AlignedDataCtrlr", "Interval")

        def due() -> None:
            if interval > 0:
                for evse in self.evses:
                    sample = evse.read(self.now, Context.CLOCK)
                    if evse.transaction is not None:
                        self._update(evse, "MeterValueClock", sample)
                    elif self.online:
                        self.post(self.speech.meter_values(evse, sample))
            self._align()

        # An interval of 0 means none; look again later whether that has changed.
        wait = interval - self.now % interval if interval > 0 else 60.0
        self.while_up(wait, due)

    def sample_now(self, number: int, context: Context = Context.PERIODIC) -> bool:
        """Send meter values of an EVSE now, in its transaction where there is one. True: something was said."""
        evse = self.evse(number)
        sample = evse.read(self.now, context)
        trigger = "Trigger" if context is Context.TRIGGER else "MeterValuePeriodic"
        if evse.transaction is not None:
            self._update(evse, trigger, sample)
            return True
        said = self.speech.meter_values(evse, sample)
        self.post(said)
        return said is not None

    # ---- limits

    def refresh_limit(self, evse: Evse) -> None:
        """Profiles have changed, or time has: what may flow now?"""
        tx = evse.transaction
        limit = limit_at(
            self.memory.profiles.values(), evse.outlet, evse.number, self.now,
            tx.id if tx else "", tx.started_at if tx else 0.0, priority=tx is not None and tx.priority,
        )  # fmt: skip
        timers = self._evse_timers[evse.number - 1]
        cancel(timers.limit)
        if limit.until < inf:
            timers.limit = self.while_up(max(0.2, limit.until - self.now), lambda: self.refresh_limit(evse))
        if limit.watts != evse.limit_w:
            evse.limit(limit.watts, self.now)
            self._watch(evse)

    def refresh_limits(self) -> None:
        for evse in self.evses:
            self.refresh_limit(evse)

    # ---- availability, reservations

    def set_operative(self, numbers: Iterable[int], operative: bool) -> bool:
        """True when it had to be put off until a transaction's end."""
        waits = False
        for evse in map(self.evse, numbers):
            evse.wanted_operative = operative
            if evse.is_busy and not operative:
                waits = True
            else:
                evse.operative = operative
            self.while_up(0.0, lambda evse=evse: self.tell_status(evse))
        return waits

    def reserve(self, evse: Evse, reservation: Reservation) -> None:
        evse.reservation = reservation

        def expire() -> None:
            if evse.reservation is reservation:
                evse.reservation = None
                self.tell_status(evse)

        self.after(max(0.0, reservation.expires_at - self.now), expire)
        self.while_up(0.0, lambda: self.tell_status(evse))

    # ---- faults

    def break_part(self, number: int, error: PartError) -> None:
        """A part fails: no power there until `mend`."""
        evse = self.evse(number)
        evse.settle(self.now)
        if evse.error is not None:
            return
        evse.error = error
        self.tally["faults"] += 1
        if evse.transaction is not None:
            ground = error.error_code == "GroundFailure"
            self._finish(evse, StopReason.GROUND_FAULT if ground else StopReason.OTHER, "AbnormalCondition")
        self.tell_status(evse)
        self.post(self.speech.fault(evse, error, cleared=False))

    def mend(self, number: int) -> None:
        evse = self.evse(number)
        error, evse.error = evse.error, None
        if error is None:
            return
        self.tell_status(evse)
        self.post(self.speech.fault(evse, error, cleared=True))


def plain_status(evse: Evse) -> str:
    """In 2.x terms."""
    match evse.status:
        case (
            ConnectorStatus.AVAILABLE | ConnectorStatus.RESERVED | ConnectorStatus.UNAVAILABLE | ConnectorStatus.FAULTED
        ):
            return evse.status.value
        case ConnectorStatus.PREPARING if evse.car is None:
            return "Available"
        case _:
            return "Occupied"


def _told(tx: Transaction) -> None:
    tx.told = True
