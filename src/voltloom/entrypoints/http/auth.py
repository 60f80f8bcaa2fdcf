"""Who calls. Everything is closed but what `is_public` names.

Sets on `request.state`: `arrival` (whence), `actor` (who: NOBODY on public pages), `session` (None for keys) and
`still_in`, which a long answer asks from time to time.
"""

import hmac
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network, ip_address
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from voltloom.domain.errors import Forbidden
from voltloom.entrypoints.http.problems import Unauthenticated
from voltloom.features.access import Access, Actor, Recognised
from voltloom.features.access.api import Arrival, cookie_name
from voltloom.features.access.tokens import csrf_token

Network = IPv4Network | IPv6Network

NOBODY = Actor("nobody", "", "nobody", frozenset())

PUBLIC = frozenset(
    {
        ("GET", "/livez"),
        ("GET", "/readyz"),
        ("POST", "/api/v1/session"),
        ("POST", "/api/v1/session/link"),
    }
)
HELD = "/files/"
"""What stations fetch and send: open to whoever holds the address, which nobody can guess, and which ends."""
CLOSED = ("/api", "/metrics")
"""Only these tell something of the network. Every other address is a page of the console, or a file it is made of."""
LOCAL = frozenset({"/metrics", "/api/docs", "/api/openapi.json"})
"""Open to this machine itself, without a key."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_PROXY_HEADERS = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


def is_public(method: str, path: str) -> bool:
    method = "GET" if method == "HEAD" else method
    if (method, path) in PUBLIC or (path.startswith(HELD) and method in ("PUT", "POST")):
        return True
    return method == "GET" and not any(path == closed or path.startswith(f"{closed}/") for closed in CLOSED)


@dataclass(frozen=True, slots=True)
class Entrance:
    """How the outside reaches this server.

    trusted_proxies   whose forwarded headers are believed; nobody else's are
    public_url        as browsers see it, where a proxy changes it; "" where not
    """

    trusted_proxies: Sequence[Network] = ()
    public_url: str = ""

    def arrival(self, scope: Scope) -> Arrival:
        headers = Headers(scope=scope)
        peer, _ = scope.get("client") or ("", 0)
        _, port = scope.get("server") or ("", 0)
        secure = scope["scheme"] == "https"
        if self._trusts(peer):
            address = self._client_of(headers, peer)
            proto = headers.get("x-forwarded-proto", scope["scheme"]).split(",")[-1].strip().lower()
            return Arrival(address, proto == "https", False, port or 0)
        # A header of a proxy we were not told of: the call may come from anywhere, though its last step is local.
        forwarded = any(name in headers for name in _PROXY_HEADERS)
        # The name matters too: a page of a stranger may have given its own name our address (DNS rebinding).
        local = _is_loopback(peer) and not forwarded and _host_name(headers.get("host", "")) in _LOOPBACK_NAMES
        return Arrival(peer, secure, local, port or 0)

    def origins(self, scope: Scope, arrival: Arrival) -> set[str]:
        """What a browser may say it comes from when it comes from one of our pages."""
        headers = Headers(scope=scope)
        scheme = "https" if arrival.secure else "http"
        origins = {f"{scheme}://{headers.get('host', '')}".lower()}
        if self._trusts((scope.get("client") or ("", 0))[0]) and "x-forwarded-host" in headers:
            origins.add(f"{scheme}://{headers['x-forwarded-host'].split(',')[-1].strip()}".lower())
        if self.public_url:
            parts = urlsplit(self.public_url)
            origins.add(f"{parts.scheme}://{parts.netloc}".lower())
        return origins

    def _trusts(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self.trusted_proxies)

    def _client_of(self, headers: Headers, peer: str) -> str:
        """The last address before our own proxies: what stands further left, anybody could have written."""
        for hop in reversed(
            [part.strip() for value in headers.getlist("x-forwarded-for") for part in value.split(",")]
        ):
            try:
                address = ip_address(hop)
            except ValueError:
                return peer
            if not self._trusts(hop):
                return str(address)
            peer = str(address)
        return peer


def _is_loopback(peer: str) -> bool:
    try:
        return ip_address(peer).is_loopback
    except ValueError:
        return False


def _host_name(host: str) -> str:
    name = host.lower()
    return name[: name.index("]") + 1] if name.startswith("[") and "]" in name else name.split(":")[0]


class Auth:
    """Deny by default: what is not public, and comes from nobody we know, goes no further."""

    def __init__(self, app: ASGIApp, entrance: Entrance, access: Access) -> None:
        self._app = app
        self._entrance = entrance
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        arrival = self._entrance.arrival(scope)
        state = request.state
        state.arrival, state.actor, state.session = arrival, NOBODY, None
        state.still_in = _nobody_stays
        method, path = scope["method"], scope["path"]
        public = is_public(method, path)
        if (recognise := self._credential(request, arrival)) is not None:
            recognised = await recognise(True)
            if recognised is not None:
                state.actor, state.session = recognised.actor, recognised.session
                state.still_in = lambda: recognise(False)
                if recognised.session is not None and method not in _SAFE and not public:
                    self._insist_on_own_page(request, arrival)
        if public and method not in _SAFE:
            self._insist_on_own_origin(request, arrival)
        if state.actor is NOBODY and not public and not (arrival.local and path in LOCAL and method == "GET"):
            if method == "GET" and "text/html" in request.headers.get("accept", ""):
                there = quote(scope["raw_path"], safe="/")
                await RedirectResponse(f"/sign-in?next={there}", 303)(scope, receive, send)
                return
            raise Unauthenticated("send an API key as `Authorization: Bearer`, or sign in")
        await self._app(scope, receive, send)

    def _credential(self, request: Request, arrival: Arrival) -> Callable[[bool], Awaitable[Recognised | None]] | None:
        """How to find out who calls; its argument says whether that keeps a session from growing idle."""
        authorization = request.headers.get("authorization")
        if authorization is not None:
            scheme, _, token = authorization.partition(" ")
            bearer = token.strip() if scheme.lower() == "bearer" else ""
            return lambda _: self._access.recognise(bearer, arrival.address, _now(), local=arrival.local)
        cookie = request.cookies.get(cookie_name(arrival))
        if cookie is None:
            return None
        return lambda touch: self._access.resume(cookie, arrival.address, _now(), touch=touch)

    def _insist_on_own_page(self, request: Request, arrival: Arrival) -> None:
        """A browser sends the cookie whoever makes it call: only our own pages know the token beside it."""
        self._insist_on_own_origin(request, arrival)
        expected = csrf_token(request.cookies[cookie_name(arrival)])
        if not hmac.compare_digest(request.headers.get("x-csrf-token", "").encode(), expected.encode()):
            raise Forbidden("with a session, what changes something needs its `X-CSRF-Token`: see GET /api/v1/session")

    def _insist_on_own_origin(self, request: Request, arrival: Arrival) -> None:
        """Browsers name the page that makes them send something; other programs do not."""
        origin = request.headers.get("origin")
        if origin is not None and origin.lower() not in self._entrance.origins(request.scope, arrival):
            raise Forbidden("this was sent by a page of another origin")


def _now() -> datetime:
    return datetime.now(UTC)


async def _nobody_stays() -> Recognised | None:
    return None
