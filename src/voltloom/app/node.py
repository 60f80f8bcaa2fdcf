"""One running server, put together from settings. The only file that knows every part."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import msgspec
import structlog
from prometheus_client import REGISTRY

from voltloom.app import shown
from voltloom.app.changes import Changes
from voltloom.app.pace import Pace
from voltloom.app.parts import features, journal_of, parts_of
from voltloom.app.places import addresses_file, local_key_file, own_addresses, takes_plain
from voltloom.domain.errors import Unavailable
from voltloom.domain.events import StationChanged
from voltloom.entrypoints.gateway.accept import Policy
from voltloom.entrypoints.gateway.gateway import Gateway
from voltloom.entrypoints.gateway.limits import Limits
from voltloom.entrypoints.gateway.session import Exchange
from voltloom.entrypoints.gateway.tally import GatewayMetrics
from voltloom.entrypoints.http.maps import map_base
from voltloom.entrypoints.http.server import API, HttpServer, HttpSettings, Services
from voltloom.entrypoints.http.status import NetworkSummary
from voltloom.features import access, authorization, certificates, stations, tariffs, transactions
from voltloom.features.feature import AnySieve, Context, Feature, Listening, Repeating
from voltloom.infra.archive import ADD_EXCHANGE, Archive
from voltloom.infra.bus import Bus, open_bus
from voltloom.infra.database import Database, Work, open_database
from voltloom.infra.housekeeping import chores
from voltloom.infra.journal import Journal
from voltloom.infra.keys import insist_on_keys, write_private
from voltloom.infra.logs import HIDDEN
from voltloom.infra.migrations import migrate
from voltloom.infra.processes import DataDirLock, calm_garbage_collector, raise_open_files
from voltloom.infra.settings import Settings
from voltloom.infra.tasks import Handler, Sieve, Task, Tasks

LOG = structlog.get_logger(__name__)

POWER_FRESH = timedelta(minutes=30)
"""What a meter said longer ago than this is no longer what flows."""


class Node:
    """One running server.

    node = await Node.start(settings)      # listens, or raises SettingError
    await node.stop()                      # stations are told to come back
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.addresses = own_addresses(settings)
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
        journal.follow(authorization.follower(database), *authorization.FOLLOWED)
        journal.follow(tariffs.follower(database), *tariffs.FOLLOWED)

        credentials = stations.credentials_of(database, parts.config.passwords)
        trust = certificates.StationTrust(settings.operator_name)
        await asyncio.gather(credentials.load(), trust.load(database))
        # Alone, whatever was connected when a server last ended here is gone, whatever this machine was called then.
        await stations.close_stale_links(database, settings.node if settings.bus else None, datetime.now(UTC))
        if settings.bus:
            await self._join(database)
        inbox = stations.Inbox()
        self.gateway = gateway = self._gateway(ours, credentials, trust, inbox, bus)
        changes = Changes(database, credentials, trust, gateway)
        stack.callback(journal.follow(changes.hear, StationChanged))
        for name, forever in (
            ("changes of stations", changes.run()),
            ("inbox", stations.keep_door(database, inbox, credentials)),
        ):
            stack.push_async_callback(_cancelled, asyncio.create_task(forever, name=name))

        self._pace = Pace(gateway)
        stack.push_async_callback(_cancelled, asyncio.create_task(self._pace.run(), name="pace"))
        await self._run_tasks(ours, journal, parts.archive)
        await self._serve_http(ours, journal, parts.factors)
        await self._let_stations_in(parts.authority)
        metrics = GatewayMetrics(gateway.tally, lambda: gateway.connections)
        REGISTRY.register(metrics)
        stack.callback(REGISTRY.unregister, metrics)
        self.sign_in_link = await access.first_link(database, datetime.now(UTC))
        calm_garbage_collector()

    async def _join(self, database: Database) -> None:
        """Of the other nodes' knowledge that this one lives; the last that it gives up, once its stations are gone."""
        name = self.settings.node
        await stations.nodes.join(database, name, datetime.now(UTC))
        self._stack.push_async_callback(stations.nodes.leave, database, name)

        async def live() -> None:
            while True:
                await asyncio.sleep(stations.nodes.BEAT_S)
                held = [link.station_id for link in self.gateway.links()]
                try:
                    await stations.nodes.beat(database, name, held, datetime.now(UTC))
                except Unavailable as error:
                    LOG.warning("this node could not say that it lives; trying again", reason=error.reason)

        self._stack.push_async_callback(_cancelled, asyncio.create_task(live(), name="sign of life"))

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
        context = shown.for_stations(settings, authority)
        keeping = asyncio.create_task(shown.keep_for_stations(context, settings, authority), name="server certificates")
        self._stack.push_async_callback(_cancelled, keeping)
        self._stack.push_async_callback(gateway.stop, settings.drain_s)
        (self.stations_tls_address, *_) = await gateway.listen(settings.host, settings.ocpps_port, context)
        if takes_plain(settings):
            (self.stations_address, *_) = await gateway.listen(
                settings.host, settings.ocpp_port, allow_plain=settings.allow_plain_ws
            )

    async def _run_tasks(self, ours: Sequence[Feature], journal: Journal, archive: Archive) -> None:
        handlers: dict[str, Handler] = {}
        sieves: dict[str, Sieve] = {}
        for feature in ours:
            for listening in feature.listens:
                handlers[listening.name] = self._listener(listening, journal)
                if listening.among is not None:
                    sieves[listening.name] = self._sieve(listening.among, listening, journal)
            for repeating in feature.tasks:
                handlers[repeating.name] = self._repeater(repeating)
        pace = self.settings.task_pace
        periods = {each.name: each.period / pace for feature in ours for each in feature.tasks}
        for name, chore in chores(self.database, archive, timedelta(days=self.settings.journal_days)).items():
            handlers[name], periods[name] = chore.do, chore.every
        tasks = Tasks(self.database, journal, handlers, periods, sieves, node=self.settings.node)
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

    def _sieve(self, among: AnySieve, listening: Listening, journal: Journal) -> Sieve:
        async def sift(tasks: Sequence[Task]) -> Sequence[bool]:
            told = [journal.decode(listening.event.name, task.body) for task in tasks]
            return await self.database.read(lambda connection: among(connection, told))

        return sift

    def _repeater(self, repeating: Repeating) -> Handler:
        async def handle(task: Task) -> None:
            await repeating.handler(self._context(task.work))

        return handle

    def _context(self, work: Work) -> Context:
        return Context(self.database, self.gateway, datetime.now(UTC), work)

    async def _serve_http(self, ours: Sequence[Feature], journal: Journal, factors: access.SecondFactors) -> None:
        settings = self.settings
        local_token = access.new_local_token()
        letting_in = access.Access(
            self.database,
            factors,
            local_token=local_token,
            fresh_for=timedelta(minutes=settings.fresh_sign_in_minutes),
        )
        self._stack.callback(letting_in.close)
        tls = shown.for_browsers(settings)
        if tls is not None:
            files = shown.files_for_browsers(settings)
            keeping = asyncio.create_task(shown.keep(tls, files), name="https certificate")
            self._stack.push_async_callback(_cancelled, keeping)
        self.http = HttpServer(
            ours,
            Services(
                self.database, self.gateway, letting_in, journal, self._summary, {"stations": self._takes_stations}
            ),
            HttpSettings(
                settings.host,
                settings.http_port,
                settings.trusted_proxies,
                settings.public_url,
                tls,
                map_base=map_base(
                    settings.console_map, settings.console_map_attribution, settings.console_map_origins, api=API
                ),
            ),
        )
        await self.http.start()
        self._stack.push_async_callback(self.http.stop)
        key = access.LocalKey(self.http.url, local_token, os.getpid())
        access.write_local_key(local_key_file(settings), key)
        write_private(addresses_file(settings), msgspec.json.encode(self.addresses))
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


_PRIVATE = frozenset({"NotifyCustomerInformation"})
"""What stations know of customers is read once (features/monitoring/customers.py), and stays nowhere else."""


def archive_exchange(work: Work, exchange: Exchange) -> None:
    if exchange.action in _PRIVATE:
        frame = [2, exchange.message_id, exchange.action, {"data": HIDDEN}]
        exchange = exchange._replace(call=msgspec.json.encode(frame).decode())
    work.write_row(ADD_EXCHANGE, exchange)


async def _cancelled(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
