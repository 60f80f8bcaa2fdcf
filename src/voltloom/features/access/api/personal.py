"""Routes of what people keep for themselves: preferences, and saved views of lists."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Path
from pydantic import Field, StringConstraints
from sqlalchemy import RowMapping

from voltloom.domain.errors import Invalid
from voltloom.features.access import personal
from voltloom.features.api import Body, Call, signed_in

Mine = Annotated[Call, signed_in()]
Room = Annotated[str, Path(max_length=40, pattern=r"^[a-z][a-z0-9-]*$", examples=["stations"])]
ViewName = Annotated[str, Path(max_length=100, pattern=r"^[^\x00-\x1f\x7f/]+$")]
Theme = Literal["light", "dark", "auto"]
LONGEST_VIEW = 8_000


class PreferencesDocument(Body):
    """How the console is shown to this person."""

    language: Annotated[str, StringConstraints(max_length=20, pattern=r"^[A-Za-z-]*$")] = Field(
        default="", description="BCP 47; empty: as the browser says", examples=["de"]
    )
    theme: Theme = "auto"
    zone: Annotated[str, StringConstraints(max_length=60, pattern=r"^[A-Za-z0-9_+/-]*$")] = Field(
        default="", description="of the IANA database; empty: as the browser says", examples=["Europe/Berlin"]
    )


class ViewIn(Body):
    body: dict[str, object] = Field(description="what the room made of it: filters, columns, order; 8 kB at most")


class ViewOut(ViewIn):
    name: str
    changed_at: datetime


class ViewsOut(Body):
    items: list[ViewOut] = Field(description="by name")


def _view_of(row: RowMapping) -> ViewOut:
    return ViewOut(name=row["name"], body=msgspec.json.decode(row["body"]), changed_at=row["changed_at"])


def _theme(text: str) -> Theme:
    return "light" if text == "light" else "dark" if text == "dark" else "auto"


def _preference_routes(router: APIRouter) -> None:
    @router.get("/session/preferences", tags=["session"], summary="How the console is shown to me")
    async def get_preferences(call: Mine) -> PreferencesDocument:
        person_id = personal.person_of(call.actor)
        found = await call.database.read(lambda connection: personal.read_preferences(connection, person_id))
        return PreferencesDocument(language=found.language, theme=_theme(found.theme), zone=found.zone)

    @router.put("/session/preferences", tags=["session"], summary="Say how it is to be shown to me")
    async def put_preferences(call: Mine, body: PreferencesDocument) -> PreferencesDocument:
        wanted = personal.Preferences(body.language, body.theme, body.zone)
        await personal.save_preferences(call.database, call.actor, wanted, call.now)
        return body


def _view_routes(router: APIRouter) -> None:
    @router.get("/views/{room}", tags=["session"], summary="My saved views of a list")
    async def list_views(call: Mine, room: Room) -> ViewsOut:
        person_id = personal.person_of(call.actor)
        rows = await call.database.read(lambda connection: personal.list_views(connection, person_id, room))
        return ViewsOut(items=[_view_of(row) for row in rows])

    @router.get("/views/{room}/{name}", tags=["session"], summary="One of my saved views")
    async def get_view(call: Mine, room: Room, name: ViewName) -> ViewOut:
        person_id = personal.person_of(call.actor)
        row = await call.database.read(lambda connection: personal.get_view(connection, person_id, room, name))
        return _view_of(row)

    @router.put("/views/{room}/{name}", tags=["session"], summary="Save a view")
    async def put_view(call: Mine, room: Room, name: ViewName, body: ViewIn) -> ViewOut:
        text = msgspec.json.encode(body.body).decode()
        if len(text) > LONGEST_VIEW:
            raise Invalid(f"a view has at most {LONGEST_VIEW} characters, and this one {len(text)}")
        await personal.save_view(call.database, call.actor, room, name, text, call.now)
        return ViewOut(name=name, body=body.body, changed_at=call.now)

    @router.delete("/views/{room}/{name}", tags=["session"], summary="Remove a view", status_code=204)
    async def remove_view(call: Mine, room: Room, name: ViewName) -> None:
        await personal.remove_view(call.database, call.actor, room, name, call.now)


def add_routes(router: APIRouter) -> None:
    _preference_routes(router)
    _view_routes(router)
