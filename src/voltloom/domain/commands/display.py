"""What a station is to show to drivers."""

from dataclasses import dataclass

from voltloom.domain.commands.base import Answer, Command
from voltloom.domain.display import DisplayMessage, MessagePriority, MessageState


@dataclass(frozen=True, slots=True)
class ShowMessage(Command[Answer]):
    """One with the same number is replaced."""

    message: DisplayMessage


@dataclass(frozen=True, slots=True)
class ClearMessage(Command[Answer]):
    number: int


@dataclass(frozen=True, slots=True)
class ReportMessages(Command[Answer]):
    """What it has to show comes afterwards, as `MessagesReported` with this number; none such: `Unknown`.

    numbers, priority, state   only those; left out: all
    """

    report_id: int
    numbers: tuple[int, ...] = ()
    priority: MessagePriority | None = None
    state: MessageState | None = None

    @property
    def whole(self) -> bool:
        return not self.numbers and self.priority is None and self.state is None
