"""Drives a server hard from a process of its own, and measures what it costs the server.

python -m voltloom.simulator.load --url ws://127.0.0.1:9000/ocpp/{id} --connections 200 --pid 1234 --json

Modes: `cycle` (closed loop: each station's next call follows its last answer; with --rate an open loop, whose
latencies count from when a call was due), `idle` (memory a connection), `storm` (all links cut at once: time until
all are back and booted). Every call has a new message id; each station has one call in flight, as OCPP demands.

Stations begin the cycle one after another, so that at any time all of its calls are under way in their proportion.
"""

from voltloom.simulator.load.options import Options
from voltloom.simulator.load.rounds import Load, measure

__all__ = ["Load", "Options", "measure"]
