"""Routes that ask something of a station."""

import secrets
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Request, Response

from voltloom.domain.charging import check_profile
from voltloom.domain.commands import (
    ChangeAvailability,
    ChangeSettings,
    GetSettings,
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
from voltloom.domain.ids import JsonText
from voltloom.features.stations.api.shared import (
    Command,
    Dangerous,
    Id,
    Timeout,
    gives,
)
from voltloom.features.stations.asking import ask
from voltloom.features.stations.documents import (
    AnswerOut,
    AvailabilityIn,
    ChangeSettingsIn,
    DataAnswerOut,
    DataIn,
    GetSettingsIn,
    ReportAnswerOut,
    ReportSettingsIn,
    ResetIn,
    SettingAnswerOut,
    StartAnswerOut,
    StartIn,
    StopIn,
    TriggerIn,
    UnlockIn,
    place_of,
)
from voltloom.features.stations.rules import is_of_security


def _number() -> int:
    """For requests that a station refers to: it fits every version's integer."""
    return secrets.randbelow(2**31 - 1) + 1


def _charging_routes(router: APIRouter) -> None:
    @router.post(
        "/stations/{station_id}/start",
        tags=["commands"],
        summary="Start a transaction",
        openapi_extra=gives(RequestStart),
    )
    async def request_start(station_id: Id, body: StartIn, call: Command, timeout_s: Timeout = 30) -> StartAnswerOut:
        number = _number()
        place = place_of(body.evse, body.connector)
        group = body.group.token() if body.group else None
        profile = None if body.profile is None else body.profile.profile(_number())
        if profile is not None:
            check_profile(place.evse if place else None, profile, starting=True)
        command = RequestStart(body.token.token(), number, place, group, profile)
        return StartAnswerOut.of_start(await ask(call, station_id, command, timeout_s=timeout_s), number)

    @router.post(
        "/stations/{station_id}/stop", tags=["commands"], summary="Stop a transaction", openapi_extra=gives(RequestStop)
    )
    async def request_stop(station_id: Id, body: StopIn, call: Command, timeout_s: Timeout = 30) -> AnswerOut:
        return AnswerOut.of(await ask(call, station_id, RequestStop(body.id()), timeout_s=timeout_s))


def _upkeep_routes(router: APIRouter) -> None:
    @router.post("/stations/{station_id}/reset", tags=["commands"], summary="Reset it", openapi_extra=gives(Reset))
    async def reset_station(station_id: Id, body: ResetIn, call: Command, timeout_s: Timeout = 30) -> AnswerOut:
        return AnswerOut.of(await ask(call, station_id, body.command(), timeout_s=timeout_s))

    @router.post(
        "/stations/{station_id}/unlock", tags=["commands"], summary="Unlock a connector", openapi_extra=gives(Unlock)
    )
    async def unlock_connector(station_id: Id, body: UnlockIn, call: Command, timeout_s: Timeout = 30) -> AnswerOut:
        return AnswerOut.of(await ask(call, station_id, body.command(), timeout_s=timeout_s))

    @router.post(
        "/stations/{station_id}/availability",
        tags=["commands"],
        summary="Take it in or out of service",
        openapi_extra=gives(ChangeAvailability),
    )
    async def change_availability(
        station_id: Id, body: AvailabilityIn, call: Command, timeout_s: Timeout = 30
    ) -> AnswerOut:
        """The station, an EVSE, or one connector. `scheduled`: when the transaction that runs there has ended."""
        return AnswerOut.of(await ask(call, station_id, body.command(), timeout_s=timeout_s))

    @router.post(
        "/stations/{station_id}/trigger",
        tags=["commands"],
        summary="Have it send a message now",
        openapi_extra=gives(Trigger),
    )
    async def trigger_message(station_id: Id, body: TriggerIn, call: Command, timeout_s: Timeout = 30) -> AnswerOut:
        return AnswerOut.of(await ask(call, station_id, body.command(), timeout_s=timeout_s))


def _settings_routes(router: APIRouter) -> None:
    @router.post(
        "/stations/{station_id}/settings/get",
        tags=["commands"],
        summary="Read settings now",
        openapi_extra=gives(GetSettings),
    )
    async def get_settings(
        station_id: Id, body: GetSettingsIn, call: Command, timeout_s: Timeout = 30
    ) -> list[SettingAnswerOut]:
        """One answer a name, in the order asked. What it says is kept."""
        command = GetSettings(tuple((said.name(), said.attribute) for said in body.names))
        return [SettingAnswerOut.of(each) for each in await ask(call, station_id, command, timeout_s=timeout_s)]

    @router.post(
        "/stations/{station_id}/settings",
        tags=["commands"],
        summary="Change settings",
        openapi_extra=gives(ChangeSettings),
    )
    async def change_settings(
        station_id: Id, body: ChangeSettingsIn, call: Command, timeout_s: Timeout = 30
    ) -> list[SettingAnswerOut]:
        """One answer a setting, in order: each stands or falls alone. Those of security take a fresh sign-in."""
        command = body.command()
        if any(is_of_security(new.name) for new in command.settings):
            call.insist_on_fresh()
        return [SettingAnswerOut.of(each) for each in await ask(call, station_id, command, timeout_s=timeout_s)]

    @router.post(
        "/stations/{station_id}/settings/report",
        tags=["commands"],
        summary="Have it report all settings",
        openapi_extra=gives(ReportSettings),
    )
    async def report_settings(
        station_id: Id, body: ReportSettingsIn, call: Command, timeout_s: Timeout = 30
    ) -> ReportAnswerOut:
        """The report follows in parts; `station.settings_received` tells when it is complete."""
        number = _number()
        answer = await ask(call, station_id, ReportSettings(number, body.base), timeout_s=timeout_s)
        return ReportAnswerOut(**AnswerOut.of(answer).model_dump(), report_id=number)


def _free_routes(router: APIRouter) -> None:
    @router.post(
        "/stations/{station_id}/data",
        tags=["commands"],
        summary="Send a vendor's own message",
        openapi_extra=gives(SendData),
    )
    async def send_data_to_station(
        station_id: Id, body: DataIn, call: Dangerous, timeout_s: Timeout = 30
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
            **gives(RawCall),
            "requestBody": {
                "required": True,
                "description": "The payload of the call. It is checked against the action's schema, and sent as it is.",
                "content": {
                    "application/json": {
                        "schema": {"type": "object"},
                        "examples": {"GetConfiguration": {"value": {"key": ["HeartbeatInterval"]}}},
                    }
                },
            },
        },
    )
    async def call_station(
        station_id: Id,
        action: Annotated[str, Path(max_length=50, pattern=r"^[A-Za-z0-9]+$", examples=["GetConfiguration"])],
        request: Request,
        call: Dangerous,
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


def add_routes(router: APIRouter) -> None:
    _charging_routes(router)
    _upkeep_routes(router)
    _settings_routes(router)
    _free_routes(router)
