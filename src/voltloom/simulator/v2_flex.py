"""What a 2.1 station makes of priority, dynamic profiles, reserve, control towards the grid and battery swaps; and what
a 2.x station tells of vehicles' needs and of limits that others impose."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import inf

from voltloom.simulator.evse import Evse
from voltloom.simulator.meter import stamp
from voltloom.simulator.profiles import Period, Profile, rate_of
from voltloom.simulator.station import Station
from voltloom.simulator.words import Payload, Said, read_time, said

_ACCEPTED: Payload = {"status": "Accepted"}
_REJECTED: Payload = {"status": "Rejected"}
_NOT_FOUND: Payload = {"status": "NotFound"}
_FIELDS = {
    "FixedPFAbsorb": "fixedPFAbsorb",
    "FixedPFInject": "fixedPFInject",
    "FixedVar": "fixedVar",
    "LimitMaxDischarge": "limitMaxDischarge",
    "FreqDroop": "freqDroop",
    "EnterService": "enterService",
    "Gradients": "gradient",
}
"""Where a control says what it is; all others are curves."""
_ALWAYS = ("EnterService", "Gradients")
NEW_IN_21 = frozenset(
    {
        "AFRRSignal",
        "AdjustPeriodicEventStream",
        "ChangeTransactionTariff",
        "ClearDERControl",
        "ClearTariffs",
        "GetDERControl",
        "GetPeriodicEventStream",
        "GetTariffs",
        "NotifyAllowedEnergyTransfer",
        "NotifyWebPaymentStarted",
        "RequestBatterySwap",
        "SetDERControl",
        "SetDefaultTariff",
        "UpdateDynamicSchedule",
        "UsePriorityCharging",
    }
)
_EMS = -1_000
"""Ids of profiles that are not the server's are negative."""


@dataclass(slots=True)
class _Control:
    """A control as it was set, and whether another of its kind comes first."""

    said: Payload
    superseded: bool = False
    started: bool = False

    @property
    def id(self) -> str:
        return self.said["controlId"]

    @property
    def kind(self) -> str:
        return self.said["controlType"]

    @property
    def is_default(self) -> bool:
        return self.said["isDefault"]

    @property
    def settings(self) -> Payload:
        return self.said[_FIELDS.get(self.kind, "curve")]


@dataclass(slots=True)
class Flex:
    """manner: how this make writes its numbers."""

    station: Station
    manner: Callable[[Payload], Payload]
    controls: dict[str, _Control] = field(default_factory=dict[str, _Control])
    batteries: list[Payload] = field(default_factory=list[Payload])
    signal: int | None = None
    allowed: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def _stamp(self) -> str:
        return stamp(self.station.now, self.station.plan.quirks.meter)

    def _tell(self, action: str, payload: Payload) -> None:
        self.station.post(said(action, self.manner(payload)))

    # ---- priority, dynamic profiles, reserve

    def use_priority(self, payload: Payload) -> Payload:
        station = self.station
        tx = station.find(payload["transactionId"])
        if tx is None:
            return _REJECTED
        active: bool = payload["activate"]
        if active and not any(p.purpose == "PriorityCharging" for p in station.memory.profiles.values()):
            return {"status": "NoProfile"}
        station.while_up(0.0, lambda: self.prioritise(tx.evse.number, active=active))
        return _ACCEPTED

    def prioritise(self, number: int, *, active: bool) -> None:
        """As the server asks, or a driver at the button."""
        tx = self.station.evse(number).transaction
        if tx is None or tx.priority == active:
            return
        tx.priority = active
        self.station.refresh_limits()
        self._tell("NotifyPriorityCharging", {"transactionId": tx.id, "activated": active})

    def update_dynamic(self, payload: Payload) -> Payload:
        return _ACCEPTED if self._take(payload["chargingProfileId"], payload["scheduleUpdate"]) else _REJECTED

    def _take(self, number: int, update: Payload) -> bool:
        profiles = self.station.memory.profiles
        profile = profiles.get(number)
        if profile is None or profile.kind != "Dynamic":
            return False
        period = self._original_period(profile) | update
        rate = rate_of(period)
        renewed = tuple(Period(p.start_s, inf if rate is None else rate, p.phases) for p in profile.periods)
        original = profile.original
        if original is not None:
            original["chargingSchedule"][0]["chargingSchedulePeriod"][0] = period
            original["dynUpdateTime"] = self._stamp()
        profiles[number] = replace(profile, periods=renewed, since=self.station.now)
        self.station.refresh_limits()
        return True

    def _original_period(self, profile: Profile) -> Payload:
        original = profile.original
        assert original is not None
        return original["chargingSchedule"][0]["chargingSchedulePeriod"][0]

    def keep_pulling(self, number: int) -> None:
        """Ask for new rates whenever the interval of the profile is over, as long as it is that profile."""
        profile = self.station.memory.profiles.get(number)
        if profile is None or profile.original is None:
            return
        original: Payload = profile.original
        interval: float = original.get("dynUpdateInterval", 0)
        if profile.kind != "Dynamic" or not interval:
            return

        def due() -> None:
            now = self.station.memory.profiles.get(number)
            if now is None or now.original is not original:
                return
            asked = said("PullDynamicScheduleUpdate", self.manner({"chargingProfileId": number}))
            self.station.post(asked, lambda answer: self._pulled(number, answer))
            self.station.while_up(interval, due)

        self.station.while_up(interval, due)

    def _pulled(self, number: int, answer: Payload) -> None:
        if answer.get("status") == "Accepted":
            self._take(number, answer.get("scheduleUpdate", {}))

    def allow_transfer(self, payload: Payload) -> Payload:
        if self.station.find(payload["transactionId"]) is None:
            return _REJECTED
        self.allowed[payload["transactionId"]] = payload["allowedEnergyTransfer"]
        return _ACCEPTED

    def afrr(self, payload: Payload) -> Payload:
        """It has periods with a curve for the signal, or no use for it."""
        curves = (
            "v2xSignalWattCurve" in self._original_period(p)
            for p in self.station.memory.profiles.values()
            if p.original is not None
        )
        if not any(curves):
            return _REJECTED
        self.signal = payload["signal"]
        return _ACCEPTED

    # ---- what a vehicle needs, what others impose

    def needs(self, evse: Evse) -> Said | None:
        """Of the car there; None where none is."""
        car = evse.car
        if car is None:
            return None
        wanted = max(0, round((car.target_soc - evse.soc) * car.capacity_wh))
        if evse.outlet.is_dc:
            model = car.model
            said_of: Payload = {
                "requestedEnergyTransfer": "DC",
                "dcChargingParameters": {
                    "evMaxCurrent": round(model.dc_max_w / model.dc_nominal_v),
                    "evMaxVoltage": round(model.dc_nominal_v * 1.1),
                    "evMaxPower": round(model.dc_max_w),
                    "energyAmount": wanted,
                    "evEnergyCapacity": round(car.capacity_wh),
                    "stateOfCharge": round(evse.soc * 100),
                },
            }
        else:
            phases = min(car.model.ac_phases, evse.outlet.phases)
            said_of = {
                "requestedEnergyTransfer": "AC_single_phase" if phases == 1 else "AC_three_phase",
                "acChargingParameters": {
                    "energyAmount": wanted,
                    "evMinCurrent": 6,
                    "evMaxCurrent": round(car.model.ac_max_a),
                    "evMaxVoltage": 230 if phases == 1 else 400,
                },
            }
        return said(
            "NotifyEVChargingNeeds",
            self.manner({"evseId": evse.number, "maxScheduleTuples": 24, "chargingNeeds": said_of}),
        )

    def impose(self, watts: float, source: str = "EMS") -> None:
        """An energy manager on the site limits the station as a whole."""
        number = _EMS - sum(map(ord, source))
        schedule: Payload = {
            "id": 1,
            "chargingRateUnit": "W",
            "startSchedule": self._stamp(),
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": watts}],
        }
        original: Payload = {
            "id": number,
            "stackLevel": 0,
            "chargingProfilePurpose": "ChargingStationExternalConstraints",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": [schedule],
        }
        self.station.memory.profiles[number] = Profile(
            number, 0, "ChargingStationExternalConstraints", 0, "Absolute", "W", (Period(0, watts),),
            self.station.now, self.station.now, original=original, source=source,
        )  # fmt: skip
        self.station.refresh_limits()
        limit = {"chargingLimitSource": source, "isGridCritical": False}
        self._tell("NotifyChargingLimit", {"evseId": 0, "chargingLimit": limit, "chargingSchedule": [schedule]})

    def release(self, source: str = "EMS") -> None:
        self.station.memory.profiles.pop(_EMS - sum(map(ord, source)), None)
        self.station.refresh_limits()
        self._tell("ClearedChargingLimit", {"chargingLimitSource": source})

    # ---- control towards the grid

    def set_control(self, payload: Payload) -> Payload:
        new = _Control(payload)
        given = [key for key in payload if key in {*_FIELDS.values(), "curve"}]
        timed = [key for key in ("startTime", "duration") if key in payload.get(given[0] if given else "", {})]
        if given != [_FIELDS.get(new.kind, "curve")]:
            return _REJECTED
        if (new.is_default and timed) or (not new.is_default and (len(timed) < 2 or new.kind in _ALWAYS)):
            return _REJECTED
        rivals = [
            c
            for c in self.controls.values()
            if (c.kind, c.is_default) == (new.kind, new.is_default) and c.id != new.id and not c.superseded
        ]
        beaten = [c for c in rivals if c.settings["priority"] >= new.settings["priority"]]
        new.superseded = len(beaten) < len(rivals)
        put_out = [new.id] if new.superseded else [c.id for c in beaten]
        for control in () if new.superseded else beaten:
            control.superseded = True
        self.controls[new.id] = new
        if not new.is_default and not new.superseded:
            self._run(new)
        return _ACCEPTED | ({"supersededIds": put_out[:24]} if put_out else {})

    def _run(self, control: _Control) -> None:
        """Tell when its time has come, and when it is over."""
        starts_in = max(0.0, read_time(control.settings["startTime"]) - self.station.now)
        ends_in = starts_in + control.settings["duration"]

        def switch(*, on: bool) -> None:
            if self.controls.get(control.id) is not control or control.superseded:
                return
            control.started = on
            if not on:
                del self.controls[control.id]
            self._tell("NotifyDERStartStop", {"controlId": control.id, "started": on, "timestamp": self._stamp()})

        self.station.while_up(starts_in, lambda: switch(on=True))
        self.station.while_up(ends_in, lambda: switch(on=False))

    def _fitting(self, payload: Payload) -> list[_Control]:
        return [
            c
            for c in self.controls.values()
            if payload.get("isDefault", c.is_default) == c.is_default
            and payload.get("controlType", c.kind) == c.kind
            and payload.get("controlId", c.id) == c.id
        ]

    def get_controls(self, payload: Payload) -> Payload:
        found = self._fitting(payload)
        if not found:
            return _NOT_FOUND
        for number, control in enumerate(found, 1):
            key = _FIELDS.get(control.kind, "curve")
            inner = "fixedPF" if key.startswith("fixedPF") else key
            told: Payload = {"id": control.id, inner: control.settings}
            if control.kind not in _ALWAYS:
                told |= {"isDefault": control.is_default, "isSuperseded": control.superseded}
            if key == "curve":
                told["curveType"] = control.kind
            report: Payload = {"requestId": payload["requestId"], "tbc": number < len(found), key: [told]}
            self.station.while_up(0.02 * number, lambda report=report: self._tell("ReportDERControl", report))
        return _ACCEPTED

    def clear_controls(self, payload: Payload) -> Payload:
        found = self._fitting(payload)
        if not found and ("controlType" in payload or "controlId" in payload):
            return _NOT_FOUND
        for control in found:
            del self.controls[control.id]
        return _ACCEPTED

    def alarm(self, kind: str, fault: str, *, ended: bool = False) -> None:
        """The grid makes a control change what flows, or no longer."""
        told: Payload = {"controlType": kind, "gridEventFault": fault, "timestamp": self._stamp()}
        self._tell("NotifyDERAlarm", told | ({"alarmEnded": True} if ended else {}))

    # ---- battery swap

    def swap(self, payload: Payload) -> Payload:
        """Somebody comes, puts theirs in, and takes a full one."""
        token, request = payload["idToken"], payload["requestId"]
        slots = len(self.station.evses)
        if not slots:
            return _REJECTED

        def move(step: str, slot: int, soc: float) -> None:
            serial = f"{self.station.plan.id[-12:]}-{len(self.batteries) + 1:04d}"
            battery: Payload = {"evseId": slot, "serialNumber": serial, "soC": soc, "soH": 92.5}
            self.batteries.append(battery)
            told: Payload = {"eventType": step, "idToken": token, "requestId": request, "batteryData": [battery]}
            self._tell("BatterySwap", told)

        self.station.while_up(0.05, lambda: move("BatteryIn", 1, 11.0))
        self.station.while_up(0.1, lambda: move("BatteryOut", slots, 97.0))
        return _ACCEPTED
