"""The tables of stations and the statements on them. Texts from stations come here already cut and cleaned."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Identity,
    Index,
    Integer,
    RowMapping,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    case,
    column,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    table,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import ColumnElement

from voltloom.domain.ids import Place, SiteId, StationId
from voltloom.domain.station import Attribute, Mutability, SecurityProfile, Setting, SettingName
from voltloom.features.stations.credentials import Credential
from voltloom.infra.columns import NUMBER
from voltloom.infra.database import Json, Statement, UtcTime, metadata, upsert

Values = Mapping[str, Any]

_SITES = table("sites", column("id"))
"""Sites stand on stations, not the other way round: that one exists is all a station asks of it."""

stations = Table(
    "stations",
    metadata,
    Column("id", String(48), primary_key=True, comment="the OCPP identity"),
    Column("public_id", String(24), nullable=False, unique=True, comment="what the public sees instead"),
    Column("name", String(100), nullable=False, default=""),
    Column("site_id", String(40), nullable=True, index=True),
    Column("notes", Text, nullable=False, default=""),
    Column("created_at", UtcTime, nullable=False),
    # how it is let in
    Column("enabled", Boolean, nullable=False, default=True),
    Column("security_profile", SmallInteger, nullable=False),
    Column("profile_reached", SmallInteger, nullable=False, default=0),
    Column("password_hash", String(64), nullable=False, default=""),
    Column("old_password_hash", String(64), nullable=False, default=""),
    Column("password_changed_at", UtcTime, nullable=True),
    Column("protocols", String(100), nullable=False, default="", comment="allowed, by spaces; empty: all"),
    Column("cert_fingerprint", String(64), nullable=False, default=""),
    # what it is answered, and what it said of itself
    Column("policy", String(10), nullable=False, comment="what a boot is answered"),
    Column("registration", String(10), nullable=True, comment="what the last boot was answered"),
    Column("vendor", String(100), nullable=False, default=""),
    Column("model", String(100), nullable=False, default=""),
    Column("serial", String(100), nullable=False, default=""),
    Column("firmware", String(100), nullable=False, default=""),
    Column("iccid", String(100), nullable=False, default=""),
    Column("imsi", String(100), nullable=False, default=""),
    Column("meter_type", String(100), nullable=False, default=""),
    Column("meter_serial", String(100), nullable=False, default=""),
    Column("booted_at", UtcTime, nullable=True),
    Column("boot_reason", String(30), nullable=False, default=""),
    Column("last_seen", UtcTime, nullable=True),
    # its connection
    Column("connected", Boolean, nullable=False, default=False),
    Column("node", String(100), nullable=False, default=""),
    Column("address", String(64), nullable=False, default=""),
    Column("protocol", String(20), nullable=False, default=""),
    Column("connection_profile", SmallInteger, nullable=True),
    Column("connected_at", UtcTime, nullable=True),
    Column("disconnected_at", UtcTime, nullable=True),
    Column("disconnect_reason", String(200), nullable=False, default=""),
)

connectors = Table(
    "connectors",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("evse", Integer, primary_key=True),
    Column("connector", Integer, primary_key=True, comment="0: the EVSE as a whole"),
    Column("status", String(20), nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("fault", String(50), nullable=False),
)

faults = Table(
    "station_faults",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("evse", Integer, primary_key=True),
    Column("connector", Integer, primary_key=True),
    Column("code", String(100), primary_key=True),
    Column("vendor_code", String(50), primary_key=True),
    Column("vendor_id", String(255), nullable=False),
    Column("text", String(500), nullable=False),
    Column("since", UtcTime, nullable=False),
)

settings = Table(
    "station_settings",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("component", String(50), primary_key=True),
    Column("component_instance", String(50), primary_key=True),
    Column("variable", String(50), primary_key=True),
    Column("variable_instance", String(50), primary_key=True),
    Column("evse", Integer, primary_key=True, comment="-1: the station"),
    Column("connector", Integer, primary_key=True, comment="0: the EVSE"),
    Column("attribute", String(10), primary_key=True),
    Column("value", Text, nullable=True),
    Column("mutability", String(10), nullable=False),
    Column("data_type", String(20), nullable=False),
    Column("unit", String(20), nullable=False),
    Column("values_list", Text, nullable=False),
    Column("min_limit", Float, nullable=True),
    Column("max_limit", Float, nullable=True),
    Column("reported_at", UtcTime, nullable=False),
)

commands = Table(
    "station_commands",
    metadata,
    Column("number", NUMBER, Identity(), primary_key=True),
    Column("station_id", String(48), nullable=False),
    Column("at", UtcTime, nullable=False, index=True),
    Column("actor", String(200), nullable=False),
    Column("command", String(60), nullable=False),
    Column("body", Json, nullable=False),
    Column("outcome", String(500), nullable=False),
    Column("answer", Json, nullable=False),
    Column("took_ms", Integer, nullable=False),
    Index("ix_station_commands_station_id_number", "station_id", "number"),
)

knocks = Table(
    "station_knocks",
    metadata,
    Column("number", NUMBER, Identity(), primary_key=True),
    Column("identity", String(64), nullable=False),
    Column("reason", String(30), nullable=False),
    Column("address", String(64), nullable=False),
    Column("first_at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("path", String(200), nullable=False),
    Column("subprotocols", String(500), nullable=False),
    Column("user_agent", String(200), nullable=False),
    Column("tls", String(200), nullable=False),
    Column("profile", SmallInteger, nullable=True),
    Column("detail", String(300), nullable=False),
    Column("fields", Text, nullable=False, server_default="[]", comment="of the head of its request, as JSON"),
    UniqueConstraint("identity", "reason", "address", name="uq_station_knocks_one"),
    Index("ix_station_knocks_address_last_at", "address", "last_at"),
    Index("ix_station_knocks_last_at", "last_at"),
)


# ---- hot: what stations report

OPEN_LINK = Statement(
    update(stations)
    .where(stations.c.id == bindparam("key"))
    .values(
        connected=True,
        node=bindparam("node"),
        address=bindparam("address"),
        protocol=bindparam("protocol"),
        connection_profile=bindparam("connection_profile"),
        profile_reached=bindparam("profile_reached"),
        connected_at=bindparam("connected_at"),
        last_seen=bindparam("last_seen"),
    ),
    ("node", "address", "protocol", "connection_profile", "profile_reached", "connected_at", "last_seen", "key"),
)
CLOSE_LINK = Statement(
    # Only the node that holds the link closes it: a close that comes after the station appeared elsewhere is old news.
    update(stations)
    .where(stations.c.id == bindparam("key"), stations.c.node == bindparam("held_by"))
    .values(
        connected=False,
        disconnected_at=bindparam("disconnected_at"),
        disconnect_reason=bindparam("disconnect_reason"),
        last_seen=bindparam("last_seen"),
    ),
    ("disconnected_at", "disconnect_reason", "last_seen", "key", "held_by"),
)
SEEN = Statement(
    update(stations).where(stations.c.id == bindparam("key")).values(last_seen=bindparam("last_seen")),
    ("last_seen", "key"),
)
HARDWARE = ("vendor", "model", "serial", "firmware", "iccid", "imsi", "meter_type", "meter_serial")
BOOT = Statement(
    update(stations)
    .where(stations.c.id == bindparam("key"))
    .values(**{name: bindparam(name) for name in (*HARDWARE, "registration", "booted_at", "boot_reason", "last_seen")}),
    (*HARDWARE, "registration", "booted_at", "boot_reason", "last_seen", "key"),
)
PUT_CONNECTOR = Statement(
    upsert(connectors, ("station_id", "evse", "connector"), "status", "since", "fault"),
    ("station_id", "evse", "connector", "status", "since", "fault"),
)
PUT_FAULT = Statement(
    upsert(faults, ("station_id", "evse", "connector", "code", "vendor_code"), "vendor_id", "text", "since"),
    ("station_id", "evse", "connector", "code", "vendor_code", "vendor_id", "text", "since"),
)
_AT_PLACE = (
    faults.c.station_id == bindparam("station_key"),
    faults.c.evse == bindparam("evse_key"),
    faults.c.connector == bindparam("connector_key"),
)
END_FAULT = Statement(
    delete(faults).where(
        *_AT_PLACE, faults.c.code == bindparam("code_key"), faults.c.vendor_code == bindparam("vendor_key")
    ),
    ("station_key", "evse_key", "connector_key", "code_key", "vendor_key"),
)
SETTING_KEY = (
    "station_id",
    "component",
    "component_instance",
    "variable",
    "variable_instance",
    "evse",
    "connector",
    "attribute",
)
_SETTING_VALUES = (
    "value",
    "mutability",
    "data_type",
    "unit",
    "values_list",
    "min_limit",
    "max_limit",
    "reported_at",
)
PUT_SETTING = Statement(upsert(settings, SETTING_KEY, *_SETTING_VALUES), (*SETTING_KEY, *_SETTING_VALUES))
FORGET_UNREPORTED_SETTINGS = Statement(
    delete(settings).where(
        settings.c.station_id == bindparam("station_key"), settings.c.reported_at < bindparam("before")
    ),
    ("station_key", "before"),
)


def setting_row(station_id: StationId, setting: Setting, reported_at: datetime) -> tuple[Any, ...]:
    """In the order of PUT_SETTING's columns."""
    name = setting.name
    return (
        station_id,
        name.component,
        name.component_instance,
        name.variable,
        name.variable_instance,
        name.place.evse if name.place else -1,
        (name.place.connector or 0) if name.place else 0,
        setting.attribute.value,
        setting.value,
        setting.mutability.value,
        setting.data_type,
        setting.unit,
        setting.values_list,
        setting.min_limit,
        setting.max_limit,
        reported_at,
    )


def setting_of(row: RowMapping) -> Setting:
    place = None if row["evse"] < 0 else Place(row["evse"], row["connector"] or None)
    return Setting(
        SettingName(row["component"], row["variable"], row["component_instance"], row["variable_instance"], place),
        row["value"],
        Attribute(row["attribute"]),
        Mutability(row["mutability"]),
        row["data_type"],
        row["unit"],
        row["values_list"],
        row["min_limit"],
        row["max_limit"],
    )


# ---- what is remembered of connected stations


def read_standing(connection: Connection, ids: Sequence[StationId]) -> Sequence[RowMapping]:
    columns = ("id", "policy", "registration", "profile_reached", "booted_at", "last_seen")
    query = select(*(stations.c[name] for name in (*columns, *HARDWARE)))
    return _for_ids(connection, query, stations.c.id, ids)


def read_connectors(connection: Connection, ids: Sequence[StationId]) -> Sequence[RowMapping]:
    query = select(connectors).order_by(connectors.c.station_id, connectors.c.evse, connectors.c.connector)
    return _for_ids(connection, query, connectors.c.station_id, ids)


def read_faults(connection: Connection, ids: Sequence[StationId]) -> Sequence[RowMapping]:
    return _for_ids(connection, select(faults).order_by(faults.c.since), faults.c.station_id, ids)


def read_credentials(connection: Connection, ids: Iterable[StationId] | None) -> dict[StationId, Credential]:
    """Of these, or of all stations."""
    query = select(
        stations.c.id,
        stations.c.enabled,
        stations.c.security_profile,
        stations.c.profile_reached,
        stations.c.password_hash,
        stations.c.old_password_hash,
        stations.c.protocols,
        stations.c.cert_fingerprint,
    )
    rows = (
        connection.execute(query).mappings() if ids is None else _for_ids(connection, query, stations.c.id, tuple(ids))
    )
    return {
        row["id"]: Credential(
            row["id"],
            row["enabled"],
            SecurityProfile(row["security_profile"]),
            SecurityProfile(row["profile_reached"]),
            row["password_hash"],
            row["old_password_hash"],
            tuple(row["protocols"].split()),
            row["cert_fingerprint"],
        )
        for row in rows
    }


def _for_ids(connection: Connection, query: Any, key: ColumnElement[Any], ids: Sequence[StationId]) -> list[RowMapping]:
    """The rows of these stations, however many: an engine takes some thousands of parameters, not more."""
    # One parameter that is a list: Core would look at each of a thousand of them otherwise.
    wanted = query.where(key.in_(bindparam("ids", expanding=True)))
    found: list[RowMapping] = []
    for start in range(0, len(ids), 1_000):
        found += connection.execute(wanted, {"ids": ids[start : start + 1_000]}).mappings()
    return found


# ---- the registry


def get(connection: Connection, station_id: StationId) -> RowMapping | None:
    return connection.execute(select(stations).where(stations.c.id == station_id)).mappings().one_or_none()


def add(connection: Connection, values: Values) -> None:
    connection.execute(insert(stations), values)


def change(connection: Connection, station_id: StationId, values: Values) -> None:
    connection.execute(update(stations).where(stations.c.id == station_id).values(**values))


def remove(connection: Connection, station_id: StationId) -> None:
    """And all that is only about how it stands now. What happened stays: transactions, messages, commands."""
    for part in (connectors, faults, settings):
        connection.execute(delete(part).where(part.c.station_id == station_id))
    connection.execute(delete(stations).where(stations.c.id == station_id))


def fingerprint_owner(connection: Connection, fingerprint: str) -> StationId | None:
    query = select(stations.c.id).where(stations.c.cert_fingerprint == fingerprint)
    return connection.execute(query).scalars().first()


def site_exists(connection: Connection, site_id: SiteId) -> bool:
    return connection.execute(select(exists().where(_SITES.c.id == site_id))).scalar_one()


def drop_old_passwords(connection: Connection, ids: Sequence[StationId]) -> list[StationId]:
    """Those of `ids` that had an old password, until now."""
    query = (
        update(stations)
        .where(stations.c.id.in_(ids), stations.c.old_password_hash != "")
        .values(old_password_hash="")
        .returning(stations.c.id)
    )
    return list(connection.execute(query).scalars())


def close_links(connection: Connection, node: str | None, at: datetime, reason: str) -> list[StationId]:
    """Those of this node, or (None) all."""
    query = (
        update(stations)
        .where(stations.c.connected, *(() if node is None else (stations.c.node == node,)))
        .values(connected=False, disconnected_at=at, disconnect_reason=reason)
        .returning(stations.c.id)
    )
    return list(connection.execute(query).scalars())


# ---- finding stations


def find(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], after: StationId | None, limit: int
) -> Sequence[RowMapping]:
    query = select(stations).where(*conditions).order_by(stations.c.id).limit(limit)
    if after is not None:
        query = query.where(stations.c.id > after)
    return connection.execute(query).mappings().all()


def among(identities: Sequence[str]) -> ColumnElement[bool]:
    return stations.c.id.in_(identities)


def in_site(site_id: str) -> ColumnElement[bool]:
    return stations.c.site_id == site_id if site_id else stations.c.site_id.is_(None)


def is_connected(connected: bool) -> ColumnElement[bool]:
    return stations.c.connected if connected else ~stations.c.connected


def has(**values: str) -> ColumnElement[bool]:
    """Each of these columns has this value, whatever the case of its letters."""
    return and_(*(func.lower(stations.c[name]) == value.lower() for name, value in values.items()))


def with_status(status: str) -> ColumnElement[bool]:
    """One of its connectors is in this state."""
    # Of the outer query only the station is meant, also where that query is about connectors itself.
    own = exists().where(connectors.c.station_id == stations.c.id, connectors.c.status == status)
    return own.correlate(stations)


def with_fault() -> ColumnElement[bool]:
    return or_(exists().where(faults.c.station_id == stations.c.id), with_status("Faulted"))


def mentions(words: str) -> ColumnElement[bool]:
    """All of these words, anywhere in what tells stations apart."""
    said = func.lower(
        stations.c.id
        + " "
        + stations.c.name
        + " "
        + stations.c.vendor
        + " "
        + stations.c.model
        + " "
        + stations.c.serial
        + " "
        + stations.c.firmware
        + " "
        + stations.c.address
        + " "
        + stations.c.notes
    )
    return and_(*(said.contains(word.lower(), autoescape=True) for word in words.split()[:8]))


def _counted(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def stations_by_site(connection: Connection, ids: Sequence[SiteId]) -> Sequence[RowMapping]:
    query = (
        select(
            stations.c.site_id,
            func.count().label("stations"),
            _counted(stations.c.connected).label("connected"),
            _counted(with_fault()).label("faulted"),
        )
        .where(stations.c.site_id.in_(ids))
        .group_by(stations.c.site_id)
    )
    return connection.execute(query).mappings().all()


def connectors_by_site(connection: Connection, ids: Sequence[SiteId]) -> Sequence[tuple[SiteId, str, int]]:
    query = (
        select(stations.c.site_id, connectors.c.status, func.count())
        .join(stations, stations.c.id == connectors.c.station_id)
        .where(stations.c.site_id.in_(ids), connectors.c.evse > 0)
        .group_by(stations.c.site_id, connectors.c.status)
    )
    return [(SiteId(site_id), status, number) for site_id, status, number in connection.execute(query)]


def ids_in_site(connection: Connection, site_id: SiteId) -> tuple[StationId, ...]:
    query = select(stations.c.id).where(stations.c.site_id == site_id).order_by(stations.c.id)
    return tuple(connection.execute(query).scalars())


def count(
    connection: Connection, conditions: Sequence[ColumnElement[bool]]
) -> tuple[RowMapping, dict[str, int], dict[str, int]]:
    """(totals, stations by protocol, connectors by status), of the stations that meet the conditions."""
    totals = (
        connection.execute(
            select(
                func.count().label("stations"),
                _counted(stations.c.connected).label("connected"),
                _counted(~stations.c.enabled).label("disabled"),
                _counted(stations.c.registration == "Pending").label("pending"),
                _counted(stations.c.registration == "Rejected").label("rejected"),
                _counted(stations.c.connected_at.is_(None)).label("never_connected"),
                _counted(with_fault()).label("faulted"),
            ).where(*conditions)
        )
        .mappings()
        .one()
    )
    protocols = select(stations.c.protocol, func.count()).where(*conditions).group_by(stations.c.protocol)
    statuses = (
        select(connectors.c.status, func.count())
        .join(stations, stations.c.id == connectors.c.station_id)
        .where(*conditions, connectors.c.evse > 0)
        .group_by(connectors.c.status)
    )
    return (
        totals,
        {name or "none yet": number for name, number in connection.execute(protocols)},
        {row[0]: row[1] for row in connection.execute(statuses)},
    )


# ---- settings


def count_settings(connection: Connection, station_id: StationId) -> int:
    query = select(func.count()).select_from(settings).where(settings.c.station_id == station_id)
    return connection.execute(query).scalar_one()


def find_settings(
    connection: Connection, station_id: StationId, words: str, after: tuple[Any, ...] | None, limit: int
) -> Sequence[RowMapping]:
    """By name. `after`: the key of the row before, without the station."""
    keys = [settings.c[name] for name in SETTING_KEY[1:]]
    query = select(settings).where(settings.c.station_id == station_id).order_by(*keys).limit(limit)
    said = func.lower(settings.c.component + " " + settings.c.variable + " " + func.coalesce(settings.c.value, ""))
    for word in words.split()[:8]:
        query = query.where(said.contains(word.lower(), autoescape=True))
    if after is not None:
        # Spelled out: row comparison is not in every SQLAlchemy dialect's reach with mixed types.
        beyond: list[ColumnElement[bool]] = [
            and_(*(key == value for key, value in zip(keys[:n], after[:n], strict=True)), keys[n] > after[n])
            for n in range(len(keys))
        ]
        query = query.where(or_(*beyond))
    return connection.execute(query).mappings().all()


def setting_key(row: RowMapping) -> tuple[Any, ...]:
    return tuple(row[name] for name in SETTING_KEY[1:])


def change_value(connection: Connection, station_id: StationId, setting: Setting, at: datetime) -> None:
    """Where the setting is known: it now has this value."""
    row = dict(zip(PUT_SETTING.columns, setting_row(station_id, setting, at), strict=True))
    query = update(settings).where(*(settings.c[name] == row[name] for name in SETTING_KEY))
    connection.execute(query.values(value=row["value"], reported_at=at))


def known_settings(
    connection: Connection, station_id: StationId, names: Iterable[SettingName]
) -> dict[SettingName, Setting]:
    """The actual ones, as last told; without those that are not known."""
    wanted = {name: setting_row(station_id, Setting(name, None), _NEVER)[: len(SETTING_KEY)] for name in names}
    c = settings.c
    found: dict[SettingName, Setting] = {}
    for name, key in wanted.items():
        same = (c[column] == value for column, value in zip(SETTING_KEY, key, strict=True))
        row = connection.execute(select(settings).where(*same)).mappings().one_or_none()
        if row is not None:
            found[name] = setting_of(row)
    return found


_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def put_settings(connection: Connection, station_id: StationId, found: Iterable[Setting], at: datetime) -> None:
    rows = [dict(zip(PUT_SETTING.columns, setting_row(station_id, setting, at), strict=True)) for setting in found]
    if rows:
        connection.execute(PUT_SETTING.sql, rows)


# ---- what was asked of stations


def add_command(connection: Connection, values: Values) -> None:
    connection.execute(insert(commands), values)


def find_commands(
    connection: Connection, station_id: StationId, command: str, before: int | None, limit: int
) -> Sequence[RowMapping]:
    """The newest first."""
    query = select(commands).where(commands.c.station_id == station_id).order_by(commands.c.number.desc()).limit(limit)
    if command:
        query = query.where(commands.c.command == command)
    if before is not None:
        query = query.where(commands.c.number < before)
    return connection.execute(query).mappings().all()


def prune_commands(connection: Connection, before: datetime) -> int:
    return connection.execute(delete(commands).where(commands.c.at < before)).rowcount


# ---- the inbox


_KNOCK_KEY = ("identity", "reason", "address")
_knock = postgresql.insert(knocks)
_PUT_KNOCK = _knock.on_conflict_do_update(
    index_elements=_KNOCK_KEY,
    set_={
        "count": knocks.c.count + _knock.excluded["count"],
        **{
            name: _knock.excluded[name]
            for name in ("last_at", "path", "subprotocols", "user_agent", "tls", "profile", "detail", "fields")
        },
    },
)


def put_knock(connection: Connection, values: Values) -> None:
    """Add it, or its count to that of the one that is there."""
    connection.execute(_PUT_KNOCK, values)


def last_knock(connection: Connection, identity: str, reason: str, address: str) -> datetime | None:
    query = select(knocks.c.last_at).where(
        knocks.c.identity == identity, knocks.c.reason == reason, knocks.c.address == address
    )
    return connection.execute(query).scalar_one_or_none()


def trim_knocks(connection: Connection, address: str | None, most: int) -> int:
    """Keep the latest `most`: of this address, or (None) in all."""
    where = () if address is None else (knocks.c.address == address,)
    surplus = select(knocks.c.number).where(*where).order_by(knocks.c.last_at.desc(), knocks.c.number.desc())
    # LIMIT ALL is not SQLite's, so the limit is a number that no table reaches.
    numbers = surplus.limit(1_000_000_000).offset(most)
    return connection.execute(delete(knocks).where(knocks.c.number.in_(numbers))).rowcount


_KNOCKS = select(
    knocks,
    stations.c.id.label("station_id"),
    *(
        stations.c[name].label(f"station_{name}")
        for name in ("name", "site_id", "vendor", "model", "enabled", "security_profile", "connected")
    ),
).outerjoin(stations, stations.c.id == knocks.c.identity)


def find_knock(connection: Connection, number: int) -> RowMapping | None:
    """Likewise, one."""
    return connection.execute(_KNOCKS.where(knocks.c.number == number)).mappings().one_or_none()


def find_knocks(
    connection: Connection,
    *,
    reason: str,
    address: str,
    words: str,
    before: tuple[datetime, int] | None,
    limit: int,
) -> Sequence[RowMapping]:
    """The latest first, each with what is known of the station it claims to be."""
    query = _KNOCKS.order_by(knocks.c.last_at.desc(), knocks.c.number.desc()).limit(limit)
    if reason:
        query = query.where(knocks.c.reason == reason)
    if address:
        query = query.where(knocks.c.address == address)
    said = func.lower(knocks.c.identity + " " + knocks.c.path + " " + knocks.c.user_agent + " " + knocks.c.address)
    for word in words.split()[:8]:
        query = query.where(said.contains(word.lower(), autoescape=True))
    if before is not None:
        at, number = before
        query = query.where(or_(knocks.c.last_at < at, and_(knocks.c.last_at == at, knocks.c.number < number)))
    return connection.execute(query).mappings().all()


def knocks_of(connection: Connection, identity: str, limit: int) -> Sequence[RowMapping]:
    """The latest first."""
    query = select(knocks).where(knocks.c.identity == identity)
    query = query.order_by(knocks.c.last_at.desc(), knocks.c.number.desc()).limit(limit)
    return connection.execute(query).mappings().all()


def get_knock(connection: Connection, number: int) -> RowMapping | None:
    return connection.execute(select(knocks).where(knocks.c.number == number)).mappings().one_or_none()


def drop_knocks(connection: Connection, identity: str) -> int:
    return connection.execute(delete(knocks).where(knocks.c.identity == identity)).rowcount


def drop_knock(connection: Connection, number: int) -> int:
    return connection.execute(delete(knocks).where(knocks.c.number == number)).rowcount
