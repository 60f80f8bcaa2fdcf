"""The bare limit where there is no C compiler: picows on uvloop, which echoes every message and does nothing else.

python -m voltloom.simulator.peers.picows_echo PORT
"""

import asyncio
import sys

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest
from picows import ws_create_server as _serve  # pyright: ignore[reportUnknownVariableType] - its **kwargs has no type


class Echo(WSListener):
    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.TEXT:
            transport.send(WSMsgType.TEXT, frame.get_payload_as_bytes())
        elif frame.msg_type is WSMsgType.CLOSE:
            transport.disconnect()


def listener(_: WSUpgradeRequest) -> WSListener:
    return Echo()


async def serve(port: int) -> None:
    await _serve(listener, "127.0.0.1", port)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Future()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
