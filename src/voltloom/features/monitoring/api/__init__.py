"""Routes of monitoring."""

from fastapi import APIRouter

from voltloom.features.monitoring.api import customers, happenings, monitors, templates


def router() -> APIRouter:
    routes = APIRouter()
    monitors.add_routes(routes)
    templates.add_routes(routes)
    happenings.add_routes(routes)
    customers.add_routes(routes)
    return routes
