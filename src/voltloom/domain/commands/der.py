"""What stations are told of their behaviour towards the grid. 2.1 only."""

from dataclasses import dataclass

from voltloom.domain.commands.base import Answer, Command
from voltloom.domain.der import DerControl, DerKind


@dataclass(frozen=True, slots=True)
class DerAnswer:
    """superseded: the ids of controls that this one puts out of force; its own where another comes first."""

    answer: Answer
    superseded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetDerControl(Command[DerAnswer]):
    control: DerControl


@dataclass(frozen=True, slots=True)
class GetDerControls(Command[Answer]):
    """Have those that fit reported: they come as `DerControlsReported`. Nothing said: all."""

    request_id: int
    default: bool | None = None
    kind: DerKind | None = None
    control_id: str = ""


@dataclass(frozen=True, slots=True)
class ClearDerControls(Command[Answer]):
    """Remove the defaults or the others: all, those of a kind, or one."""

    default: bool
    kind: DerKind | None = None
    control_id: str = ""
