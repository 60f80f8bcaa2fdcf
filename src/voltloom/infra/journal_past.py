"""The journal, looked through: by what an event is, about which station, when, and with which words in it.

There may be twenty million entries, and no index knows their words. So a page looks at a stretch of numbers at most and
says where it stopped: whoever wants more asks again, and nobody waits long.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, Text, cast, func, select

from voltloom.infra.journal import Entry, journal, newest_number, oldest_number

STRETCH = 200_000
"""Numbers that one page looks through: some tenths of a second."""
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """names    of events; () for all
    station  the one it is about, exactly; "" for none; None for any
    words    all of them are in it, upper or lower case: in its name or any of its values
    since, until   when it was written here; the end does not belong to it
    """

    names: tuple[str, ...] = ()
    station: str | None = None
    words: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """entries   the oldest first
    further   the number to go on from in the direction read: nothing of interest lies nearer; None at the end
    """

    entries: list[Entry]
    further: int | None


def read_back(connection: Connection, wanted: Wanted, *, before: int | None, limit: int) -> Past:
    """The last of those with numbers below `before`."""
    first, end = _bounds(connection, wanted)
    end = end if before is None else min(end, before)
    start = max(first, end - STRETCH) if wanted.station is None else first
    query = _matching(wanted, start, end).order_by(journal.c.number.desc())
    found = _take(connection, query, wanted, limit)
    if len(found) > limit:
        return Past(found[:limit][::-1], found[limit - 1].number)
    return Past(found[::-1], start if start > first else None)


def read_on(connection: Connection, wanted: Wanted, *, after: int, limit: int) -> Past:
    """The first of those with numbers above `after`."""
    first, end = _bounds(connection, wanted)
    start = max(first, after + 1)
    stop = min(end, start + STRETCH) if wanted.station is None else end
    found = _take(connection, _matching(wanted, start, stop).order_by(journal.c.number), wanted, limit)
    if len(found) > limit:
        return Past(found[:limit], found[limit - 1].number)
    return Past(found, stop - 1 if stop < end else None)


def _bounds(connection: Connection, wanted: Wanted) -> tuple[int, int]:
    """Numbers that can be of interest: [first, end)."""
    oldest, newest = oldest_number(connection), newest_number(connection)
    first = oldest if wanted.since is None else _number_at(connection, wanted.since, oldest, newest)
    end = newest + 1 if wanted.until is None else _number_at(connection, wanted.until, oldest, newest)
    return first, end


def _number_at(connection: Connection, moment: datetime, oldest: int, newest: int) -> int:
    """The first number that was written at `moment` or later. Numbers grow with time, but for what the clocks of nodes
    differ by, so that halving finds it without an index."""
    low, high = oldest, newest + 1
    while low < high:
        middle = (low + high) // 2
        query = select(journal.c.number, journal.c.at).where(journal.c.number >= middle).order_by(journal.c.number)
        found = connection.execute(query.limit(1)).one_or_none()
        if found is None or found.at >= moment:
            high = middle
        else:
            low = found.number + 1
    return low


def _matching(wanted: Wanted, start: int, end: int) -> Select[Any]:
    query = select(journal).where(journal.c.number >= start, journal.c.number < end)
    if wanted.names:
        query = query.where(journal.c.name.in_(wanted.names))
    if wanted.station is not None:
        query = query.where(journal.c.subject == wanted.station)
    said = func.lower(journal.c.name + " " + cast(journal.c.body, Text))
    for word in wanted.words:
        # SQLite lowers only these letters, and JSON writes some characters otherwise; `_says` looks at the rest.
        if word.isascii() and word.isalnum():
            query = query.where(said.contains(word.lower()))
    return query


def _take(connection: Connection, query: Select[Any], wanted: Wanted, limit: int) -> list[Entry]:
    """One more than `limit`, where there are more."""
    rows = connection.execution_options(yield_per=_CHUNK).execute(query if wanted.words else query.limit(limit + 1))
    words = [word.casefold() for word in wanted.words]
    found: list[Entry] = []
    try:
        for row in rows:
            entry = Entry(*row)
            if words and not _says(entry, words):
                continue
            found.append(entry)
            if len(found) > limit:
                break
    finally:
        rows.close()
    return found


def _says(entry: Entry, words: list[str]) -> bool:
    """Whether the words are in its values: those of its fields' names do not count."""
    text = " ".join((entry.name, *_values(msgspec.json.decode(entry.body)))).casefold()
    return all(word in text for word in words)


def _values(document: object) -> Iterator[str]:
    match document:
        case dict():
            for value in document.values():  # pyright: ignore[reportUnknownVariableType]  # JSON
                yield from _values(value)  # pyright: ignore[reportUnknownArgumentType]
        case list():
            for value in document:  # pyright: ignore[reportUnknownVariableType]  # JSON
                yield from _values(value)  # pyright: ignore[reportUnknownArgumentType]
        case None | bool():
            return
        case _:
            yield str(document)
