"""How stations prove who they are: what is kept of their passwords, and the copy in memory that every handshake reads.

A handshake never waits for the database: all credentials are loaded at start and refreshed as `StationChanged` events
come by. Passwords are kept as a keyed hash whose key lies outside the database: they have 160 random bits (or at
least 16 characters chosen by a person), so a slow hash would only be a gift to whoever floods us with guesses.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from voltloom.domain.errors import Invalid
from voltloom.domain.ids import StationId
from voltloom.domain.station import SecurityProfile

SHORTEST = 16
LONGEST = 40
"""OCPP 2.0.1 and the 1.6 security whitepaper: a password has 16 to 40 characters."""

_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2}){16,20}")
_PRINTABLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Credential:
    """What the gateway must know of a station before it lets it in.

    security_profile   the lowest it may use; OPEN lets it in without a password
    profile_reached    the highest it ever used: it never comes back with less (C07)
    password_hash      "" where it has none
    old_password_hash  still taken while the station changes to a new one; "" otherwise
    protocols          the subprotocols it may speak; empty: all
    cert_fingerprint   SHA-256 of its certificate in hex, "" for any of a trusted CA that names the station
    """

    station_id: StationId
    enabled: bool = True
    security_profile: SecurityProfile = SecurityProfile.PASSWORD
    profile_reached: SecurityProfile = SecurityProfile.OPEN
    password_hash: str = ""
    old_password_hash: str = ""
    protocols: tuple[str, ...] = ()
    cert_fingerprint: str = ""

    @property
    def lowest_profile(self) -> SecurityProfile:
        return max(self.security_profile, self.profile_reached)


class Passwords:
    """Hashes station passwords and compares them. `key`: at least 32 bytes, kept outside the database."""

    def __init__(self, key: bytes) -> None:
        if len(key) < 32:
            raise Invalid(f"the key for station passwords has {len(key)} bytes: it needs at least 32")
        self._key = key

    def hash(self, station_id: StationId, password: str) -> str:
        """Bound to its station: the same password at two stations has two hashes."""
        return self._digest(station_id, _canonical(password.encode())).hex()

    def verify(self, credential: Credential | None, password: bytes) -> bool:
        """Takes as long for an unknown station (None) as for a wrong password, and whichever form was sent.

        A 160-bit password is shown as 40 hexadecimal digits. 1.6 stations send those digits, in either case, or the
        20 bytes that they stand for: both are the same password.
        """
        station_id = credential.station_id if credential else StationId("")
        as_text = self._digest(station_id, _canonical(password))
        as_bytes = self._digest(station_id, password.hex().encode() if 16 <= len(password) <= 20 else b"")
        current = _stored(credential.password_hash) if credential else _NOTHING
        old = _stored(credential.old_password_hash) if credential else _NOTHING
        return (
            hmac.compare_digest(as_text, current)
            | hmac.compare_digest(as_bytes, current)
            | hmac.compare_digest(as_text, old)
            | hmac.compare_digest(as_bytes, old)
        )

    def _digest(self, station_id: StationId, password: bytes) -> bytes:
        # An identity holds no NUL, so no two (identity, password) pairs run into the same bytes.
        return hmac.digest(self._key, station_id.encode() + b"\0" + password, "sha256")


_NOTHING = bytes(hashlib.sha256().digest_size)
"""Equal to no digest that anyone can find."""


def _canonical(password: bytes) -> bytes:
    return password.lower() if _HEX.fullmatch(password) else password


def _stored(password_hash: str) -> bytes:
    return bytes.fromhex(password_hash) if password_hash else _NOTHING


def new_password() -> str:
    """160 random bits as 40 hexadecimal digits: what every version and both forms of 1.6 can carry."""
    return secrets.token_hex(20)


def check_password(password: str) -> str:
    """A password that a person chose. Raises Invalid."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid(f"a station password has {SHORTEST} to {LONGEST} characters; this one has {len(password)}")
    if not _PRINTABLE.fullmatch(password):
        raise Invalid("a station password is made of printable ASCII characters without spaces")
    if len(set(password)) < 6:
        raise Invalid("this password repeats too few characters: leave it out to have a random one made")
    return password


class CredentialSource(Protocol):
    """Where credentials are kept: `store.read_credentials` on a database."""

    async def __call__(self, ids: Iterable[StationId] | None) -> Mapping[StationId, Credential]:
        """Those of `ids`, or of all stations (None). One that does not exist is left out."""
        ...


class Credentials:
    """All stations' credentials in memory, for a synchronous handshake.

    Call `load` once before listening, and `refresh` for each `StationChanged` heard on the bus.
    """

    def __init__(self, source: CredentialSource, passwords: Passwords) -> None:
        self._source = source
        self._passwords = passwords
        self._by_id: dict[StationId, Credential] = {}
        self._settled: set[StationId] = set()

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, station_id: StationId) -> Credential | None:
        return self._by_id.get(station_id)

    def verify(self, credential: Credential | None, password: bytes) -> bool:
        """See `Passwords.verify`. Whether the station is enabled and its profile suffices is another question."""
        verified = self._passwords.verify(credential, password)
        if verified and credential and credential.old_password_hash:
            current = replace(credential, old_password_hash="")
            if self._passwords.verify(current, password):
                self._settled.add(credential.station_id)
        return verified

    def take_settled(self) -> tuple[StationId, ...]:
        """Stations that came with their new password since last asked: the old one has done its duty."""
        settled = tuple(self._settled)
        self._settled.clear()
        return settled

    async def load(self) -> None:
        self._by_id = dict(await self._source(None))

    async def refresh(self, ids: Iterable[StationId]) -> None:
        """Read these again. One that is gone is forgotten."""
        wanted = tuple(ids)
        found = await self._source(wanted)
        for station_id in wanted:
            if station_id in found:
                self._by_id[station_id] = found[station_id]
            else:
                self._by_id.pop(station_id, None)
