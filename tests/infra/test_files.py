"""Files that come and go: all of them or nothing, never larger than was allowed, never elsewhere."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from hashlib import md5, sha256
from pathlib import Path

import pytest

from voltloom.domain.errors import Invalid, TooLarge, TooSlow, Unavailable
from voltloom.infra import files
from voltloom.infra.files import FileStore, hash_of, new_ticket, safe_name
from voltloom.infra.logs import redact_text
from voltloom.infra.multipart import FormFile, boundary_of

CONTENT = bytes(range(256)) * 4_000


async def in_pieces(content: bytes, size: int = 10_000) -> AsyncIterator[bytes]:
    for at in range(0, len(content), size):
        yield content[at : at + size]


async def broken() -> AsyncIterator[bytes]:
    yield b"half of "
    raise RuntimeError("gone")


def test_what_comes_is_kept_with_its_sums(tmp_path: Path):
    store = FileStore(tmp_path / "files")
    kept = asyncio.run(store.receive("a1", in_pieces(CONTENT), len(CONTENT)))
    assert kept == (len(CONTENT), sha256(CONTENT).hexdigest(), md5(CONTENT).hexdigest())
    assert store.path("a1").read_bytes() == CONTENT
    assert store.path("a1").stat().st_mode & 0o077 == 0
    asyncio.run(store.remove("a1"))
    asyncio.run(store.remove("a1"))
    assert not store.has("a1")


@pytest.mark.parametrize(
    ("pieces", "most", "error"),
    [(lambda: in_pieces(CONTENT), len(CONTENT) - 1, TooLarge), (broken, 100, RuntimeError)],
)
def test_of_what_did_not_come_well_nothing_is_left(
    tmp_path: Path, pieces: Callable[[], AsyncIterator[bytes]], most: int, error: type[Exception]
):
    store = FileStore(tmp_path)
    with pytest.raises(error):
        asyncio.run(store.receive("a1", pieces(), most))
    assert not list(tmp_path.iterdir())


def test_who_sends_nothing_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(files, "QUIET_S", 0.01)

    async def silent() -> AsyncIterator[bytes]:
        yield b"a"
        await asyncio.Event().wait()

    with pytest.raises(TooSlow):
        asyncio.run(FileStore(tmp_path).receive("a1", silent(), 100))


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(files, "KEEP_FREE", 1 << 60)
    with pytest.raises(Unavailable, match="is full"):
        asyncio.run(FileStore(tmp_path).receive("a1", in_pieces(b"x"), 100))


@pytest.mark.parametrize("name", ["../a", "a/b", "", ".a", "a\0", "a" * 65])
def test_a_name_that_is_not_ours_leads_nowhere(tmp_path: Path, name: str):
    with pytest.raises(ValueError, match="no name of a file"):
        FileStore(tmp_path).path(name)


def test_an_address_is_kept_as_its_hash_and_hidden_in_texts():
    ticket = new_ticket()
    assert hash_of(ticket.text) == ticket.hash
    assert len(ticket.text) >= 43
    assert ticket.text not in redact_text(f"https://h/files/logs/{ticket.text}/x.zip")
    assert new_ticket().text != ticket.text


def test_names_are_ones_everywhere():
    assert safe_name("../../etc/Ä name.bin") == "etc_name.bin"
    assert re.fullmatch(r"[A-Za-z0-9._-]*", safe_name("\r\n\0😀"))


def form(*parts: bytes, end: bytes = b"--B--\r\n") -> bytes:
    return b"".join(b"--B\r\n" + part + b"\r\n" for part in parts) + end


FILE = b'Content-Disposition: form-data; name="f"; filename="a b.zip"\r\nContent-Type: application/zip\r\n\r\n'
FIELD = b'Content-Disposition: form-data; name="id"\r\n\r\n7'


async def file_of(body: bytes, size: int) -> tuple[str, bytes]:
    sent = FormFile(in_pieces(body, size), b"B")
    content = b"".join([piece async for piece in sent.pieces()])
    return sent.name, content


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize("content", [b"", b"x", b"\r\n--", b"\r\n--Bad" * 50, bytes(range(256)) * 20])
def test_a_forms_file_is_taken_out_however_it_is_cut(size: int, content: bytes):
    for body in (form(FILE + content), b"preamble\r\n" + form(FIELD, FILE + content, FIELD)):
        # `\r\n--B` is where it ends: what merely begins so is content.
        if b"\r\n--B" not in content:
            assert asyncio.run(file_of(body, size)) == ("a b.zip", content)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--B",
        form(FIELD),
        form(FILE + b"abc", end=b""),
        b"--B\r\n" + b"x" * 40_000,
        b"y" * 40_000,
        form(end=b"--B--"),
    ],
)
def test_a_form_without_a_whole_file_is_refused(body: bytes):
    with pytest.raises(Invalid):
        asyncio.run(file_of(body, 1_000))


def test_what_is_a_form():
    assert boundary_of('multipart/form-data; boundary="a b"') == b"a b"
    assert boundary_of("Multipart/Form-Data; boundary=XyZ; charset=x") == b"XyZ"
    assert boundary_of("application/octet-stream") is None
    assert boundary_of("") is None
    with pytest.raises(Invalid):
        boundary_of("multipart/form-data")
