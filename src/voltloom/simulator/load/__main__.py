"""`python -m voltloom.simulator.load`: a load in a process of its own."""

import argparse
import json
import sys
from pathlib import Path

import msgspec
import psutil
import uvloop
from picows import WSError

from voltloom.simulator import load
from voltloom.simulator.cycles import CYCLES
from voltloom.simulator.load.options import Options
from voltloom.simulator.load.rounds import measure


def _options(arguments: list[str] | None = None) -> tuple[Options, bool]:
    about = load.__doc__ or ""
    parser = argparse.ArgumentParser(prog="voltloom.simulator.load", description=about.split("\n")[0])
    parser.add_argument("--url", required=True, help="with {id}")
    parser.add_argument("--version", choices=sorted(CYCLES), default="1.6")
    parser.add_argument("--connections", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="the number of the first station")
    parser.add_argument("--mode", choices=("cycle", "idle", "storm"), default="cycle")
    parser.add_argument("--station", default=Options.__dataclass_fields__["station"].default, help="with {n}")
    parser.add_argument("--password", default="", help="with {n} or {id}; none: no credentials")
    parser.add_argument("--token", default="LOADTOKEN", help="with {n} or {id}")
    parser.add_argument("--credentials", type=Path, help='JSON: {id: password} or [{"id", "password", "token"}]')
    parser.add_argument("--ca", type=Path, help="certificate of the authority to trust, for wss")
    parser.add_argument("--pid", type=int, action="append", default=[], help="a process of the server; repeatable")
    parser.add_argument("--database-pid", type=int, action="append", default=[], help="of its database; repeatable")
    parser.add_argument("--rate", type=float, default=0.0, help="calls a second in all; 0: as fast as answered")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--warmup", type=float, default=2.0)
    parser.add_argument("--in-flight", type=int, default=100, help="how many may be connecting at once")
    parser.add_argument("--patience-s", type=float, default=60.0, help="how long a station tries to connect")
    parser.add_argument("--echo", action="store_true", help="the peer only echoes")
    parser.add_argument("--forgetful", action="store_true", help="the peer keeps no transactions")
    parser.add_argument("--name", default="", help="of the scenario, in the result")
    parser.add_argument("--wait", action="store_true", help='when connected print "ready", and measure for each line')
    parser.add_argument("--json", action="store_true")
    said = vars(parser.parse_args(arguments))
    as_json = bool(said.pop("json"))
    for name in ("pid", "database_pid"):
        said[name] = tuple(said[name])
    return Options(**said), as_json


def main() -> None:
    options, as_json = _options()

    async def run() -> None:
        async for result in measure(options):
            sys.stdout.write(
                json.dumps(result) + "\n" if as_json else "".join(f"{k:28} {v}\n" for k, v in result.items())
            )
            sys.stdout.flush()

    try:
        uvloop.run(run())
    except (OSError, WSError, psutil.Error, msgspec.MsgspecError) as e:
        sys.exit(f"load: {e}")


if __name__ == "__main__":
    main()
