"""`voltloom simulate`: simulated stations against any server."""

import asyncio
from functools import partial

import msgspec

from voltloom.infra.processes import on_stop, raise_open_files, run
from voltloom.simulator.fleet import read_plan
from voltloom.simulator.run import Options, Progress
from voltloom.simulator.run import simulate as run_fleet
from voltloom.terminal import output

__all__ = ["Options", "read_plan", "simulate"]

SAID_EVERY_S = 10.0


def simulate(options: Options, *, json: bool) -> None:
    raise_open_files()
    try:
        progress = run(_simulate(options, json=json))
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        output.fail(f"cannot read what the stations need: {error}")
    if json:
        output.result(msgspec.to_builtins(progress), json=True)
    else:
        output.say(f"Ended: {progress}")


def _cancel(running: "asyncio.Future[Progress]") -> None:
    running.cancel()


async def _simulate(options: Options, *, json: bool) -> Progress:
    terminal = output.aside.is_terminal and not json
    last = Progress(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    said = 0.0

    with output.aside.status("powering up") if terminal else output.no_status() as status:

        def show(progress: Progress) -> None:
            nonlocal last, said
            last = progress
            if status is not None:
                status.update(str(progress))
            elif not json and progress.seconds - said >= SAID_EVERY_S:
                said = progress.seconds
                output.say(str(progress))

        running = asyncio.ensure_future(run_fleet(options, show))
        on_stop(partial(_cancel, running))
        try:
            return await running
        except asyncio.CancelledError:
            return last
