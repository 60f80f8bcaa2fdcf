"""Routes of messages on displays."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, Field, StringConstraints

from voltloom.domain.commands import ClearMessage, ReportMessages, ShowMessage
from voltloom.domain.display import Content, DisplayMessage, MessageFormat, MessagePriority, MessageState, Screen
from voltloom.domain.ids import StationId, TransactionId
from voltloom.features.access import Scope
from voltloom.features.api import After, Body, Call, Limit, Page, allow, cursor, position
from voltloom.features.display import service, store
from voltloom.features.display.rules import LARGEST_NUMBER, LONGEST_TEXT, MOST_LANGUAGES, Message, State
from voltloom.features.stations.api.shared import PROBLEMS_OF_A_COMMAND, Id, Timeout, gives
from voltloom.features.stations.documents import AnswerOut, ConnectorNumber, EvseNumber, place_of

Read = Annotated[Call, allow(Scope.STATIONS_READ)]
Command = Annotated[Call, allow(Scope.STATIONS_COMMAND)]
Number = Annotated[int, Path(ge=0, le=LARGEST_NUMBER)]
Line = Annotated[str, StringConstraints(max_length=50, pattern=r"^[^\x00-\x1f\x7f]*$")]
Language = Annotated[str, StringConstraints(max_length=8, pattern=r"^[A-Za-z0-9-]*$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT, pattern=r"^[^\x00-\x09\x0b-\x1f\x7f]+$")]


class ContentBody(Body):
    text: Text = Field(description="at most 512 characters for OCPP 2.0.1")
    format: MessageFormat = MessageFormat.UTF8
    language: Language = Field(default="", description="RFC 5646; empty: the station's own", examples=["de"])


class ScreenBody(Body):
    component: Annotated[str, StringConstraints(min_length=1, max_length=50, pattern=r"^[^\x00-\x1f\x7f]+$")]
    instance: Line = ""
    evse: EvseNumber | None = None
    connector: ConnectorNumber | None = None


class MessageIn(Body):
    contents: Annotated[list[ContentBody], Field(min_length=1, max_length=MOST_LANGUAGES)] = Field(
        description="more than one, in other languages: 2.1 only"
    )
    priority: MessagePriority = MessagePriority.NORMAL_CYCLE
    state: MessageState | None = Field(default=None, description="only while the station does that; null: always")
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    transaction_id: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = Field(
        default=None, description="gone when that is over"
    )
    screen: ScreenBody | None = Field(default=None, description="which display, where a station has several")

    def message(self, number: int = 0) -> DisplayMessage:
        """Raises Invalid."""
        screen = self.screen
        return DisplayMessage(
            number,
            self.priority,
            tuple(Content(each.text, each.format, each.language) for each in self.contents),
            self.state,
            self.starts_at,
            self.ends_at,
            None if self.transaction_id is None else TransactionId(self.transaction_id),
            None
            if screen is None
            else Screen(screen.component, screen.instance, place_of(screen.evse, screen.connector)),
        )


class DisplayMessageOut(Body):
    station_id: str
    number: int
    contents: list[ContentBody]
    priority: MessagePriority
    showing: MessageState | None = Field(description="only while the station does that; null: always")
    starts_at: datetime | None
    ends_at: datetime | None
    transaction_id: str | None
    screen: ScreenBody | None
    state: State
    said: str = Field(description="the station's word when it was asked")
    asked_at: datetime | None = Field(description="null: the station has it from somebody else")
    actor: str
    changed_at: datetime
    seen_at: datetime | None = Field(description="when the station last told that it has it")

    @staticmethod
    def of(message: Message) -> "DisplayMessageOut":
        what, screen = message.what, message.what.screen
        place = screen.place if screen else None
        return DisplayMessageOut(
            station_id=message.station_id,
            number=what.number,
            # Not checked: what a station tells may be what nobody may ask.
            contents=[
                ContentBody.model_construct(text=each.text, format=each.format, language=each.language)
                for each in what.contents
            ],
            priority=what.priority,
            showing=what.state,
            starts_at=what.starts_at,
            ends_at=what.ends_at,
            transaction_id=what.transaction_id,
            screen=None
            if screen is None
            else ScreenBody.model_construct(
                component=screen.component,
                instance=screen.instance,
                evse=place.evse if place else None,
                connector=place.connector if place else None,
            ),
            state=message.state,
            said=message.said,
            asked_at=message.asked_at,
            actor=message.actor,
            changed_at=message.changed_at,
            seen_at=message.seen_at,
        )


class ShownOut(Body):
    message: DisplayMessageOut
    answer: AnswerOut


class AskedIn(Body):
    numbers: Annotated[list[Annotated[int, Field(ge=0, le=LARGEST_NUMBER)]], Field(max_length=100)] = Field(
        default=[], description="only these; none: all"
    )
    priority: MessagePriority | None = None
    state: MessageState | None = None


class AskedOut(Body):
    report_id: int
    answer: AnswerOut


def router() -> APIRouter:
    routes = APIRouter(tags=["display"])

    @routes.get("/display-messages", summary="Messages on displays, what changed last first")
    async def list_display_messages(
        call: Read,
        limit: Limit = 100,
        after: After = None,
        station_id: Annotated[str | None, Query(max_length=48)] = None,
        state: Annotated[list[State] | None, Query(description="any of these; repeatable")] = None,
    ) -> Page[DisplayMessageOut]:
        start = position(after, tuple[datetime, str, int])
        station = StationId(station_id) if station_id is not None else None
        found = await call.database.read(
            lambda connection: store.find(connection, station, state or (), start, limit + 1)
        )
        shown, last = found[:limit], found[limit - 1] if len(found) > limit else None
        return Page(
            items=[DisplayMessageOut.of(each) for each in shown],
            next=None if last is None else cursor(last.changed_at, last.station_id, last.what.number),
        )

    @routes.get("/stations/{station_id}/display-messages/{number}", summary="One message")
    async def get_display_message(station_id: Id, number: Number, call: Read) -> DisplayMessageOut:
        return DisplayMessageOut.of(await service.get_message(call, station_id, number))

    @routes.post(
        "/stations/{station_id}/display-messages",
        status_code=201,
        summary="Show a message to drivers (2.x)",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(ShowMessage),
    )
    async def show_message(station_id: Id, body: MessageIn, call: Command, timeout_s: Timeout = 30) -> ShownOut:
        """A station that refuses (`NotSupportedPriority`, `UnknownTransaction`, …) is an answer: see `message.state`.
        Where it does not answer in time, the message stays `asked`: what the station reports will tell."""
        made, answer = await service.show(call, station_id, body.message(), timeout_s)
        return ShownOut(message=DisplayMessageOut.of(made), answer=AnswerOut.of(answer))

    @routes.put(
        "/stations/{station_id}/display-messages/{number}",
        summary="Show another in its place",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(ShowMessage),
    )
    async def change_message(
        station_id: Id, number: Number, body: MessageIn, call: Command, timeout_s: Timeout = 30
    ) -> ShownOut:
        """Where the station refuses, what it shows stays as it was."""
        made, answer = await service.change(call, station_id, body.message(number), timeout_s)
        return ShownOut(message=DisplayMessageOut.of(made), answer=AnswerOut.of(answer))

    @routes.post(
        "/stations/{station_id}/display-messages/{number}/clear",
        summary="Take a message away",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(ClearMessage),
    )
    async def clear_message(station_id: Id, number: Number, call: Command, timeout_s: Timeout = 30) -> ShownOut:
        cleared, answer = await service.clear(call, station_id, number, timeout_s)
        return ShownOut(message=DisplayMessageOut.of(cleared), answer=AnswerOut.of(answer))

    @routes.post(
        "/stations/{station_id}/display-messages-report",
        summary="Ask the station what it has to show, and put the list right",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(ReportMessages),
    )
    async def report_messages(station_id: Id, body: AskedIn, call: Command, timeout_s: Timeout = 30) -> AskedOut:
        """It tells in a message of its own, or several. Those it does not have any more become `missing`, where all
        were asked for; those it has from somebody else appear."""
        number, answer = await service.reconcile(
            call, station_id, tuple(body.numbers), body.priority, body.state, timeout_s
        )
        return AskedOut(report_id=number, answer=AnswerOut.of(answer))

    return routes
