"""The tables of wanted settings and the statements on them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Integer,
    Row,
    RowMapping,
    SmallInteger,
    String,
    Table,
    bindparam,
    delete,
    func,
    select,
)

from voltloom.domain.commands import NewValue
from voltloom.domain.ids import Place, StationId
from voltloom.domain.station import SettingName
from voltloom.features.settings.rules import Template, WhenRefused
from voltloom.features.stations import Aim
from voltloom.infra.database import Json, UtcTime, metadata, upsert

templates = Table(
    "setting_templates",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("vendor", String(100), nullable=False),
    Column("model", String(100), nullable=False),
    Column("firmware", String(100), nullable=False),
    Column("site_id", String(40), nullable=False),
    Column("settings", Json, nullable=False),
    Column("before_accepted", Boolean, nullable=False),
    Column("when_refused", String(20), nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("actor", String(200), nullable=False),
)
wanted = Table(
    "wanted_settings",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("settings", Json, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("actor", String(200), nullable=False),
)
provisioning = Table(
    "provisioning",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("asked", String(32), nullable=False, comment="the fingerprint of what it had to have"),
    Column("verdict", String(20), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("at", UtcTime, nullable=False),
)
reconciled = Table(
    "setting_reconciliations",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("trouble", String(500), nullable=False, comment="why it could not be asked; empty: it was"),
)
network_profiles = Table(
    "network_profiles",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("slot", Integer, primary_key=True, autoincrement=False),
    Column("url", String(2000), nullable=False),
    Column("security_profile", SmallInteger, nullable=False),
    Column("interface", String(20), nullable=False),
    Column("version", String(20), nullable=False),
    Column("identity", String(48), nullable=False),
    Column("message_timeout_s", Integer, nullable=False),
    Column("has_secrets", Boolean, nullable=False, comment="a password, an access point or a VPN went with it"),
    Column("at", UtcTime, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("said", String(50), nullable=False),
    Column("reason", String(500), nullable=False),
)


class _Kept(msgspec.Struct, array_like=True):
    component: str
    variable: str
    component_instance: str
    variable_instance: str
    place: tuple[int, int | None] | None
    value: str


def _told(settings: Iterable[NewValue]) -> str:
    kept = [
        _Kept(
            new.name.component,
            new.name.variable,
            new.name.component_instance,
            new.name.variable_instance,
            None if new.name.place is None else (new.name.place.evse, new.name.place.connector),
            new.value,
        )
        for new in settings
    ]
    return msgspec.json.encode(kept).decode()


def _settings(text: str) -> tuple[NewValue, ...]:
    return tuple(
        NewValue(
            SettingName(
                kept.component,
                kept.variable,
                kept.component_instance,
                kept.variable_instance,
                None if kept.place is None else Place(*kept.place),
            ),
            kept.value,
        )
        for kept in msgspec.json.decode(text, type=list[_Kept])
    )


# ---- templates


def read_templates(connection: Connection, *, before_accepted: bool = False) -> list[Template]:
    """By name. before_accepted: only those that must hold before."""
    query = select(templates).order_by(templates.c.name, templates.c.id)
    if before_accepted:
        query = query.where(templates.c.before_accepted)
    return [_template(row) for row in connection.execute(query)]


def get_template(connection: Connection, template_id: str) -> Template | None:
    row = connection.execute(select(templates).where(templates.c.id == template_id)).one_or_none()
    return None if row is None else _template(row)


def put_template(connection: Connection, template: Template) -> None:
    values: Mapping[str, Any] = {
        "name": template.name,
        "vendor": template.aim.vendor,
        "model": template.aim.model,
        "firmware": template.aim.firmware,
        "site_id": template.aim.site_id,
        "settings": _told(template.settings),
        "before_accepted": template.before_accepted,
        "when_refused": template.when_refused.value,
        "changed_at": template.changed_at,
        "actor": template.actor[:200],
    }
    connection.execute(upsert(templates, ("id",), *values), {"id": template.id, **values})


def count_templates(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(templates)).scalar_one()


def remove_template(connection: Connection, template_id: str) -> bool:
    return connection.execute(delete(templates).where(templates.c.id == template_id)).rowcount == 1


def _template(row: Row[*tuple[Any, ...]]) -> Template:
    return Template(
        row.id,
        row.name,
        Aim(row.vendor, row.model, row.firmware, row.site_id),
        _settings(row.settings),
        row.before_accepted,
        WhenRefused(row.when_refused),
        row.changed_at,
        row.actor,
    )


# ---- what is wanted of one station


def read_own(connection: Connection, ids: Sequence[StationId]) -> dict[StationId, tuple[NewValue, ...]]:
    found: dict[StationId, tuple[NewValue, ...]] = {}
    query = select(wanted.c.station_id, wanted.c.settings).where(
        wanted.c.station_id.in_(bindparam("ids", expanding=True))
    )
    for start in range(0, len(ids), 1_000):
        for station_id, text in connection.execute(query, {"ids": ids[start : start + 1_000]}):
            found[station_id] = _settings(text)
    return found


def put_own(
    connection: Connection, station_id: StationId, settings: Sequence[NewValue], at: datetime, actor: str
) -> None:
    if not settings:
        connection.execute(delete(wanted).where(wanted.c.station_id == station_id))
        return
    values = {"settings": _told(settings), "changed_at": at, "actor": actor[:200]}
    connection.execute(upsert(wanted, ("station_id",), *values), {"station_id": station_id, **values})


# ---- what came of it


def read_provisioning(connection: Connection, ids: Sequence[StationId]) -> dict[StationId, RowMapping]:
    query = select(provisioning).where(provisioning.c.station_id.in_(bindparam("ids", expanding=True)))
    found: dict[StationId, RowMapping] = {}
    for start in range(0, len(ids), 1_000):
        for row in connection.execute(query, {"ids": ids[start : start + 1_000]}).mappings():
            found[row["station_id"]] = row
    return found


def put_provisioning(connection: Connection, station_id: StationId, **values: Any) -> None:
    connection.execute(upsert(provisioning, ("station_id",), *values), {"station_id": station_id, **values})


def put_reconciled(connection: Connection, station_id: StationId, at: datetime, trouble: str) -> None:
    values = {"at": at, "trouble": trouble[:500]}
    connection.execute(upsert(reconciled, ("station_id",), *values), {"station_id": station_id, **values})


def read_reconciled(connection: Connection, station_id: StationId) -> RowMapping | None:
    query = select(reconciled).where(reconciled.c.station_id == station_id)
    return connection.execute(query).mappings().one_or_none()


# ---- network profiles


def put_network_profile(connection: Connection, station_id: StationId, slot: int, **values: Any) -> None:
    row = {"station_id": station_id, "slot": slot, **values}
    connection.execute(upsert(network_profiles, ("station_id", "slot"), *values), row)


def read_network_profiles(connection: Connection, station_id: StationId) -> Sequence[RowMapping]:
    query = select(network_profiles).where(network_profiles.c.station_id == station_id)
    return connection.execute(query.order_by(network_profiles.c.slot)).mappings().all()


def count_network_profiles(connection: Connection, station_id: StationId) -> int:
    query = select(func.count()).select_from(network_profiles).where(network_profiles.c.station_id == station_id)
    return connection.execute(query).scalar_one()


def forget_station(connection: Connection, station_id: StationId) -> None:
    for table in (wanted, provisioning, reconciled, network_profiles):
        connection.execute(delete(table).where(table.c.station_id == station_id))
