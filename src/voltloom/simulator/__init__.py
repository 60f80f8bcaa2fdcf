"""Stations that nobody has to buy: for the demo, the tests and the bench.

They speak through the same `Endpoint` as the server, and mean what real ones mean: cars arrive and taper, meters count
what flows, links break, parts fail. Everything that chances is drawn from a seed; time is an argument.

Tests drive one by hand with `SimulatedStation`; `simulate` runs a fleet that lives by itself; `load` measures a server.
"""

from voltloom.simulator.fleet import Plan, StationPlan, make_plan, read_plan
from voltloom.simulator.scripted import NEVER, CallRefused, Late, LinkRefused, Raw, Refused, SimulatedStation, Turned

__all__ = [
    "NEVER",
    "CallRefused",
    "Late",
    "LinkRefused",
    "Plan",
    "Raw",
    "Refused",
    "SimulatedStation",
    "StationPlan",
    "Turned",
    "make_plan",
    "read_plan",
]
