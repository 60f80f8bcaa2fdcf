"""Puts one node together from settings. The only file that knows every part."""

import asyncio
import inspect
import os
import socket
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from time import monotonic
from urllib.parse import quote

import msgspec
import structlog
from prometheus_client import REGISTRY

from voltloom.domain import events
from voltloom.domain.errors import Invalid, Unavailable
from voltloom.domain.events import Event, StationChanged
from voltloom.domain.ids import StationId
from voltloom.entrypoints.gateway.accept import Policy
from voltloom.entrypoints.gateway.gateway import Gateway
from voltloom.entrypoints.gateway.limits import Limits
from voltloom.entrypoints.gateway.session import Exchange
from voltloom.entrypoints.gateway.tally import GatewayMetrics
from voltloom.entrypoints.gateway.tls import ServerFiles, load_files, make_context
from voltloom.entrypoints.http.server import HttpServer, HttpSettings, Services
from voltloom.entrypoints.http.status import NetworkSummary
from voltloom.features import access, authorization, certificates, sites, stations, transactions
from voltloom.features.feature import Context, Feature, Listening, Repeating
from voltloom.infra.archive import ADD_EXCHANGE, Archive
from voltloom.infra.bus import Bus, open_bus
from voltloom.infra.database import Database, SettingError, Work, open_database
from voltloom.infra.housekeeping import chores
from voltloom.infra.journal import Journal
from voltloom.infra.keys import insist_on_keys, key_file, write_private
from voltloom.infra.migrations import migrate, require_current
from voltloom.infra.processes import DataDirLock, calm_garbage_collector, raise_open_files
from voltloom.infra.settings import Settings, is_loopback
from voltloom.infra.tasks import Handler, Task, Tasks

LOG = structlog.get_logger(__name__)

EVENTS: tuple[type[Event], ...] = tuple(
    kind for _, kind in inspect.getmembers(events, inspect.isclass) if issubclass(kind, Event) and kind is not Event
)
POWER_FRESH = timedelta(minutes=30)
"""What a meter said longer ago than this is no longer what flows."""
_PACE_S = 5.0
"""Messages a second are counted over this long."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What features are made with, before there is a database."""

    config: stations.StationsConfig
    authority: certificates.Authority
    archive: Archive
    keys: Mapping[str, bytes]
    """What the rows of the database are made with: every node of a network has the same."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where people and stations reach a node. The server leaves them in its data directory, for commands that give
    them on: they may have been chosen on its command line."""

    http: str
    stations: tuple[str, ...]


def addresses(settings: Settings) -> Addresses:
    """Those of the server that ran here last, else those that the settings lead to."""
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(_addresses_file(settings).read_bytes(), type=Addresses)
    return _own_addresses(settings)


def _addresses_file(settings: Settings) -> Path:
    return settings.data_dir / "addresses.json"


def _own_addresses(settings: Settings) -> Addresses:
    """Stations without TLS only where they may come without."""
    host = settings.public_host or _named(settings.host)
    wss = f"wss://{host}:{settings.ocpps_port}/ocpp"
    return Addresses(
        http=settings.public_url.rstrip("/") or f"http://{_named(settings.host)}:{settings.http_port}",
        stations=(f"ws://{host}:{settings.ocpp_port}/ocpp", wss) if _takes_plain(settings) else (wss,),
    )


def _takes_plain(settings: Settings) -> bool:
    return settings.allow_plain_ws or is_loopback(settings.host)


def _named(host: str) -> str:
    """How others on this machine, or near it, write the address we listen on."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104  # not bound here
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host


def sign_in_url(where: Addresses, link: str) -> str:
    return f"{where.http}/sign-in?link={quote(link)}"


def parts_of(settings: Settings, where: Addresses) -> Parts:
    """Makes keys and the certificate authority where there are none yet. Raises SettingError."""
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        authority = certificates.Authority.open(settings.data_dir / "ca", settings.operator_name, datetime.now(UTC))
    except Invalid as error:
        raise SettingError(f"The certificate authority in {settings.data_dir / 'ca'}: {error.reason}.") from error
    archive = Archive(
        settings.data_dir / "archive",
        hot=timedelta(days=settings.messages_hot_days),
        kept=timedelta(days=settings.messages_days),
        most_bytes=settings.messages_archive_bytes,
    )
    passwords_key = key_file(keys_folder(settings), "station-passwords")
    return Parts(
        config=stations.StationsConfig(
            passwords=stations.Passwords(passwords_key),
            public_urls=where.stations,
            heartbeat_interval_s=settings.heartbeat_interval_s,
            archive=archive,
        ),
        authority=authority,
        archive=archive,
        keys={
            "station-passwords": passwords_key,
            **{f"ca-{root.kind.value}": root.pem.encode() for root in authority.roots},
        },
    )


def features(parts: Parts) -> tuple[Feature, ...]:
    """Ours, in order: a feature builds on those before it."""
    return (
        access.feature,
        stations.feature(parts.config),
        certificates.feature(parts.authority),
        sites.feature,
        authorization.feature,
        transactions.feature,
    )


def journal_of(parts: Sequence[Feature], node: str) -> Journal:
    listeners: dict[str, list[str]] = {}
    for feature in parts:
        for listening in feature.listens:
            listeners.setdefault(listening.event.name, []).append(listening.name)
    return Journal(EVENTS, listeners, node)


def keys_folder(settings: Settings) -> Path:
    return settings.data_dir / "keys"


def local_key_file(settings: Settings) -> Path:
    return settings.data_dir / "local-key.json"


async def open_records(settings: Settings, parts: Parts, *, owned: bool) -> Database:
    """The database, for a command. owned: no server has it, so it may be brought up to date."""
    database = await open_database(settings.database_url, journal=journal_of(features(parts), "cli"))
    try:
        await (migrate(database) if owned else require_current(database))
        await database.write(lambda connection, _: insist_on_keys(connection, parts.keys, settings.data_dir))
    except BaseException:
        await database.close()
        raise
    return database


# ---- a node


class Node:
    """One running server.

    node = await Node.start(settings)      # listens, or raises SettingError
    await node.stop()                      # stations are told to come back
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.addresses = _own_addresses(settings)
        self.sign_in_link: str | None = None
        """For the first admin, while there is none; told this once."""
        self._stack = AsyncExitStack()

    database: Database
    gateway: Gateway
    http: HttpServer
    stations_address: tuple[str, int] | None = None
    stations_tls_address: tuple[str, int]

    @staticmethod
    async def start(settings: Settings) -> "Node":
        node = Node(settings)
        try:
            await node._start()
        except BaseException:
            await node._stack.aclose()
            raise
        return node

    async def stop(self) -> None:
        await self._stack.aclose()

    async def _start(self) -> None:
        """Each part is put on the stack as it starts, so that all end in the opposite order, however far it came."""
        settings, stack = self.settings, self._stack
        lock = DataDirLock(settings.data_dir)
        lock.take()
        stack.callback(lock.release)
        raise_open_files()
        parts = parts_of(settings, self.addresses)
        ours = features(parts)
        journal = journal_of(ours, settings.node)
        bus = await open_bus(settings.bus) if settings.bus else None
        if bus is not None:
            stack.push_async_callback(bus.close)
        self.database = database = await open_database(settings.database_url, journal=journal)
        stack.push_async_callback(database.close)
        await migrate(database)
        await database.write(lambda connection, _: insist_on_keys(connection, parts.keys, settings.data_dir))
        await journal.start(database, bus)
        stack.push_async_callback(journal.stop)
        journal.follow(authorization.follower(database))

        credentials = stations.credentials_of(database, parts.config.passwords)
        trust = certificates.StationTrust(settings.operator_name)
        await asyncio.gather(credentials.load(), trust.load(database))
        # Alone, whatever was connected when a server last ended here is gone, whatever this machine was called then.
        await stations.close_stale_links(database, settings.node if settings.bus else None, datetime.now(UTC))
        inbox = stations.Inbox()
        self.gateway = gateway = self._gateway(ours, credentials, trust, inbox, bus)
        changes = _Changes(database, credentials, trust, gateway)
        stack.callback(journal.follow(changes.hear))
        for name, forever in (
            ("changes of stations", changes.run()),
            ("inbox", stations.keep_door(database, inbox, credentials)),
        ):
            stack.push_async_callback(_cancelled, asyncio.create_task(forever, name=name))

        self._pace = _Pace(gateway)
        stack.push_async_callback(_cancelled, asyncio.create_task(self._pace.run(), name="pace"))
        await self._run_tasks(ours, journal, parts.archive)
        await self._serve_http(ours, journal)
        await self._let_stations_in(parts.authority)
        metrics = GatewayMetrics(gateway.tally, lambda: gateway.connections)
        REGISTRY.register(metrics)
        stack.callback(REGISTRY.unregister, metrics)
        self.sign_in_link = await access.first_link(database, datetime.now(UTC))
        calm_garbage_collector()

    def _gateway(
        self,
        ours: Sequence[Feature],
        credentials: stations.Credentials,
        trust: certificates.StationTrust,
        inbox: stations.Inbox,
        bus: Bus | None,
    ) -> Gateway:
        settings = self.settings
        return Gateway(
            database=self.database,
            features=ours,
            credentials=credentials,
            doorbell=inbox,
            trust=trust,
            archive=archive_exchange,
            node=settings.node,
            bus=bus,
            limits=Limits(
                connections=settings.max_connections,
                message_bytes=settings.max_message_bytes,
                messages_per_s=settings.station_rate,
                messages_burst=settings.station_burst,
                ping_every_s=settings.ping_interval_s,
                silent_s=settings.dead_after_s,
            ),
            policy=Policy(
                trusted_proxies=tuple(ip_network(text, strict=False) for text in settings.trusted_proxies),
                unknown_as_404=settings.unknown_station_status == 404,
            ),
        )

    async def _let_stations_in(self, authority: certificates.Authority) -> None:
        settings, gateway = self.settings, self.gateway
        names = server_names(settings)
        context = make_context(
            _server_files(authority, names), authority.roots_pem, legacy_ciphers=settings.legacy_ciphers
        )

        async def renew() -> None:
            while True:
                await asyncio.sleep(certificates.RENEW_SERVER_EVERY.total_seconds())
                load_files(context, await asyncio.to_thread(_server_files, authority, names))

        self._stack.push_async_callback(_cancelled, asyncio.create_task(renew(), name="server certificates"))
        self._stack.push_async_callback(gateway.stop, settings.drain_s)
        (self.stations_tls_address, *_) = await gateway.listen(settings.host, settings.ocpps_port, context)
        if _takes_plain(settings):
            (self.stations_address, *_) = await gateway.listen(
                settings.host, settings.ocpp_port, allow_plain=settings.allow_plain_ws
            )

    async def _run_tasks(self, ours: Sequence[Feature], journal: Journal, archive: Archive) -> None:
        handlers: dict[str, Handler] = {}
        for feature in ours:
            for listening in feature.listens:
                handlers[listening.name] = self._listener(listening, journal)
            for repeating in feature.tasks:
                handlers[repeating.name] = self._repeater(repeating)
        periods = {each.name: each.period for feature in ours for each in feature.tasks}
        for name, chore in chores(self.database, archive, timedelta(days=self.settings.journal_days)).items():
            handlers[name], periods[name] = chore.do, chore.every
        tasks = Tasks(self.database, journal, handlers, periods, node=self.settings.node)
        running = asyncio.create_task(tasks.run(), name="tasks")

        async def end() -> None:
            tasks.stop()
            await running

        self._stack.push_async_callback(end)

    def _listener(self, listening: Listening, journal: Journal) -> Handler:
        async def handle(task: Task) -> None:
            told = journal.decode(listening.event.name, task.body)
            await listening.handler(self._context(task.work), told)

        return handle

    def _repeater(self, repeating: Repeating) -> Handler:
        async def handle(task: Task) -> None:
            await repeating.handler(self._context(task.work))

        return handle

    def _context(self, work: Work) -> Context:
        return Context(self.database, self.gateway, datetime.now(UTC), work)

    async def _serve_http(self, ours: Sequence[Feature], journal: Journal) -> None:
        settings = self.settings
        local_token = access.new_local_token()
        letting_in = access.Access(self.database, local_token=local_token)
        self._stack.callback(letting_in.close)
        self.http = HttpServer(
            ours,
            Services(
                self.database, self.gateway, letting_in, journal, self._summary, {"stations": self._takes_stations}
            ),
            HttpSettings(settings.host, settings.http_port, settings.trusted_proxies, settings.public_url),
        )
        await self.http.start()
        self._stack.push_async_callback(self.http.stop)
        key = access.LocalKey(self.http.url, local_token, os.getpid())
        access.write_local_key(local_key_file(settings), key)
        write_private(_addresses_file(settings), msgspec.json.encode(self.addresses))
        self._stack.callback(access.remove_local_key, local_key_file(settings), key)

    async def _takes_stations(self) -> None:
        if not self.gateway.listening:
            raise Unavailable("stations are not let in yet, or no more")

    async def _summary(self) -> NetworkSummary:
        count = await self.database.read(stations.count_network)
        now = datetime.now(UTC)
        standing = await self.database.read(
            lambda connection: transactions.summarize(connection, None, now, now - POWER_FRESH)
        )
        received, sent = self._pace.per_s
        return NetworkSummary(
            stations=count.stations,
            stations_connected=count.connected,
            transactions_open=standing.open,
            power_w=standing.power_w,
            messages_in_per_s=received,
            messages_out_per_s=sent,
            stations_by_protocol=count.stations_by_protocol,
            connectors_by_status=count.connectors_by_status,
        )


def archive_exchange(work: Work, exchange: Exchange) -> None:
    work.write(
        ADD_EXCHANGE,
        exchange.station_id,
        exchange.at,
        exchange.inbound,
        exchange.version.value,
        exchange.message_id,
        exchange.action,
        exchange.call,
        exchange.answer,
        None if exchange.took_s is None else int(exchange.took_s * 1e6),
        exchange.trouble,
    )


def server_names(settings: Settings) -> tuple[str, ...]:
    """What the certificate for stations names; the first is its common name."""
    names = [*settings.server_names, settings.public_host, settings.host, "localhost", "127.0.0.1"]
    return tuple(dict.fromkeys(name for name in names if name not in ("", "0.0.0.0", "::")))  # noqa: S104  # not bound here


def _server_files(authority: certificates.Authority, names: Sequence[str]) -> list[ServerFiles]:
    return [ServerFiles(pair.chain, pair.key) for pair in authority.issue_server(names, datetime.now(UTC))]


async def _cancelled(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


class _Changes:
    """Keeps what handshakes know in step with the registry, whoever changed it: this node, another, a command line."""

    def __init__(
        self,
        database: Database,
        credentials: stations.Credentials,
        trust: certificates.StationTrust,
        gateway: Gateway,
    ) -> None:
        self._database = database
        self._credentials = credentials
        self._trust = trust
        self._gateway = gateway
        self._changed: dict[StationId, datetime | None] = {}
        """With the time since when its password is another."""
        self._reached: set[StationId] = set()
        """Of these only the door need know: each station that comes for the first time is one."""
        self._something = asyncio.Event()

    def hear(self, _: int | None, told: object) -> None:
        if not isinstance(told, StationChanged):
            return
        if told.change == "reached":
            self._reached.add(told.station_id)
        else:
            since = told.at if told.change == "password" else self._changed.get(told.station_id)
            self._changed[told.station_id] = since
        self._something.set()

    async def run(self) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            changed, self._changed = self._changed, {}
            reached, self._reached = self._reached, set()
            try:
                await self._credentials.refresh(reached.union(changed))
                if changed:
                    await self._trust.refresh(self._database)
            except Unavailable as error:
                LOG.warning("changed stations could not be read; trying again", reason=error.reason)
                self._changed = changed | self._changed
                self._reached |= reached
                self._something.set()
                await asyncio.sleep(1)
                continue
            for station_id, new_password_at in changed.items():
                link = self._gateway.link(station_id)
                if link is None:
                    continue
                credential = self._credentials.get(station_id)
                if credential is None or not credential.enabled:
                    await self._gateway.disconnect(station_id, "not let in any more")
                elif new_password_at is not None and link.since < new_password_at:
                    await self._gateway.disconnect(station_id, "its password was changed")
                else:
                    self._gateway.forget(station_id)


class _Pace:
    """How fast messages come and go."""

    def __init__(self, gateway: Gateway) -> None:
        self._tally = gateway.tally
        self._seen: deque[tuple[float, int, int]] = deque([self._now()])

    def _now(self) -> tuple[float, int, int]:
        return monotonic(), self._tally.messages_in, self._tally.messages_out

    async def run(self) -> None:
        while True:
            await asyncio.sleep(1)
            self._seen.append(self._now())
            while self._seen[-1][0] - self._seen[0][0] > _PACE_S:
                self._seen.popleft()

    @property
    def per_s(self) -> tuple[float, float]:
        """Received, sent."""
        then, now = self._seen[0], self._now()
        seconds = max(0.001, now[0] - then[0])
        return (now[1] - then[1]) / seconds, (now[2] - then[2]) / seconds
