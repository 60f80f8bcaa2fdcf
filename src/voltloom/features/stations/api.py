"""Routes of stations: the registry, how they stand, what is asked of them, and the inbox."""

import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel
from sqlalchemy import Connection, RowMapping
from sqlalchemy.sql import ColumnElement

from voltloom.domain.commands import (
    ChangeAvailability,
    ChangeSettings,
    GetSettings,
    NewValue,
    RawCall,
    ReportSettings,
    RequestStart,
    RequestStop,
    Reset,
    SendData,
    Trigger,
    Unlock,
)
from voltloom.domain.errors import Invalid
from voltloom.domain.ids import JsonText, Place, StationId
from voltloom.domain.station import ConnectorStatus, SecurityProfile, SettingName
from voltloom.features.access import Scope
from voltloom.features.api import After, Call, Limit, Page, allow, csv_text, cursor, position
from voltloom.features.stations import door, rules, service, store
from voltloom.features.stations.answers import StationsConfig
from voltloom.features.stations.asking import ask
from voltloom.features.stations.documents import (
    AdoptIn,
    AnswerOut,
    AvailabilityIn,
    ChangeSettingsIn,
    CommandOut,
    ConnectorOut,
    DataAnswerOut,
    DataIn,
    FaultOut,
    GetSettingsIn,
    KnockOut,
    MessageOut,
    PasswordIn,
    Protocol,
    ReportAnswerOut,
    ReportSettingsIn,
    ResetIn,
    SettingAnswerOut,
    SettingNameIn,
    SettingOut,
    StartAnswerOut,
    StartIn,
    StationChangeIn,
    StationDetail,
    StationIn,
    StationListed,
    StationOut,
    StopIn,
    SummaryOut,
    TriggerIn,
    UnlockIn,
    WelcomeOut,
)
from voltloom.features.stations.inbox import KnockReason
from voltloom.features.stations.messages import Direction, MessageOutcome
from voltloom.features.stations.messages import find as find_messages
from voltloom.features.stations.store import setting_key, setting_of
from voltloom.infra.archive import Wanted

Id = Annotated[StationId, Path(max_length=48, description="the OCPP identity", examples=["CP-7"])]
Timeout = Annotated[float, Query(ge=1, le=120, description="seconds to wait for the station's answer")]
Number = Annotated[int, Path(ge=1, le=2**62)]
Word = Annotated[str, Query(max_length=100)]
Read = Annotated[Call, allow(Scope.STATIONS_READ)]
Write = Annotated[Call, allow(Scope.STATIONS_WRITE)]
Command = Annotated[Call, allow(Scope.STATIONS_COMMAND)]
Format = Annotated[Literal["csv", "json", "jsonl"], Query(alias="format", description="jsonl: one document a line")]
Conditions = Sequence[ColumnElement[bool]]

MEDIA = {"csv": "text/csv; charset=utf-8", "json": "application/json", "jsonl": "application/jsonl"}
ItemT = TypeVar("ItemT", bound=BaseModel)
Responses = dict[int | str, dict[str, Any]]
NOT_FOUND: Responses = {404: {"description": "There is no such station."}}
NO_SUCH_KNOCK: Responses = {404: {"description": "It is not in the inbox (any more)."}}
ADOPTING: Responses = {
    **NO_SUCH_KNOCK,
    409: {"description": "The station is connected, or something else than its password keeps it out: `detail` says."},
}
PROBLEMS_OF_A_COMMAND: Responses = {
    **NOT_FOUND,
    409: {"description": "It is not connected, not accepted yet, or its OCPP version has no words for this."},
    502: {"description": "It answered with an error: `code` is its own word."},
    504: {"description": "It is connected and did not answer in time; whether it acted is not known."},
}


# ---- finding stations


def _conditions(
    site_id: Annotated[str | None, Query(max_length=40, description="empty: those in no site")] = None,
    connected: Annotated[bool | None, Query(description="whether its connection is open")] = None,
    status: Annotated[ConnectorStatus | None, Query(description="one of its connectors is in this state")] = None,
    faulted: Annotated[bool | None, Query(description="true: it has a fault or a faulted connector")] = None,
    vendor: Word = "",
    model: Word = "",
    firmware: Word = "",
    protocol: Annotated[Protocol | None, Query(description="of its connection, or its last one")] = None,
    q: Annotated[str, Query(max_length=100, description="words in identity, name, make, address or notes")] = "",
) -> Conditions:
    said = {"vendor": vendor, "model": model, "firmware": firmware, "protocol": protocol or ""}
    conditions = [store.has(**{name: value}) for name, value in said.items() if value]
    if site_id is not None:
        conditions.append(store.in_site(site_id))
    if connected is not None:
        conditions.append(store.is_connected(connected))
    if status is not None:
        conditions.append(store.with_status(status.value))
    if faulted is not None:
        conditions.append(store.with_fault() if faulted else ~store.with_fault())
    if q.strip():
        conditions.append(store.mentions(q))
    return conditions


Matching = Annotated[Conditions, Depends(_conditions)]


def _finding_routes(router: APIRouter, config: StationsConfig) -> None:
    @router.get("/stations", tags=["stations"], summary="Stations, by identity")
    async def list_stations(
        call: Read, conditions: Matching, limit: Limit = 100, after: After = None
    ) -> Page[StationListed]:
        start = position(after, tuple[StationId])

        def listed(connection: Connection) -> Page[StationListed]:
            rows = store.find(connection, conditions, start[0] if start else None, limit + 1)
            shown = rows[:limit]
            connectors: dict[str, list[ConnectorOut]] = {row["id"]: [] for row in shown}
            for each in store.read_connectors(connection, list(map(StationId, connectors))):
                connectors[each["station_id"]].append(ConnectorOut.of(each))
            return Page(
                items=[
                    StationListed(**StationOut.of(row).model_dump(), connectors=connectors[row["id"]]) for row in shown
                ],
                next=cursor(shown[-1]["id"]) if len(rows) > limit else None,
            )

        return await call.database.read(listed)

    @router.get("/stations/summary", tags=["stations"], summary="How many there are, and how they do")
    async def summarize_stations(call: Read, conditions: Matching) -> SummaryOut:
        totals, protocols, statuses = await call.database.read(lambda connection: store.count(connection, conditions))
        return SummaryOut(**totals, stations_by_protocol=protocols, connectors_by_status=statuses)

    @router.get("/stations/export", tags=["stations"], summary="Stations as a file", response_class=Response)
    async def export_stations(call: Read, conditions: Matching, kind: Format = "csv") -> StreamingResponse:
        return _file("stations", kind, STATION_COLUMNS, _all_stations(call, conditions), _station_cells)

    @router.get("/stations/{station_id}", tags=["stations"], summary="One station", responses=NOT_FOUND)
    async def get_station(station_id: Id, call: Read) -> StationDetail:
        return await call.database.read(lambda connection: _detail(connection, config, station_id))


def _detail(connection: Connection, config: StationsConfig, station_id: StationId) -> StationDetail:
    row = service.existing(connection, station_id)
    urls = rules.address_of(station_id, config.public_urls, SecurityProfile(row["security_profile"]))
    return StationDetail(
        **StationOut.of(row).model_dump(),
        urls=list(urls),
        connectors=[ConnectorOut.of(each) for each in store.read_connectors(connection, [station_id])],
        faults=[FaultOut.of(each) for each in store.read_faults(connection, [station_id])],
    )


# ---- files


STATION_COLUMNS = (
    *("id", "public_id", "name", "site_id", "enabled", "security_profile", "policy", "registration"),
    *("vendor", "model", "serial", "firmware", "connected", "protocol", "address", "connected_at"),
    *("disconnected_at", "disconnect_reason", "last_seen", "booted_at", "created_at", "notes"),
)


def _station_cells(station: StationOut) -> list[object]:
    flat: dict[str, object] = {
        **station.model_dump(mode="json"),
        **station.hardware.model_dump(),
        **station.link.model_dump(exclude={"security_profile"}),
        "connected_at": station.link.since,
    }
    return [flat[name] for name in STATION_COLUMNS]


async def _all_stations(call: Call, conditions: Conditions) -> AsyncIterator[list[StationOut]]:
    last: StationId | None = None
    while True:
        after = last
        rows = await call.database.read(lambda connection: store.find(connection, conditions, after, 500))  # noqa: B023  # awaited at once
        if not rows:
            return
        last = rows[-1]["id"]
        yield [StationOut.of(row) for row in rows]


def _file(
    name: str,
    kind: str,
    columns: Sequence[str],
    batches: AsyncIterator[list[ItemT]],
    cells: Callable[[ItemT], list[object]],
) -> StreamingResponse:
    """Some hundred rows at a time: an export holds neither a connection nor all of it in memory."""

    async def lines() -> AsyncIterator[str]:
        first = True
        if kind == "csv":
            yield csv_text([columns])
        async for batch in batches:
            if kind == "csv":
                yield csv_text(map(cells, batch))
                continue
            texts = [item.model_dump_json() for item in batch]
            if kind == "jsonl":
                yield "".join(f"{text}\n" for text in texts)
            else:
                yield ("[\n" if first else ",\n") + ",\n".join(texts)
            first = False
        if kind == "json":
            yield "[]\n" if first else "\n]\n"

    headers = {"content-disposition": f'attachment; filename="{name}.{kind}"'}
    return StreamingResponse(lines(), media_type=MEDIA[kind], headers=headers)


# ---- the registry


def _registry_routes(router: APIRouter, config: StationsConfig) -> None:
    @router.post("/stations", tags=["stations"], summary="Register a station", status_code=201)
    async def add_station(body: StationIn, call: Write) -> WelcomeOut:
        """Gives what to enter in the station: its addresses, and a password that is shown this once."""
        return WelcomeOut.of(await service.add_station(call, config, body.value()))

    @router.patch("/stations/{station_id}", tags=["stations"], summary="Change a station", responses=NOT_FOUND)
    async def change_station(station_id: Id, body: StationChangeIn, call: Write) -> StationDetail:
        await service.change_station(call, station_id, body.wanted())
        return await call.database.read(lambda connection: _detail(connection, config, station_id))

    @router.delete(
        "/stations/{station_id}", tags=["stations"], summary="Remove a station", status_code=204, responses=NOT_FOUND
    )
    async def remove_station(station_id: Id, call: Write) -> None:
        """It is let in no more. Its transactions, messages and commands stay."""
        await service.remove_station(call, station_id)

    @router.post(
        "/stations/{station_id}/password",
        tags=["stations"],
        summary="Give a station another password",
        responses=PROBLEMS_OF_A_COMMAND,
    )
    async def rotate_password(station_id: Id, body: PasswordIn, call: Write) -> WelcomeOut:
        """With `install`, the station takes it over its connection; otherwise the old one ends now, and the new one
        is to be entered in the station."""
        welcome = await service.rotate_password(call, config, station_id, body.password, install=body.install)
        return WelcomeOut.of(welcome)


# ---- how a station stands


def _standing_routes(router: APIRouter) -> None:
    @router.get("/stations/{station_id}/connectors", tags=["stations"], summary="Its connectors", responses=NOT_FOUND)
    async def list_connectors(station_id: Id, call: Read) -> list[ConnectorOut]:
        """As last heard of; EVSE 0 is the station as a whole."""

        def read(connection: Connection) -> list[ConnectorOut]:
            service.existing(connection, station_id)
            return [ConnectorOut.of(row) for row in store.read_connectors(connection, [station_id])]

        return await call.database.read(read)

    @router.get(
        "/stations/{station_id}/settings", tags=["stations"], summary="Its settings, as last heard", responses=NOT_FOUND
    )
    async def list_settings(
        station_id: Id,
        call: Read,
        limit: Limit = 100,
        after: After = None,
        q: Annotated[str, Query(max_length=100, description="words in component, variable or value")] = "",
    ) -> Page[SettingOut]:
        """By name. Have the station report them anew with `POST …/settings/report`."""
        start = position(after, tuple[str, str, str, str, int, int, str])

        def read(connection: Connection) -> Sequence[RowMapping]:
            service.existing(connection, station_id)
            return store.find_settings(connection, station_id, q, start, limit + 1)

        rows = await call.database.read(read)
        more = cursor(*setting_key(rows[limit - 1])) if len(rows) > limit else None
        return Page(items=[SettingOut.of(setting_of(row), row["reported_at"]) for row in rows[:limit]], next=more)

    @router.get("/stations/{station_id}/commands", tags=["stations"], summary="What was asked of it")
    async def list_commands(
        station_id: Id,
        call: Read,
        limit: Limit = 100,
        after: After = None,
        command: Annotated[str, Query(max_length=60, examples=["reset"])] = "",
    ) -> Page[CommandOut]:
        """The newest first; those of a removed station too."""
        start = position(after, tuple[int])
        rows = await call.database.read(
            lambda connection: store.find_commands(
                connection, station_id, command, start[0] if start else None, limit + 1
            )
        )
        more = cursor(rows[limit - 1]["number"]) if len(rows) > limit else None
        return Page(items=[CommandOut.of(row) for row in rows[:limit]], next=more)


# ---- messages


@dataclass(frozen=True, slots=True)
class MessageWish:
    wanted: Wanted
    outcome: MessageOutcome | None


def _messages_wanted(
    station_id: Id,
    action: Annotated[list[str] | None, Query(max_length=20, description="any of these")] = None,
    direction: Annotated[Direction | None, Query(description="who called")] = None,
    outcome: MessageOutcome | None = None,
    trouble: Annotated[bool | None, Query(description="true: only those where something was wrong")] = None,
    since: Annotated[AwareDatetime | None, Query(description="at or after this time")] = None,
    until: Annotated[AwareDatetime | None, Query(description="before this time")] = None,
    q: Annotated[str, Query(max_length=100, description="a text that occurs in the call or its answer")] = "",
) -> MessageWish:
    wanted = Wanted(
        station_id,
        since=since,
        until=until,
        actions=tuple(action or ()),
        inbound=None if direction is None else direction is Direction.FROM_STATION,
        trouble=trouble,
        text=q,
    )
    return MessageWish(wanted, outcome)


Wish = Annotated[MessageWish, Depends(_messages_wanted)]
ReadMessages = Annotated[Call, allow(Scope.MESSAGES_READ)]
MESSAGE_COLUMNS = (
    *("number", "at", "direction", "protocol", "action", "message_id", "outcome", "latency_ms", "error_code"),
    *("error_text", "trouble", "payload", "answer", "raw"),
)


def _message_cells(message: MessageOut) -> list[object]:
    flat: dict[str, object] = {
        **message.model_dump(mode="json", exclude={"payload", "answer", "error"}),
        "error_code": message.error.code if message.error else "",
        "error_text": message.error.text if message.error else "",
        "payload": _as_json(message.payload),
        "answer": _as_json(message.answer),
    }
    return [flat[name] for name in MESSAGE_COLUMNS]


def _as_json(document: object) -> str:
    return "" if document is None else msgspec.json.encode(document).decode()


async def _all_messages(call: Call, config: StationsConfig, wish: MessageWish) -> AsyncIterator[list[MessageOut]]:
    before: int | None = None
    while True:
        wanted = replace(wish.wanted, before=before, limit=500)
        found = await find_messages(call.database, config.archive, wanted, wish.outcome)
        if found.messages:
            yield [MessageOut.of(message) for message in found.messages]
        if found.next_before is None:
            return
        before = found.next_before


def _message_routes(router: APIRouter, config: StationsConfig) -> None:
    @router.get("/stations/{station_id}/messages", tags=["messages"], summary="What it and we said")
    async def list_messages(
        call: ReadMessages, wish: Wish, limit: Limit = 100, after: After = None
    ) -> Page[MessageOut]:
        """Calls with their answers, the newest first; those of a removed station too. Secrets are hidden.

        A page may hold fewer than `limit` where few of many fit the filter: go on while there is a `next`."""
        start = position(after, tuple[int])
        wanted = replace(wish.wanted, before=start[0] if start else None, limit=limit)
        found = await find_messages(call.database, config.archive, wanted, wish.outcome)
        more = None if found.next_before is None else cursor(found.next_before)
        return Page(items=[MessageOut.of(message) for message in found.messages], next=more)

    @router.get(
        "/stations/{station_id}/messages/export",
        tags=["messages"],
        summary="What it and we said, as a file",
        response_class=Response,
    )
    async def export_messages(call: ReadMessages, wish: Wish, kind: Format = "csv") -> StreamingResponse:
        """The newest first."""
        return _file("messages", kind, MESSAGE_COLUMNS, _all_messages(call, config, wish), _message_cells)


# ---- commands


def _place(evse: int | None, connector: int | None) -> Place | None:
    if evse is None:
        if connector is not None:
            raise Invalid("a connector is one of an EVSE: give `evse` with it")
        return None
    return Place(evse, connector)


def _name(said: SettingNameIn) -> SettingName:
    name = said.setting_name()
    if name is None:
        raise Invalid("a setting is named by `component` and `variable`, or (OCPP 1.6) by `key` alone")
    return name


def _number() -> int:
    """For requests that a station refers to: it fits every version's integer."""
    return secrets.randbelow(2**31 - 1) + 1


def _charging_routes(router: APIRouter) -> None:
    @router.post("/stations/{station_id}/start", tags=["commands"], summary="Start a transaction")
    async def request_start(station_id: Id, body: StartIn, call: Command, timeout_s: Timeout = 30) -> StartAnswerOut:
        number = _number()
        place = _place(body.evse, body.connector)
        group = body.group.token() if body.group else None
        command = RequestStart(body.token.token(), number, place, group)
        return StartAnswerOut.of_start(await ask(call, station_id, command, timeout_s=timeout_s), number)

    @router.post("/stations/{station_id}/stop", tags=["commands"], summary="Stop a transaction")
    async def request_stop(station_id: Id, body: StopIn, call: Command, timeout_s: Timeout = 30) -> AnswerOut:
        return AnswerOut.of(await ask(call, station_id, RequestStop(body.id()), timeout_s=timeout_s))


def _upkeep_routes(router: APIRouter) -> None:
    @router.post("/stations/{station_id}/reset", tags=["commands"], summary="Reset it")
    async def reset_station(station_id: Id, body: ResetIn, call: Command, timeout_s: Timeout = 30) -> AnswerOut:
        return AnswerOut.of(await ask(call, station_id, Reset(body.kind, body.evse), timeout_s=timeout_s))

    @router.post("/stations/{station_id}/unlock", tags=["commands"], summary="Unlock a connector")
    async def unlock_connector(station_id: Id, body: UnlockIn, call: Command, timeout_s: Timeout = 30) -> AnswerOut:
        command = Unlock(Place(body.evse, body.connector))
        return AnswerOut.of(await ask(call, station_id, command, timeout_s=timeout_s))

    @router.post("/stations/{station_id}/availability", tags=["commands"], summary="Take it in or out of service")
    async def change_availability(
        station_id: Id, body: AvailabilityIn, call: Command, timeout_s: Timeout = 30
    ) -> AnswerOut:
        """The station, an EVSE, or one connector. `scheduled`: when the transaction that runs there has ended."""
        place = _place(body.evse or None, body.connector)
        command = ChangeAvailability(body.availability, place)
        return AnswerOut.of(await ask(call, station_id, command, timeout_s=timeout_s))

    @router.post("/stations/{station_id}/trigger", tags=["commands"], summary="Have it send a message now")
    async def trigger_message(station_id: Id, body: TriggerIn, call: Command, timeout_s: Timeout = 30) -> AnswerOut:
        command = Trigger(body.message, _place(body.evse, body.connector), body.custom)
        return AnswerOut.of(await ask(call, station_id, command, timeout_s=timeout_s))


def _settings_routes(router: APIRouter) -> None:
    @router.post("/stations/{station_id}/settings/get", tags=["commands"], summary="Read settings now")
    async def get_settings(
        station_id: Id, body: GetSettingsIn, call: Command, timeout_s: Timeout = 30
    ) -> list[SettingAnswerOut]:
        """One answer a name, in the order asked. What it says is kept."""
        command = GetSettings(tuple((_name(said), said.attribute) for said in body.names))
        return [SettingAnswerOut.of(each) for each in await ask(call, station_id, command, timeout_s=timeout_s)]

    @router.post("/stations/{station_id}/settings", tags=["commands"], summary="Change settings")
    async def change_settings(
        station_id: Id, body: ChangeSettingsIn, call: Command, timeout_s: Timeout = 30
    ) -> list[SettingAnswerOut]:
        """One answer a setting, in order: each stands or falls alone."""
        command = ChangeSettings(tuple(NewValue(_name(new), new.value, new.attribute) for new in body.settings))
        return [SettingAnswerOut.of(each) for each in await ask(call, station_id, command, timeout_s=timeout_s)]

    @router.post("/stations/{station_id}/settings/report", tags=["commands"], summary="Have it report all settings")
    async def report_settings(
        station_id: Id, body: ReportSettingsIn, call: Command, timeout_s: Timeout = 30
    ) -> ReportAnswerOut:
        """The report follows in parts; `station.settings_received` tells when it is complete."""
        number = _number()
        answer = await ask(call, station_id, ReportSettings(number, body.base), timeout_s=timeout_s)
        return ReportAnswerOut(**AnswerOut.of(answer).model_dump(), report_id=number)


def _free_routes(router: APIRouter) -> None:
    @router.post("/stations/{station_id}/data", tags=["commands"], summary="Send a vendor's own message")
    async def send_data_to_station(
        station_id: Id, body: DataIn, call: Command, timeout_s: Timeout = 30
    ) -> DataAnswerOut:
        command = SendData(body.vendor_id, body.message_id or "", body.data)
        return DataAnswerOut.of(await ask(call, station_id, command, timeout_s=timeout_s))

    @router.post(
        "/stations/{station_id}/ocpp/{action}",
        tags=["commands"],
        summary="Call any action of its OCPP version",
        response_class=Response,
        responses={200: {"description": "The station's answer, as it came.", "content": {"application/json": {}}}},
        openapi_extra={
            "requestBody": {
                "required": True,
                "description": "The payload of the call. It is checked against the action's schema, and sent as it is.",
                "content": {
                    "application/json": {
                        "schema": {"type": "object"},
                        "examples": {"GetConfiguration": {"value": {"key": ["HeartbeatInterval"]}}},
                    }
                },
            }
        },
    )
    async def call_station(
        station_id: Id,
        action: Annotated[str, Path(max_length=50, pattern=r"^[A-Za-z0-9]+$", examples=["GetConfiguration"])],
        request: Request,
        call: Command,
        timeout_s: Timeout = 30,
    ) -> Response:
        command = RawCall(action, _payload(await request.body()))
        answer = await ask(call, station_id, command, timeout_s=timeout_s)
        return Response(answer.payload, media_type="application/json")


def _payload(body: bytes) -> JsonText:
    """The text of a JSON object, as it was written. Raises Invalid."""
    try:
        text = (body or b"{}").decode()
        document = msgspec.json.decode(text)
    except (UnicodeDecodeError, msgspec.MsgspecError, RecursionError) as error:
        raise Invalid("the body is to be the JSON object that the station gets as payload") from error
    if not isinstance(document, dict):
        raise Invalid("a payload is a JSON object: {…}")
    return JsonText(text)


# ---- the inbox


def _inbox_routes(router: APIRouter, config: StationsConfig) -> None:
    @router.get("/inbox", tags=["inbox"], summary="Who knocked and was not let in")
    async def list_knocks(
        call: Read,
        limit: Limit = 100,
        after: After = None,
        reason: KnockReason | None = None,
        address: Word = "",
        q: Annotated[str, Query(max_length=100, description="words in identity, path, agent or address")] = "",
    ) -> Page[KnockOut]:
        """The latest first, each with why, and what to do. One entry for all knocks of the same identity, reason and
        address."""
        start = position(after, tuple[datetime, int])
        rows = await call.database.read(
            lambda connection: store.find_knocks(
                connection,
                reason=reason.value if reason else "",
                address=address,
                words=q,
                before=start,
                limit=limit + 1,
            )
        )
        last = rows[limit - 1] if len(rows) > limit else None
        more = cursor(last["last_at"], last["number"]) if last else None
        return Page(items=[KnockOut.of(row) for row in rows[:limit]], next=more)

    @router.post("/inbox/{number}/adopt", tags=["inbox"], summary="Let it in", responses=ADOPTING)
    async def adopt_knock(number: Number, body: AdoptIn, call: Write) -> WelcomeOut:
        """An unknown station is registered; a registered one is enabled, and gets a new password if it had none or a
        wrong one. Gives what to enter in the station: its addresses, and a password that is shown this once."""
        return WelcomeOut.of(await door.adopt(call, config, number, body.value()))

    @router.delete("/inbox/{number}", tags=["inbox"], summary="Dismiss it", status_code=204, responses=NO_SUCH_KNOCK)
    async def dismiss_knock(number: Number, call: Write) -> None:
        """It comes back when the station knocks again."""
        await door.dismiss(call, number)


def router(config: StationsConfig) -> APIRouter:
    whole = APIRouter()
    _finding_routes(whole, config)
    _registry_routes(whole, config)
    _standing_routes(whole)
    _message_routes(whole, config)
    commands = APIRouter(responses=PROBLEMS_OF_A_COMMAND)
    _charging_routes(commands)
    _upkeep_routes(commands)
    _settings_routes(commands)
    _free_routes(commands)
    whole.include_router(commands)
    _inbox_routes(whole, config)
    return whole
