"""Routes for transactions and what meters said."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints
from sqlalchemy import Connection

from voltloom.domain.commands import GetTransactionStatus
from voltloom.domain.errors import Invalid
from voltloom.domain.ids import SiteId, StationId, TransactionId
from voltloom.domain.metering import Context, Sample
from voltloom.domain.token import IdToken, TokenKind
from voltloom.domain.transaction import ChargingState, StopReason
from voltloom.features.access import Scope
from voltloom.features.api import After, Body, Call, Limit, Page, allow, csv_text, cursor, position
from voltloom.features.stations import ask
from voltloom.features.stations.api.shared import gives
from voltloom.features.stations.charging_documents import StartProfileIn
from voltloom.features.transactions import asking, energy, repair, rules, samples, service, store
from voltloom.features.transactions.repair import Review, latest_reviews
from voltloom.features.transactions.rules import ClosedBy, Flag, Transaction
from voltloom.features.transactions.store import Wanted

Reading = Annotated[Call, allow(Scope.TRANSACTIONS_READ)]
Writing = Annotated[Call, allow(Scope.TRANSACTIONS_WRITE)]
Commanding = Annotated[Call, allow(Scope.STATIONS_COMMAND)]
Station = Annotated[str, Path(max_length=48, description="the station's OCPP identity", examples=["CP-7"])]
Id = Annotated[str, Path(max_length=80, description="the transaction's id; unique at its station")]
Timeout = Annotated[float, Query(gt=0, le=120, description="how long the station has to answer, in seconds")]


class TransactionOut(Body):
    station_id: str
    id: str
    evse: int = Field(description="0 where the station did not say")
    connector: int | None
    token: str = Field(description='who began it; "" where nobody knows yet')
    token_kind: TokenKind
    group: str | None
    authorization: str = Field(description="what the station was answered about the token")
    started_at: datetime
    ended_at: datetime | None = Field(description="null: it is open")
    heard_at: datetime = Field(description="when its station last told of it")
    charging_state: ChargingState | None
    energy_wh: float | None = Field(description="charged so far; null: no meter said")
    estimated: bool = Field(description="reckoned from power, for want of an energy register")
    exported_wh: float | None = Field(description="fed back, where the vehicle does")
    power_w: float | None = Field(description="at the last sample; null once it ended")
    soc_percent: float | None
    meter_start_wh: float | None
    meter_stop_wh: float | None
    stop_reason: StopReason | None
    stop_token: str
    closed_by: ClosedBy = Field(description='why we closed it; "": its station told the end')
    remote_start_id: int | None
    reservation_id: int | None
    offline: bool = Field(description="the station queued some of its reports")
    missing_reports: list[tuple[int, int]] = Field(description="numbers of reports that never came, as ranges")
    flags: list[Flag] = Field(description="what is odd about it")
    suspect: bool = Field(description="not to be billed before somebody has looked at it")
    known_as: str = Field(description="what the station calls it: its messages say so")
    reviewed_by: str | None = Field(default=None, description="who looked at it last; see `…/repairs`")
    reviewed_at: datetime | None = None

    @staticmethod
    def of(transaction: Transaction, review: Review | None = None) -> "TransactionOut":
        """review: the last one."""
        tx = transaction
        told = tx.energy
        flags = set(rules.all_flags(tx))
        settled = review is not None and review.settles(flags)
        return TransactionOut(
            station_id=tx.station_id,
            id=tx.id,
            evse=tx.evse,
            connector=tx.connector,
            token=tx.token,
            token_kind=tx.token_kind,
            group=tx.group,
            authorization=tx.authorization,
            started_at=tx.started_at,
            ended_at=tx.ended_at,
            heard_at=tx.heard_at,
            charging_state=tx.charging_state,
            energy_wh=review.energy_wh if settled and review and review.energy_wh is not None else told.wh,
            estimated=told.estimated,
            exported_wh=energy.exported_wh(tx.count),
            power_w=tx.power_w,
            soc_percent=tx.soc_percent,
            meter_start_wh=tx.meter_start_wh,
            meter_stop_wh=tx.meter_stop_wh,
            stop_reason=tx.stop_reason,
            stop_token=tx.stop_token,
            closed_by=tx.closed_by,
            remote_start_id=tx.remote_start_id,
            reservation_id=tx.reservation_id,
            offline=tx.offline,
            missing_reports=rules.missing(tx.seen),
            flags=sorted(flags, key=lambda flag: flag.value),
            suspect=rules.is_suspect(flags) and not settled,
            known_as=tx.known_as,
            reviewed_by=review.actor if review else None,
            reviewed_at=review.at if review else None,
        )


class ReadingOut(Body):
    measurand: str
    value: float | str
    unit: str
    phase: str
    location: str
    context: str


class SignedOut(Body):
    data: str
    method: str
    encoding: str
    public_key: str


class SampleOut(Body):
    """What a meter said for one instant. null where it did not say."""

    at: datetime = Field(description="as the station claims")
    heard_at: datetime
    evse: int
    connector: int | None
    context: Context
    energy_wh: float | None = Field(description="the register, not what was charged")
    export_wh: float | None
    power_w: float | None
    power_export_w: float | None
    current_a: tuple[float | None, float | None, float | None] = Field(description="L1, L2, L3; DC in L1")
    voltage_v: tuple[float | None, float | None, float | None]
    soc_percent: float | None
    temperature_c: float | None
    frequency_hz: float | None
    offered_w: float | None
    offered_a: float | None
    extras: list[ReadingOut] = Field(description="all that has no field of its own")
    signed: list[SignedOut] = Field(description="signed values, verbatim")

    @staticmethod
    def of(place: samples.Place, sample: Sample) -> "SampleOut":
        said = sample._asdict()
        said["extras"] = [ReadingOut(**reading._asdict()) for reading in sample.extras]
        said["signed"] = [SignedOut(**each._asdict()) for each in sample.signed]
        return SampleOut(heard_at=place.heard_at, evse=place.evse, connector=place.connector, **said)


class SlotOut(Body):
    at: datetime = Field(description="when the slot begins")
    energy_wh: float | None = Field(description="charged up to its end")
    power_w: float | None = Field(description="the mean of what was told in it")
    soc_percent: float | None
    samples: int


class SeriesOut(Body):
    slot_s: int
    slots: list[SlotOut] = Field(description="those in which nothing was told are left out")


class SummaryOut(Body):
    open: int
    charging: int = Field(description="of the open ones, how many draw power")
    suspect_open: int
    power_w: float = Field(description="of the open ones, as far as it was told within half an hour")
    energy_wh: float = Field(description="of the open ones, and of those that ended since then")
    ended: int = Field(description="since then")
    since: datetime


class StartIn(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"station_id": "CP-7", "evse": 1, "token": "04A2B3C4D5E680"}]}
    )

    station_id: Annotated[str, StringConstraints(max_length=48)]
    token: Annotated[str, StringConstraints(min_length=1, max_length=255)] = Field(
        description="for whom; it may charge there for a quarter of an hour, whatever the lists say of it"
    )
    token_kind: TokenKind = TokenKind.CENTRAL
    evse: Annotated[int, Field(ge=1, le=10_000)] | None = Field(default=None, description="null: the station chooses")
    profile: StartProfileIn | None = Field(default=None, description="by which it is to charge")


class CloseIn(Body):
    reason: Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")] = ""
    energy_wh: Annotated[float, Field(ge=0, le=1e8, allow_inf_nan=False)] | None = Field(
        default=None, description="what it is to count with; left out: what is last known"
    )


class AnswerOut(Body):
    accepted: bool
    status: str = Field(description="the station's own word")
    reason: str
    detail: str


class StartOut(AnswerOut):
    remote_start_id: int = Field(description="the transaction that comes of it will carry it")
    transaction_id: str | None = Field(description="where one was running already, begun by the cable")


class StopOut(AnswerOut):
    closed: bool = Field(description="the station does not know it, and nothing was heard of it lately: it is closed")


# ---- looking


def _wanted(
    station_id: Annotated[str | None, Query(max_length=48)] = None,
    site_id: Annotated[str | None, Query(max_length=40)] = None,
    token: Annotated[str | None, Query(max_length=255, description="who began it; case does not matter")] = None,
    state: Annotated[Literal["open", "ended"] | None, Query()] = None,
    suspect: Annotated[bool | None, Query(description="not to be billed before somebody has looked")] = None,
    since: Annotated[AwareDatetime | None, Query(description="started at this time or later")] = None,
    until: Annotated[AwareDatetime | None, Query(description="started before this time")] = None,
) -> Wanted:
    return Wanted(
        StationId(station_id) if station_id is not None else None,
        SiteId(site_id) if site_id is not None else None,
        token,
        None if state is None else state == "open",
        suspect,
        since,
        until,
    )


Filter = Annotated[Wanted, Depends(_wanted)]


def _list_routes(router: APIRouter) -> None:
    @router.get("/transactions", summary="Transactions", tags=["transactions"])
    async def list_transactions(
        call: Reading, wanted: Filter, limit: Limit = 100, after: After = None
    ) -> Page[TransactionOut]:
        """The latest start first."""
        last = position(after, store.Position)
        found = await call.database.read(lambda connection: _found(connection, wanted, last, limit + 1))
        more = _cursor(found[limit - 1][0]) if len(found) > limit else None
        return Page(items=[TransactionOut.of(*each) for each in found[:limit]], next=more)

    @router.get("/transactions/summary", summary="How much is charged now", tags=["transactions"])
    async def summarize(
        call: Reading,
        site_id: Annotated[str | None, Query(max_length=40)] = None,
        since: Annotated[AwareDatetime | None, Query(description="default: midnight, UTC")] = None,
    ) -> SummaryOut:
        begin = since or call.now.replace(hour=0, minute=0, second=0, microsecond=0)
        heard = call.now - timedelta(minutes=30)
        site = SiteId(site_id) if site_id is not None else None
        found = await call.database.read(lambda connection: store.summarize(connection, site, begin, heard))
        return SummaryOut(**found._asdict(), since=begin)

    @router.get(
        "/transactions/export", summary="Transactions as a file", tags=["transactions"], response_class=Response
    )
    async def export_transactions(
        call: Reading,
        wanted: Filter,
        kind: Annotated[
            Literal["csv", "jsonl"], Query(alias="format", description="jsonl: one JSON document a line")
        ] = "csv",
    ) -> StreamingResponse:
        """The latest start first."""
        return _file(_export(call, wanted, kind), "transactions", kind)


def _found(
    connection: Connection, wanted: Wanted, after: store.Position | None, limit: int
) -> list[tuple[Transaction, Review | None]]:
    """Each with what was decided about it last."""
    found = store.find(connection, wanted, after, limit)
    reviews = latest_reviews(connection, found)
    return [(each, reviews.get((each.station_id, each.id))) for each in found]


async def transaction_out(call: Call, transaction: Transaction) -> TransactionOut:
    reviews = await call.database.read(lambda connection: latest_reviews(connection, [transaction]))
    return TransactionOut.of(transaction, reviews.get((transaction.station_id, transaction.id)))


def _cursor(transaction: Transaction) -> str:
    return cursor(transaction.started_at, transaction.station_id, transaction.id)


def _file(lines: AsyncIterator[str], name: str, kind: Literal["csv", "jsonl"]) -> StreamingResponse:
    media = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}[kind]
    headers = {"content-disposition": f'attachment; filename="{name}.{kind}"'}
    return StreamingResponse(lines, media_type=media, headers=headers)


_COLUMNS = tuple(name for name in TransactionOut.model_fields if name not in ("missing_reports", "flags"))
_SAMPLE_COLUMNS = (
    "at",
    "heard_at",
    "evse",
    "connector",
    "context",
    "energy_wh",
    "export_wh",
    "power_w",
    "power_export_w",
    "current_1_a",
    "current_2_a",
    "current_3_a",
    "voltage_1_v",
    "voltage_2_v",
    "voltage_3_v",
    "soc_percent",
    "temperature_c",
    "frequency_hz",
    "offered_w",
    "offered_a",
)
_AT_ONCE = 500


async def _export(call: Call, wanted: Wanted, kind: Literal["csv", "jsonl"]) -> AsyncIterator[str]:
    """A page at a time: an export holds neither a connection nor everything in memory."""
    if kind == "csv":
        yield csv_text([(*_COLUMNS, "flags")])
    last: store.Position | None = None
    while True:
        page = await _page(call, wanted, last)
        if not page:
            return
        newest = page[-1][0]
        last = (newest.started_at, newest.station_id, newest.id)
        if kind == "csv":
            yield csv_text(_row(TransactionOut.of(*each)) for each in page)
        else:
            yield "".join(f"{TransactionOut.of(*each).model_dump_json()}\n" for each in page)


async def _page(call: Call, wanted: Wanted, last: store.Position | None) -> list[tuple[Transaction, Review | None]]:
    return await call.database.read(lambda connection: _found(connection, wanted, last, _AT_ONCE))


def _row(out: TransactionOut) -> tuple[object, ...]:
    said = out.model_dump()
    values = (said[name] for name in _COLUMNS)
    flags = " ".join(flag.value for flag in out.flags)
    return (*(value.value if isinstance(value, _WORDS) else value for value in values), flags)


_WORDS = (TokenKind, ChargingState, StopReason, ClosedBy)


# ---- one


class StandingOut(Body):
    """What the station says of it."""

    ongoing: bool | None = Field(description="null: it did not say")
    messages_in_queue: bool = Field(description="it has reports of it yet to deliver: they will come")
    missing_reports: list[tuple[int, int]] = Field(description="numbers of reports that never came, as ranges")
    closed: bool = Field(description="over for its station, with nothing to come: it was closed here")


class QueueOut(Body):
    messages_in_queue: bool = Field(description="it has reports of transactions yet to deliver: they will come")


def _asking_routes(router: APIRouter) -> None:
    @router.post(
        "/transactions/{station_id}/{transaction_id}/status",
        summary="Ask its station how it stands",
        tags=["transactions"],
        openapi_extra=gives(GetTransactionStatus),
    )
    async def ask_status(
        call: Commanding, station_id: Station, transaction_id: Id, timeout_s: Timeout = 30
    ) -> StandingOut:
        """2.x only. It is asked by itself as well where nothing was heard of one for a while."""
        found = await asking.ask_status(call, StationId(station_id), TransactionId(transaction_id), timeout_s)
        return StandingOut(
            ongoing=found.status.ongoing,
            messages_in_queue=found.status.messages_in_queue,
            missing_reports=rules.missing(found.transaction.seen),
            closed=found.closed,
        )

    @router.post(
        "/stations/{station_id}/transactions/status",
        summary="Ask whether it has reports of transactions to deliver",
        tags=["commands"],
        openapi_extra=gives(GetTransactionStatus),
    )
    async def ask_queue(call: Commanding, station_id: Station, timeout_s: Timeout = 30) -> QueueOut:
        """2.x only."""
        status = await ask(call, StationId(station_id), GetTransactionStatus(), timeout_s=timeout_s)
        return QueueOut(messages_in_queue=status.messages_in_queue)


def _one_routes(router: APIRouter) -> None:
    @router.get("/transactions/{station_id}/{transaction_id}", summary="One transaction", tags=["transactions"])
    async def get_transaction(call: Reading, station_id: Station, transaction_id: Id) -> TransactionOut:
        return await transaction_out(call, await _get(call, station_id, transaction_id))

    @router.get(
        "/transactions/{station_id}/{transaction_id}/samples", summary="What its meter said", tags=["transactions"]
    )
    async def list_samples(
        call: Reading, station_id: Station, transaction_id: Id, limit: Limit = 100, after: After = None
    ) -> Page[SampleOut]:
        """In time, all of it: nothing a station measured is dropped."""
        await _get(call, station_id, transaction_id)
        return await _samples(call, station_id, transaction_id, after, limit)

    @router.get(
        "/transactions/{station_id}/{transaction_id}/samples/export",
        summary="What its meter said, as a file",
        tags=["transactions"],
        response_class=Response,
    )
    async def export_samples(
        call: Reading,
        station_id: Station,
        transaction_id: Id,
        kind: Annotated[
            Literal["csv", "jsonl"], Query(alias="format", description="jsonl: one JSON document a line, with extras")
        ] = "csv",
    ) -> StreamingResponse:
        await _get(call, station_id, transaction_id)
        return _file(_export_samples(call, station_id, transaction_id, kind), "samples", kind)

    @router.get(
        "/transactions/{station_id}/{transaction_id}/series", summary="How it went, in slots", tags=["transactions"]
    )
    async def get_series(
        call: Reading,
        station_id: Station,
        transaction_id: Id,
        slot_s: Annotated[
            int | None, Query(ge=1, le=86_400, description="length of a slot; default: so that there are about 200")
        ] = None,
    ) -> SeriesOut:
        """For charts: energy, mean power and state of charge in even slots."""
        transaction = await _get(call, station_id, transaction_id)
        readings = await call.database.read(
            lambda connection: samples.read_series(connection, transaction.station_id, transaction.id)
        )
        seconds = slot_s or _slot_s(readings[0][0], readings[-1][0]) if readings else slot_s or 60
        start = next((point for point in rules.register_points(transaction) if point.rank == 0), None)
        if readings and (readings[-1][0] - readings[0][0]).total_seconds() / seconds > _MOST_SLOTS:
            raise Invalid(f"that would be more than {_MOST_SLOTS} slots: make them longer")
        slots = energy.in_slots(readings, start, seconds)
        return SeriesOut(slot_s=seconds, slots=[SlotOut(**slot._asdict()) for slot in slots])

    @router.get("/stations/{station_id}/samples", summary="What a station's meters said", tags=["transactions"])
    async def list_idle_samples(
        call: Reading,
        station_id: Station,
        limit: Limit = 100,
        after: After = None,
        since: Annotated[AwareDatetime | None, Query()] = None,
        until: Annotated[AwareDatetime | None, Query(description="exclusive")] = None,
    ) -> Page[SampleOut]:
        """Outside of transactions; EVSE 0 is the station's own meter."""
        return await _samples(call, station_id, "", after, limit, since, until)


_MOST_SLOTS = 5_000


def _slot_s(first: datetime, last: datetime) -> int:
    """A length people can read."""
    about = (last - first).total_seconds() / 200
    return next((each for each in (1, 5, 10, 30, 60, 300, 900, 3600) if each >= about), 21_600)


async def _get(call: Call, station_id: str, transaction_id: str) -> Transaction:
    return await service.get_transaction(call, StationId(station_id), TransactionId(transaction_id))


async def _samples(
    call: Call,
    station_id: str,
    transaction_id: str,
    after: str | None,
    limit: int,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Page[SampleOut]:
    last = position(after, samples.SamplePosition)
    found = await call.database.read(
        lambda connection: samples.find_samples(
            connection, StationId(station_id), transaction_id, last, limit + 1, since, until
        )
    )
    more = cursor(found[limit - 1][2].at, found[limit - 1][0]) if len(found) > limit else None
    return Page(items=[SampleOut.of(place, sample) for _, place, sample in found[:limit]], next=more)


async def _export_samples(
    call: Call, station_id: str, transaction_id: str, kind: Literal["csv", "jsonl"]
) -> AsyncIterator[str]:
    if kind == "csv":
        yield csv_text([_SAMPLE_COLUMNS])
    last: samples.SamplePosition | None = None
    while True:
        page = await _sample_page(call, station_id, transaction_id, last)
        if not page:
            return
        last = (page[-1][2].at, page[-1][0])
        if kind == "csv":
            yield csv_text(_sample_row(place, sample) for _, place, sample in page)
        else:
            yield "".join(f"{SampleOut.of(place, sample).model_dump_json()}\n" for _, place, sample in page)


async def _sample_page(
    call: Call, station_id: str, transaction_id: str, last: samples.SamplePosition | None
) -> list[tuple[int, samples.Place, Sample]]:
    return await call.database.read(
        lambda connection: samples.find_samples(connection, StationId(station_id), transaction_id, last, _AT_ONCE)
    )


def _sample_row(place: samples.Place, sample: Sample) -> tuple[object, ...]:
    return (
        sample.at,
        place.heard_at,
        place.evse,
        place.connector,
        sample.context.value,
        sample.energy_wh,
        sample.export_wh,
        sample.power_w,
        sample.power_export_w,
        *sample.current_a,
        *sample.voltage_v,
        sample.soc_percent,
        sample.temperature_c,
        sample.frequency_hz,
        sample.offered_w,
        sample.offered_a,
    )


# ---- asking and repairing


def _command_routes(router: APIRouter) -> None:
    @router.post("/transactions", summary="Start a transaction from afar", tags=["transactions"])
    async def start_transaction(call: Commanding, body: StartIn, timeout_s: Timeout = 30.0) -> StartOut:
        """The station's own answer. That it accepts does not mean that a car charges: wait for the transaction with
        this `remote_start_id`."""
        token = IdToken(body.token, body.token_kind)
        profile = None if body.profile is None else body.profile.profile(service.new_number())
        started = await service.start_transaction(
            call, StationId(body.station_id), token, body.evse, timeout_s, profile
        )
        answer = started.answer.answer
        return StartOut(
            accepted=answer.accepted.value != "rejected",
            status=answer.status,
            reason=answer.reason,
            detail=answer.detail,
            remote_start_id=started.remote_start_id,
            transaction_id=started.answer.transaction_id,
        )

    @router.post(
        "/transactions/{station_id}/{transaction_id}/stop", summary="Ask the station to end it", tags=["transactions"]
    )
    async def stop_transaction(
        call: Commanding, station_id: Station, transaction_id: Id, timeout_s: Timeout = 30.0
    ) -> StopOut:
        """The station's own answer. It is over when the station reports the end."""
        stopped = await service.stop_transaction(call, StationId(station_id), TransactionId(transaction_id), timeout_s)
        return StopOut(
            accepted=stopped.answer.accepted.value != "rejected",
            status=stopped.answer.status,
            reason=stopped.answer.reason,
            detail=stopped.answer.detail,
            closed=stopped.closed,
        )

    @router.post(
        "/transactions/{station_id}/{transaction_id}/close",
        summary="Close it here, whatever the station thinks",
        tags=["transactions"],
    )
    async def close_transaction(
        call: Writing, station_id: Station, transaction_id: Id, body: CloseIn | None = None
    ) -> TransactionOut:
        """For one that its station lost. It ends with the last known time and energy, and is marked as suspect; if
        the station reports its end later, that is what counts. With `energy_wh` it counts with that, and is accepted
        so."""
        wanted = body or CloseIn()
        named = (StationId(station_id), TransactionId(transaction_id))
        return await transaction_out(call, await repair.close(call, *named, wanted.reason, wanted.energy_wh))


def add_routes(router: APIRouter) -> None:
    """Static addresses come before those with a name in them."""
    _list_routes(router)
    _command_routes(router)
    _one_routes(router)
    _asking_routes(router)
