"""Signed heads of the audit log: once an hour, what it came to is signed with a key that lies outside the database.

Who can write to the database alone cannot write the log anew before the last of them. Keep the public key, and now and
then a checkpoint, elsewhere: then neither can who has the key.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import BigInteger, Column, Connection, String, Table, insert, select

from voltloom.features.access.audit import audit_log
from voltloom.features.feature import Context
from voltloom.infra.columns import UtcTime
from voltloom.infra.database import metadata

KEY = "audit-checkpoints"
EVERY = timedelta(hours=1)

audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False, comment="of the last entry it covers"),
    Column("at", UtcTime, nullable=False),
    Column("hash", String(64), nullable=False, comment="of that entry, and so of all before it"),
    Column("key", String(64), nullable=False, comment="public, Ed25519, hexadecimal"),
    Column("signature", String(128), nullable=False),
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    number: int
    at: datetime
    hash: str
    key: str
    signature: str

    @property
    def is_genuine(self) -> bool:
        """It was signed with the key it names; whether that key is ours is for whoever knows ours to say."""
        try:
            public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.key))
            public.verify(bytes.fromhex(self.signature), signed_text(self.number, self.hash, self.at))
        except (InvalidSignature, ValueError):
            return False
        return True


def signed_text(number: int, entry_hash: str, at: datetime) -> bytes:
    """What is signed, so that anybody can check it with other tools."""
    when = at.astimezone(UTC).isoformat(timespec="microseconds")
    return f"voltloom audit log\n{number}\n{entry_hash}\n{when}\n".encode()


class Signer:
    """seed: 32 random bytes, kept outside the database."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = self._key.public_key().public_bytes_raw().hex()

    def sign(self, number: int, entry_hash: str, at: datetime) -> Checkpoint:
        signature = self._key.sign(signed_text(number, entry_hash, at)).hex()
        return Checkpoint(number, at, entry_hash, self.public_key, signature)


def checkpointer(signer: Signer) -> Callable[[Context], Awaitable[None]]:
    async def sign_audit_log(context: Context) -> None:
        await context.database.write(lambda connection, _: add_checkpoint(connection, signer, context.now))

    return sign_audit_log


def add_checkpoint(connection: Connection, signer: Signer, now: datetime) -> Checkpoint | None:
    """None where nothing was noted since the last."""
    newest = select(audit_log.c.number, audit_log.c.hash).order_by(audit_log.c.number.desc()).limit(1)
    last = connection.execute(newest).one_or_none()
    if (
        last is None
        or connection.execute(
            select(audit_checkpoints.c.number).where(audit_checkpoints.c.number >= last.number).limit(1)
        ).first()
    ):
        return None
    checkpoint = signer.sign(last.number, last.hash, now)
    connection.execute(insert(audit_checkpoints), {name: getattr(checkpoint, name) for name in Checkpoint.__slots__})
    return checkpoint


def list_checkpoints(connection: Connection, after: int, limit: int) -> list[Checkpoint]:
    """The oldest first, those that cover more than `after`."""
    query = select(audit_checkpoints).where(audit_checkpoints.c.number > after)
    rows = connection.execute(query.order_by(audit_checkpoints.c.number).limit(limit)).mappings()
    return [Checkpoint(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class Signed:
    """genuine: how many checkpoints hold. keys: that signed them. reason: what is wrong with the first that does not;
    "" where all do."""

    genuine: int
    keys: tuple[str, ...]
    reason: str = ""


def check_checkpoints(connection: Connection, our_key: str = "") -> Signed:
    """Whether each was signed with the key it names (and that is ours, where it is known), and its entry is as it was.

    The chain itself is for `audit.verify`.
    """
    keys: dict[str, None] = {}
    genuine, after = 0, 0
    while some := list_checkpoints(connection, after, 500):
        hashes = _hashes(connection, [each.number for each in some])
        for each in some:
            keys[each.key] = None
            reason = ""
            if not each.is_genuine:
                reason = f"the checkpoint at entry {each.number} is not signed by the key it names"
            elif our_key and each.key != our_key:
                reason = f"the checkpoint at entry {each.number} is signed by another key than ours"
            elif hashes.get(each.number) != each.hash:
                reason = f"entry {each.number} is not what was signed: the log was written anew, or its end cut off"
            if reason:
                return Signed(genuine, tuple(keys), reason)
            genuine += 1
        after = some[-1].number
    return Signed(genuine, tuple(keys))


def _hashes(connection: Connection, numbers: list[int]) -> Mapping[int, str]:
    query = select(audit_log.c.number, audit_log.c.hash).where(audit_log.c.number.in_(numbers))
    return {row.number: row.hash for row in connection.execute(query)}
