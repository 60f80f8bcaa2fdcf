"""Keys in 0600 files, and the envelope for what must not lie in clear: AES-256-GCM under a key that has a name.

A sealed value names the key it was sealed with, so that keys can be rotated: the newest seals, all open.
"""

import base64
import hashlib
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Column, Connection, String, Table, insert, select

from voltloom.infra.database import metadata
from voltloom.infra.settings import SettingError

KEY_BYTES = 32


def write_private(file: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    beside.replace(file)


def read_private(file: Path) -> bytes:
    """Raises SettingError where others could read it too, FileNotFoundError where it is not."""
    mode = file.stat().st_mode
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingError(f"{file} can be read by others (mode {stat.S_IMODE(mode):o}): run `chmod 600 {file}`.")
    return file.read_bytes()


def key_file(folder: Path, name: str) -> bytes:
    """The 256-bit key of that name, made at first use. Raises SettingError for one that is not whole."""
    file = folder / f"{name}.key"
    try:
        key = base64.b64decode(read_private(file), validate=True)
    except FileNotFoundError:
        key = secrets.token_bytes(KEY_BYTES)
        write_private(file, base64.b64encode(key))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise SettingError(f"{file} is not a key of {KEY_BYTES} bytes: restore it from your backup.")
    return key


key_prints = Table(
    "key_prints",
    metadata,
    Column("name", String(60), primary_key=True, comment="which key of the data directory"),
    Column("fingerprint", String(64), nullable=False, comment="SHA-256 of it: what the rows here were made with"),
)


def insist_on_keys(connection: Connection, keys: Mapping[str, bytes], folder: Path) -> None:
    """Hold the keys of this data directory to those that the database was filled with; the first to come are those.

    A second node, or a restored backup, with keys of its own would refuse every station and never say why.
    Raises SettingError.
    """
    known = {row.name: row.fingerprint for row in connection.execute(select(key_prints))}
    for name, key in keys.items():
        fingerprint = hashlib.sha256(key).hexdigest()
        if name not in known:
            connection.execute(insert(key_prints).values(name=name, fingerprint=fingerprint))
        elif known[name] != fingerprint:
            raise SettingError(
                f"The key `{name}` in {folder} is not the one that the database was filled with: copy `keys/` and "
                "`ca/` from the data directory of the first node, or from where you keep them with your backups."
            )


class Envelope:
    """Seals and opens small secrets. keys: by name; `newest` seals."""

    def __init__(self, keys: Mapping[str, bytes], newest: str) -> None:
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self._newest = newest

    def seal(self, plain: bytes, about: str) -> str:
        """about: what it belongs to (e.g. "station:CP-7"): it opens only with the same words."""
        nonce = secrets.token_bytes(12)
        sealed = nonce + self._ciphers[self._newest].encrypt(nonce, plain, about.encode())
        return f"{self._newest}:{base64.b64encode(sealed).decode()}"

    def open(self, sealed: str, about: str) -> bytes:
        """Raises ValueError for what was not sealed by one of these keys, about this, unchanged."""
        name, _, body = sealed.partition(":")
        cipher = self._ciphers.get(name)
        if cipher is None:
            raise ValueError(f"sealed with a key called {name!r}, which is not here")
        try:
            raw = base64.b64decode(body, validate=True)
            return cipher.decrypt(raw[:12], raw[12:], about.encode())
        except (InvalidTag, ValueError) as error:
            raise ValueError("the sealed value was altered, or belongs to something else") from error
