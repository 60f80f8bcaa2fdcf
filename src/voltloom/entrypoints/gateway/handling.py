"""Reports, handed to the features that answer them: in their order, in the callback where they came up, and in a task
only where a feature must wait."""

from collections.abc import Callable, Coroutine, Sequence
from types import CoroutineType
from typing import Any, TypeAlias, cast

from voltloom.domain.reports import NOTED, Report
from voltloom.entrypoints.gateway.home import Home
from voltloom.features.feature import StationContext

Finish: TypeAlias = Callable[[Any], None]
Fail: TypeAlias = Callable[[Exception], None]


def handle(
    home: Home,
    context: StationContext,
    reports: Sequence[Report[Any]],
    finish: Finish,
    fail: Fail,
    at: int = 0,
    first: object = NOTED,
) -> None:
    """Have reports handled, from `at` on; then `finish` with the reply to the first.

    Raises what a handler or `finish` raises; where one had to wait, `fail` hears of it instead.
    """
    handlers = home.handlers
    for place in range(at, len(reports)):
        report = reports[place]
        reply: object = handlers[type(report)](context, report)
        if type(reply) is CoroutineType:
            waiting = cast("Coroutine[Any, Any, object]", reply)
            home.run(_go_on(home, context, reports, finish, fail, place, first, waiting))
            return
        if place == 0:
            first = reply
    finish(first)


async def _go_on(
    home: Home,
    context: StationContext,
    reports: Sequence[Report[Any]],
    finish: Finish,
    fail: Fail,
    place: int,
    first: object,
    waiting: Coroutine[Any, Any, object],
) -> None:
    try:
        reply = await waiting
        handle(home, context, reports, finish, fail, place + 1, reply if place == 0 else first)
    except Exception as error:  # noqa: BLE001 - the top of a message
        fail(error)
