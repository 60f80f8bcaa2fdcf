"""Asking stations: every command an operator gives goes through `ask`, which notes who, what, when and the outcome."""

import re
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar, cast

import msgspec
from sqlalchemy import Connection

from voltloom.domain.commands import (
    Accepted,
    Answer,
    ChangeSettings,
    Command,
    CompositeAnswer,
    DataAnswer,
    DerAnswer,
    FirmwareAnswer,
    GetSettings,
    ListAnswer,
    ListVersion,
    LogAnswer,
    MonitorAnswer,
    NewValue,
    RawAnswer,
    RawCall,
    RequestStart,
    SettingAnswer,
    SettingStatus,
    StartAnswer,
    TransactionStatus,
)
from voltloom.domain.errors import (
    Conflict,
    Invalid,
    NotInThisVersion,
    StationError,
    TimedOut,
    Unreachable,
    VoltloomError,
)
from voltloom.domain.events import CommandAnswered, StartedWithProfile
from voltloom.domain.ids import JsonText, StationId
from voltloom.domain.monitoring import Stream
from voltloom.domain.station import Registration, Setting, SettingName
from voltloom.features.access import note
from voltloom.features.feature import Context
from voltloom.features.stations import rules, store
from voltloom.features.stations.answers import StationsConfig, bounded
from voltloom.features.stations.service import Caller, existing
from voltloom.features.stations.setting_changes import keep_changes
from voltloom.infra.database import Work
from voltloom.infra.logs import redact

OutcomeT = TypeVar("OutcomeT")
MOST_READ = SettingName("DeviceDataCtrlr", "ItemsPerMessage", variable_instance="GetVariables")
MOST_SET = SettingName("DeviceDataCtrlr", "ItemsPerMessage", variable_instance="SetVariables")
MOST_KEPT = 20_000
"""Characters of a command or an answer that are kept beside it; the message log has all of it."""


async def ask(
    caller: Caller, station_id: StationId, command: Command[OutcomeT], *, timeout_s: float = 30.0
) -> OutcomeT:
    """The station's own answer. The command is kept with its outcome, whatever that is.

    Raises NotFound, Conflict (it must not be asked this before it is accepted), Unreachable, TimedOut, StationError,
    NotInThisVersion, Invalid.
    """
    check(command)
    row, command = await caller.database.read(
        lambda connection: (existing(connection, station_id), in_its_bounds(connection, station_id, command))
    )
    registration = Registration(row["registration"] or row["policy"])
    rules.check_may_be_asked(station_id, registration, command)
    rules.check_never_lower(station_id, max(row["profile_reached"], row["connection_profile"] or 0), command)
    began = time.perf_counter()
    try:
        outcome = await caller.stations.ask(station_id, command, timeout_s=timeout_s)
    except VoltloomError as error:
        await _keep(caller, station_id, command, said_of(error), None, began)
        raise
    await _keep(caller, station_id, command, summary(outcome), outcome, began)
    return outcome


def in_its_bounds(connection: Connection, station_id: StationId, command: Command[OutcomeT]) -> Command[OutcomeT]:
    """A command about several settings, with how many of them the station says a message may hold."""
    if not isinstance(command, GetSettings | ChangeSettings):
        return command
    name = MOST_READ if isinstance(command, GetSettings) else MOST_SET
    known = store.known_settings(connection, station_id, [name]).get(name)
    said = "" if known is None else (known.value or "").strip()
    most = int(said) if said.isascii() and said.isdigit() and len(said) < 10 else 0
    return cast("Command[OutcomeT]", replace(command, most_a_call=most) if most else command)


def check(command: Command[Any]) -> None:
    """Raises Conflict for a setting that is not to be changed this way."""
    if isinstance(command, ChangeSettings):
        for setting in command.settings:
            if rules.is_station_password(setting.name):
                raise Conflict(
                    f"{setting.name} is the password by which the station comes in: change it with "
                    "POST /stations/{id}/password, which keeps both sides in step"
                )


async def _keep(
    caller: Caller, station_id: StationId, command: Command[Any], outcome: str, answer: object, began: float
) -> None:
    took_ms = round((time.perf_counter() - began) * 1_000)
    name = name_of(command)
    body = document_of(command)

    def keep(connection: Connection, work: Work) -> None:
        store.add_command(
            connection,
            {
                "station_id": station_id,
                "at": caller.now,
                "actor": caller.actor.name[:200],
                "command": name,
                "body": body,
                "outcome": outcome,
                "answer": document_of(answer),
                "took_ms": took_ms,
            },
        )
        store.put_settings(connection, station_id, settings_in(answer), caller.now)
        for changed in changed_by(command, answer):
            store.change_value(connection, station_id, changed, caller.now)
        keep_changes(connection, station_id, command, answer, caller.now, caller.actor.name)
        details = {"request": msgspec.json.decode(body)}
        note(connection, work, caller.actor, f"station.{name}", station_id, outcome, caller.now, details)
        work.tell(CommandAnswered(station_id, caller.now, name, outcome, caller.actor.name))
        if started := started_with_profile(station_id, command, answer, caller.now, caller.actor.name):
            work.tell(started)

    await caller.database.write(keep)


def name_of(command: Command[Any]) -> str:
    """`Reset` → "reset", `ChangeSettings` → "change_settings", a raw call → "ocpp:" and its action."""
    if isinstance(command, RawCall):
        return f"ocpp:{rules.plain(command.action, 50)}"
    return name_of_kind(type(command))


def name_of_kind(kind: type[Command[Any]]) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


def document_of(value: object) -> str:
    """As JSON text without secrets, for people to read."""
    if isinstance(value, RawCall):
        return _kept(redact(_decoded(value.payload)))
    if isinstance(value, RawAnswer):
        return _kept(redact(_decoded(value.payload)))
    if isinstance(value, tuple):
        value = tuple(_without_secret(item) for item in cast("tuple[object, ...]", value))
    if isinstance(value, ChangeSettings):
        value = {"settings": [_shown(new) for new in value.settings]}
    return _kept(redact(msgspec.to_builtins(value, enc_hook=str)))


def _shown(new: NewValue) -> Mapping[str, str]:
    value = "[redacted]" if rules.is_secret(new.name) else new.value
    return {"name": str(new.name), "attribute": new.attribute.value, "value": value}


def _without_secret(item: object) -> object:
    if isinstance(item, SettingAnswer):
        value = item.setting.value if item.setting else None
        hidden = value is not None and rules.is_secret(item.name)
        return {
            "name": str(item.name),
            "status": item.status.value,
            "said": item.said,
            "value": "[redacted]" if hidden else value,
            "reason": item.reason,
        }
    return item


def _decoded(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return {"unreadable": text[:1_000]}


def _kept(document: object) -> str:
    text = msgspec.json.encode(document).decode()
    if len(text) > MOST_KEPT:
        return msgspec.json.encode({"cut": text[:MOST_KEPT]}).decode()
    return text.replace("\\u0000", "\\ufffd")


def summary(outcome: object) -> str:
    """The outcome in some words."""
    match outcome:
        case StartAnswer() | CompositeAnswer() | DerAnswer() | FirmwareAnswer() | LogAnswer():
            return summary(outcome.answer)
        case ListAnswer():
            return outcome.status.value
        case ListVersion():
            return "no list" if outcome.version is None else f"version {outcome.version}"
        case TransactionStatus():
            ongoing = {None: "", True: "ongoing, ", False: "over, "}[outcome.ongoing]
            return ongoing + ("messages are waiting" if outcome.messages_in_queue else "nothing is waiting")
        case Answer() | DataAnswer():
            said = rules.plain(outcome.status, 50)
            return (
                outcome.accepted.value
                if said.lower() == outcome.accepted.value
                else f"{outcome.accepted.value} ({said})"
            )
        case RawAnswer():
            return "answered"
        case tuple() if any(isinstance(each, MonitorAnswer) for each in cast("tuple[object, ...]", outcome)):
            accepted = [each.accepted.value for each in cast("tuple[MonitorAnswer, ...]", outcome)]
            return ", ".join(f"{accepted.count(name)} {name}" for name in sorted(set(accepted)))
        case tuple() if all(isinstance(each, Stream) for each in cast("tuple[object, ...]", outcome)):
            return f"{len(cast('tuple[object, ...]', outcome))} streams" if outcome else "nothing"
        case tuple():
            statuses = [answer.status.value for answer in _setting_answers(cast("tuple[object, ...]", outcome))]
            counts = {status.value: statuses.count(status.value) for status in SettingStatus}
            return ", ".join(f"{number} {name}" for name, number in counts.items() if number) or "nothing"
        case _:
            return "answered"


def said_of(error: VoltloomError) -> str:
    match error:
        case TimedOut():
            return "timed out"
        case Unreachable():
            return "not connected"
        case StationError():
            return f"error {rules.plain(error.code, 50)}".strip()
        case NotInThisVersion():
            return "not in the station's version"
        case Invalid():
            return "not valid"
        case _:
            return rules.plain(error.reason, 200)


def settings_in(answer: object) -> list[Setting]:
    """The settings that an answer tells."""
    if not isinstance(answer, tuple):
        return []
    answers = _setting_answers(cast("tuple[object, ...]", answer))
    return [bounded(a.setting) for a in answers if a.setting is not None and a.status is SettingStatus.ACCEPTED]


def changed_by(command: Command[Any], answer: object) -> list[Setting]:
    """What the station accepted to be its new values."""
    if not isinstance(command, ChangeSettings) or not isinstance(answer, tuple):
        return []
    answers = _setting_answers(cast("tuple[object, ...]", answer))
    return [
        bounded(Setting(new.name, new.value, new.attribute))
        for new, said in zip(command.settings, answers, strict=False)
        if said.status is SettingStatus.ACCEPTED
    ]


def started_with_profile(
    station_id: StationId, command: Command[Any], answer: object, now: datetime, actor: str
) -> StartedWithProfile | None:
    """A start that a profile went with, and which the station accepted."""
    if not isinstance(command, RequestStart) or command.profile is None or not isinstance(answer, StartAnswer):
        return None
    if answer.answer.accepted is Accepted.REJECTED:
        return None
    return StartedWithProfile(
        station_id,
        now,
        command.place.evse if command.place else None,
        JsonText(msgspec.json.encode(command.profile).decode()),
        actor,
        command.remote_start_id,
        answer.transaction_id,
    )


def keep_settings(connection: Connection, station_id: StationId, told: Iterable[Setting], at: datetime) -> None:
    """What a station said of its settings when another feature asked it."""
    store.put_settings(connection, station_id, map(bounded, told), at)


def _setting_answers(items: Iterable[object]) -> list[SettingAnswer]:
    return [item for item in items if isinstance(item, SettingAnswer)]


def pruner(config: StationsConfig) -> Callable[[Context], Coroutine[Any, Any, None]]:
    async def prune_commands(ctx: Context) -> None:
        before: datetime = ctx.now - config.commands_kept
        await ctx.database.write(lambda connection, _: store.prune_commands(connection, before))

    return prune_commands
