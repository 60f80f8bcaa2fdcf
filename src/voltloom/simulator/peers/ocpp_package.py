"""The PyPI package `ocpp` on `websockets`: answers the bench's cycle as its README shows, and stores nothing.

python -m voltloom.simulator.peers.ocpp_package PORT
"""

# pyright: basic, reportArgumentType=false
# The package's own examples pass plain texts and dicts where its types say otherwise.
import asyncio
import sys
from contextlib import suppress
from datetime import UTC, datetime

import websockets
from ocpp.routing import on
from ocpp.v16 import ChargePoint as ChargePoint16
from ocpp.v16 import call_result as result16
from ocpp.v201 import ChargePoint as ChargePoint201
from ocpp.v201 import call_result as result201


def now() -> str:
    return datetime.now(UTC).isoformat()


class Station16(ChargePoint16):
    @on("BootNotification")
    def on_boot(self, **_):
        return result16.BootNotification(current_time=now(), interval=300, status="Accepted")

    @on("Heartbeat")
    def on_heartbeat(self):
        return result16.Heartbeat(current_time=now())

    @on("StatusNotification")
    def on_status(self, **_):
        return result16.StatusNotification()

    @on("Authorize")
    def on_authorize(self, **_):
        return result16.Authorize(id_tag_info={"status": "Accepted"})

    @on("StartTransaction")
    def on_start(self, **_):
        return result16.StartTransaction(transaction_id=1, id_tag_info={"status": "Accepted"})

    @on("MeterValues")
    def on_meter_values(self, **_):
        return result16.MeterValues()

    @on("StopTransaction")
    def on_stop(self, **_):
        return result16.StopTransaction()


class Station201(ChargePoint201):
    @on("BootNotification")
    def on_boot(self, **_):
        return result201.BootNotification(current_time=now(), interval=300, status="Accepted")

    @on("Heartbeat")
    def on_heartbeat(self):
        return result201.Heartbeat(current_time=now())

    @on("StatusNotification")
    def on_status(self, **_):
        return result201.StatusNotification()

    @on("Authorize")
    def on_authorize(self, **_):
        return result201.Authorize(id_token_info={"status": "Accepted"})

    @on("TransactionEvent")
    def on_transaction_event(self, **_):
        return result201.TransactionEvent()


async def serve(port: int) -> None:
    async def connected(connection) -> None:
        kind = Station16 if connection.subprotocol == "ocpp1.6" else Station201
        with suppress(websockets.ConnectionClosed):
            await kind(connection.request.path.rsplit("/", 1)[-1], connection).start()

    # No pings: they are no message's cost, and this peer waits while others are measured.
    async with websockets.serve(
        connected,
        "127.0.0.1",
        port,
        subprotocols=["ocpp2.0.1", "ocpp1.6"],
        compression=None,
        ping_interval=None,
    ):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.Future()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
