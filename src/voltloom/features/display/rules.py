"""What is known of a message on a station's display, and what becomes of it. No I/O; the time is an argument."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from voltloom.domain.commands import Accepted, Answer
from voltloom.domain.display import Content, DisplayMessage, Screen
from voltloom.domain.errors import Conflict, Invalid
from voltloom.domain.ids import StationId, TransactionId
from voltloom.domain.reports import MessagesReported
from voltloom.features.stations.rules import plain, plain_lines

LARGEST_NUMBER = 2**31 - 1
LONGEST_TEXT = 1024
MOST_LANGUAGES = 5
MOST_MESSAGES = 500
"""That are known of one station, those that are over included."""


class State(Enum):
    ASKED = "asked"
    """The station was asked, and was not heard to say yes or no."""
    SHOWN = "shown"
    """The station has it; when it shows it is its own affair."""
    REFUSED = "refused"
    CLEARED = "cleared"
    EXPIRED = "expired"
    """Its time, or the transaction it belonged to, is over."""
    MISSING = "missing"
    """The station no longer has it, and nobody here cleared it."""

    @property
    def is_open(self) -> bool:
        return self in (State.ASKED, State.SHOWN)


@dataclass(frozen=True, slots=True)
class Message:
    """said          the station's word when it was asked
    asked_at      None: the station has it from somebody else
    seen_at, seen_report   when the station last told that it has it, and in which report
    """

    station_id: StationId
    what: DisplayMessage
    state: State
    changed_at: datetime
    said: str = ""
    asked_at: datetime | None = None
    actor: str = ""
    seen_at: datetime | None = None
    seen_report: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What a station was last asked to report. whole: all that it has."""

    report_id: int
    asked_at: datetime
    whole: bool


def check(message: DisplayMessage, now: datetime) -> None:
    """Raises Invalid."""
    if not 1 <= len(message.contents) <= MOST_LANGUAGES:
        raise Invalid(f"a message is in 1 to {MOST_LANGUAGES} languages")
    languages = [each.language.casefold() for each in message.contents]
    if len(set(languages)) < len(languages):
        raise Invalid("two texts are in the same language: give each its own")
    if message.ends_at is not None and message.ends_at <= max(now, message.starts_at or now):
        raise Invalid("a message ends after it starts, and after now: give a later ends_at")


def free_number(taken: Collection[int]) -> int:
    """The lowest. Raises Conflict where a station has too many."""
    if len(taken) >= MOST_MESSAGES:
        raise Conflict(f"{len(taken)} messages are known of this station: clear some")
    return next(number for number in range(1, MOST_MESSAGES + 2) if number not in taken)


def check_may_be_changed(message: Message) -> None:
    """Raises Conflict."""
    if not message.state.is_open:
        raise Conflict(f"message {message.what.number} of {message.station_id} is {message.state.value}")


def after_asking(message: Message, answer: Answer, now: datetime) -> Message:
    accepted = answer.accepted is Accepted.ACCEPTED
    return replace(
        message, state=State.SHOWN if accepted else State.REFUSED, said=plain(answer.status, 50), changed_at=now
    )


def reconciled(
    known: Mapping[int, Message], question: Question, report: MessagesReported, station_id: StationId, now: datetime
) -> list[Message]:
    """What is to be known now, where that differs: the station's word is what is there."""
    found: dict[int, Message] = {}
    room = MOST_MESSAGES - len(known)
    for said in report.messages:
        what = bounded(said)
        before = found.get(what.number) or known.get(what.number)
        if before is None:
            if room <= 0:
                continue
            room -= 1
            before = Message(station_id, what, State.SHOWN, now)
        is_same = before.state is State.SHOWN and before.what == what
        found[what.number] = replace(
            before,
            what=what,
            state=State.SHOWN,
            changed_at=before.changed_at if is_same else now,
            seen_at=now,
            seen_report=report.report_id,
        )
    if not report.more and question.whole:
        for number, before in known.items():
            if number not in found and _is_missing(before, question):
                found[number] = replace(before, state=State.MISSING, changed_at=now)
    return list(found.values())


def _is_missing(message: Message, question: Question) -> bool:
    """Not in any part of this report, and asked for before the report was."""
    if not message.state.is_open or message.seen_report == question.report_id:
        return False
    return message.asked_at is None or message.asked_at < question.asked_at


def is_news(before: Message | None, after: Message) -> bool:
    return before is None or (before.state, before.what) != (after.state, after.what)


def bounded(message: DisplayMessage) -> DisplayMessage:
    """As a table takes it, and as people may look at it."""
    screen = message.screen
    return replace(
        message,
        contents=tuple(
            Content(plain_lines(each.text, LONGEST_TEXT), each.format, plain(each.language, 8))
            for each in message.contents[:MOST_LANGUAGES]
        ),
        transaction_id=None if message.transaction_id is None else TransactionId(plain(message.transaction_id, 64)),
        screen=None
        if screen is None
        else Screen(plain(screen.component, 50), plain(screen.instance, 50), screen.place),
    )
