"""OCPP 2.0.1 and 2.1: two sets of types, one translator."""
