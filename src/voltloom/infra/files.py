"""Large files that come and go by HTTP: kept on disk under names made here, and addresses that nobody can guess.

The database knows what a file is; here it is bytes. In a cluster the folder is one that all nodes share.
"""

import asyncio
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import AsyncIterable
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import IO, NamedTuple

from voltloom.domain.errors import TooLarge, TooSlow, Unavailable

PIECE = 256 * 1024
"""Bytes that are written at once, off the event loop."""
QUIET_S = 60.0
"""How long nothing may come."""
LEAST_BYTES_PER_S = 500
"""Slower than a bad mobile connection: who is, holds a file open on purpose."""
KEEP_FREE = 512 * 1024 * 1024
"""Bytes of the disk that are left to the database."""
_NAME = re.compile(r"[0-9A-Za-z]{1,64}")
_ABANDONED_S = 24 * 3600


class Kept(NamedTuple):
    """What came in: its size, and its sums in hexadecimal."""

    size: int
    sha256: str
    md5: str


@dataclass(frozen=True, slots=True)
class FileStore:
    """A folder of files. Names are ours: letters and digits only."""

    folder: Path

    def path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a file here")
        return self.folder / name

    def has(self, name: str) -> bool:
        return self.path(name).is_file()

    async def receive(self, name: str, pieces: AsyncIterable[bytes], most: int) -> Kept:
        """All of it, or nothing: it stands under its name once the last byte is on disk.

        Raises TooLarge, TooSlow, Unavailable (the disk is full, or cannot be written), and what `pieces` raises.
        """
        part = self.folder / f".{self.path(name).name}.{secrets.token_hex(8)}.part"
        try:
            file = await asyncio.to_thread(self._open, part)
            try:
                kept = await _write_all(file, pieces, most)
            finally:
                file.close()
            await asyncio.to_thread(os.replace, part, self.path(name))
        except OSError as error:
            raise Unavailable(f"the file cannot be kept: {error.strerror or error}") from error
        finally:
            part.unlink(missing_ok=True)
        return kept

    def _open(self, part: Path) -> IO[bytes]:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if shutil.disk_usage(self.folder).free < KEEP_FREE:
            raise Unavailable("the disk that files are kept on is full: make room on it, or delete some of them")
        return os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0)

    async def remove(self, name: str) -> None:
        """One that is not there is gone."""
        await asyncio.to_thread(self.path(name).unlink, missing_ok=True)

    async def sweep(self) -> None:
        """What came half, before a node ended, and is nobody's."""
        await asyncio.to_thread(self._sweep)

    def _sweep(self) -> None:
        for part in self.folder.glob(".*.part"):
            if part.stat().st_mtime < time() - _ABANDONED_S:
                part.unlink(missing_ok=True)


async def _write_all(file: IO[bytes], pieces: AsyncIterable[bytes], most: int) -> Kept:
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    size, waiting = 0, bytearray()
    loop = asyncio.get_running_loop()
    began = loop.time()

    def put() -> None:
        view = memoryview(waiting)
        while view:
            view = view[file.write(view) :]
        sha256.update(waiting)
        md5.update(waiting)

    source = aiter(pieces)
    while True:
        try:
            async with asyncio.timeout(QUIET_S):
                piece = await anext(source)
        except StopAsyncIteration:
            break
        except TimeoutError:
            raise TooSlow(f"nothing came for {QUIET_S:.0f} s") from None
        size += len(piece)
        if size > most:
            raise TooLarge(f"the file is larger than the {most} bytes that are taken")
        took_s = loop.time() - began
        if took_s > QUIET_S and size < took_s * LEAST_BYTES_PER_S:
            raise TooSlow(f"fewer than {LEAST_BYTES_PER_S} bytes a second came")
        waiting += piece
        if len(waiting) >= PIECE:
            await asyncio.to_thread(put)
            waiting.clear()
    await asyncio.to_thread(put)
    await asyncio.to_thread(os.fsync, file.fileno())
    return Kept(size, sha256.hexdigest(), md5.hexdigest())


# ---- addresses that only those know whom they were given to


class Ticket(NamedTuple):
    """text: 256 bit, what stands in the address; it looks like our keys, so logs and traces hide it. hash: what is
    kept of it."""

    text: str
    hash: str


def new_ticket() -> Ticket:
    text = f"vl_{secrets.token_urlsafe(32)}"
    return Ticket(text, hash_of(text))


def hash_of(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()


def safe_name(text: str, longest: int = 100) -> str:
    """A file's name that is one everywhere: letters, digits, dot, dash and underline, and no dot at its beginning."""
    return re.sub(r"[^0-9A-Za-z._-]+", "_", text)[:longest].lstrip("._-")
