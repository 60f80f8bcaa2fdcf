"""The inbox: stations that knocked and were not let in, so that "why can't my charger connect?" has an answer.

Anybody on the network can knock, as fast as they like. What is kept is bounded: in memory between two flushes, in the
database in all, and one row for all knocks of the same identity, reason and address.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum

from voltloom.features.stations.rules import plain


class KnockReason(Enum):
    """Why a station was not let in."""

    UNKNOWN_ID = "unknown_id"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 – a reason, not a password
    NO_PASSWORD = "no_password"  # noqa: S105 – likewise
    DISABLED = "disabled"
    PROFILE_TOO_LOW = "profile_too_low"
    WRONG_CERTIFICATE = "wrong_certificate"
    EXPIRED_CERTIFICATE = "expired_certificate"
    NO_CERTIFICATE = "no_certificate"
    IDENTITY_MISMATCH = "identity_mismatch"
    WRONG_PATH = "wrong_path"
    NO_SUBPROTOCOL = "no_subprotocol"
    SUBPROTOCOL_NOT_ALLOWED = "subprotocol_not_allowed"
    TLS_FAILURE = "tls_failure"
    BAD_REQUEST = "bad_request"
    THROTTLED = "throttled"

    @property
    def sentence(self) -> str:
        """What happened, and what to do: for the person who set the station up."""
        return _SENTENCES[self]


_SENTENCES = {
    KnockReason.UNKNOWN_ID: "No station with this identity is registered. Adopt it here, or correct the identity in "
    "the station.",
    KnockReason.WRONG_PASSWORD: "The station is registered, but sent another password. Adopt it here to get a new "
    "password, and enter that in the station.",
    KnockReason.NO_PASSWORD: "The station is registered, but sent no password. Enter its password in the station, "
    "or adopt it here to get a new one.",
    KnockReason.DISABLED: "The station is registered, but disabled. Enable it to let it in.",
    KnockReason.PROFILE_TOO_LOW: "The station came with less security than it must use: without TLS or without "
    "credentials. Give it the wss:// address, or lower its security profile on purpose.",
    KnockReason.WRONG_CERTIFICATE: "The station's certificate is expired, revoked, of an unknown issuer, or not "
    "the one registered for it.",
    KnockReason.EXPIRED_CERTIFICATE: "Some station's certificate has expired, or is not valid yet; which one, is not "
    "told before it is trusted: see the address. Give it a new certificate, and check its clock.",
    KnockReason.NO_CERTIFICATE: "The station must prove itself with a certificate and presented none.",
    KnockReason.IDENTITY_MISMATCH: "The identity in the address, the user name and the certificate are not the same. "
    "The station must use its identity for all of them.",
    KnockReason.WRONG_PATH: "The address that the station calls does not end in /ocpp/<identity>. Copy the address "
    "from the station's page.",
    KnockReason.NO_SUBPROTOCOL: "The station offered no OCPP version that is spoken here: ocpp1.6, ocpp2.0.1 or "
    "ocpp2.1 in Sec-WebSocket-Protocol.",
    KnockReason.SUBPROTOCOL_NOT_ALLOWED: "The station offered only OCPP versions that its registration does not allow.",
    KnockReason.TLS_FAILURE: "No TLS connection came about. See the detail: often the station does not trust our "
    "certificate authority, knows only old TLS versions, or speaks plain ws:// to a wss:// port.",
    KnockReason.BAD_REQUEST: "What arrived is not a WebSocket handshake. Something other than a station, or a "
    "broken proxy, calls this port.",
    KnockReason.THROTTLED: "Too many attempts from this address. It is heard again after a pause.",
}


@dataclass(frozen=True, slots=True)
class Knock:
    """A station, or whatever it was, that was refused.

    identity    as it was claimed; "" where none could be made out
    address     of the peer, without the port
    subprotocols, user_agent   as offered
    tls         version and cipher, or the TLS error
    profile     the security profile it attempted; None where it did not come that far
    detail      more about the reason, for people
    fields      of the head of its request, as they came; what lets somebody in is hidden before it is kept
    """

    identity: str
    address: str
    at: datetime
    reason: KnockReason
    path: str = ""
    subprotocols: tuple[str, ...] = ()
    user_agent: str = ""
    tls: str = ""
    profile: int | None = None
    detail: str = ""
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Knocks:
    """All knocks of one identity, for one reason, from one address, since the last flush."""

    first_at: datetime
    last: Knock
    count: int = 1


@dataclass(slots=True)
class Inbox:
    """Knocks on their way to the database. `note` is called in handshakes: it never waits.

    waiting   by identity, reason and address; at most `room`
    dropped   how many distinct ones found no room, since the process started
    """

    room: int = 1_000
    waiting: dict[tuple[str, KnockReason, str], Knocks] = field(
        default_factory=dict[tuple[str, KnockReason, str], Knocks]
    )
    dropped: int = 0

    def note(self, knock: Knock) -> None:
        knock = bounded(knock)
        key = (knock.identity, knock.reason, knock.address)
        known = self.waiting.get(key)
        if known:
            known.last = knock
            known.count += 1
        elif len(self.waiting) < self.room:
            self.waiting[key] = Knocks(knock.at, knock)
        else:
            self.dropped += 1

    def take(self) -> list[Knocks]:
        """What waits; it waits no longer."""
        taken = list(self.waiting.values())
        self.waiting.clear()
        return taken


def bounded(knock: Knock) -> Knock:
    """Whoever knocks chooses these texts: they are cut to what a person can use, and hold no control characters."""
    return replace(
        knock,
        identity=plain(knock.identity, 64),
        address=plain(knock.address, 64),
        path=plain(knock.path, 200),
        subprotocols=tuple(plain(name, 40) for name in knock.subprotocols[:10]),
        user_agent=plain(knock.user_agent, 200),
        tls=plain(knock.tls, 200),
        detail=plain(knock.detail, 300),
        fields=tuple((plain(name, 60), plain(value, 300)) for name, value in shown_fields(knock.fields)),
    )


# ---- the head of its request

MOST_FIELDS = 40
_HIDDEN = ("auth", "cookie", "token", "secret", "password", "key")


def shown_fields(fields: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Without what would let somebody in: of those only that they were there, and of which kind."""
    shown: list[tuple[str, str]] = []
    for name, value in fields[:MOST_FIELDS]:
        if any(word in name.lower() for word in _HIDDEN):
            scheme = value.partition(" ")[0] if name.lower() == "authorization" and " " in value else ""
            value = f"{scheme} [hidden]".strip()
        shown.append((name, value))
    return tuple(shown)
