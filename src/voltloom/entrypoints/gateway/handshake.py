"""The opening of a connection as text: what a station asks, read strictly, and what it is answered. No I/O.

Everything that says who is asking is parsed here once, from the raw bytes, so that no two places can read it
differently.
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import unquote_to_bytes

from voltloom.domain.ids import StationId

PATH = "/ocpp/"
HEAD_END = b"\r\n\r\n"

_REQUEST_LINE = re.compile(rb"GET ([\x21-\x7e]+) HTTP/1\.1")
_FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t\x20-\x7e\x80-\xff]*)")
_SEGMENT = re.compile(r"(?:[A-Za-z0-9*\-_=+|@.]|%[0-9A-Fa-f]{2}){1,144}")
_IDENTITY = re.compile(r"[A-Za-z0-9*\-_=+|@.]{1,48}")
_KEY = re.compile(r"[A-Za-z0-9+/]{22}==")
_SINGLE = ("host", "authorization", "sec-websocket-key", "sec-websocket-version", "content-length", "upgrade")
"""Fields that are not lists: sent twice, two readers may each believe another one."""


class BadRequest(Exception):
    """It cannot be answered with an upgrade. why: for our own eyes; the peer hears the status alone."""

    def __init__(self, why: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(why)
        self.why = why
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """The head of an HTTP request. target: as it was sent. fields: by lower-case name, in the order they came."""

    target: str
    fields: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])

    def get(self, name: str) -> str:
        """All values of a field as one list; "" where it is not there."""
        return ", ".join(self.fields.get(name, ()))

    def tokens(self, name: str) -> tuple[str, ...]:
        return tuple(token for part in self.get(name).split(",") if (token := part.strip()))

    @property
    def subprotocols(self) -> tuple[str, ...]:
        return self.tokens("sec-websocket-protocol")


def parse(head: bytes, max_fields: int) -> Request:
    """`head` is everything before the empty line. Raises BadRequest."""
    lines = head.split(b"\r\n")
    request_line = _REQUEST_LINE.fullmatch(lines[0])
    if request_line is None:
        raise BadRequest("the first line is not an HTTP/1.1 GET request")
    if len(lines) - 1 > max_fields:
        raise BadRequest(
            f"the request has more than {max_fields} header fields", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        )
    fields: dict[str, list[str]] = {}
    for line in lines[1:]:
        parts = _FIELD.fullmatch(line)
        if parts is None:
            raise BadRequest("a header field is malformed")
        fields.setdefault(parts[1].decode("ascii").lower(), []).append(parts[2].strip(b" \t").decode("latin-1"))
    request = Request(request_line[1].decode("ascii"), fields)
    _check_shape(request)
    return request


def _check_shape(request: Request) -> None:
    for name in _SINGLE:
        if len(request.fields.get(name, ())) > 1:
            raise BadRequest(f"the header field {name} came more than once")
    if "host" not in request.fields:
        raise BadRequest("the header field host is missing")
    if "transfer-encoding" in request.fields or request.get("content-length") not in ("", "0"):
        raise BadRequest("a handshake has no body")


def check_upgrade(request: Request) -> str:
    """The Sec-WebSocket-Key. Raises BadRequest for what is not a WebSocket handshake (RFC 6455)."""
    if "websocket" not in (token.lower() for token in request.tokens("upgrade")):
        raise BadRequest("an HTTP request that asks for no WebSocket", HTTPStatus.UPGRADE_REQUIRED)
    # Proxies and libraries write `keep-alive, Upgrade`.
    if "upgrade" not in (token.lower() for token in request.tokens("connection")):
        raise BadRequest("the header field connection does not say upgrade")
    if request.get("sec-websocket-version") != "13":
        raise BadRequest("a WebSocket version other than 13", HTTPStatus.UPGRADE_REQUIRED)
    key = request.get("sec-websocket-key")
    if not _KEY.fullmatch(key):
        raise BadRequest("the Sec-WebSocket-Key is not 16 bytes")
    return key


def identity(target: str) -> StationId | None:
    """Whose connection the path asks for: `/ocpp/` and one segment, percent-decoded once. None for any other path.

    The segment holds the characters of an OCPP identifierString, but no colon: that ends a user name.
    """
    segment = target.removeprefix(PATH)
    if segment == target or not _SEGMENT.fullmatch(segment):
        return None
    name = unquote_to_bytes(segment).decode("latin-1")
    return StationId(name) if _is_identity(name) else None


def _is_identity(name: str) -> bool:
    return _IDENTITY.fullmatch(name) is not None and set(name) != {"."}


@dataclass(frozen=True, slots=True)
class Basic:
    """RFC 7617. The password may be any bytes: 1.6 stations send theirs raw."""

    user: str
    password: bytes = field(repr=False)


def basic(header: str) -> Basic | None:
    """None where there is none, or none that can be read."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return None
    return Basic(user.decode("utf-8", "replace"), password) if colon else None


def claimed_identity(request: Request) -> str:
    """Who it seems to be, for the inbox only: whatever in a request that went wrong looks like an identity."""
    named = identity(request.target)
    if named is not None:
        return named
    credentials = basic(request.get("authorization"))
    if credentials is not None and _is_identity(credentials.user):
        return credentials.user
    segment = unquote_to_bytes(request.target.partition("?")[0].rstrip("/").rpartition("/")[2]).decode("latin-1")
    return segment if _is_identity(segment) else ""


def choose_subprotocol(offered: Sequence[str], spoken: Sequence[str]) -> str:
    """The best of `spoken`, which stands in our order of preference, that was offered; "" for none."""
    return next((name for name in spoken if name in offered), "")


def refusal(status: HTTPStatus, *, retry_after_s: float = 0.0) -> bytes:
    """A whole response that ends the connection. It is the same for whatever made us refuse with this status."""
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        "Connection: close",
        "Content-Type: text/plain; charset=utf-8",
        "Cache-Control: no-store",
    ]
    body = status.phrase
    match status:
        case HTTPStatus.UNAUTHORIZED:
            lines.append('WWW-Authenticate: Basic realm="ocpp", charset="UTF-8"')
        case HTTPStatus.UPGRADE_REQUIRED:
            lines += ["Upgrade: websocket", "Sec-WebSocket-Version: 13"]
            body = "Charging stations connect here by WebSocket, at /ocpp/ and their identity."
        case HTTPStatus.NOT_FOUND:
            body = "Charging stations connect at /ocpp/ and their identity."
        case _:
            pass
    if retry_after_s:
        lines.append(f"Retry-After: {max(1, round(retry_after_s))}")
    lines.append(f"Content-Length: {len(body) + 1}")
    return ("\r\n".join(lines) + "\r\n\r\n" + body + "\n").encode()
