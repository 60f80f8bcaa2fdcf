"""Routes of settings: across stations, as wanted, and network profiles."""

from fastapi import APIRouter

from voltloom.features.settings.api import across, network, templates, wanted


def router() -> APIRouter:
    routes = APIRouter()
    across.add_routes(routes)
    templates.add_routes(routes)
    wanted.add_routes(routes)
    network.add_routes(routes)
    return routes
