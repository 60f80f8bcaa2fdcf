"""What a session needs of the gateway that holds it, and what it hands to the archive."""

from collections.abc import Callable, Collection, Coroutine, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

import structlog

from voltloom.domain.ids import StationId
from voltloom.domain.reports import Report
from voltloom.entrypoints.gateway.intake import Intake
from voltloom.entrypoints.gateway.limits import Limits
from voltloom.entrypoints.gateway.tally import Tally
from voltloom.entrypoints.gateway.websocket import Socket
from voltloom.features.feature import AnyHandler, Memories, Stations
from voltloom.infra.database import Database, Work
from voltloom.protocols.ocpp.limits import Limits as FrameLimits
from voltloom.protocols.ocpp.quirks import Quirks

if TYPE_CHECKING:
    from voltloom.entrypoints.gateway.session import Session

log = structlog.get_logger(__name__)


class Exchange(NamedTuple):
    """A call and its answer, as they are archived: the values of the archive's row, in its order.

    inbound   the station called
    protocol  as it is negotiated
    call      the frame, or as much of one as came; answer: its payload or error, "" where none was given
    took_us   from hearing the call to having its answer, in microseconds; None where there was none
    trouble   "" where all was well, else what was wrong: a sentence for people
    """

    station_id: StationId
    at: datetime
    inbound: bool
    protocol: str
    message_id: str
    action: str
    call: str
    answer: str
    took_us: int | None
    trouble: str = ""


Archive: TypeAlias = Callable[[Work, Exchange], None]
"""Adds an exchange to a work."""


class Home(Protocol):
    """What a session needs of the gateway that holds it."""

    limits: Limits
    frame_limits: FrameLimits
    database: Database
    handlers: Mapping[type[Report[Any]], AnyHandler]
    stations: Stations
    node: str
    tally: Tally
    intake: Intake
    archive: Archive

    def opened(self, session: "Session") -> None:
        """The socket stands: give the session its memories, then `start` it."""
        ...

    def reload(self, session: "Session") -> None:
        """Its memories may be wrong: give it new ones, by `resume`."""
        ...

    def ended(self, session: "Session") -> None:
        """It hears nothing any more."""
        ...

    def gone(self, socket: Socket) -> None:
        """It is closed."""
        ...

    def may_speak(self, memories: Memories, action: str, triggered: Collection[str]) -> bool:
        """Whether the station may send this now, before and after its boot was accepted."""
        ...

    def quirks_of(self, memories: Memories) -> Quirks:
        """What the station's make is known to do otherwise."""
        ...

    def run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """In a task that is not forgotten while it runs."""
        ...


_MOST_OF_BAD = 10_000
"""Characters of a message that is none, kept to be looked at."""


def keep(home: Home, exchange: Exchange) -> None:
    """Archive an exchange by itself, where no work of a feature's goes with it."""
    work = Work()
    home.archive(work, exchange)
    home.database.commit(work, _nobody_waits, exchange.station_id)


def inert(text: str) -> str:
    """What is no message, as a text that any database takes."""
    return text[:_MOST_OF_BAD].replace("\0", "\N{REPLACEMENT CHARACTER}")


def _nobody_waits(error: BaseException | None) -> None:
    if error is not None:
        log.error("gateway.not_archived", error=repr(error))
