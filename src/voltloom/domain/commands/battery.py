"""Swapping batteries. 2.1 only."""

from dataclasses import dataclass

from voltloom.domain.commands.base import Answer, Command
from voltloom.domain.token import IdToken


@dataclass(frozen=True, slots=True)
class RequestBatterySwap(Command[Answer]):
    """Let somebody swap. request_id: ours, by which what comes of it is known."""

    request_id: int
    token: IdToken
