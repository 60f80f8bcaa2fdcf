"""QR codes that a station shows anew every minute (OCPP 2.1, C25): their addresses, and the one-time codes in them.

The code is TOTP version 1 of the standard: HMAC-SHA256 of the number of the time slot, cut to letters and digits. It
says that whoever has it stood before the station a moment ago: no sticker, and no picture of last week, does. No I/O.
"""

import hashlib
import hmac
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Final
from urllib.parse import parse_qs, unquote

from voltloom.domain.errors import Invalid
from voltloom.domain.ids import StationId
from voltloom.domain.transaction import TransactionLimit

VERSION: Final = "v1"
SHORTEST_S: Final = 6
LONGEST_S: Final = 3600
FEWEST: Final = 6
MOST: Final = 32
LONGEST_URL: Final = 2000
DRIFT: Final = 1
"""How many slots the station's clock may be off; and whoever scans at the end of one needs a moment."""
_LETTERS: Final = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PLACEHOLDER: Final = re.compile(r"\{([a-z]*)\}")
_NEEDED: Final = {"chargingstationid", "evse", "totp"}
_KNOWN: Final = _NEEDED | {"version"}


@dataclass(frozen=True, slots=True)
class Codes:
    """How a station makes its codes."""

    secret: str = field(repr=False)
    validity_s: int
    length: int


@dataclass(frozen=True, slots=True)
class SetUp:
    """A station that shows such codes. sealed: its secret."""

    station_id: StationId
    template: str
    validity_s: int
    length: int
    sealed: str = field(repr=False)
    actor: str
    at: datetime


def code_of(codes: Codes, slot: int) -> str:
    hashed = hmac.digest(codes.secret.encode(), slot.to_bytes(8, "big"), hashlib.sha256)
    offset = hashed[-1] & 0x0F
    return "".join(_LETTERS[hashed[(offset + at) % len(hashed)] % len(_LETTERS)] for at in range(codes.length))


def is_good(codes: Codes, code: str, now: datetime) -> bool:
    present = int(now.timestamp()) // codes.validity_s
    good = False
    for slot in range(present - DRIFT, present + DRIFT + 1):
        # All are compared, however early one fits: how long it took tells nothing.
        good |= hmac.compare_digest(code_of(codes, slot).encode(), code.encode("utf-8", "replace"))
    return good


@dataclass(frozen=True, slots=True)
class Scanned:
    """What an address says, whoever made it."""

    station_id: StationId
    evse: int
    code: str = field(repr=False)
    limit: TransactionLimit


def check_template(template: str) -> None:
    """Raises Invalid."""
    names = _PLACEHOLDER.findall(template)
    if not re.match(r"https?://[^{}\s/]+(/|\?)", template) or len(template) > LONGEST_URL or not template.isprintable():
        raise Invalid("the address of the page begins with https:// and a host; what is filled in comes after that")
    if unknown := [name for name in names if name not in _KNOWN]:
        raise Invalid(
            f"a station fills in no {{{unknown[0]}}}: only " + ", ".join(f"{{{each}}}" for each in sorted(_KNOWN))
        )
    if missing := sorted(_NEEDED.difference(names)):
        raise Invalid(f"the address must have {{{missing[0]}}} in it: what was scanned could not be told without")
    if len(set(names)) != len(names):
        raise Invalid("each placeholder stands in the address once")


def read(template: str, url: str) -> Scanned | None:
    """What the address says that a station made of this template; None for one that it did not make of it."""
    form = "".join(_form(template))
    found = re.fullmatch(f"{form}(?:[?&](?P<rest>.*))?", url[:LONGEST_URL])
    if found is None or not found["evse"].isdecimal() or len(found["evse"]) > 5:
        return None
    if found.groupdict().get("version", VERSION) not in (VERSION, VERSION.removeprefix("v")):
        return None
    limit = _limit(found["rest"] or "")
    if limit is None:
        return None
    return Scanned(StationId(unquote(found["chargingstationid"])), int(found["evse"]), unquote(found["totp"]), limit)


def _form(template: str) -> Iterator[str]:
    for number, part in enumerate(_PLACEHOLDER.split(template)):
        yield f"(?P<{part}>[^/?&#]+)" if number % 2 else re.escape(part)


def _limit(query: str) -> TransactionLimit | None:
    """What the driver chose at the station (WebPaymentsCtrlr.URLParameters); None for what is no amount."""
    chosen = {name.lower(): values[0] for name, values in parse_qs(query).items()}
    try:
        cost = Decimal(chosen["maxcost"]) if "maxcost" in chosen else None
        energy = float(chosen["maxenergy"]) if "maxenergy" in chosen else None
        time = int(chosen["maxtime"]) if "maxtime" in chosen else None
    except (InvalidOperation, ValueError):
        return None
    amounts = [float(each) for each in (cost, energy, time) if each is not None]
    if any(not math.isfinite(each) or not 0 <= each <= 1e9 for each in amounts):
        return None
    return TransactionLimit(max_cost=cost, max_energy_wh=energy, max_time_s=time)
