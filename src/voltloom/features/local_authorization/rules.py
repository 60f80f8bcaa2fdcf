"""Which tokens a station keeps, and how its list becomes what it should be. Pure; the time is an argument."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

import msgspec

from voltloom.domain.commands import ListEntry, ListStatus, ListUpdate, SendLocalList
from voltloom.domain.errors import Invalid
from voltloom.domain.station import Setting, SettingName
from voltloom.domain.token import Authorization, AuthorizationStatus, IdToken, TokenKind

MOST_ENTRIES: Final = 20_000
"""Of one list: 2.x stations were not seen with room for more, and it keeps a change of one token cheap."""
MOST_CHOSEN: Final = 1_000
LARGEST_VERSION: Final = 2**31 - 1
ITEMS_A_MESSAGE: Final = 20
"""Where a station does not say what it can bear."""
MOST_ITEMS_A_MESSAGE: Final = 500
"""Whatever a station says it can: a frame of ours stays below some 100 KB."""
LONGEST_WAIT: Final = timedelta(hours=6)
UNSUPPORTED_WAIT: Final = timedelta(days=1)

ITEMS_PER_MESSAGE: Final = SettingName("LocalAuthListCtrlr", "ItemsPerMessage")
BYTES_PER_MESSAGE: Final = SettingName("LocalAuthListCtrlr", "BytesPerMessage")
ENTRIES: Final = SettingName("LocalAuthListCtrlr", "Entries")
ENTRIES_16: Final = SettingName("OCPP16", "LocalAuthListMaxLength")
BOUNDS: Final = (ITEMS_PER_MESSAGE, BYTES_PER_MESSAGE, ENTRIES, ENTRIES_16)


class ListScope(Enum):
    """Whose lists a selection is for. The nearest one holds: a station's own, else its site's, else the network's."""

    NETWORK = "network"
    SITE = "site"
    STATION = "station"


class Mode(Enum):
    OFF = "off"
    """Their lists are left alone."""
    EVERYTHING = "everything"
    CHOSEN = "chosen"
    """The tokens of the groups, and those named; with neither, none: the list is emptied."""


@dataclass(frozen=True, slots=True)
class Selection:
    """tokens: by their keys."""

    scope: ListScope
    scope_id: str
    mode: Mode
    groups: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()


def check(selection: Selection) -> None:
    """Raises Invalid."""
    if (selection.scope is ListScope.NETWORK) != (not selection.scope_id):
        raise Invalid("the network has no id, and a site or a station has one")
    if selection.mode is not Mode.CHOSEN and (selection.groups or selection.tokens):
        raise Invalid("groups and tokens are named only where the mode is `chosen`")
    if len(selection.groups) + len(selection.tokens) > MOST_CHOSEN:
        raise Invalid(f"at most {MOST_CHOSEN} groups and tokens are named: make groups of them")


def nearest(
    selections: Mapping[tuple[ListScope, str], Selection], station_id: str, site_id: str | None
) -> Selection | None:
    """What holds for a station; None where nobody said anything."""
    found = selections.get((ListScope.STATION, station_id))
    if found is None and site_id is not None:
        found = selections.get((ListScope.SITE, site_id))
    return found or selections.get((ListScope.NETWORK, ""))


# ---- what is on a list


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """A token on a list. status, kind: the domain's words. expires_at: ISO, UTC, or empty."""

    value: str
    kind: str
    status: str
    expires_at: str = ""
    group: str = ""
    language: str = ""

    @property
    def key(self) -> str:
        return self.value.upper()

    def said(self) -> ListEntry:
        expires_at = datetime.fromisoformat(self.expires_at) if self.expires_at else None
        group = IdToken(self.group, TokenKind.CENTRAL) if self.group else None
        status = AuthorizationStatus(self.status)
        return ListEntry(self.token(), Authorization(status, expires_at, group, self.language))

    def token(self) -> IdToken:
        return IdToken(self.value, TokenKind(self.kind))


_CARD_DIGITS: Final = (8, 14, 20)
"""Of the hexadecimal number of a card: 4, 7 or 10 bytes."""


def kind_on_a_list(value: str, kind: TokenKind) -> TokenKind:
    """A station compares the kind as well: where nobody said it, what looks like the number of a card is one."""
    if kind is not TokenKind.UNKNOWN:
        return kind
    is_card = len(value) in _CARD_DIGITS and all(letter in "0123456789ABCDEFabcdef" for letter in value)
    return TokenKind.ISO14443 if is_card else TokenKind.CENTRAL


@dataclass(frozen=True, slots=True)
class Content:
    """What a list holds, the most needed first. left_out: how many more there was no room for."""

    entries: tuple[Entry, ...]
    left_out: int = 0
    digest: str = ""


def content_of(entries: Sequence[Entry], total: int, most: int | None) -> Content:
    """As many as there is room for: those that may charge first, then those that may not (a station that lets unknown
    tokens charge has to know whom not to)."""
    ranked = sorted(entries, key=lambda entry: (entry.status != AuthorizationStatus.ACCEPTED.value, entry.key))
    kept = tuple(ranked[: MOST_ENTRIES if most is None else min(most, MOST_ENTRIES)])
    return Content(kept, total - len(kept), digest_of(kept))


def fitted(content: Content, room: int | None) -> Content:
    """What there is room for of it, where that was learnt later."""
    if room is None or len(content.entries) <= room:
        return content
    kept = content.entries[:room]
    return Content(kept, content.left_out + len(content.entries) - room, digest_of(kept))


def digest_of(entries: Sequence[Entry]) -> str:
    return hashlib.sha256(msgspec.json.encode(entries)).hexdigest()


def difference(held: Sequence[Entry], wanted: Sequence[Entry]) -> tuple[ListEntry, ...]:
    """What has to come off, then what has to come on or is other than before."""
    before = {(entry.key, entry.kind): entry for entry in held}
    after = {(entry.key, entry.kind): entry for entry in wanted}
    gone = tuple(ListEntry(entry.token()) for key, entry in before.items() if key not in after)
    return gone + tuple(entry.said() for key, entry in after.items() if before.get(key) != entry)


# ---- what a station can bear


@dataclass(frozen=True, slots=True)
class Bounds:
    """items, bytes_: of one message. entries: of the list. None: not said."""

    items: int | None = None
    bytes_: int | None = None
    entries: int | None = None


def bounds_of(settings: Mapping[SettingName, Setting]) -> Bounds:
    """2.x says how many entries there may be as the limit of how many there are; 1.6 has a key of its own."""
    entries = settings.get(ENTRIES)
    limit = None if entries is None or entries.max_limit is None else int(entries.max_limit)
    return Bounds(
        _number(settings.get(ITEMS_PER_MESSAGE)),
        _number(settings.get(BYTES_PER_MESSAGE)),
        limit if limit is not None and limit > 0 else _number(settings.get(ENTRIES_16)),
    )


def _number(setting: Setting | None) -> int | None:
    """A bound of nothing is none."""
    text = "" if setting is None else (setting.value or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0 else None


def portions(entries: Sequence[ListEntry], bounds: Bounds) -> list[tuple[ListEntry, ...]]:
    """As messages hold them; at least one, which may be empty. An entry that alone is too large goes alone: the station
    may know better than what it says of itself."""
    most = min(bounds.items or ITEMS_A_MESSAGE, MOST_ITEMS_A_MESSAGE)
    parts: list[list[ListEntry]] = [[]]
    size = _FRAME
    for entry in entries:
        more = length(entry)
        too_long = bounds.bytes_ is not None and size + more > bounds.bytes_
        if parts[-1] and (len(parts[-1]) >= most or too_long):
            parts.append([])
            size = _FRAME
        parts[-1].append(entry)
        size += more
    return [tuple(part) for part in parts]


_FRAME: Final = 200
_ENTRY: Final = 90
_INFO: Final = 190
"""Bytes of all that surrounds the texts of a message, in the version that says it at most length."""


def length(entry: ListEntry) -> int:
    """Bytes that it takes of a message, at most."""
    told = entry.authorization
    texts = [entry.token.value]
    if told is not None:
        texts += [told.group.value if told.group else "", told.language]
    return _ENTRY + (_INFO if told else 0) + sum(len(json.dumps(text, ensure_ascii=False).encode()) for text in texts)


# ---- what is sent


@dataclass(frozen=True, slots=True)
class Held:
    """What a station's list is believed to be. entries None: not known."""

    version: int = 0
    entries: tuple[Entry, ...] | None = None


def messages(held: Held, wanted: Content, bounds: Bounds) -> tuple[SendLocalList, ...]:
    """What makes the list what it should be: an update of what is there where that is known and shorter.

    A list longer than a message goes as a full one and updates of it, each with the next version: an update must have a
    higher one than the list (D01.FR.19).
    """
    said = tuple(entry.said() for entry in wanted.entries)
    update, entries = ListUpdate.FULL, said
    if held.entries is not None and held.version > 0 and said:
        changed = difference(held.entries, wanted.entries)
        if len(changed) < len(said) or not changed:
            update, entries = ListUpdate.DIFFERENTIAL, changed
    parts = portions(entries, bounds)
    first = held.version + 1
    if first + len(parts) > LARGEST_VERSION:
        # Counted out: a full list may have any version.
        update, parts, first = ListUpdate.FULL, portions(said, bounds), 1
    return tuple(
        SendLocalList(first + number, update if number == 0 else ListUpdate.DIFFERENTIAL, part)
        for number, part in enumerate(parts)
    )


class State(Enum):
    PENDING = "pending"
    """It should be another than it is, and will be."""
    CURRENT = "current"
    FAILED = "failed"
    """It was tried, and will be again."""
    UNSUPPORTED = "unsupported"
    """The station keeps no list."""
    OFF = "off"
    """Nobody wants to know what is on it."""


def wait(tries: int) -> timedelta:
    """After the n-th failure in a row."""
    return min(LONGEST_WAIT, timedelta(minutes=1) * 2 ** min(tries, 10))


def state_after(status: ListStatus) -> State:
    match status:
        case ListStatus.ACCEPTED:
            return State.CURRENT
        case ListStatus.NOT_SUPPORTED:
            return State.UNSUPPORTED
        case ListStatus.FAILED | ListStatus.VERSION_MISMATCH:
            return State.FAILED


def next_turn(times: Iterable[datetime | None], now: datetime) -> datetime | None:
    """When the next token begins or ends to be valid."""
    return min((at for at in times if at is not None and at > now), default=None)


@dataclass(frozen=True, slots=True)
class StationList:
    """A station's list, as it stands here.

    version, digest   what it accepted last; digest "": what is on it is not known
    room              how many entries it has room for; None: it did not say
    unsayable         how many its version has no room or word for
    said_version      what it said last when it was asked; None: never, or that it keeps none
    must_ask          its version, before anything is sent
    """

    station_id: str
    state: State = State.PENDING
    wanted: str = ""
    wanted_entries: int = 0
    left_out: int = 0
    room: int | None = None
    version: int = 0
    digest: str = ""
    said_version: int | None = None
    asked_at: datetime | None = None
    must_ask: bool = True
    said: str = ""
    tries: int = 0
    next_at: datetime | None = None
    changed_at: datetime | None = None
    unsayable: int = 0
