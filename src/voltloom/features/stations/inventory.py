"""What stations said their settings are, across stations."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, Index, RowMapping, and_, func, or_, select

from voltloom.domain.ids import StationId
from voltloom.domain.station import Attribute, Setting, SettingName
from voltloom.features.stations.answers import bounded
from voltloom.features.stations.setting_changes import SettingChange, read_changes
from voltloom.features.stations.store import SETTING_KEY, setting_of, setting_row, settings, stations

Index("ix_station_settings_variable", settings.c.variable, settings.c.component)

NameKey: TypeAlias = tuple[object, ...]


def name_key(name: SettingName) -> NameKey:
    """What two names of the same setting have in common: stations change the case."""
    texts = (name.component, name.component_instance, name.variable, name.variable_instance)
    place = (name.place.evse, name.place.connector or 0) if name.place else (-1, 0)
    return (*(text.casefold() for text in texts), *place)


@dataclass(frozen=True, slots=True)
class WantedSettings:
    """Texts: "" for any, compared without case."""

    component: str = ""
    variable: str = ""
    attribute: str = ""
    value: str | None = None
    words: str = ""
    station_id: str = ""
    site_id: str = ""
    vendor: str = ""
    model: str = ""
    firmware: str = ""


def _conditions(wanted: WantedSettings) -> list[ColumnElement[bool]]:
    c = settings.c
    found: list[ColumnElement[bool]] = []
    for column, text in (
        (c.component, wanted.component),
        (c.variable, wanted.variable),
        (c.attribute, wanted.attribute),
        (stations.c.vendor, wanted.vendor),
        (stations.c.model, wanted.model),
        (stations.c.firmware, wanted.firmware),
    ):
        if text:
            found.append(func.lower(column) == text.lower())
    if wanted.value is not None:
        found.append(c.value == wanted.value)
    if wanted.station_id:
        found.append(c.station_id == wanted.station_id)
    if wanted.site_id:
        found.append(stations.c.site_id == wanted.site_id)
    said = func.lower(c.component + " " + c.variable + " " + func.coalesce(c.value, ""))
    found += [said.contains(word.lower(), autoescape=True) for word in wanted.words.split()[:8]]
    return found


def find_across(
    connection: Connection, wanted: WantedSettings, after: tuple[Any, ...] | None, limit: int
) -> Sequence[RowMapping]:
    """By station and name. after: the key of the row before."""
    keys = [settings.c[name] for name in SETTING_KEY]
    query = select(settings).join(stations, stations.c.id == settings.c.station_id).where(*_conditions(wanted))
    if after is not None:
        beyond: list[ColumnElement[bool]] = [
            and_(*(key == value for key, value in zip(keys[:n], after[:n], strict=True)), keys[n] > after[n])
            for n in range(len(keys))
        ]
        query = query.where(or_(*beyond))
    return connection.execute(query.order_by(*keys).limit(limit)).mappings().all()


def count_values(
    connection: Connection, wanted: WantedSettings, limit: int
) -> list[tuple[SettingName, str, str | None, int]]:
    """(name, attribute, value, stations that have it), the most common first. EVSEs of a station count each."""
    c = settings.c
    columns = (c.component, c.component_instance, c.variable, c.variable_instance, c.attribute, c.value)
    many = func.count()
    query = (
        select(*columns, many)
        .join(stations, stations.c.id == c.station_id)
        .where(*_conditions(wanted))
        .group_by(*columns)
        .order_by(many.desc(), *columns)
        .limit(limit)
    )
    return [
        (SettingName(component, variable, instance, variable_instance), attribute, value, number)
        for component, instance, variable, variable_instance, attribute, value, number in connection.execute(query)
    ]


def values_held(
    connection: Connection, ids: Sequence[StationId], names: Collection[SettingName]
) -> dict[StationId, Mapping[NameKey, tuple[Setting, datetime]]]:
    """The actual values of these settings, as last heard, and when."""
    c = settings.c
    variables = {name.variable.lower() for name in names}
    wanted = {name_key(name) for name in names}
    query = select(settings).where(
        c.station_id.in_(ids), c.attribute == Attribute.ACTUAL.value, func.lower(c.variable).in_(variables)
    )
    found: dict[StationId, dict[NameKey, tuple[Setting, datetime]]] = {}
    for row in connection.execute(query).mappings():
        setting = setting_of(row)
        key = name_key(setting.name)
        if key in wanted:
            found.setdefault(row["station_id"], {})[key] = (setting, row["reported_at"])
    return dict(found)


def changes_of(
    connection: Connection, station_id: StationId, names: Collection[SettingName]
) -> dict[NameKey, SettingChange]:
    """The last time each of these was set from here."""
    keys = {setting_row(station_id, bounded(Setting(name, None)), _ANY)[1 : len(SETTING_KEY)]: name for name in names}
    found = read_changes(connection, station_id, list(keys))
    return {name_key(keys[key]): change for key, change in found.items()}


_ANY = datetime(1970, 1, 1, tzinfo=UTC)
