"""What every report is, and the answer to those that need none."""

from dataclasses import dataclass
from typing import Generic, TypeVar

ReplyT = TypeVar("ReplyT")


class Report(Generic[ReplyT]):
    """Something a station told us, that is answered with a ReplyT.

    Nobody changes one. Those that come with each meter value are not `frozen` all the same: freezing is most of what
    it costs to make one of many fields.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Noted:
    """The answer to what needs none."""


NOTED = Noted()
