"""Routes of features for a test: an app of the test's own, over routes that are made once for all tests of a process.

To make two hundred routes takes half a second, and an app holds nothing of a test in them: it is all in `app.state`.
"""

import copy
from collections.abc import Callable, Sequence
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

_made: dict[int, tuple[Sequence[Feature], FastAPI]] = {}


def app_of(features: Sequence[Feature], database: Database, stations: object, actor: Callable[[], Actor]) -> FastAPI:
    """features: the same tuple each time, for that is how its routes are found again. actor: who asks, each time."""
    _, made = _made.get(id(features)) or _made.setdefault(id(features), (features, _routed(features)))
    app = copy.copy(made)
    app.state, app.user_middleware, app.middleware_stack = State(), list(made.user_middleware), None
    app.state.database, app.state.stations = database, stations

    @app.middleware("http")
    async def sign_in(request: Request, call_next: Any) -> Any:
        request.state.actor = actor()
        return await call_next(request)

    return app


def _routed(features: Sequence[Feature]) -> FastAPI:
    app = FastAPI(
        redirect_slashes=False,
        middleware=[Middleware(Outermost)],
        exception_handlers={RequestValidationError: answer, HTTPException: answer},
    )
    for feature in features:
        assert feature.routes is not None
        router = feature.routes()
        assert isinstance(router, APIRouter)
        app.include_router(router)
    return app
