"""Who last set each setting of a station, to what, and what the station said to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Integer, RowMapping, String, Table, Text, delete, select, tuple_

from voltloom.domain.commands import ChangeSettings, Command, SettingAnswer, SettingStatus
from voltloom.domain.ids import StationId
from voltloom.domain.station import Setting
from voltloom.features.stations.answers import bounded
from voltloom.features.stations.rules import is_secret, plain
from voltloom.features.stations.store import SETTING_KEY, setting_row
from voltloom.infra.database import UtcTime, metadata, upsert

setting_changes = Table(
    "setting_changes",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("component", String(50), primary_key=True),
    Column("component_instance", String(50), primary_key=True),
    Column("variable", String(50), primary_key=True),
    Column("variable_instance", String(50), primary_key=True),
    Column("evse", Integer, primary_key=True),
    Column("connector", Integer, primary_key=True),
    Column("attribute", String(10), primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("value", Text, nullable=True, comment="null: it is a secret"),
    Column("status", String(30), nullable=False),
    Column("said", String(50), nullable=False),
    Column("reason", String(500), nullable=False),
)
_PUT = upsert(setting_changes, SETTING_KEY, "at", "actor", "value", "status", "said", "reason")


@dataclass(frozen=True, slots=True)
class SettingChange:
    """The last time somebody set it. value None: a secret. said: the station's own word."""

    at: datetime
    actor: str
    value: str | None
    status: SettingStatus
    said: str
    reason: str

    def needs_reboot(self, booted_at: datetime | None) -> bool:
        """It takes effect after a reboot, and there was none since."""
        return self.status is SettingStatus.REBOOT_REQUIRED and (booted_at is None or booted_at < self.at)


def keep_changes(
    connection: Connection, station_id: StationId, command: Command[Any], answer: object, at: datetime, actor: str
) -> None:
    """What came of setting them, each; nothing where the station gave no answer."""
    if not isinstance(command, ChangeSettings) or not isinstance(answer, tuple):
        return
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for new, said in zip(command.settings, answer, strict=False):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - a tuple of anything
        if not isinstance(said, SettingAnswer):
            continue
        setting = bounded(Setting(new.name, new.value, new.attribute))
        key = setting_row(station_id, setting, at)[: len(SETTING_KEY)]
        rows[key] = {
            **dict(zip(SETTING_KEY, key, strict=True)),
            "at": at,
            "actor": actor[:200],
            "value": None if is_secret(new.name) else setting.value,
            "status": said.status.value,
            "said": plain(said.said, 50),
            "reason": plain(said.reason, 500),
        }
    if rows:
        connection.execute(_PUT, list(rows.values()))


def read_changes(
    connection: Connection, station_id: StationId, keys: Sequence[tuple[Any, ...]]
) -> dict[tuple[Any, ...], SettingChange]:
    """Of these settings (each by its key without the station): those that were ever set."""
    c = setting_changes.c
    columns = [c[name] for name in SETTING_KEY[1:]]
    found: dict[tuple[Any, ...], SettingChange] = {}
    for start in range(0, len(keys), 100):
        query = select(setting_changes).where(
            c.station_id == station_id, tuple_(*columns).in_(keys[start : start + 100])
        )
        for row in connection.execute(query).mappings():
            found[tuple(row[name] for name in SETTING_KEY[1:])] = _change(row)
    return found


def _change(row: RowMapping) -> SettingChange:
    return SettingChange(
        row["at"], row["actor"], row["value"], SettingStatus(row["status"]), row["said"], row["reason"]
    )


def forget_changes(connection: Connection, station_id: StationId) -> None:
    connection.execute(delete(setting_changes).where(setting_changes.c.station_id == station_id))
