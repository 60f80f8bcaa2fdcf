"""Stations that nobody has to buy: for the demo, the tests and the bench.

They speak through the same `Endpoint` as the server, and mean what real ones mean: cars arrive and taper, meters count
what flows, links break, parts fail. Everything that chances is drawn from a seed; time is an argument.

Tests drive one by hand with `SimulatedStation`; `simulate` runs a fleet that lives by itself; `load` measures a server.
"""
