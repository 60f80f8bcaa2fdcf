"""Reports, handed to the features that answer them: in their order, in the callback where they came up, and in a task
only where a feature must wait."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from types import CoroutineType
from typing import Any, TypeAlias, cast

from voltloom.domain.reports import NOTED, Report
from voltloom.features.feature import AnyHandler, StationContext

Handlers: TypeAlias = Mapping[type[Report[Any]], AnyHandler]


def handle(
    handlers: Handlers, context: StationContext, reports: Sequence[Report[Any]]
) -> tuple[object, Coroutine[Any, Any, object] | None]:
    """The reply to the first of the reports; or, where a feature must wait for something, what is to be awaited for it.

    Raises what a handler raises.
    """
    first: object = NOTED
    for place, report in enumerate(reports):
        reply: object = handlers[type(report)](context, report)
        if type(reply) is CoroutineType:
            waiting = cast("Coroutine[Any, Any, object]", reply)
            return None, _handle_rest(handlers, context, reports, place, first, waiting)
        if place == 0:
            first = reply
    return first, None


async def _handle_rest(
    handlers: Handlers,
    context: StationContext,
    reports: Sequence[Report[Any]],
    place: int,
    first: object,
    waiting: Coroutine[Any, Any, object],
) -> object:
    """From the report on whose handler waits."""
    reply = await waiting
    if place == 0:
        first = reply
    for report in reports[place + 1 :]:
        reply = handlers[type(report)](context, report)
        if type(reply) is CoroutineType:
            await reply
    return first


async def go_on(
    waiting: Coroutine[Any, Any, object], finish: Callable[[object], None], fail: Callable[[Exception], None]
) -> None:
    """In a task: `finish` with the reply, or `fail` with what was raised, by either."""
    try:
        finish(await waiting)
    except Exception as error:  # noqa: BLE001 - the top of a message
        fail(error)
