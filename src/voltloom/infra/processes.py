"""What concerns the process: one server a data directory, open files, the garbage collector, the event loop."""

import asyncio
import fcntl
import gc
import os
import resource
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from voltloom.infra.settings import SettingError

T = TypeVar("T")


class DataDirLock:
    """Held by the one server that may use a data directory. The kernel lets go of it when the process dies."""

    def __init__(self, data_dir: Path) -> None:
        self.file = data_dir / "node.lock"
        self._descriptor: int | None = None

    def take(self) -> None:
        """Raises SettingError when another server has it."""
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "?"
            os.close(descriptor)
            raise SettingError(
                f"The data directory {self.file.parent} is in use by another voltloom server (process {pid}): "
                "stop that one, or give this one a directory of its own with --data-dir."
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_in_use(data_dir: Path) -> bool:
    """Whether a server holds this data directory now."""
    try:
        descriptor = os.open(data_dir / "node.lock", os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def raise_open_files() -> int:
    """As many file descriptors as the system lets us have; how many that is. A connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return soft


def calm_garbage_collector() -> None:
    """What lives now lives for long: keep the collector from walking it, and from coming often.

    It is what makes the cost of a message grow with the number of connections: half of it at 9,000.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run to its end on uvloop: for what serves. A command that writes one row is over before it is imported."""
    import uvloop

    try:
        return uvloop.run(main)
    finally:
        # What is frozen is not taken apart at the end of the process, and libraries tell that as a leak.
        gc.unfreeze()


def on_stop(stop: Callable[[], None]) -> None:
    """Call `stop` at Ctrl-C or SIGTERM; a second one ends the process at once.

    By the kernel, not by KeyboardInterrupt: that is raised wherever the process happens to be, and is lost in a
    library's callback from C.
    """
    loop = asyncio.get_running_loop()

    def once() -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, once)
