"""Use cases of operators: tokens and groups, one by one and by the thousand."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import Connection

from voltloom.domain.errors import Conflict, Invalid, NotFound
from voltloom.domain.events import TokenChanged
from voltloom.domain.ids import StationId, TransactionId
from voltloom.domain.token import IdToken, TokenKind
from voltloom.features.access import note
from voltloom.features.authorization import store
from voltloom.features.authorization.answers import LONGEST
from voltloom.features.authorization.cache import cache_of
from voltloom.features.authorization.rules import Credit, Group, Token, TokenState
from voltloom.features.stations import Caller
from voltloom.infra.database import Work

if TYPE_CHECKING:
    import _csv

T = TypeVar("T")

MOST_IMPORTED = 20_000
COLUMNS = (
    "value",
    "kind",
    "state",
    "group",
    "valid_from",
    "valid_until",
    "holder",
    "note",
    "language",
    "allowed",
)
"""Of a CSV file, in and out. Only `value` must be there."""


# ---- tokens


def checked(token: Token) -> Token:
    """The token as it is kept. Raises Invalid."""
    value = token.value.strip()
    if not 0 < len(value) <= LONGEST or not value.isprintable():
        raise Invalid(f"a token has 1 to {LONGEST} printable characters")
    if "/" in value or value.lower() in ("import", "export"):
        # No OCPP identifier has a slash; the two words are where the API keeps its routes.
        raise Invalid(f"{value[:40]} cannot be a token: it would be no address of the API")
    if token.kind is TokenKind.NO_AUTHORIZATION:
        raise Invalid("NoAuthorization says that there is no token: it cannot be kept as one")
    if token.valid_from and token.valid_until and token.valid_from >= token.valid_until:
        raise Invalid(f"{value} would be valid until before it is valid from")
    if token.allowed is not None and not 0 < token.allowed <= 1_000_000:
        raise Invalid("`allowed` is how many transactions may be open at once: 1 or more, or nothing for any number")
    if len(token.language) > 8 or len(token.holder) > 200 or len(token.note) > 2000:
        raise Invalid("language has at most 8 characters, holder 200, note 2000")
    if "\0" in token.holder + token.note + token.language:
        raise Invalid("a text cannot hold the character NUL")
    return replace(token, value=value)


def _with_group(connection: Connection, token: Token) -> Token:
    if token.group_id is not None and store.get_group(connection, token.group_id) is None:
        raise Invalid(f"there is no token group {token.group_id!r}: add it first")
    return token


def _told(token: Token) -> dict[str, object]:
    """For the audit log. The value itself is its target."""
    return {
        "kind": token.kind.value,
        "state": token.state.value,
        "group": token.group_id,
        "valid_from": token.valid_from,
        "valid_until": token.valid_until,
        "holder": token.holder,
        "allowed": token.allowed,
    }


def _tell(caller: Caller, work: Work, value: str, change: str) -> None:
    work.tell(TokenChanged(value.upper() if value != "*" else value, caller.now, change))


async def _written(caller: Caller, key: str, change: Callable[[Connection, Work], T]) -> T:
    result = await caller.database.write(change)
    # This node at once; others when they hear the event.
    cache_of(caller.database).forget(key)
    return result


async def add_token(caller: Caller, token: Token) -> Token:
    """Raises Invalid, Conflict (there already)."""
    token = checked(token)

    def change(connection: Connection, work: Work) -> Token:
        known = store.get_token(connection, token.key)
        if known is not None:
            raise Conflict(f"there is a token {known.value} already; tokens are compared without case")
        store.add_token(connection, _with_group(connection, token), caller.now)
        _tell(caller, work, token.key, "added")
        note(connection, work, caller.actor, "token.add", token.value, "done", caller.now, _told(token))
        return token

    return await _written(caller, token.key, change)


async def change_token(caller: Caller, value: str, changes: Mapping[str, Any], action: str = "token.change") -> Token:
    """`changes` by the names of Token's fields; the value itself cannot change but for its case. Raises NotFound,
    Invalid."""
    key = value.upper()

    def change(connection: Connection, work: Work) -> Token:
        before = _existing(connection, value)
        after = checked(replace(before, **changes))
        if after.key != key:
            raise Invalid("a token's value cannot be changed: remove it, and add the other")
        if after == before:
            return before
        store.save_token(connection, _with_group(connection, after), caller.now)
        _tell(caller, work, key, "changed")
        details = {"before": _told(before), "after": _told(after)}
        note(connection, work, caller.actor, action, after.value, "done", caller.now, details)
        return after

    return await _written(caller, key, change)


async def remove_token(caller: Caller, value: str) -> None:
    """What it charged remains. Raises NotFound."""
    key = value.upper()

    def change(connection: Connection, work: Work) -> None:
        before = _existing(connection, value)
        store.remove_token(connection, key)
        _tell(caller, work, key, "removed")
        note(connection, work, caller.actor, "token.remove", before.value, "done", caller.now, _told(before))

    await _written(caller, key, change)


# ---- prepaid tokens

MOST_CREDIT: Final = 10**15
"""In millionths: a billion of any currency."""


async def set_credit(caller: Caller, value: str, credit: Credit | None) -> Credit | None:
    """What is left on it; None: it is prepaid no more. Raises NotFound, Invalid."""
    key = value.upper()
    if credit is not None:
        _check_credit(credit)

    def change(connection: Connection, work: Work) -> Credit | None:
        token = _existing(connection, value)
        if credit is None:
            store.remove_credit(connection, key)
        else:
            store.put_credit(connection, key, credit, caller.now)
        _tell(caller, work, key, "changed")
        details = {"credit": None} if credit is None else {"credit": str(credit.amount), "currency": credit.currency}
        note(connection, work, caller.actor, "token.set_credit", token.value, "done", caller.now, details)
        return credit

    return await _written(caller, key, change)


async def top_up(caller: Caller, value: str, added: Credit) -> Credit:
    """What is left then. Raises NotFound, Invalid, Conflict (it is not prepaid, or in another currency)."""
    key = value.upper()
    _check_credit(added)

    def change(connection: Connection, work: Work) -> Credit:
        token = _existing(connection, value)
        if not store.change_credit(connection, key, added.currency, added.micro, caller.now):
            raise Conflict(f"{token.value} is not prepaid in {added.currency}: set what is left on it first")
        left = store.credits_by_key(connection, [key])[key]
        _check_credit(left)
        _tell(caller, work, key, "changed")
        details = {"added": str(added.amount), "left": str(left.amount), "currency": added.currency}
        note(connection, work, caller.actor, "token.top_up", token.value, "done", caller.now, details)
        return left

    return await _written(caller, key, change)


def _check_credit(credit: Credit) -> None:
    if not re.fullmatch("[A-Z]{3}", credit.currency):
        raise Invalid("a currency is the three capitals of ISO 4217")
    if abs(credit.micro) > MOST_CREDIT:
        raise Invalid("so much is on no token")


async def get_credit(caller: Caller, value: str) -> Credit | None:
    """None: it is not prepaid. Raises NotFound."""

    def read(connection: Connection) -> Credit | None:
        token = _existing(connection, value)
        return store.credits_by_key(connection, [token.key]).get(token.key)

    return await caller.database.read(read)


def credit_left(connection: Connection, key: str) -> Credit | None:
    """None: it is not prepaid."""
    return store.credits_by_key(connection, [key]).get(key)


def spend(connection: Connection, work: Work, key: str, currency: str, micro: int, now: datetime) -> bool:
    """Take that off a prepaid token; below 0 gives it back. False where it is not prepaid in that currency."""
    if not store.change_credit(connection, key, currency, -micro, now):
        return False
    work.tell(TokenChanged(key, now, "changed"))
    return True


def _existing(connection: Connection, value: str) -> Token:
    token = store.get_token(connection, value.upper())
    if token is None:
        raise NotFound(f"there is no token {value}")
    return token


async def get_token(caller: Caller, value: str) -> Token:
    return await caller.database.read(lambda connection: _existing(connection, value))


# ---- many tokens


class Fate(Enum):
    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """row: as people count, the first of the file after its heading is 1. line: of the file, where it begins; None: it
    came in no file. changes: the names of Token's fields that are other than before."""

    row: int
    value: str
    fate: Fate
    reason: str = ""
    line: int | None = None
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an import: the fields it names, by the names of Token's; or what is wrong with it."""

    number: int
    value: str
    fields: Mapping[str, Any]
    wrong: str = ""
    line: int | None = None


async def import_tokens(caller: Caller, rows: Sequence[Row], *, dry_run: bool = False) -> list[RowOutcome]:
    """Each row stands or falls alone. A token that is there already gets the fields its row names, and keeps the rest.

    Groups that are named and not there are added. dry_run: say what would come of it, and change nothing.
    """
    if len(rows) > MOST_IMPORTED:
        raise Invalid(f"at most {MOST_IMPORTED} tokens at once; these are {len(rows)}")

    def change(connection: Connection, work: Work) -> list[RowOutcome]:
        known = store.tokens_by_key(connection, {row.value.strip().upper() for row in rows})
        groups = store.group_ids(connection)
        outcomes: list[RowOutcome] = []
        for row in rows:
            outcome, token = _merged(row, known.get(row.value.strip().upper()))
            outcomes.append(outcome)
            if token is None or outcome.fate is Fate.UNCHANGED:
                continue
            is_new = token.key not in known
            known[token.key] = token
            if dry_run:
                continue
            if token.group_id is not None and token.group_id not in groups:
                store.put_group(connection, Group(token.group_id))
                groups.add(token.group_id)
            (store.add_token if is_new else store.save_token)(connection, token, caller.now)
        counts = {fate.value: sum(outcome.fate is fate for outcome in outcomes) for fate in Fate}
        if not dry_run and (counts["added"] or counts["changed"]):
            _tell(caller, work, "*", "imported")
            note(connection, work, caller.actor, "token.import", "", "done", caller.now, counts)
        return outcomes

    return await _written(caller, "*", change)


def _merged(row: Row, known: Token | None) -> tuple[RowOutcome, Token | None]:
    if row.wrong:
        return RowOutcome(row.number, row.value, Fate.REFUSED, row.wrong, row.line), None
    try:
        token = checked(replace(known, **row.fields) if known else Token(row.value, **row.fields))
        _check_group_id(token.group_id)
    except Invalid as error:
        return RowOutcome(row.number, row.value, Fate.REFUSED, error.reason, row.line), None
    if known is None:
        return RowOutcome(row.number, token.value, Fate.ADDED, line=row.line), token
    changes = tuple(each.name for each in fields(Token) if getattr(token, each.name) != getattr(known, each.name))
    fate = Fate.CHANGED if changes else Fate.UNCHANGED
    return RowOutcome(row.number, token.value, fate, line=row.line, changes=changes), token


def read_csv(text: str) -> list[Row]:
    """Rows of a CSV file with a heading; comma, semicolon or tab between. An empty cell says nothing.

    Raises Invalid where it is no such file.
    """
    text = text.removeprefix("\ufeff")
    heading_line = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=heading_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        heading = [name.strip().lower() for name in next(reader, list[str]())]
        unknown = [name for name in heading if name not in COLUMNS]
        if "value" not in heading or unknown or len(set(heading)) < len(heading):
            raise Invalid(
                f"the first line must name the columns, each once: {', '.join(COLUMNS)}; `value` must be there"
                + (f"; {', '.join(unknown)[:200]} is none of them" if unknown else "")
            )
        return list(_rows(heading, _with_lines(reader)))
    except csv.Error as error:
        raise Invalid(f"this is no CSV file: line {reader.line_num}: {error}") from error


def _with_lines(reader: "_csv.Reader") -> Iterator[tuple[int, list[str]]]:
    """Rows, with the line of the file each begins on: a cell may hold line breaks."""
    line = reader.line_num + 1
    for cells in reader:
        yield line, cells
        line = reader.line_num + 1


def _rows(heading: Sequence[str], lines: Iterator[tuple[int, list[str]]]) -> Iterator[Row]:
    number = 0
    for line, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        number += 1
        said = dict(zip(heading, (_unquoted(cell) for cell in cells), strict=False))
        value = said.pop("value", "")
        if len(cells) > len(heading):
            yield Row(number, value, {}, f"{len(cells)} cells, but the heading names {len(heading)} columns", line)
            continue
        try:
            yield Row(number, value, {name: _read(name, text) for name, text in _renamed(said) if text}, line=line)
        except Invalid as error:
            yield Row(number, value, {}, error.reason, line)


def _unquoted(cell: str) -> str:
    """Without the apostrophe that our own export puts before what a spreadsheet would take for a formula."""
    cell = cell.strip()
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@") else cell


def _renamed(said: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, text in said.items():
        yield ("group_id" if name == "group" else name), text


def _read(name: str, text: str) -> object:
    match name:
        case "kind":
            return _member(TokenKind, text)
        case "state":
            return _member(TokenState, text)
        case "valid_from" | "valid_until":
            return _time(name, text)
        case "allowed":
            if text.lower() in ("any", "unlimited"):
                return None
            if not text.isascii() or not text.isdigit() or len(text) > 9:
                raise Invalid(f"allowed is {text[:40]!r}: a number, or `any`")
            return int(text)
        case _:
            return text


def _member(kinds: type[TokenKind] | type[TokenState], text: str) -> TokenKind | TokenState:
    for member in kinds:
        if member.value.lower() == text.lower():
            return member
    raise Invalid(f"{text[:40]!r} is none of {', '.join(member.value for member in kinds if member.value)}")


def _time(name: str, text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(f"{name} is {text[:40]!r}: write it as 2026-12-31T23:59:59Z") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def csv_row(token: Token) -> tuple[object, ...]:
    """In the order of COLUMNS, so that what was exported can be imported."""
    return (
        token.value,
        token.kind.value,
        token.state.value,
        token.group_id,
        token.valid_from,
        token.valid_until,
        token.holder,
        token.note,
        token.language,
        "any" if token.allowed is None else token.allowed,
    )


# ---- groups


def _check_group_id(group_id: str | None) -> None:
    # What stations know of a group is a token, and 1.6 gives it 20 characters; 2.x 36.
    if group_id is not None and (
        not 0 < len(group_id) <= 36 or not group_id.isprintable() or group_id.strip() != group_id
    ):
        raise Invalid("a group's id has 1 to 36 printable characters (1.6 stations: 20), and no space around it")


async def put_group(caller: Caller, group: Group) -> Group:
    """Add it, or change the one of this id."""
    _check_group_id(group.id)
    if len(group.name) > 200 or "\0" in group.name:
        raise Invalid("a group's name has at most 200 characters")

    def change(connection: Connection, work: Work) -> Group:
        before = store.get_group(connection, group.id)
        if before == group:
            return group
        store.put_group(connection, group)
        _tell(caller, work, "*", "group changed")
        details = {"name": group.name, "blocked": group.blocked, "master": group.master}
        action = "token_group.add" if before is None else "token_group.change"
        note(connection, work, caller.actor, action, group.id, "done", caller.now, details)
        return group

    return await _written(caller, "*", change)


async def remove_group(caller: Caller, group_id: str) -> None:
    """Raises NotFound, Conflict (it has tokens)."""

    def change(connection: Connection, work: Work) -> None:
        _existing_group(connection, group_id)
        members = store.count_members(connection, group_id)
        if members:
            raise Conflict(f"the group {group_id} has {members} tokens: give them another group first")
        store.remove_group(connection, group_id)
        _tell(caller, work, "*", "group removed")
        note(connection, work, caller.actor, "token_group.remove", group_id, "done", caller.now)

    await _written(caller, "*", change)


def _existing_group(connection: Connection, group_id: str) -> Group:
    group = store.get_group(connection, group_id)
    if group is None:
        raise NotFound(f"there is no token group {group_id}")
    return group


async def get_group(caller: Caller, group_id: str) -> tuple[Group, int]:
    """With how many tokens it has."""
    return await caller.database.read(
        lambda connection: (_existing_group(connection, group_id), store.count_members(connection, group_id))
    )


# ---- for features built on this one


def vouch(connection: Connection, station_id: StationId, token: IdToken, until: datetime, now: datetime) -> None:
    """Inside a write: let this station charge for a token that nobody may know, until then. An operator asked for it.

    Its connection reads this after `Stations.refresh`.
    """
    store.grant(connection, station_id, token.key, until, now)


def release(connection: Connection, station_id: StationId, transaction_id: TransactionId) -> None:
    """Inside a write: the transaction is over for its token."""
    store.end_use(connection, station_id, transaction_id)
