"""What the processes of a server use."""

from collections.abc import Iterable

import psutil


def processes(pids: Iterable[int]) -> list[psutil.Process]:
    return [psutil.Process(pid) for pid in pids]


def cpu_s(server: Iterable[psutil.Process]) -> float:
    """User and system seconds of the server's processes and of those they have started."""
    total = 0.0
    for process in server:
        for one in (process, *process.children(recursive=True)):
            times = one.cpu_times()
            total += times.user + times.system
    return total


def rss_bytes(server: Iterable[psutil.Process]) -> int:
    return sum(process.memory_info().rss for process in server)
