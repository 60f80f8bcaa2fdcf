"""Routes of firmware: images, updates, local controllers, campaigns; and where stations fetch images."""

from fastapi import APIRouter

from voltloom.features.firmware.api import campaigns, fetching, images, updates
from voltloom.features.firmware.images import FirmwareConfig

__all__ = ["open_router", "router"]

open_router = fetching.router


def router(config: FirmwareConfig) -> APIRouter:
    routes = APIRouter(tags=["firmware"])
    images.add_routes(routes, config)
    updates.add_routes(routes, config)
    campaigns.add_routes(routes)
    return routes
