"""How a 1.6 station answers what it is asked about charging profiles."""

from math import inf

from voltloom.simulator.meter import stamp
from voltloom.simulator.profiles import RECURS_S, STATION_WIDE, Period, Profile, changes
from voltloom.simulator.station import Station
from voltloom.simulator.words import Payload, read_time

_ACCEPTED: Payload = {"status": "Accepted"}
_REJECTED: Payload = {"status": "Rejected"}


class Profiles16:
    def __init__(self, station: Station) -> None:
        self._station = station

    def read(self, number: int, wanted: Payload) -> Profile:
        schedule = wanted["chargingSchedule"]
        starts_at = schedule.get("startSchedule")
        return Profile(
            id=wanted["chargingProfileId"],
            evse=number,
            purpose=wanted["chargingProfilePurpose"],
            stack_level=wanted["stackLevel"],
            kind=wanted["chargingProfileKind"],
            unit=schedule["chargingRateUnit"],
            periods=tuple(
                Period(p["startPeriod"], p["limit"], p.get("numberPhases", 3))
                for p in schedule["chargingSchedulePeriod"]
            ),
            since=self._station.now,
            starts_at=read_time(starts_at) if starts_at else None,
            duration_s=schedule.get("duration", inf),
            recurs_s=RECURS_S.get(wanted.get("recurrencyKind", ""), 0.0),
            valid_from=read_time(wanted["validFrom"]) if "validFrom" in wanted else -inf,
            valid_to=read_time(wanted["validTo"]) if "validTo" in wanted else inf,
            transaction=str(wanted.get("transactionId", "")),
        )

    def set(self, payload: Payload) -> Payload:
        station = self._station
        number = payload["connectorId"]
        profile = self.read(number, payload["csChargingProfiles"])
        if profile.purpose in STATION_WIDE and number != 0:
            return _REJECTED
        if profile.purpose == "TxProfile":
            tx = station.known(number).transaction
            if tx is None or (profile.transaction and profile.transaction != tx.id):
                return _REJECTED
        memory = station.memory
        same = [
            p.id
            for p in memory.profiles.values()
            if (p.evse, p.purpose, p.stack_level) == (profile.evse, profile.purpose, profile.stack_level)
        ]
        for gone in same:
            del memory.profiles[gone]
        memory.profiles[profile.id] = profile
        station.while_up(0.0, station.refresh_limits)
        return _ACCEPTED

    def clear(self, payload: Payload) -> Payload:
        profiles = self._station.memory.profiles
        gone = [
            p.id
            for p in profiles.values()
            if payload.get("id", p.id) == p.id
            and payload.get("connectorId", p.evse) == p.evse
            and payload.get("chargingProfilePurpose", p.purpose) == p.purpose
            and payload.get("stackLevel", p.stack_level) == p.stack_level
        ]
        for number in gone:
            del profiles[number]
        self._station.while_up(0.0, self._station.refresh_limits)
        return _ACCEPTED if gone else {"status": "Unknown"}

    def composite(self, payload: Payload) -> Payload:
        station = self._station
        evse = station.known(payload["connectorId"] or 1)
        unit = payload.get("chargingRateUnit", "W")
        per = 230.0 * (evse.outlet.phases or 3) if unit == "A" else 1.0
        periods = changes(
            station.memory.profiles.values(), evse.outlet, evse.number, station.now, payload["duration"],
            evse.transaction.id if evse.transaction else "",
            evse.transaction.started_at if evse.transaction else 0.0,
        )  # fmt: skip
        return _ACCEPTED | {
            "connectorId": payload["connectorId"],
            "scheduleStart": stamp(station.now, station.plan.quirks.meter),
            "chargingSchedule": {
                "duration": payload["duration"],
                "chargingRateUnit": unit,
                "chargingSchedulePeriod": [
                    {"startPeriod": int(p.start_s), "limit": round(p.limit / per, 1)} for p in periods
                ],
            },
        }
