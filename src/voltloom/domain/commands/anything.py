"""What no command of ours has words for: a vendor's own message, and any call at all."""

from dataclasses import dataclass, field

from voltloom.domain.commands.base import Accepted, Command
from voltloom.domain.ids import JsonText


@dataclass(frozen=True, slots=True)
class DataAnswer:
    accepted: Accepted
    status: str
    data: str | None = None
    """Text (1.6), or JSON text (2.x)."""


@dataclass(frozen=True, slots=True)
class SendData(Command[DataAnswer]):
    vendor_id: str
    message_id: str = ""
    data: str | None = None
    """Text (1.6), or JSON text (2.x)."""


@dataclass(frozen=True, slots=True)
class RawCall(Command["RawAnswer"]):
    """Any action of the station's version, its payload as it will be sent. Checked against the schema first."""

    action: str
    payload: JsonText = field(default=JsonText("{}"))


@dataclass(frozen=True, slots=True)
class RawAnswer:
    payload: JsonText
    """The station's answer, as it came."""
