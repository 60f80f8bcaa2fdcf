"""`voltloom serve`: a node in the foreground, until Ctrl-C or SIGTERM."""

import asyncio

from voltloom import __version__
from voltloom.app.node import Node
from voltloom.app.places import sign_in_url
from voltloom.domain.errors import VoltloomError
from voltloom.infra.logs import configure_logs
from voltloom.infra.processes import on_stop, run
from voltloom.infra.settings import SettingError, Settings
from voltloom.terminal import output


def serve(settings: Settings) -> None:
    configure_logs(settings.log_level, settings.log_format)
    try:
        run(_serve(settings))
    except SettingError as error:
        output.fail(str(error))
    except VoltloomError as error:
        output.fail(error)


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    on_stop(stop.set)
    node = await Node.start(settings)
    try:
        _greet(node)
        await stop.wait()
        if settings.drain_s and node.gateway.connections:
            output.say(
                f"Stopping: {node.gateway.connections} stations are told to come back, over {settings.drain_s:g} s. "
                "Ctrl-C again ends at once."
            )
    finally:
        await node.stop()
    output.say("Stopped.")


def _greet(node: Node) -> None:
    settings = node.settings
    output.say(f"voltloom {__version__} is running. Ctrl-C stops it.")
    output.say(f"  console and API   {node.addresses.http}    (API documents at /api/docs)")
    for url in node.addresses.stations:
        output.say(f"  stations          {url}/{{station id}}")
    output.say(f"  data              {settings.data_dir}")
    if node.sign_in_link:
        output.say(f"  first sign-in     {sign_in_url(node.addresses, node.sign_in_link)}", style="bold")
        output.say("                    good once, for 30 minutes; a restart makes another")
    if settings.allow_plain_ws and not settings.is_loopback:
        output.say(
            f"WARNING: stations may connect to {settings.host}:{settings.ocpp_port} without TLS: whoever is on the way "
            "reads their passwords. Move them to wss, then start without --allow-plain-ws.",
            style="bold white on red",
        )
    if not (settings.is_loopback or settings.https_certificate or settings.public_url.startswith("https://")):
        output.say(
            f"WARNING: the console on {settings.host}:{settings.http_port} is plain HTTP: put a TLS proxy before it.",
            style="bold white on red",
        )
