"""What a request may be: its body's size, its arrival in time, and JSON that neither hurts nor cannot be kept."""

import asyncio
import re
from typing import cast

import msgspec
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from voltloom.domain.errors import Invalid, TooLarge, TooSlow
from voltloom.entrypoints.http.auth import HELD
from voltloom.entrypoints.http.problems import NotJson

MOST_BYTES = 1 << 20
MOST_DEPTH = 32
BODY_S = 30.0
_LARGEST = 1 << 63
TABLES = "/import"
"""How the path of a route ends that takes a table as well, as text/csv."""
MOST_TABLE_BYTES = 4 << 20
"""20,000 tokens with a holder and a note each."""


_CONTENT = re.compile(r"/api/v1/firmware/images/[0-9a-f]{1,32}/content")


def is_read_by_its_route(method: str, path: str, media: str) -> bool:
    """Files, which never are in memory as a whole: their routes bound them."""
    if path.startswith(HELD):
        return method in ("PUT", "POST")
    return method == "PUT" and media == "application/octet-stream" and _CONTENT.fullmatch(path) is not None


class Bounds:
    """Reads the whole body before anything else sees the request; a route is never given half of one. Files are left to
    their routes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            raise Invalid("the address holds a NUL character")
        headers = Headers(scope=scope)
        media = headers.get("content-type", "").split(";")[0].strip().lower()
        if is_read_by_its_route(scope["method"], scope["path"], media):
            await self._app(scope, receive, send)
            return
        is_table = media == "text/csv" and scope["path"].endswith(TABLES)
        most = MOST_TABLE_BYTES if is_table else MOST_BYTES
        if int(_digits(headers.get("content-length", "0"))) > most:
            raise TooLarge(f"the body is larger than {most} bytes")
        try:
            async with asyncio.timeout(BODY_S):
                body = await _read(receive, most)
        except TimeoutError:
            raise TooSlow(f"the body did not arrive within {BODY_S:.0f} s") from None
        if body is None:
            return
        if body and scope["path"].startswith("/api/"):
            if is_table:
                _insist_no_nul(body.decode(errors="replace"))
            elif media != "application/json":
                raise NotJson(f"the body is {media[:60] or 'of no named type'}: send application/json")
            else:
                insist_on_sane_json(body)
        await self._app(scope, _Replay(body, receive), send)


def _digits(text: str) -> str:
    """A length as HTTP writes it; what is none has been refused by the server before."""
    return text if text.isascii() and text.isdigit() and len(text) < 20 else str(MOST_TABLE_BYTES + 1)


async def _read(receive: Receive, most: int) -> bytes | None:
    """None when the caller went away."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > most:
            raise TooLarge(f"the body is larger than {most} bytes")
        if not message.get("more_body", False):
            return bytes(body)


class _Replay:
    """Gives the body that was read, then whatever else comes: that the caller went away."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


def insist_on_sane_json(body: bytes) -> None:
    """Raises Invalid for what is no JSON (UTF-8, finite numbers), too deep, beyond 64 bit, or holds a NUL."""
    try:
        document: object = msgspec.json.decode(body)
    except RecursionError:
        raise Invalid(f"the body is nested deeper than {MOST_DEPTH}") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise Invalid(f"the body is not JSON: {error}") from None
    level: list[object] = [document]
    for _ in range(MOST_DEPTH + 1):
        level = _inner(level)
        if not level:
            return
    raise Invalid(f"the body is nested deeper than {MOST_DEPTH}")


def _inner(values: list[object]) -> list[object]:
    """What is one level further in; looks at these on the way."""
    inner: list[object] = []
    for value in values:
        if isinstance(value, dict):
            pairs = cast("dict[str, object]", value)
            for key in pairs:
                _insist_no_nul(key)
            inner.extend(pairs.values())
        elif isinstance(value, list):
            inner.extend(cast("list[object]", value))
        elif isinstance(value, str):
            _insist_no_nul(value)
        elif isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
            raise Invalid("a number in the body is larger than 64 bit")
    return inner


def _insist_no_nul(text: str) -> None:
    if "\0" in text:
        raise Invalid("a text in the body holds a NUL character")
