"""The link itself: told by the gateway, in the same order and the same unit of work as what the station says."""

from dataclasses import dataclass
from datetime import datetime

from voltloom.domain.reports.base import Noted, Report


@dataclass(frozen=True, slots=True)
class LinkOpened(Report[Noted]):
    """The station is connected and has proven who it is.

    address    of the peer, without the port
    protocol   the subprotocol, e.g. "ocpp2.0.1": to be shown, never to decide by
    """

    at: datetime
    address: str
    protocol: str
    security_profile: int
    node: str


@dataclass(frozen=True, slots=True)
class LinkClosed(Report[Noted]):
    """reason: a short phrase for people. replaced: the same station has connected anew; nothing is offline."""

    at: datetime
    reason: str
    node: str
    replaced: bool = False
