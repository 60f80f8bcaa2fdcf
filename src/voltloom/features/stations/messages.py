"""The message log of a station: each call with its answer, as they were exchanged, readable and without secrets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import TypeAlias, cast

import msgspec

from voltloom.infra.archive import Archive, Exchange, Wanted, find_exchanges
from voltloom.infra.database import Database
from voltloom.infra.logs import redact, redact_text

MOST_SCANNED = 2_000
"""Messages looked at for one page: beyond that it ends early, and `next` goes on from there."""
LONGEST_RAW = 4_000


class Direction(Enum):
    FROM_STATION = "from_station"
    TO_STATION = "to_station"


class MessageOutcome(Enum):
    """What became of a call."""

    ANSWERED = "answered"
    ERROR = "error"
    """Answered with an error."""
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule of its schema that a payload breaks.

    part   "call" or "answer"
    path   of what breaks it, "" for the payload itself; rule: where the schema says so; found: what was there, in words
    """

    part: str
    path: str
    rule: str
    found: str


@dataclass(frozen=True, slots=True)
class Message:
    """One call, and its answer.

    payload       of the call; None where the frame could not be read
    answer        the payload of the answer; None where there was none, or an error
    error_code, error_text, error_details   where the answer was an error
    latency_ms    from the call to its answer; None where that is not known
    trouble       what was wrong, for people; "" where all was well
    raw           the frame itself, where it could not be read as a call
    meaning, answer_meaning   what they say, in a sentence; "" where that was not asked for
    broken        which rules of their schemas they break; likewise
    """

    number: int
    at: datetime
    direction: Direction
    protocol: str
    message_id: str
    action: str
    outcome: MessageOutcome
    latency_ms: float | None
    trouble: str
    payload: object = None
    answer: object = None
    error_code: str = ""
    error_text: str = ""
    error_details: object = None
    raw: str = ""
    meaning: str = ""
    answer_meaning: str = ""
    broken: tuple[Broken, ...] = ()


Explainer: TypeAlias = Callable[[Message, Exchange], Message]
"""What tells what a message means: it knows OCPP, and this feature does not."""


def read(exchange: Exchange) -> Message:
    """An exchange as it lies in the archive, for people."""
    call, answer = _decoded(exchange.call), _decoded(exchange.answer)
    message = Message(
        exchange.number,
        exchange.at,
        Direction.FROM_STATION if exchange.inbound else Direction.TO_STATION,
        exchange.protocol,
        exchange.message_id,
        exchange.action,
        MessageOutcome.UNANSWERED,
        None if exchange.took_us is None else exchange.took_us / 1_000,
        redact_text(exchange.trouble),
    )
    if isinstance(call, list) and len(cast("list[object]", call)) >= 4:
        message = replace(message, payload=redact(cast("list[object]", call)[3]))
    else:
        message = replace(message, raw=redact_text(exchange.call[:LONGEST_RAW]))
    return _answered(message, answer)


def _answered(message: Message, answer: object) -> Message:
    """Of a station's call we keep our payload, or our error frame; of ours the station's whole frame."""
    match answer:
        case dict():
            return replace(message, outcome=MessageOutcome.ANSWERED, answer=redact(cast("dict[str, object]", answer)))
        case [3, _, payload, *_]:
            return replace(message, outcome=MessageOutcome.ANSWERED, answer=redact(cast("object", payload)))
        case [4 | 5, _, code, *rest]:
            text, details, *_ = [*cast("list[object]", rest), "", None]
            return replace(
                message,
                outcome=MessageOutcome.ERROR,
                error_code=str(cast("object", code)),
                error_text=redact_text(str(text)),
                error_details=redact(details),
            )
        case None:
            return message
        case _:
            return replace(message, outcome=MessageOutcome.ERROR, error_text="The answer could not be read.")


def _decoded(text: str) -> object:
    if not text:
        return None
    try:
        document: object = msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return text
    return document if _is_shallow(document) else text


def _is_shallow(document: object) -> bool:
    """No deeper than what is accepted from stations, and then some: a refused frame may be nested to hurt."""
    level = [document]
    for _ in range(64):
        inner: list[object] = []
        for each in level:
            if isinstance(each, dict):
                inner += cast("dict[str, object]", each).values()
            elif isinstance(each, list):
                inner += cast("list[object]", each)
        if not inner:
            return True
        level = inner
    return False


@dataclass(frozen=True, slots=True)
class Found:
    """messages: newest first. next_before: where to go on; None at the end."""

    messages: Sequence[Message]
    next_before: int | None


async def find(
    database: Database,
    archive: Archive | None,
    wanted: Wanted,
    outcome: MessageOutcome | None = None,
    transaction_id: str = "",
    explain: Explainer | None = None,
) -> Found:
    """A page of `wanted.limit`, or fewer where few of many fit: then `next_before` is set all the same."""
    messages: list[Message] = []
    before, scanned = wanted.before, 0
    while True:
        batch = await _exchanges(database, archive, replace(wanted, before=before, limit=wanted.limit + 1))
        for exchange in batch:
            message = read(exchange)
            fits = outcome is None or message.outcome is outcome
            if transaction_id:
                fits = fits and (names(message.payload, transaction_id) or names(message.answer, transaction_id))
            if fits and _may_be_found(message, wanted.text):
                if len(messages) == wanted.limit:
                    return Found(messages, messages[-1].number)
                messages.append(message if explain is None else explain(message, exchange))
        if len(batch) <= wanted.limit:
            return Found(messages, None)
        before = batch[-1].number
        scanned += len(batch)
        if scanned >= MOST_SCANNED:
            return Found(messages, before)


async def _exchanges(database: Database, archive: Archive | None, wanted: Wanted) -> Sequence[Exchange]:
    if archive is not None:
        return await archive.find(database, wanted)
    return await database.read(lambda connection: find_exchanges(connection, wanted))


def _may_be_found(message: Message, text: str) -> bool:
    """A word is looked for in what was exchanged; a message whose secret alone holds it must not answer, or secrets
    could be guessed letter by letter."""
    if not text:
        return True
    shown = (message.payload, message.answer, message.error_text, message.error_details, message.raw)
    seen = msgspec.json.encode([message.message_id, message.action, message.error_code, *shown]).decode().lower()
    return text.lower() in seen or (text.lower() in _spaced(seen))


def names(document: object, transaction_id: str) -> bool:
    """Does a payload name this transaction, wherever in it?"""
    level = [document]
    while level:
        inner: list[object] = []
        for each in level:
            if isinstance(each, dict):
                said = cast("dict[str, object]", each)
                named = said.get("transactionId")
                if isinstance(named, str | int) and str(named) == transaction_id:
                    return True
                inner += said.values()
            elif isinstance(each, list):
                inner += cast("list[object]", each)
        level = inner
    return False


def _spaced(text: str) -> str:
    """As stations write JSON that put a space after each colon and comma."""
    return text.replace('":', '": ').replace(",", ", ")
