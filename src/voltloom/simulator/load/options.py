"""What a load is told to do."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """url, station, password, token: templates with {id} and {n}, the station's number. password "": no credentials.

    credentials   overrides them: a JSON object id → password, or a list of {"id", "password", "token"}
    pid           the processes whose CPU and memory are the server's
    database_pid  those of its database, where that is a server of its own: their CPU is told apart
    rate          calls a second of all stations together; 0: closed loop
    in_flight     how many may be connecting at once
    patience_s    how long a station tries again that is cut off or told to wait while it connects
    echo          the peer says back what it is told (the bare limit)
    forgetful     the peer keeps no transactions: stations may begin anywhere in the cycle
    wait          measure only when told to: a line on stdin is a measurement, answered by a line of JSON
    """

    url: str
    version: str = "1.6"
    connections: int = 200
    first: int = 0
    mode: str = "cycle"
    station: str = "LOAD-{n:05d}"
    password: str = ""
    token: str = "LOADTOKEN"  # noqa: S105 – a pattern
    credentials: Path | None = None
    ca: Path | None = None
    pid: tuple[int, ...] = ()
    database_pid: tuple[int, ...] = ()
    rate: float = 0.0
    seconds: float = 10.0
    warmup: float = 2.0
    in_flight: int = 100
    patience_s: float = 60.0
    echo: bool = False
    forgetful: bool = False
    name: str = ""
    wait: bool = False
