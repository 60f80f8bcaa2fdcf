"""The file in a form as browsers and stations post it (RFC 7578), while it comes: never all of it in memory."""

import re
from collections.abc import AsyncIterable, AsyncIterator

from voltloom.domain.errors import Invalid

MOST_HEAD = 16 * 1024
"""Bytes of the head of a part, and of the fields before the file."""
_BOUNDARY = re.compile(r"""boundary=(?:"([^"]{1,70})"|([^\s;,"]{1,70}))""", re.IGNORECASE)
_FILE_NAME = re.compile(rb"""filename\*?=(?:"([^"\r\n]*)"|([^\s;"]+))""", re.IGNORECASE)


def boundary_of(content_type: str) -> bytes | None:
    """None where this is no form with files."""
    if not content_type.strip().lower().startswith("multipart/form-data"):
        return None
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise Invalid("the form does not say what parts it: Content-Type has no boundary")
    return (found[1] or found[2]).encode("latin-1")


class FormFile:
    """The first file of a form. name: as the sender calls it, once the first piece of it came."""

    def __init__(self, pieces: AsyncIterable[bytes], boundary: bytes) -> None:
        self.name = ""
        self._source = aiter(pieces)
        self._mark = b"--" + boundary
        self._held = bytearray()

    async def pieces(self) -> AsyncIterator[bytes]:
        """Raises Invalid where there is none, or it does not end."""
        await self._find_file()
        end = b"\r\n" + self._mark
        while True:
            at = self._held.find(end)
            if at >= 0:
                yield bytes(self._held[:at])
                break
            # What may be the beginning of its end is held back.
            ready = len(self._held) - len(end)
            if ready > 0:
                yield bytes(self._held[:ready])
                del self._held[:ready]
            await self._more("the form ends before its file does")
        async for _ in self._source:  # what else is sent is heard, or the sender never listens to the answer
            pass

    async def _find_file(self) -> None:
        while True:
            await self._skip_past(self._mark)
            await self._hold(2)
            if self._held.startswith(b"--"):
                raise Invalid("the form has no file in it")
            head = await self._head()
            if found := _FILE_NAME.search(head):
                self.name = (found[1] or found[2] or b"").decode("utf-8", "replace")
                return

    async def _head(self) -> bytes:
        while (at := self._held.find(b"\r\n\r\n")) < 0:
            self._bounded()
            await self._more("the form ends within a part's head")
        head = bytes(self._held[:at])
        del self._held[: at + 4]
        return head

    async def _skip_past(self, mark: bytes) -> None:
        while (at := self._held.find(mark)) < 0:
            self._bounded()
            await self._more("the form has no file in it")
        del self._held[: at + len(mark)]

    async def _hold(self, least: int) -> None:
        while len(self._held) < least:
            await self._more("the form ends within its boundary")

    async def _more(self, why_not: str) -> None:
        piece = await anext(self._source, None)
        if piece is None:
            raise Invalid(why_not)
        self._held += piece

    def _bounded(self) -> None:
        if len(self._held) > MOST_HEAD:
            raise Invalid(f"what stands before the file in the form is longer than {MOST_HEAD} bytes")
