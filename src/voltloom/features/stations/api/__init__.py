"""Routes of stations: the registry, how they stand, what is asked of them, and the inbox."""

from fastapi import APIRouter

from voltloom.features.stations.answers import StationsConfig
from voltloom.features.stations.api import commands, finding, inbox, messages, registry
from voltloom.features.stations.api.shared import PROBLEMS_OF_A_COMMAND


def router(config: StationsConfig) -> APIRouter:
    whole = APIRouter()
    finding.add_routes(whole, config)
    registry.add_routes(whole, config)
    registry.add_standing_routes(whole, config)
    messages.add_routes(whole, config)
    asking = APIRouter(responses=PROBLEMS_OF_A_COMMAND)
    commands.add_routes(asking)
    whole.include_router(asking)
    inbox.add_routes(whole, config)
    return whole
