"""A whole gateway on free ports of this machine, on a real SQLite database with the real stations feature, and a
station made of bare bytes to knock at it."""

import asyncio
import base64
import json
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvloop
from sqlalchemy import MetaData

from databases import furnish
from voltloom.app.node import archive_exchange
from voltloom.domain.ids import StationId
from voltloom.domain.station import SecurityProfile
from voltloom.entrypoints.gateway.accept import Policy
from voltloom.entrypoints.gateway.gateway import Gateway
from voltloom.entrypoints.gateway.limits import Limits
from voltloom.entrypoints.gateway.session import Exchange
from voltloom.entrypoints.gateway.tls import ServerFiles, make_context
from voltloom.features import stations
from voltloom.features.access import LOCAL
from voltloom.features.certificates import Authority, StationTrust
from voltloom.features.feature import Feature, extension
from voltloom.features.stations import Credentials, Inbox, KnockReason, NewStation, Passwords, StationsConfig
from voltloom.features.stations.store import read_credentials
from voltloom.infra.bus import Bus
from voltloom.infra.database import Database, Work, open_database
from voltloom.infra.journal import Journal, read_journal

TABLES = MetaData()
"""What tests keep beside the tables of the house, which migrations know."""
PASSWORD = "0123456789abcdef0123456789abcdef01234567"
ORGANIZATION = "Voltgrid AG"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def run(story: Callable[[], Awaitable[None]]) -> None:
    """On the event loop that the gateway is made for."""

    async def with_deadline() -> None:
        async with asyncio.timeout(60):
            await story()

    uvloop.run(with_deadline())


@dataclass
class House:
    """A node, as far as stations see it."""

    database: Database
    gateway: Gateway
    credentials: Credentials
    inbox: Inbox
    authority: Authority
    trust: StationTrust
    config: StationsConfig
    exchanges: list[Exchange]
    plain_port: int = 0
    tls_port: int = 0
    actor: Any = LOCAL
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def stations(self) -> Gateway:
        return self.gateway

    async def register(self, station_id: str, **values: Any) -> None:
        profile = values.pop("security_profile", SecurityProfile.PASSWORD)
        passwordless = profile in {SecurityProfile.OPEN, SecurityProfile.CERTIFICATE}
        new = NewStation(station_id, security_profile=profile, password=None if passwordless else PASSWORD, **values)
        await stations.add_station(self, self.config, new)
        await self.credentials.refresh([StationId(station_id)])

    def knocks(self) -> list[KnockReason]:
        return [reason for _, reason, _ in self.inbox.waiting]

    def knock(self, reason: KnockReason) -> Any:
        return next(waiting.last for key, waiting in self.inbox.waiting.items() if key[1] is reason)

    async def events(self, name: str) -> list[Any]:
        entries = await self.database.read(lambda connection: read_journal(connection, names=[name]))
        return [json.loads(entry.body) for entry in entries]

    def client_context(self, cert: tuple[str, str] | None = None, tmp: Path | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cadata=self.authority.roots_pem)
        if cert is not None and tmp is not None:
            (tmp / "client.pem").write_text(cert[0])
            (tmp / "client.key").write_text(cert[1])
            context.load_cert_chain(tmp / "client.pem", tmp / "client.key")
        return context


@dataclass
class Raw:
    """A station of bare bytes."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def response(self) -> bytes:
        """The head of the HTTP response; its body is read away."""
        try:
            head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 20)
        except asyncio.IncompleteReadError as cut:
            return cut.partial
        except ConnectionResetError:  # hung up on before all was read
            return b""
        if b"Content-Length: " in head:
            await self.reader.readexactly(int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0]))
        return head

    async def status(self) -> int:
        """0 where the connection ended without an answer."""
        head = await self.response()
        return int(head.split(b" ")[1]) if head else 0

    async def frame(self) -> tuple[int, bytes]:
        """First byte and payload; (0, b"") at the end of the connection."""
        try:
            first, length = await asyncio.wait_for(self.reader.readexactly(2), 20)
            if length == 126:
                length = int.from_bytes(await self.reader.readexactly(2))
            elif length == 127:
                length = int.from_bytes(await self.reader.readexactly(8))
            return first, await self.reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            return 0, b""

    async def message(self) -> Any:
        """The next OCPP message; pings are passed over."""
        while True:
            first, payload = await self.frame()
            if first == 0x81:
                return json.loads(payload)
            if first in (0x89, 0x8A):
                continue
            return first, payload

    async def call(self, action: str, payload: dict[str, Any], message_id: str = "1") -> Any:
        await self.write(frame(json.dumps([2, message_id, action, payload]).encode()))
        return await self.message()

    async def close_code(self) -> int:
        """Of the closing frame that comes; 1006 where the connection ends without one."""
        while True:
            first, payload = await self.frame()
            if first == 0x88:
                return int.from_bytes(payload[:2])
            if first == 0:
                return 1006

    async def end(self) -> None:
        self.writer.close()
        with suppress(OSError, ssl.SSLError):
            await self.writer.wait_closed()


def frame(payload: bytes, opcode: int = 1, *, fin: bool = True, rsv: int = 0, masked: bool = True) -> bytes:
    """A frame as a client sends it."""
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    bit = 0x80 if masked else 0
    if len(payload) < 126:
        head += bytes([bit | len(payload)])
    elif len(payload) < 65536:
        head += bytes([bit | 126]) + len(payload).to_bytes(2)
    else:
        head += bytes([bit | 127]) + len(payload).to_bytes(8)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    mixed = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload)) if len(payload) < 70_000 else None
    if mixed is None:  # long ones: a mask of zeros is legal and cheap
        mask, mixed = bytes(4), payload
    return head + mask + mixed


def handshake(
    target: str = "/ocpp/CP-1",
    *,
    user: str | None = "CP-1",
    password: str | bytes = PASSWORD,
    protocols: str | None = "ocpp1.6",
    extra: Sequence[str] = (),
    drop: Sequence[str] = (),
) -> bytes:
    lines = [
        f"GET {target} HTTP/1.1",
        "Host: csms",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {KEY}",
    ]
    if protocols is not None:
        lines.append(f"Sec-WebSocket-Protocol: {protocols}")
    if user is not None:
        secret = password.encode() if isinstance(password, str) else password
        lines.append("Authorization: Basic " + base64.b64encode(user.encode() + b":" + secret).decode())
    lines = [line for line in lines if not any(line.startswith(name) for name in drop)]
    return ("\r\n".join([*lines, *extra]) + "\r\n\r\n").encode("latin-1")


_OUTSIDE: list[Raw] = []
"""Who has knocked: hung up on before the house is closed, so that no test waits for them to say goodbye."""


async def knock(port: int, data: bytes, context: ssl.SSLContext | None = None) -> Raw:
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname="localhost" if context else None, limit=4 * 1024 * 1024
    )
    raw = Raw(reader, writer)
    _OUTSIDE.append(raw)
    await raw.write(data)
    return raw


async def enter(port: int, station_id: str = "CP-1", **how: Any) -> Raw:
    """Come in, or fail."""
    context = how.pop("context", None)
    raw = await knock(port, handshake(f"/ocpp/{station_id}", **{"user": station_id, **how}), context)
    head = await raw.response()
    assert head.startswith(b"HTTP/1.1 101 "), head
    return raw


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that has no event to wait for. Ends with the test's deadline."""
    while not condition():
        await asyncio.sleep(0.005)


@asynccontextmanager
async def open_house(
    directory: Path,
    authority_dir: Path,
    *features: Feature,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    policy: Policy = Policy(),  # noqa: B008 - frozen
    legacy_ciphers: bool = False,
    handlers: Any = None,
    node: str = "n1",
    bus: Bus | None = None,
    name: str = "gateway",
) -> AsyncIterator[House]:
    journal = Journal(node=node)
    url = f"sqlite:///{directory / name}.db"
    await furnish(url)
    database = await open_database(url, journal=journal)
    await database.write(lambda connection, _: TABLES.create_all(connection))
    passwords = Passwords(bytes(32))
    config = StationsConfig(
        passwords, extensions=tuple(extension(vendor, None, handler) for vendor, handler in (handlers or {}).items())
    )

    async def source(ids: Any) -> Any:
        return await database.read(lambda connection: read_credentials(connection, ids))

    credentials = Credentials(source, passwords)
    await credentials.load()
    inbox = Inbox()
    authority = Authority.open(authority_dir, ORGANIZATION, datetime.now(UTC))
    trust = StationTrust(ORGANIZATION)
    exchanges: list[Exchange] = []

    def archive(work: Work, exchange: Exchange) -> None:
        exchanges.append(exchange)
        archive_exchange(work, exchange)

    gateway = Gateway(
        database=database,
        features=[stations.feature(config), *features],
        credentials=credentials,
        doorbell=inbox,
        trust=trust,
        archive=archive,
        node=node,
        bus=bus,
        limits=limits,
        policy=policy,
    )
    house = House(database, gateway, credentials, inbox, authority, trust, config, exchanges)
    ((_, house.plain_port),) = await gateway.listen("127.0.0.1", 0)
    files = [
        ServerFiles(authority_dir / f"server-{kind}.pem", authority_dir / f"server-{kind}.key")
        for kind in ("ec", "rsa")
    ]
    context = make_context(files, authority.roots_pem, legacy_ciphers=legacy_ciphers)
    ((_, house.tls_port),) = await gateway.listen("127.0.0.1", 0, context)
    try:
        yield house
    finally:
        while _OUTSIDE:
            raw = _OUTSIDE.pop()
            raw.writer.transport.abort()
            await raw.end()
        await gateway.stop()
        await database.close()
