"""Routes of local lists, the cache, and of how stations behave offline."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import ConfigDict, Field, StringConstraints

from voltloom.domain.commands import (
    ChangeSettings,
    ClearCache,
    GetLocalListVersion,
    GetSettings,
    SendLocalList,
)
from voltloom.domain.token import AuthorizationStatus, TokenKind
from voltloom.features.access import Scope as Permission
from voltloom.features.api import After, Body, Call, Limit, Page, allow, cursor, position
from voltloom.features.local_authorization import service, store
from voltloom.features.local_authorization.behaviour import QUESTION, Behaviour, behaviour_of, change_to
from voltloom.features.local_authorization.rules import (
    MOST_CHOSEN,
    Entry,
    ListScope,
    Mode,
    Selection,
    State,
    StationList,
)
from voltloom.features.stations import ask, existing, known_settings
from voltloom.features.stations.api.shared import PROBLEMS_OF_A_COMMAND, Id, Timeout, gives
from voltloom.features.stations.documents import AnswerOut, SettingAnswerOut

Reading = Annotated[Call, allow(Permission.STATIONS_READ)]
ReadingTokens = Annotated[Call, allow(Permission.TOKENS_READ)]
Writing = Annotated[Call, allow(Permission.TOKENS_WRITE)]
Commanding = Annotated[Call, allow(Permission.STATIONS_COMMAND)]
ScopeId = Annotated[str, Path(max_length=48, description="the site's or the station's id", examples=["CP-7"])]
Name = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$")]


class SelectionIn(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"mode": "chosen", "groups": ["fleet-north"], "tokens": ["04A2B3C4D5E680"]}]}
    )

    mode: Mode = Field(
        description="everything: all tokens we know; chosen: those of the groups, and those named (neither: none, the "
        "list is emptied); off: the list is left alone"
    )
    groups: list[Name] = Field(default=[], max_length=MOST_CHOSEN)
    tokens: list[Name] = Field(
        default=[], max_length=MOST_CHOSEN, description="values; those not known are passed over"
    )

    def selection(self, scope: ListScope, scope_id: str = "") -> Selection:
        return Selection(scope, scope_id, self.mode, tuple(dict.fromkeys(self.groups)), tuple(self.tokens))


class SelectionOut(Body):
    scope: ListScope = Field(description="the nearest holds: a station's own, else its site's, else the network's")
    scope_id: str
    mode: Mode
    groups: list[str]
    tokens: list[str]

    @staticmethod
    def of(selection: Selection) -> "SelectionOut":
        return SelectionOut(
            scope=selection.scope,
            scope_id=selection.scope_id,
            mode=selection.mode,
            groups=list(selection.groups),
            tokens=list(selection.tokens),
        )


class ListOut(Body):
    station_id: str
    state: State = Field(
        description="pending: it is to change, and will; current; failed: tried, and will be again; unsupported: the "
        "station keeps no list; off: nothing is selected for it"
    )
    entries: int = Field(description="tokens that should be on it")
    left_out: int = Field(description="tokens selected that the station has no room for")
    unsayable: int = Field(description="tokens its OCPP version has no room or word for")
    room: int | None = Field(description="entries it has room for; null: it did not say")
    version: int = Field(description="of the list it accepted last; 0: none")
    said_version: int | None = Field(description="what it said last when it was asked")
    asked_at: datetime | None
    said: str = Field(description="the station's word when its list was last sent")
    tries: int = Field(description="in vain, in a row")
    next_at: datetime | None = Field(description="when it is tried again")
    changed_at: datetime | None

    @staticmethod
    def of(found: StationList) -> "ListOut":
        same = ("station_id", "state", "left_out", "unsayable", "room", "version", "said_version", "asked_at")
        more = ("said", "tries", "next_at", "changed_at")
        return ListOut(
            **{name: getattr(found, name) for name in (*same, *more)},
            entries=found.wanted_entries,
        )


class EntryOut(Body):
    token: str
    kind: TokenKind
    status: AuthorizationStatus
    expires_at: str = Field(description='""; or until when it holds')
    group: str
    language: str

    @staticmethod
    def of(entry: Entry) -> "EntryOut":
        return EntryOut(
            token=entry.value,
            kind=TokenKind(entry.kind),
            status=AuthorizationStatus(entry.status),
            expires_at=entry.expires_at,
            group=entry.group,
            language=entry.language,
        )


class ListVersionOut(Body):
    version: int | None = Field(description="0: it has no list; null: it keeps none at all")


class SendIn(Body):
    full: bool = Field(default=False, description="all of it, whatever is thought to be there")


class BehaviourOut(Body):
    """null: not known; or, in a change, to stay as it is."""

    offline_unknown: bool | None = Field(default=None, description="offline, tokens that nobody knows may charge")
    offline_known: bool | None = Field(default=None, description="offline, those on its list or in its cache may")
    without_asking: bool | None = Field(
        default=None, description="online as well, those on its list or in its cache may charge before we answered"
    )
    remote_asks: bool | None = Field(default=None, description="it asks about the token of a remote start as well")
    stop_invalid: bool | None = Field(default=None, description="it ends what turns out not to be allowed")
    most_invalid_wh: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = Field(
        default=None, description="what may be charged all the same, when it turns out so"
    )
    list_enabled: bool | None = None
    cache_enabled: bool | None = None
    cache_lifetime_s: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = Field(
        default=None, description="how long it remembers an answer (2.x)"
    )
    master_group: Annotated[str, StringConstraints(max_length=36, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = Field(
        default=None, description="the group whose members may end anything there (2.x)"
    )

    @staticmethod
    def of(behaviour: Behaviour) -> "BehaviourOut":
        return BehaviourOut(**{name: getattr(behaviour, name) for name in Behaviour.__slots__})


class BehaviourIn(BehaviourOut):
    model_config = ConfigDict(json_schema_extra={"examples": [{"offline_unknown": False, "offline_known": True}]})

    def behaviour(self) -> Behaviour:
        return Behaviour(**self.model_dump())


def router() -> APIRouter:
    routes = APIRouter(tags=["local lists"])
    _selection_routes(routes)
    _list_routes(routes)
    _behaviour_routes(routes)
    return routes


def _selection_routes(routes: APIRouter) -> None:
    @routes.get("/local-list-selections", summary="Which tokens belong on which stations' lists")
    async def list_selections(call: ReadingTokens) -> list[SelectionOut]:
        found = await call.database.read(store.selections)
        return [SelectionOut.of(each) for _, each in sorted(found.items(), key=lambda item: str(item[0]))]

    @routes.put("/local-list-selections/network", summary="Select the tokens on all stations' lists")
    async def select_for_network(body: SelectionIn, call: Writing) -> SelectionOut:
        return SelectionOut.of(await service.put_selection(call, body.selection(ListScope.NETWORK)))

    @routes.put("/local-list-selections/sites/{scope_id}", summary="Select the tokens on a site's stations' lists")
    async def select_for_site(scope_id: ScopeId, body: SelectionIn, call: Writing) -> SelectionOut:
        return SelectionOut.of(await service.put_selection(call, body.selection(ListScope.SITE, scope_id)))

    @routes.put("/local-list-selections/stations/{scope_id}", summary="Select the tokens on a station's list")
    async def select_for_station(scope_id: ScopeId, body: SelectionIn, call: Writing) -> SelectionOut:
        return SelectionOut.of(await service.put_selection(call, body.selection(ListScope.STATION, scope_id)))

    @routes.delete("/local-list-selections/network", summary="Select nothing for the network", status_code=204)
    async def unselect_for_network(call: Writing) -> Response:
        """What stations have on their lists stays there: to empty them, select none of the tokens first."""
        await service.remove_selection(call, ListScope.NETWORK, "")
        return Response(status_code=204)

    @routes.delete("/local-list-selections/sites/{scope_id}", summary="Select nothing for a site", status_code=204)
    async def unselect_for_site(scope_id: ScopeId, call: Writing) -> Response:
        await service.remove_selection(call, ListScope.SITE, scope_id)
        return Response(status_code=204)

    @routes.delete(
        "/local-list-selections/stations/{scope_id}", summary="Select nothing for a station", status_code=204
    )
    async def unselect_for_station(scope_id: ScopeId, call: Writing) -> Response:
        await service.remove_selection(call, ListScope.STATION, scope_id)
        return Response(status_code=204)


def _list_routes(routes: APIRouter) -> None:
    @routes.get("/local-lists", summary="How stations' lists stand")
    async def list_local_lists(
        call: Reading,
        limit: Limit = 100,
        after: After = None,
        state: Annotated[list[State] | None, Query(description="any of these; repeatable")] = None,
    ) -> Page[ListOut]:
        """Of stations for which tokens are or were selected, by identity."""
        (last,) = position(after, tuple[str]) or ("",)
        found = await service.find_lists(call, state or (), last, limit + 1)
        more = cursor(found[limit - 1].station_id) if len(found) > limit else None
        return Page(items=[ListOut.of(each) for each in found[:limit]], next=more)

    @routes.get("/local-lists/counts", summary="How many lists are in which state")
    async def count_local_lists(call: Reading) -> dict[State, int]:
        found = await call.database.read(store.count_lists)
        return {state: found.get(state.value, 0) for state in State}

    @routes.get("/stations/{station_id}/local-list", summary="How a station's list stands")
    async def get_local_list(station_id: Id, call: Reading) -> ListOut:
        return ListOut.of(await service.get_list(call, station_id))

    @routes.get("/stations/{station_id}/local-list/entries", summary="What should be on a station's list")
    async def list_entries(
        station_id: Id, call: ReadingTokens, limit: Limit = 100, after: After = None
    ) -> Page[EntryOut]:
        """Those that may charge first."""
        (start,) = position(after, tuple[int]) or (0,)
        entries = await service.wanted_entries(call, station_id)
        more = cursor(start + limit) if len(entries) > start + limit else None
        return Page(items=[EntryOut.of(entry) for entry in entries[max(0, start) : start + limit]], next=more)

    @routes.post(
        "/stations/{station_id}/local-list/version",
        tags=["commands"],
        summary="Ask for the version of its list",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(GetLocalListVersion),
    )
    async def ask_version(station_id: Id, call: Commanding, timeout_s: Timeout = 30) -> ListVersionOut:
        """Where it is not the one we thought, the list is sent again."""
        return ListVersionOut(version=await service.ask_version(call, station_id, timeout_s))

    @routes.post(
        "/stations/{station_id}/local-list/send",
        tags=["commands"],
        summary="Bring its list up to date now",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(SendLocalList),
    )
    async def send_now(station_id: Id, body: SendIn, call: Commanding) -> ListOut:
        """It is done without asking as well, some seconds after tokens changed and after each boot."""
        return ListOut.of(await service.send_now(call, station_id, full=body.full))

    @routes.post(
        "/stations/{station_id}/cache/clear",
        tags=["commands"],
        summary="Have it forget the answers about tokens that it remembers",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(ClearCache),
    )
    async def clear_cache(station_id: Id, call: Commanding, timeout_s: Timeout = 30) -> AnswerOut:
        """Its list stays."""
        return AnswerOut.of(await ask(call, station_id, ClearCache(), timeout_s=timeout_s))


def _behaviour_routes(routes: APIRouter) -> None:
    @routes.get("/stations/{station_id}/offline-behaviour", summary="How it behaves where it cannot ask")
    async def get_behaviour(station_id: Id, call: Reading) -> BehaviourOut:
        """As it last told."""
        known = await call.database.read(
            lambda connection: (existing(connection, station_id), known_settings(connection, station_id, _NAMES))[1]
        )
        return BehaviourOut.of(behaviour_of(known))

    @routes.post(
        "/stations/{station_id}/offline-behaviour/read",
        tags=["commands"],
        summary="Ask how it behaves where it cannot ask",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(GetSettings),
    )
    async def read_behaviour(station_id: Id, call: Commanding, timeout_s: Timeout = 30) -> BehaviourOut:
        answers = await ask(call, station_id, QUESTION, timeout_s=timeout_s)
        return BehaviourOut.of(behaviour_of({each.name: each.setting for each in answers if each.setting}))

    @routes.post(
        "/stations/{station_id}/offline-behaviour",
        tags=["commands"],
        summary="Change how it behaves where it cannot ask",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(ChangeSettings),
    )
    async def change_behaviour(
        station_id: Id, body: BehaviourIn, call: Commanding, timeout_s: Timeout = 30
    ) -> list[SettingAnswerOut]:
        """Under one name, whatever the station's version calls the setting. One answer each: it stands or falls alone;
        `unknown` is what its version has no setting for."""
        answers = await ask(call, station_id, change_to(body.behaviour()), timeout_s=timeout_s)
        return [SettingAnswerOut.of(each) for each in answers]


_NAMES = tuple(name for name, _ in QUESTION.names)
