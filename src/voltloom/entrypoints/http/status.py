"""How this node and the network are: health, metrics, and the summary that `voltloom top` shows."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

import structlog
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from voltloom.domain.errors import Forbidden, VoltloomError
from voltloom.features.access import Scope
from voltloom.features.api import Body, Call, allow
from voltloom.infra.database import Database

LOG = structlog.get_logger(__name__)

Check = Callable[[], Awaitable[None]]
"""Raises where the part is not ready; a VoltloomError's reason is shown, another's only logged."""


@dataclass(frozen=True, slots=True)
class NetworkSummary:
    """The network at a glance, as this node knows it.

    messages_in_per_s, messages_out_per_s   OCPP messages, over the last seconds
    power_w                                 of all running transactions, as last metered
    stations_by_protocol                    connected ones, e.g. {"ocpp1.6": 12}
    connectors_by_status                    e.g. {"Available": 30, "Charging": 4}
    """

    stations: int
    stations_connected: int
    transactions_open: int
    power_w: float
    messages_in_per_s: float
    messages_out_per_s: float
    stations_by_protocol: Mapping[str, int] = field(default_factory=dict[str, int])
    connectors_by_status: Mapping[str, int] = field(default_factory=dict[str, int])


Network = Callable[[], Awaitable[NetworkSummary]]


class NetworkOut(Body):
    stations: int
    stations_connected: int
    transactions_open: int
    power_w: float
    messages_in_per_s: float
    messages_out_per_s: float
    stations_by_protocol: dict[str, int]
    connectors_by_status: dict[str, int]


def network_routes(network: Network) -> APIRouter:
    router = APIRouter(tags=["network"])

    @router.get("/network", summary="The network at a glance")
    async def network_summary(call: Annotated[Call, allow(Scope.STATIONS_READ)]) -> NetworkOut:
        summary = await network()
        return NetworkOut(
            stations=summary.stations,
            stations_connected=summary.stations_connected,
            transactions_open=summary.transactions_open,
            power_w=summary.power_w,
            messages_in_per_s=summary.messages_in_per_s,
            messages_out_per_s=summary.messages_out_per_s,
            stations_by_protocol=dict(summary.stations_by_protocol),
            connectors_by_status=dict(summary.connectors_by_status),
        )

    return router


async def _trouble(check: Check) -> str:
    """ "" when all is well; else what may be told to anybody."""
    try:
        await check()
    except VoltloomError as error:
        return error.reason
    except Exception as error:
        LOG.exception("a readiness check failed", exc_info=error)
        return "failed; see the log"
    return ""


def node_routes(database: Database, checks: Mapping[str, Check]) -> APIRouter:
    """Outside of the API: for machines that watch this one."""
    router = APIRouter(include_in_schema=False)

    async def database_answers() -> None:
        await database.read(lambda connection: connection.execute(text("SELECT 1")).scalar())

    @router.api_route("/livez", methods=["GET", "HEAD"])
    async def alive() -> Response:
        """The process answers; that is all it says."""
        return Response("ok\n", media_type="text/plain")

    @router.api_route("/readyz", methods=["GET", "HEAD"])
    async def ready(request: Request) -> Response:
        """Whether to send work here: 503 with the names of the parts that are not ready."""
        troubles = {
            name: trouble
            for name, check in {"database": database_answers, **checks}.items()
            if (trouble := await _trouble(check))
        }
        if not troubles:
            return Response("ready\n", media_type="text/plain")
        # Details are for this machine and for those who signed in: health needs no login, and tells no secrets.
        known = request.state.arrival.local or request.state.actor.scopes
        lines = [f"{name}: {trouble if known else 'not ready'}" for name, trouble in troubles.items()]
        return Response("\n".join(lines) + "\n", 503, media_type="text/plain")

    @router.get("/metrics")
    async def metrics(request: Request) -> Response:
        if not (request.state.arrival.local or request.state.actor.may(Scope.METRICS_READ)):
            raise Forbidden(f"{request.state.actor.name} may not do this: it takes the scope metrics:read")
        return Response(generate_latest(), headers={"content-type": CONTENT_TYPE_LATEST})

    return router
