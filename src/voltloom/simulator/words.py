"""What a station says and hears, whatever the version; and what a version must be able to word."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from voltloom.domain.metering import Sample
from voltloom.domain.station import BootReason
from voltloom.simulator.evse import Evse, Token, Transaction
from voltloom.simulator.faults import PartError

Payload = dict[str, Any]


class Refused(NamedTuple):
    """A server's call that gets a CALLERROR."""

    code: str
    description: str = ""


class Said(NamedTuple):
    """What is to be said. write: at the moment of sending; None: there is nothing to say any more. sent: nobody answers
    it (a SEND of 2.1)."""

    action: str
    write: Callable[[], Payload | None]
    sent: bool = False


def said(action: str, payload: Payload) -> Said:
    return Said(action, lambda: payload)


def read_time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


class Verdict(NamedTuple):
    """What the server says of a token."""

    status: str
    group: str = ""

    @property
    def accepted(self) -> bool:
        return self.status == "Accepted"


class Speech(Protocol):
    """One OCPP version, from a station's mouth. None where the version has no words for it."""

    def boot(self, reason: BootReason) -> Said: ...
    def heartbeat(self) -> Said: ...
    def status(self, evse: Evse | None) -> Said | None:
        """evse None: of the station as a whole."""
        ...

    def fault(self, evse: Evse, error: PartError, cleared: bool) -> Said | None: ...
    def authorize(self, token: Token) -> Said: ...
    def started(self, tx: Transaction, trigger: str, sample: Sample, offline: bool) -> Said: ...
    def updated(
        self, tx: Transaction, trigger: str, sample: Sample | None, offline: bool, token: Token | None = None
    ) -> Said | None: ...
    def ended(
        self, tx: Transaction, trigger: str, sample: Sample, offline: bool, token: Token | None = None
    ) -> Said: ...
    def meter_values(self, evse: Evse, sample: Sample) -> Said | None: ...
    def verdict(self, payload: Payload) -> Verdict | None: ...
    def began(self, tx: Transaction, payload: Payload) -> None:
        """The server has answered the start."""
        ...

    def answer(self, action: str, payload: Payload) -> Payload | Refused: ...
