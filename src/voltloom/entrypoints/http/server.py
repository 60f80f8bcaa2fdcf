"""The HTTP server: assembled from the routes of the features, run inside the loop that runs everything else."""

import asyncio
import socket
import ssl
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path

import structlog
import uvicorn
from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from uvicorn.protocols.http.h11_impl import H11Protocol

from voltloom.entrypoints.http import console, docs, live, maps, openapi, pages, past, status
from voltloom.entrypoints.http.auth import Auth, Entrance, Network, is_public
from voltloom.entrypoints.http.bounds import Bounds
from voltloom.entrypoints.http.live import Live
from voltloom.entrypoints.http.problems import Outermost, answer
from voltloom.entrypoints.http.slashes import Slashes, give_routes_their_slashes
from voltloom.features.access import Access
from voltloom.features.feature import Feature, Stations
from voltloom.infra.database import Database
from voltloom.infra.journal import Journal
from voltloom.infra.settings import SettingError

LOG = structlog.get_logger(__name__)

API = "/api/v1"
REQUEST_S = 10.0
"""How long the head of a request may take to arrive."""
MOST_CONNECTIONS = 2000
STOP_S = 5


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """port 0: any free one. tls: its context, or None for plain HTTP. pages: the folder of the built console.
    map_base: what its map stands on."""

    host: str = "127.0.0.1"
    port: int = 8000
    trusted_proxies: Sequence[str] = ()
    public_url: str = ""
    tls: ssl.SSLContext | None = None
    pages: Path = console.PAGES
    map_base: maps.MapBase = field(default_factory=maps.MapBase)

    def entrance(self) -> Entrance:
        """Raises SettingError."""
        return Entrance(tuple(_network(text) for text in self.trusted_proxies), self.public_url)


def _network(text: str) -> Network:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise SettingError(
            f"The setting `trusted_proxies` holds {text!r}, which is no address: "
            "give addresses such as 10.0.0.7 or networks such as 10.0.0.0/24."
        ) from None


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes stand on.

    network   gives the summary of the network
    ready     what `/readyz` asks besides the database, by name; each raises where it is not ready
    """

    database: Database
    stations: Stations
    access: Access
    journal: Journal
    network: status.Network
    ready: Mapping[str, status.Check] = field(default_factory=dict[str, status.Check])


def make_app(features: Iterable[Feature], services: Services, settings: HttpSettings, live_events: Live) -> FastAPI:
    """Refuses to be made with a route of the API that says nothing of who may call it."""
    give_routes_their_slashes()
    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        # The first is the outermost.
        middleware=[
            Middleware(Outermost),
            Middleware(Slashes),
            Middleware(Auth, entrance=settings.entrance(), access=services.access),
            Middleware(Bounds),
        ],
        exception_handlers={RequestValidationError: answer, HTTPException: answer},
    )
    app.state.database = services.database
    app.state.stations = services.stations
    app.state.access = services.access
    for feature in features:
        if feature.routes is not None:
            router = feature.routes()
            assert isinstance(router, APIRouter), f"the routes of {feature.name} are no router"
            app.include_router(router, prefix=API)
        if feature.open_routes is not None:
            router = feature.open_routes()
            assert isinstance(router, APIRouter), f"the open routes of {feature.name} are no router"
            app.include_router(router)
    app.include_router(status.network_routes(services.network), prefix=API)
    app.include_router(live.routes(live_events), prefix=API)
    app.include_router(maps.routes(settings.map_base), prefix=API)
    app.include_router(past.routes(), prefix=API)
    app.include_router(status.node_routes(services.database, services.ready))
    app.include_router(docs.routes(app))
    app.include_router(pages.routes())
    # Last: it takes whatever address is left.
    app.include_router(console.routes(console.Console(settings.pages, settings.map_base.origins)))
    _insist_on_permissions(app)
    return app


def _insist_on_permissions(app: FastAPI) -> None:
    for context in iter_route_contexts(app.routes):
        route, path = context.original_route, str(context.path)
        if not path.startswith(f"{API}/"):
            continue
        assert isinstance(route, APIRoute), f"{path} is not a route that can say who may call it"
        for method in route.methods or ():
            if openapi.permission_of(route) is None and not is_public(method, path):
                raise RuntimeError(f"{method} {path} does not say who may call it: give it `allow(Scope…)`")


class _Server(uvicorn.Server):
    """Leaves the signals to the program it is a part of."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


class _PatientProtocol(H11Protocol):
    """Waits for the head of a request only so long: a slow one must not hold a connection for free."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        super().connection_made(transport)
        self._deadline = self.loop.call_later(REQUEST_S, self._too_slow)

    def data_received(self, data: bytes) -> None:
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._cancel_deadline()
        elif self._deadline is None and before and before.response_complete:
            self._deadline = self.loop.call_later(REQUEST_S, self._too_slow)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        began, _ = self.conn.trailing_data
        if began and self._deadline is None:
            self._deadline = self.loop.call_later(REQUEST_S, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_deadline()
        super().connection_lost(exc)

    def _too_slow(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.close()

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class HttpServer:
    """The server of one node.

    http = HttpServer(features, services, HttpSettings(port=8000))
    await http.start()      # listens, or raises SettingError
    http.url
    await http.stop()       # ends live streams, lets running requests finish
    """

    def __init__(self, features: Iterable[Feature], services: Services, settings: HttpSettings) -> None:
        self._settings = settings
        self._live = Live(services.journal, services.database)
        self.app = make_app(features, services, settings, self._live)
        self._server: _Server | None = None
        self._running: asyncio.Task[None] | None = None
        self._port = settings.port

    @property
    def port(self) -> int:
        """The one it listens on."""
        return self._port

    @property
    def url(self) -> str:
        """For this machine, without a path."""
        host = self._settings.host
        name = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104  # not bound here
        return f"{'https' if self._settings.tls else 'http'}://{name}:{self._port}"

    async def start(self) -> None:
        listener = _listen(self._settings.host, self._settings.port)
        self._port = listener.getsockname()[1]
        tls = self._settings.tls
        config = uvicorn.Config(
            self.app,
            http=_PatientProtocol,
            ws="none",
            lifespan="off",
            loop="none",
            log_config=None,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=STOP_S,
            timeout_keep_alive=20,
            limit_concurrency=MOST_CONNECTIONS,
            h11_max_incomplete_event_size=32 * 1024,
            ssl_context_factory=(lambda _config, _default: tls) if tls is not None else None,
        )
        self._server = _Server(config)
        self._live.start()
        self._running = asyncio.create_task(self._server.serve([listener]), name="http server")
        while not self._server.started:
            if self._running.done():
                await self._running
                raise RuntimeError("the HTTP server ended before it began")
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        self._live.close()
        if self._server is not None and self._running is not None:
            self._server.should_exit = True
            await self._running


def _listen(host: str, port: int) -> socket.socket:
    """Raises SettingError where the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio does not take it for one and leaves Nagle on: 40 ms a response.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise SettingError(
            f"The setting `http_port` is {port} on {host}, which cannot be listened on ({error.strerror or error}): "
            "end the program that holds it, or choose another port."
        ) from None
    listener.setblocking(False)
    return listener
