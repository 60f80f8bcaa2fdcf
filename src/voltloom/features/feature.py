"""What a feature is, and what its handlers are given.

Wiring is data: a `Feature` says which reports it answers, which events it listens to, what it does at intervals and
what it remembers of a connected station. `app/parts.py` lists the features; nothing registers itself.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import CoroutineType
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, cast

from sqlalchemy import Connection

from voltloom.domain.commands import Command
from voltloom.domain.events import Event
from voltloom.domain.ids import StationId
from voltloom.domain.reports import BootReported, DataReply, DataReported, Report
from voltloom.infra.database import Database, Work

T = TypeVar("T")
ReplyT = TypeVar("ReplyT")
OutcomeT = TypeVar("OutcomeT")
EventT = TypeVar("EventT", bound=Event)


@dataclass(frozen=True, slots=True)
class Link:
    """A connection as the node that holds it sees it now.

    heard_s   how long ago something was heard of it
    rtt_s     of the last ping; None before the first
    """

    station_id: StationId
    address: str
    protocol: str
    security_profile: int
    since: datetime
    heard_s: float
    rtt_s: float | None
    messages_in: int
    messages_out: int


class Stations(Protocol):
    """The way to connected stations, on whichever node they are."""

    async def ask(self, station_id: StationId, command: Command[OutcomeT], *, timeout_s: float = 30.0) -> OutcomeT:
        """The station's own answer.

        Raises Unreachable (not connected), TimedOut, StationError (it answered with an error), NotInThisVersion,
        Invalid (a raw payload that breaks the schema).
        """
        ...

    async def refresh(self, station_id: StationId) -> None:
        """Whoever holds the station's connection forgets what it remembers and reads it again from the database,
        before the station's next report; so does the door of this node, which lets it in. Called after a change that
        did not come from the station itself."""
        ...

    async def disconnect(self, station_id: StationId, reason: str) -> bool:
        """Close its connection; False where there is none. It will come back by itself."""
        ...

    async def look(self, station_id: StationId) -> Link | None:
        """Its connection, on whichever node; None where there is none."""
        ...


class Memory(Generic[T]):
    """What a feature remembers of a station while it is connected, so that the hot path reads no database.

    load     reads it for many stations at once, at connect; a station missing from the result has `empty()`
    One process holds a station at a time. Handlers change the value in place, and write the change in the same work.
    """

    def __init__(
        self, load: Callable[[Connection, Sequence[StationId]], Mapping[StationId, T]], empty: Callable[[], T]
    ) -> None:
        self.load = load
        self.empty = empty


@dataclass(slots=True)
class Context:
    """What a handler is given. Four things; think twice before a fifth.

    work    what the handler wants written (`work.write`) and told (`work.tell`). It is committed, all or nothing,
            before the station hears its answer.
    now     when we heard it: aware, UTC
    """

    database: Database
    stations: Stations
    now: datetime
    work: Work


@dataclass(slots=True)
class StationContext(Context):
    """The context of a report: whose it is, and what is remembered of that station.

    message_id   of the call that carried the report; "" for what the gateway itself tells
    """

    station_id: StationId
    message_id: str
    memories: "Memories"

    def recall(self, memory: Memory[T]) -> T:
        return self.memories.of(memory)


class Memories:
    """What all features remember of one connected station."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[Memory[Any], object]) -> None:
        self._values = values

    def of(self, memory: Memory[T]) -> T:
        return cast("T", self._values[memory])

    @staticmethod
    def load(
        memories: Iterable[Memory[Any]], connection: Connection, ids: Sequence[StationId]
    ) -> "dict[StationId, Memories]":
        """One query a feature for all of `ids`, not one a station: thousands reconnect at once."""
        kinds = tuple(memories)
        loaded = {memory: memory.load(connection, ids) for memory in kinds}
        return {
            station_id: Memories(
                {
                    memory: found[station_id] if station_id in found else memory.empty()
                    for memory, found in loaded.items()
                }
            )
            for station_id in ids
        }


AnyHandler: TypeAlias = Callable[[StationContext, Any], Any]
AnyListener: TypeAlias = Callable[[Context, Any], Awaitable[None]]
AnySieve: TypeAlias = Callable[[Connection, Sequence[Any]], Sequence[bool]]
Occasional: TypeAlias = Callable[[Context], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Answering:
    report: type[Report[Any]]
    handler: AnyHandler
    """Plain where it can be (the hot path starts no task for it), a coroutine function where it must wait."""


@dataclass(frozen=True, slots=True)
class Amending:
    report: type[Report[Any]]
    handler: Callable[[StationContext, Any, Any], Any]
    """Is given the report and the reply to it, and gives the reply that counts; plain where it can be."""


@dataclass(frozen=True, slots=True)
class Listening:
    event: type[Event]
    handler: AnyListener
    name: str
    """What its durable tasks are called: stable across releases."""
    among: "AnySieve | None" = None


DataHandler: TypeAlias = Callable[[StationContext, DataReported], DataReply | Awaitable[DataReply]]


@dataclass(frozen=True, slots=True)
class Extension:
    """A vendor's own message (DataTransfer) that a feature answers.

    message_id   "" for the one without; None: all of the vendor that no other extension names
    handler      plain where it can be, a coroutine function where it must wait
    """

    vendor_id: str
    message_id: str | None
    handler: DataHandler


@dataclass(frozen=True, slots=True)
class Repeating:
    period: timedelta
    handler: Occasional
    name: str


def answer(
    report: type[Report[ReplyT]], handler: Callable[[StationContext, Any], ReplyT | Awaitable[ReplyT]]
) -> Answering:
    """This feature answers that report. The type checker holds the handler to the report's own reply type."""
    return Answering(report, handler)


def amend(
    report: type[Report[ReplyT]], handler: Callable[[StationContext, Any, ReplyT], ReplyT | Awaitable[ReplyT]]
) -> Amending:
    """This feature adds to what another answers. For what may cost nothing where there is nothing to add."""
    return Amending(report, handler)


def extension(vendor_id: str, message_id: str | None, handler: DataHandler) -> Extension:
    """This feature answers that message of that vendor. Ids are compared without case: OCPP 1.6 has them so."""
    return Extension(vendor_id.casefold(), None if message_id is None else message_id.casefold(), handler)


def listen(
    event: type[EventT],
    handler: Callable[[Context, EventT], Awaitable[None]],
    *,
    among: Callable[[Connection, Sequence[EventT]], Sequence[bool]] | None = None,
) -> Listening:
    """Run the handler for each such event, at least once, on some node: it must bear being run twice.

    among   which of several events it has anything to do for: one read for many, where thousands of stations boot at
            once and next to none of them matters here
    """
    if event.live_only:
        raise ValueError(f"{event.__name__} is live only: it is not kept, so nobody can be sure to hear it")
    name = f"{handler.__module__.removeprefix('voltloom.features.')}.{handler.__name__}:{event.name}"
    return Listening(event, handler, name, among)


def every(period: timedelta, handler: Occasional) -> Repeating:
    """Run the handler at this interval, on one node at a time."""
    return Repeating(period, handler, f"{handler.__module__.removeprefix('voltloom.features.')}.{handler.__name__}")


Gatekeeper: TypeAlias = Callable[[StationContext, BootReported], str]
"""Why a station that boots is not accepted yet, for people; "" where nothing speaks against it. Plain: a boot is
answered at once, from memory."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One capability.

    gatekeepers   who may hold a station back (Pending) that would be accepted
    routes        gives the feature's HTTP routes (a web framework's router); called only when an HTTP server starts
    open_routes   likewise, outside the API, under /files/: open to whoever holds an address that the feature made
    """

    name: str
    answers: tuple[Answering, ...] = ()
    listens: tuple[Listening, ...] = ()
    tasks: tuple[Repeating, ...] = ()
    memories: tuple[Memory[Any], ...] = ()
    extensions: tuple[Extension, ...] = ()
    amendments: tuple[Amending, ...] = ()
    gatekeepers: tuple[Gatekeeper, ...] = ()
    routes: Callable[[], object] | None = None
    open_routes: Callable[[], object] | None = None


def handlers_of(features: Sequence[Feature]) -> dict[type[Report[Any]], AnyHandler]:
    """What answers each report: its handler, and the amendments to its reply in the order of their features."""
    handlers = {answering.report: answering.handler for feature in features for answering in feature.answers}
    for feature in features:
        for each in feature.amendments:
            handlers[each.report] = _amended(handlers[each.report], each.handler)
    return handlers


def _amended(handler: AnyHandler, amendment: Callable[[StationContext, Any, Any], Any]) -> AnyHandler:
    def answer(ctx: StationContext, report: Any) -> Any:
        reply = handler(ctx, report)
        if type(reply) is CoroutineType:
            return _amended_later(ctx, report, cast("Awaitable[Any]", reply), amendment)
        return amendment(ctx, report, reply)

    return answer


async def _amended_later(
    ctx: StationContext, report: Any, reply: Awaitable[Any], amendment: Callable[[StationContext, Any, Any], Any]
) -> Any:
    amended = amendment(ctx, report, await reply)
    return await cast("Awaitable[Any]", amended) if type(amended) is CoroutineType else amended
