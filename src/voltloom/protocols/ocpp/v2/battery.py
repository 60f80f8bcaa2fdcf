"""Swapping batteries, in 2.1."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from voltloom.domain.battery import Battery, SwapStep
from voltloom.domain.commands import Answer, Command, RequestBatterySwap
from voltloom.domain.reports import BatterySwapReported
from voltloom.protocols.ocpp.exchange import EMPTY_RESULT, Conversation, Read, whole_number
from voltloom.protocols.ocpp.times import read_time
from voltloom.protocols.ocpp.v2 import messages_21 as m
from voltloom.protocols.ocpp.v2.gate import Gate
from voltloom.protocols.ocpp.v2.inbound import read_token, write_token
from voltloom.protocols.ocpp.v2.said import answer_of


def request_swap(gate: Gate, command: RequestBatterySwap) -> Conversation[Answer]:
    request = m.RequestBatterySwapRequest(id_token=write_token(command.token), request_id=command.request_id)
    answer = yield from gate.ask("RequestBatterySwap", request, m.RequestBatterySwapResponse)
    return answer_of(answer.status, answer.status_info)


def swap(gate: Gate, message: m.BatterySwapRequest, heard_at: datetime) -> Read:
    report = BatterySwapReported(
        whole_number(message.request_id, "requestId", least=-(2**31)),
        SwapStep(message.event_type.value),
        read_token(message.id_token),
        tuple(map(_battery, message.battery_data)),
    )
    return Read((report,), _write_nothing)


def _battery(said: m.BatteryData) -> Battery:
    return Battery(
        slot=whole_number(said.evse_id, "evseId"),
        serial=said.serial_number,
        soc_percent=said.so_c,
        soh_percent=said.so_h,
        produced_at=None if said.production_date is None else read_time(said.production_date),
        vendor_info=said.vendor_info or "",
    )


def _write_nothing(reply: object) -> bytes:
    return EMPTY_RESULT


READERS: Final[Mapping[str, Callable[[Gate, Any, datetime], Read]]] = {"BatterySwap": swap}
SPEAKERS: Final[Mapping[type[Command[Any]], Callable[[Gate, Any], Conversation[Any]]]] = {
    RequestBatterySwap: request_swap
}
