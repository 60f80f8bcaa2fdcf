"""Routes for signing in, people, sessions, API keys and the audit log; and the cookie of a session."""

from fastapi import APIRouter

from voltloom.features.access.api import keys, log, people, personal, second_factor, session
from voltloom.features.access.api.shared import Arrival, cookie_name

__all__ = ["Arrival", "cookie_name", "routes"]


def routes() -> APIRouter:
    router = APIRouter()
    session.add_routes(router)
    personal.add_routes(router)
    second_factor.add_routes(router)
    people.add_routes(router)
    keys.add_routes(router)
    log.add_routes(router)
    return router
