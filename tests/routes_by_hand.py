"""Routes of features for a test, and an app of the test's own over them.

To make two hundred routes takes half a second, and they hold nothing of a test, which is all in the app's state: tests
of the same features share what `routed` made.
"""

import copy
from collections.abc import Callable, Iterable
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from voltloom.entrypoints.http.problems import Outermost, answer
from voltloom.features.access import Actor
from voltloom.features.feature import Feature
from voltloom.infra.database import Database


def routed(features: Iterable[Feature]) -> FastAPI:
    app = FastAPI(
        redirect_slashes=False,
        middleware=[Middleware(Outermost)],
        exception_handlers={RequestValidationError: answer, HTTPException: answer},
    )
    for feature in features:
        assert feature.routes is not None
        for routes in filter(None, (feature.routes, feature.open_routes)):
            router = routes()
            assert isinstance(router, APIRouter)
            app.include_router(router)
    return app


def app_of(
    shared: FastAPI, database: Database, stations: object, actor: Callable[[], Actor], **of_request: object
) -> FastAPI:
    """shared: what `routed` made. actor: who asks, each time. of_request: what else a request's state has."""
    app = copy.copy(shared)
    app.state, app.user_middleware, app.middleware_stack = State(), list(shared.user_middleware), None
    app.state.database, app.state.stations = database, stations

    @app.middleware("http")
    async def sign_in(request: Request, call_next: Any) -> Any:
        for name, value in (of_request | {"actor": actor()}).items():
            setattr(request.state, name, value)
        return await call_next(request)

    return app
