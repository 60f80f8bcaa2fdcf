"""The key of this machine: a file that only the user who runs voltloom can read, made anew at every start.

It lets the command line of the same machine (`voltloom top`) call the API without signing in.
"""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import msgspec

from voltloom.features.access.rules import Actor, Scope

LOCAL = Actor("local", "local", "this machine", frozenset(Scope))
"""Who calls with the local key, and who the command line is when it writes to the database itself."""


@dataclass(frozen=True, slots=True)
class LocalKey:
    """url: of the HTTP server, without a path. token: for `Authorization: Bearer`. pid: of the server."""

    url: str
    token: str
    pid: int


def new_local_token() -> str:
    return "vl_local_" + secrets.token_urlsafe(32)


def write_local_key(path: Path, key: LocalKey) -> None:
    """Written beside and renamed, never readable by others, not even for a moment."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(key))
    beside.replace(path)


def read_local_key(path: Path) -> LocalKey | None:
    """None where no server left one, or what lies there is none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=LocalKey)
    except (OSError, msgspec.MsgspecError):
        return None


def remove_local_key(path: Path, key: LocalKey) -> None:
    """At the server's end, unless another server has put its own there since."""
    if read_local_key(path) == key:
        path.unlink(missing_ok=True)
