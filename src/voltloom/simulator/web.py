"""Files that a station fetches and sends: real HTTP, beside its WebSocket."""

import asyncio
import hashlib
import ssl
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple, Protocol

HEAD = 4096
TRIES = 3


class Fetched(NamedTuple):
    """A file that was fetched: its sums, and how it begins. All of it is never in memory."""

    size: int
    sha256: bytes
    md5: str
    head: bytes


class Web(Protocol):
    """then: called when it is over, with None or False where it failed."""

    def fetch(self, url: str, then: Callable[[Fetched | None], None]) -> None: ...
    def send(self, url: str, name: str, content: bytes, as_form: bool, then: Callable[[bool], None]) -> None: ...


def is_http(url: str) -> bool:
    return url.lower().startswith(("http://", "https://"))


class HttpWeb:
    """came: runs what is to be done when something has come, on the station's own clock."""

    def __init__(self, came: Callable[[Callable[[], None]], None], ca: str | None = None) -> None:
        self._came = came
        self._ca = ca
        self._tasks: set[asyncio.Task[None]] = set()

    def fetch(self, url: str, then: Callable[[Fetched | None], None]) -> None:
        async def run() -> None:
            fetched = await self._fetch(url) if is_http(url) else None
            self._came(lambda: then(fetched))

        self._begin(run())

    def send(self, url: str, name: str, content: bytes, as_form: bool, then: Callable[[bool], None]) -> None:
        async def run() -> None:
            sent = await self._send(url, name, content, as_form) if is_http(url) else False
            self._came(lambda: then(sent))

        self._begin(run())

    def stop(self) -> None:
        for task in self._tasks:
            task.cancel()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _fetch(self, url: str) -> Fetched | None:
        """What broke off is resumed where it ended."""
        import httpx  # stations that fetch nothing start sooner

        sha256, md5, head, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), b"", 0
        async with httpx.AsyncClient(verify=self._context(url), timeout=30) as client:
            for _ in range(TRIES):
                try:
                    ranges = {"range": f"bytes={size}-"} if size else {}
                    async with client.stream("GET", url, headers=ranges) as answer:
                        if answer.status_code != (206 if size else 200):
                            return None
                        async for piece in answer.aiter_raw():
                            sha256.update(piece)
                            md5.update(piece)
                            head += piece[: HEAD - len(head)]
                            size += len(piece)
                    return Fetched(size, sha256.digest(), md5.hexdigest(), head)
                except (httpx.HTTPError, OSError):
                    continue
        return None

    async def _send(self, url: str, name: str, content: bytes, as_form: bool) -> bool:
        import httpx

        async with httpx.AsyncClient(verify=self._context(url), timeout=60) as client:
            try:
                if as_form:
                    answer = await client.post(url, files={"file": (name, content, "text/plain")})
                else:
                    answer = await client.put(f"{url.rstrip('/')}/{name}", content=content)
            except (httpx.HTTPError, OSError):
                return False
        return answer.is_success

    def _context(self, url: str) -> ssl.SSLContext | bool:
        return ssl.create_default_context(cafile=self._ca) if url.lower().startswith("https:") else False
