"""Errors as RFC 9457 problems: the one place where what went wrong gets a status and a form.

A problem says what the caller can do about it. What they cannot, a bug of ours, is told as a reference and nothing
else; the log has the rest under the same reference.
"""

import math
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import asyncpg  # pyright: ignore[reportMissingTypeStubs] - it has none
import msgspec
import structlog
from fastapi.exceptions import RequestValidationError
from prometheus_client import Counter
from sqlalchemy.exc import DataError, DBAPIError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from voltloom.domain.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    NotInThisVersion,
    StationError,
    Throttled,
    TimedOut,
    TooLarge,
    TooSlow,
    Unavailable,
    Unreachable,
    VoltloomError,
)
from voltloom.features.access import FreshSignInNeeded, SecondFactorNeeded, SignInRefused

LOG = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPES_AT = "/api/docs#problem-"


class Unauthenticated(VoltloomError):
    """Nobody we know asks."""


class NotJson(VoltloomError):
    """Something else than the JSON that is understood here."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of problem. hint: what it means to the caller, for the API's documentation."""

    name: str
    status: int
    title: str
    hint: str


KINDS: Mapping[type[VoltloomError], Kind] = {
    Unauthenticated: Kind("unauthenticated", 401, "Sign in first", "send an API key as bearer token, or sign in"),
    SignInRefused: Kind("sign-in-refused", 401, "Not signed in", "name and password, or the link, are not good"),
    SecondFactorNeeded: Kind(
        "second-factor-needed", 401, "One more step", "send the same again, with the `code` of the second factor"
    ),
    FreshSignInNeeded: Kind(
        "fresh-sign-in-needed",
        403,
        "Show that it is you",
        "the session is of a while ago: `POST /session/confirmation`, and send the same again",
    ),
    Forbidden: Kind("forbidden", 403, "Not allowed", "the key or role does not have the scope this takes"),
    NotFound: Kind("not-found", 404, "Not found", "there is no such thing, or not for your eyes"),
    TooSlow: Kind("too-slow", 408, "Too slow", "the request did not arrive in time"),
    Conflict: Kind("conflict", 409, "Not in this state", "the thing is in a state that does not allow it"),
    TimedOut: Kind(
        "station-timed-out", 504, "The station did not answer", "it is connected; whether it acted is not known"
    ),
    Unreachable: Kind("station-not-connected", 409, "The station is not connected", "try again when it is back"),
    NotInThisVersion: Kind(
        "not-in-this-version", 409, "Not in the station's OCPP version", "its version has no words for this"
    ),
    TooLarge: Kind(
        "too-large", 413, "Too large", "the body is larger than this takes: 1 MiB, where nothing else is said"
    ),
    NotJson: Kind("not-json", 415, "Not JSON", "bodies are JSON, with `Content-Type: application/json`"),
    Invalid: Kind("invalid", 422, "Not valid", "the request contradicts itself or a rule; `errors` names the fields"),
    Throttled: Kind("throttled", 429, "Too many, too fast", "wait as long as `Retry-After` says"),
    StationError: Kind(
        "station-error", 502, "The station answered with an error", "`code` is what the station said, as it said it"
    ),
    Unavailable: Kind("unavailable", 503, "Not available now", "a part of the system is away; try again"),
}
BUG = Kind("bug", 500, "A mistake of ours", "tell us the `reference`: the log has more under it")
BY_STATUS = {
    400: Kind("bad-request", 400, "Not understood", "the request is not what HTTP or this route expects"),
    401: KINDS[Unauthenticated],
    403: KINDS[Forbidden],
    404: KINDS[NotFound],
    405: Kind("wrong-method", 405, "Not this way", "this path knows other methods: see `Allow`"),
    413: KINDS[TooLarge],
    415: KINDS[NotJson],
    422: KINDS[Invalid],
    429: KINDS[Throttled],
    503: KINDS[Unavailable],
}
ALL_KINDS = tuple({kind.name: kind for kind in (*KINDS.values(), *BY_STATUS.values(), BUG)}.values())


@dataclass(frozen=True, slots=True)
class Problem:
    kind: Kind
    detail: str
    more: Mapping[str, object] = field(default_factory=dict[str, object])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def response(self) -> Response:
        document = {
            "type": TYPES_AT + self.kind.name,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            **self.more,
        }
        return Response(msgspec.json.encode(document), self.kind.status, dict(self.headers), MEDIA_TYPE)


def problem_of(error: Exception) -> Problem:
    """What is told of an error; logs what is ours to mend."""
    match error:
        case VoltloomError():
            return _told(error)
        case RequestValidationError():
            return _fields(error)
        case HTTPException():
            kind = BY_STATUS.get(error.status_code, Kind("http", error.status_code, "Not done", ""))
            return Problem(kind, _sentence(error), headers=error.headers or {})
        case OverflowError() | DBAPIError() if _cannot_be_kept(error):
            # What no database can hold (a number beyond 64 bit, a NUL) is the caller's, though a route let it pass.
            LOG.warning("a value that the database refused", error=type(error).__name__)
            return Problem(KINDS[Invalid], "a value is larger or other than what can be kept")
        case _:
            reference = secrets.token_hex(6)
            LOG.exception("a request failed", reference=reference, exc_info=error)
            return Problem(
                BUG, "something went wrong here; it is logged under this reference", {"reference": reference}
            )


def _cannot_be_kept(error: Exception) -> bool:
    """SQLAlchemy knows what the engine says of a value; what asyncpg says of it beforehand is further in."""
    cause = error.orig.__cause__ if isinstance(error, DBAPIError) and error.orig is not None else None
    return isinstance(error, OverflowError | DataError) or isinstance(cause, asyncpg.DataError)


def _told(error: VoltloomError) -> Problem:
    kind = next((KINDS[cls] for cls in type(error).__mro__ if cls in KINDS), None)
    if kind is None:
        return Problem(Kind("refused", 409, "Not done", ""), error.reason)
    match error:
        case Throttled():
            seconds = max(1, math.ceil(error.retry_after_s))
            return Problem(kind, error.reason, {"retry_after_s": seconds}, {"retry-after": str(seconds)})
        case Unauthenticated():
            return Problem(kind, error.reason, headers={"www-authenticate": 'Bearer realm="voltloom"'})
        case StationError():
            return Problem(kind, error.reason, {"code": error.code, "details": _station_details(error.details)})
        case Unavailable():
            return Problem(kind, error.reason, headers={"retry-after": "5"})
        case _:
            return Problem(kind, error.reason)


def _station_details(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return {}


def _fields(error: RequestValidationError) -> Problem:
    """Names the fields, and never repeats their values: a value may be a password."""
    errors: list[dict[str, str]] = []
    for each in error.errors()[:50]:
        where, *path = [str(part) for part in each["loc"]]
        errors.append({"in": where, "field": ".".join(path), "reason": str(each["msg"])[:300]})
    if not errors:
        return Problem(KINDS[Invalid], "the request is not valid")
    first = errors[0]
    named = f"{first['in']} {first['field']}".strip()
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return Problem(KINDS[Invalid], f"{named}: {first['reason']}{more}", {"errors": errors})


def _sentence(error: HTTPException) -> str:
    match error.status_code:
        case 404:
            return "there is nothing at this path"
        case 405:
            return "this path does not know this method"
        case _:
            return str(error.detail)[:300]


async def answer(request: Request, error: Exception) -> Response:
    """For the framework's own errors."""
    return problem_of(error).response()


SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not `no-referrer`: with it browsers send `Origin: null` with forms, and we could not tell whose form it is.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


REQUESTS = Counter("voltloom_http_requests", "HTTP requests answered", ("method", "status"))
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})


class Outermost:
    """Counts requests, puts the security headers on every response, and a problem in the place of every error."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        started = False
        method = scope["method"] if scope["method"] in _METHODS else "other"

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                REQUESTS.labels(method, message["status"]).inc()
                _put(MutableHeaders(scope=message), SECURITY_HEADERS.items())
            await send(message)

        try:
            await self._app(scope, receive, send_guarded)
        except Exception as error:  # the top of a request
            problem = problem_of(error)
            if started:
                # Too late to say so: the caller sees the connection end early.
                raise
            await problem.response()(scope, receive, send_guarded)


def _put(headers: MutableHeaders, defaults: Iterable[tuple[str, str]]) -> None:
    for name, value in defaults:
        headers.setdefault(name, value)
    headers.setdefault("cache-control", "no-store")
