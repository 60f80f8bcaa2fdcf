"""What is remembered of a connected station, so that its reports are answered without reading the database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping

from voltloom.domain.ids import Place, StationId
from voltloom.domain.station import Connector, ConnectorStatus, Hardware, Registration, SecurityProfile
from voltloom.features.feature import Memory
from voltloom.features.stations import store
from voltloom.features.stations.rules import Allowance, Assembly, Heard


class FaultKey(NamedTuple):
    place: Place
    code: str
    vendor_code: str


@dataclass(slots=True)
class StationState:
    """policy         what a boot is answered
    registration   what the last boot was answered; None where it never was and would be accepted. See `rules.may_speak`
    last_seen      as it stands in the database, so some minutes old
    unconfirmed    connectors not heard of since the last boot
    assemblies     reports of settings under way, by their number
    """

    policy: Registration = Registration.ACCEPTED
    registration: Registration | None = None
    profile_reached: SecurityProfile = SecurityProfile.OPEN
    hardware: Hardware = Hardware()  # noqa: RUF009 – frozen
    booted_at: datetime | None = None
    last_seen: datetime | None = None
    connectors: dict[Place, Heard] = field(default_factory=dict[Place, Heard])
    faults: set[FaultKey] = field(default_factory=set[FaultKey])
    unconfirmed: set[Place] = field(default_factory=set[Place])
    assemblies: dict[int | None, Assembly] = field(default_factory=dict[int | None, Assembly])
    notices: Allowance | None = None


def place_of(row: RowMapping) -> Place:
    return Place(row["evse"], row["connector"] or None)


def load(connection: Connection, ids: Sequence[StationId]) -> dict[StationId, StationState]:
    states: dict[StationId, StationState] = {}
    for row in store.read_standing(connection, ids):
        policy = Registration(row["policy"])
        registration = Registration(row["registration"]) if row["registration"] else None
        if registration is None and policy is not Registration.ACCEPTED:
            registration = policy
        states[row["id"]] = StationState(
            policy=policy,
            registration=registration,
            profile_reached=SecurityProfile(row["profile_reached"]),
            hardware=Hardware(**{name: row[name] for name in Hardware.__slots__}),
            booted_at=row["booted_at"],
            last_seen=row["last_seen"],
        )
    for row in store.read_connectors(connection, ids):
        if row["station_id"] in states:
            connector = Connector(place_of(row), ConnectorStatus(row["status"]), row["since"], row["fault"])
            states[row["station_id"]].connectors[connector.place] = Heard(connector, connector.since)
    for row in store.read_faults(connection, ids):
        if row["station_id"] in states:
            states[row["station_id"]].faults.add(FaultKey(place_of(row), row["code"], row["vendor_code"]))
    return states


remembered = Memory(load, StationState)
