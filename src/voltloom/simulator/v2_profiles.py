"""How a 2.x station answers what it is asked about charging profiles, and how it reports them."""

from collections.abc import Callable
from math import inf

from voltloom.simulator.meter import stamp
from voltloom.simulator.profiles import RECURS_S, STATION_WIDE, Period, Profile, changes, rate_of
from voltloom.simulator.station import Station
from voltloom.simulator.words import Payload, read_time, said

_ACCEPTED: Payload = {"status": "Accepted"}
_REJECTED: Payload = {"status": "Rejected"}


class Profiles2:
    """manner: how this make writes its numbers."""

    def __init__(self, station: Station, manner: Callable[[Payload], Payload]) -> None:
        self._station = station
        self._manner = manner

    def read(self, number: int, wanted: Payload) -> Profile:
        schedule: Payload = wanted["chargingSchedule"][0]
        starts_at = schedule.get("startSchedule")
        return Profile(
            id=wanted["id"],
            evse=number,
            purpose=wanted["chargingProfilePurpose"],
            stack_level=wanted["stackLevel"],
            kind=wanted["chargingProfileKind"],
            unit=schedule["chargingRateUnit"],
            periods=tuple(
                Period(p["startPeriod"], rate, p.get("numberPhases", 3))
                for p in schedule["chargingSchedulePeriod"]
                if (rate := rate_of(p)) is not None
            ),
            since=self._station.now,
            starts_at=read_time(starts_at) if starts_at else None,
            duration_s=schedule.get("duration", inf),
            recurs_s=RECURS_S.get(wanted.get("recurrencyKind", ""), 0.0),
            valid_from=read_time(wanted["validFrom"]) if "validFrom" in wanted else -inf,
            valid_to=read_time(wanted["validTo"]) if "validTo" in wanted else inf,
            transaction=str(wanted.get("transactionId", "")),
            original=wanted,
        )

    def set(self, payload: Payload) -> Payload:
        station = self._station
        number: int = payload["evseId"]
        profile = self.read(number, payload["chargingProfile"])
        if profile.purpose in STATION_WIDE and number != 0:
            return _REJECTED | {"statusInfo": {"reasonCode": "InvalidProfile"}}
        if profile.purpose == "TxProfile":
            tx = station.known(number).transaction
            if tx is None or profile.transaction != tx.id:
                return _REJECTED | {"statusInfo": {"reasonCode": "TxNotFound"}}
        if profile.purpose == "ChargingStationExternalConstraints":
            return _REJECTED | {"statusInfo": {"reasonCode": "InvalidProfile"}}
        profiles = station.memory.profiles
        slot = (profile.evse, profile.purpose, profile.stack_level)
        if any((p.evse, p.purpose, p.stack_level) == slot and p.id != profile.id for p in profiles.values()):
            return _REJECTED | {"statusInfo": {"reasonCode": "DuplicateProfile"}}
        profiles[profile.id] = profile
        station.while_up(0.0, station.refresh_limits)
        return _ACCEPTED

    def clear(self, payload: Payload) -> Payload:
        profiles = self._station.memory.profiles
        wanted: Payload = payload.get("chargingProfileCriteria", {})
        gone = [
            p.id
            for p in profiles.values()
            if payload.get("chargingProfileId", p.id) == p.id
            and wanted.get("evseId", p.evse) == p.evse
            and wanted.get("chargingProfilePurpose", p.purpose) == p.purpose
            and wanted.get("stackLevel", p.stack_level) == p.stack_level
        ]
        for number in gone:
            del profiles[number]
        self._station.while_up(0.0, self._station.refresh_limits)
        return _ACCEPTED if gone else {"status": "Unknown"}

    def report(self, payload: Payload) -> Payload:
        station = self._station
        wanted: Payload = payload["chargingProfile"]
        by_place: dict[tuple[int, str], list[Profile]] = {}
        for p in station.memory.profiles.values():
            if (
                payload.get("evseId", p.evse) == p.evse
                and wanted.get("chargingProfilePurpose", p.purpose) == p.purpose
                and wanted.get("stackLevel", p.stack_level) == p.stack_level
                and p.id in wanted.get("chargingProfileId", [p.id])
                and p.source in wanted.get("chargingLimitSource", [p.source])
            ):
                by_place.setdefault((p.evse, p.source), []).append(p)
        if not by_place:
            return {"status": "NoProfiles"}
        for number, ((evse, source), found) in enumerate(by_place.items(), 1):
            report: Payload = {
                "requestId": payload["requestId"],
                "chargingLimitSource": source,
                "evseId": evse,
                "chargingProfile": [p.original for p in found],
                "tbc": number < len(by_place),
            }
            station.while_up(
                0.02 * number,
                lambda report=report: station.post(said("ReportChargingProfiles", self._manner(report))),
            )
        return _ACCEPTED

    def composite(self, payload: Payload) -> Payload:
        station = self._station
        evse = station.known(payload["evseId"] or 1)
        unit = payload.get("chargingRateUnit", "W")
        per = 230.0 * (evse.outlet.phases or 3) if unit == "A" else 1.0
        tx = evse.transaction
        periods = changes(
            station.memory.profiles.values(), evse.outlet, evse.number, station.now, payload["duration"],
            tx.id if tx else "", tx.started_at if tx else 0.0, priority=tx is not None and tx.priority,
        )  # fmt: skip
        schedule: Payload = {
            "evseId": payload["evseId"],
            "duration": payload["duration"],
            "scheduleStart": stamp(station.now, station.plan.quirks.meter),
            "chargingRateUnit": unit,
            "chargingSchedulePeriod": [
                {"startPeriod": int(p.start_s), "limit": round(p.limit / per, 1)} for p in periods
            ],
        }
        return _ACCEPTED | {"schedule": schedule}
