"""Names of things. A place names where at a station something happens."""

from typing import NamedTuple, NewType

StationId = NewType("StationId", str)
"""The OCPP identity: 1–48 characters, no colon; compared as written."""
TransactionId = NewType("TransactionId", str)
"""Unique within its station. 2.x stations make it; for 1.6 we do, a random 31-bit integer as text."""
SiteId = NewType("SiteId", str)
PersonId = NewType("PersonId", str)
JsonText = NewType("JsonText", str)
"""A JSON document as text, kept verbatim."""


class Place(NamedTuple):
    """An EVSE of a station, or one of its connectors. EVSE 0 is the station as a whole.

    OCPP 1.6 knows connectors only: its connector *n* is EVSE *n*, connector 1.
    """

    evse: int
    connector: int | None = None


WHOLE_STATION = Place(0)
