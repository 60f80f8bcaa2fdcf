"""What stations know of customers: asked for by those who may, put together, read once, kept a day at most."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from voltloom.domain.commands import Accepted, Answer, AskCustomerInformation, CertificateHash
from voltloom.domain.errors import Conflict, Invalid, NotFound, TimedOut, VoltloomError
from voltloom.domain.events import CustomerInformationReceived
from voltloom.domain.ids import StationId
from voltloom.domain.reports import NOTED, CustomerInformationReported, Noted
from voltloom.domain.token import IdToken
from voltloom.features.access import note
from voltloom.features.feature import StationContext
from voltloom.features.monitoring.memory import notice
from voltloom.features.stations import Caller, ask, existing, plain, plain_lines, said_of
from voltloom.infra.database import Statement, UtcTime, Work, metadata, upsert

KEPT = timedelta(days=1)
"""Of what a station said; that it was asked, and by whom, is kept for longer."""
REQUESTS_KEPT = timedelta(days=400)
MOST_PARTS = 200
"""Of 512 characters each."""


class CustomerState(Enum):
    ASKED = "asked"
    REFUSED = "refused"
    WAITING = "waiting"
    """The station accepted, and has not told all yet."""
    READY = "ready"
    READ = "read"
    EXPIRED = "expired"
    """Nobody read it in time, or it never came whole."""
    CLEARED = "cleared"
    """It was only to forget, and accepted that."""


requests = Table(
    "customer_requests",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False, comment="ours, which the station says again"),
    Column("station_id", String(48), nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("about", String(300), nullable=False, comment="how the customer was named"),
    Column("report", Boolean, nullable=False),
    Column("clear", Boolean, nullable=False),
    Column("state", String(20), nullable=False),
    Column("said", String(100), nullable=False, comment="the station's word when it was asked"),
    Column("last_part", Integer, nullable=True, comment="the number of the last part; null until it came"),
    Column("ready_at", UtcTime, nullable=True),
    Column("read_at", UtcTime, nullable=True),
    Column("reader", String(200), nullable=False),
    Index("ix_customer_requests_asked_at", "asked_at", "number"),
)
parts = Table(
    "customer_parts",
    metadata,
    Column("request", Integer, primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
)
_ADD_PART = Statement(upsert(parts, ("request", "part")), ("request", "part", "text"))


@dataclass(frozen=True, slots=True)
class Customer:
    """Named in one of three ways."""

    token: IdToken | None = None
    certificate: CertificateHash | None = None
    identifier: str = ""

    @property
    def about(self) -> str:
        if self.token is not None:
            return f"token {self.token.value}"
        if self.certificate is not None:
            return f"certificate {self.certificate.serial}"
        return f"customer {self.identifier}"


async def ask_customer(
    caller: Caller, station_id: StationId, customer: Customer, *, report: bool, clear: bool, timeout_s: float = 30.0
) -> tuple[int, Answer]:
    """Its number, and the station's answer. Raises Invalid, and what `ask` raises."""
    if not report and not clear:
        raise Invalid("say what the station shall do: `report` what it knows, `clear` it, or both")
    if sum(map(bool, (customer.token, customer.certificate, customer.identifier))) != 1:
        raise Invalid("name the customer by a token, a certificate or an identifier: by one of them")
    number = secrets.randbelow(2**31 - 1) + 1
    row = {
        "number": number,
        "station_id": station_id,
        "asked_at": caller.now,
        "actor": caller.actor.name[:200],
        "about": plain(customer.about, 300),
        "report": report,
        "clear": clear,
        "state": CustomerState.ASKED.value,
        "said": "",
        "reader": "",
    }

    def begin(connection: Connection, _: Work) -> None:
        existing(connection, station_id)
        connection.execute(insert(requests), row)

    # Kept first: what a station says of it may be here before its answer is.
    await caller.database.write(begin)
    command = AskCustomerInformation(number, report, clear, customer.token, customer.certificate, customer.identifier)
    try:
        answer = await ask(caller, station_id, command, timeout_s=timeout_s)
    except TimedOut:
        raise  # it may have accepted: what comes is taken
    except VoltloomError as error:
        await _settle(caller, number, CustomerState.REFUSED, said_of(error))
        raise
    accepted = CustomerState.WAITING if report else CustomerState.CLEARED
    state = accepted if answer.accepted is Accepted.ACCEPTED else CustomerState.REFUSED
    await _settle(caller, number, state, answer.status)
    return number, answer


async def _settle(caller: Caller, number: int, state: CustomerState, said: str) -> None:
    """Where all is here already, it stays so."""
    query = update(requests).where(requests.c.number == number)
    values = {"state": state.value, "said": said[:100]}

    def settle(connection: Connection, _: Work) -> None:
        connection.execute(query.where(requests.c.state == CustomerState.ASKED.value).values(**values))
        connection.execute(query.where(requests.c.said == "").values(said=said[:100]))

    await caller.database.write(settle)


# ---- what stations tell

_TAKES = frozenset({CustomerState.ASKED.value, CustomerState.WAITING.value})
_LAST = Statement(
    update(requests).where(requests.c.number == bindparam("key")).values(last_part=bindparam("last_part")),
    ("last_part", "key"),
)
_READY = Statement(
    update(requests)
    .where(requests.c.number == bindparam("key"))
    .values(state=CustomerState.READY.value, ready_at=bindparam("ready_at")),
    ("ready_at", "key"),
)


async def answer_part(ctx: StationContext, report: CustomerInformationReported) -> Noted:
    """Parts come in any order, and twice. What nobody asked this station for is dropped."""

    def read(connection: Connection) -> tuple[RowMapping | None, set[int]]:
        row = get(connection, report.request_id)
        held = select(parts.c.part).where(parts.c.request == report.request_id)
        return row, set(connection.execute(held).scalars())

    row, held = await ctx.database.read(read)
    if row is None or row["station_id"] != ctx.station_id or row["state"] not in _TAKES or not row["report"]:
        notice(ctx, "unasked_customer_information", "what it said of a customer was dropped: it was not asked for it")
        return NOTED
    if report.part >= MOST_PARTS:
        notice(ctx, "too_much_customer_information", f"part {report.part} of what it said of a customer was dropped")
        return NOTED
    ctx.work.write(_ADD_PART, report.request_id, report.part, plain_lines(report.text, 512))
    last = row["last_part"]
    if not report.more:
        last = report.part
        ctx.work.write(_LAST, last, report.request_id)
    if last is not None and {*held, report.part} >= set(range(last + 1)):
        ctx.work.write(_READY, ctx.now, report.request_id)
        ctx.work.tell(CustomerInformationReceived(ctx.station_id, ctx.now, report.request_id))
    return NOTED


# ---- reading


def get(connection: Connection, number: int) -> RowMapping | None:
    return connection.execute(select(requests).where(requests.c.number == number)).mappings().one_or_none()


def find(
    connection: Connection, station_id: str, before: tuple[datetime, int] | None, limit: int
) -> Sequence[RowMapping]:
    """The latest first; without what stations said."""
    c = requests.c
    query = select(requests).order_by(c.asked_at.desc(), c.number.desc()).limit(limit)
    if station_id:
        query = query.where(c.station_id == station_id)
    if before is not None:
        at, number = before
        query = query.where((c.asked_at < at) | ((c.asked_at == at) & (c.number < number)))
    return connection.execute(query).mappings().all()


async def read_once(caller: Caller, number: int) -> tuple[RowMapping, str]:
    """The request as it was, and all that was said; which is forgotten with this. Raises NotFound, Conflict."""

    def change(connection: Connection, work: Work) -> tuple[RowMapping, str]:
        row = get(connection, number)
        if row is None:
            raise NotFound(f"there is no request {number} about a customer")
        taken = connection.execute(
            update(requests)
            .where(requests.c.number == number, requests.c.state == CustomerState.READY.value)
            .values(state=CustomerState.READ.value, read_at=caller.now, reader=caller.actor.name[:200])
        )
        if taken.rowcount != 1:
            raise Conflict(f"there is nothing to read: it is {row['state']}")
        texts = connection.execute(select(parts.c.text).where(parts.c.request == number).order_by(parts.c.part))
        text = "".join(texts.scalars())
        connection.execute(delete(parts).where(parts.c.request == number))
        note(connection, work, caller.actor, "customer.read", row["station_id"], "done", caller.now, {"number": number})
        found = get(connection, number)
        assert found is not None
        return found, text

    return await caller.database.write(change)


def prune(connection: Connection, now: datetime) -> None:
    c = requests.c
    over = select(c.number).where(
        c.asked_at < now - KEPT,
        c.state.in_([*_TAKES, CustomerState.READY.value]),
        func.coalesce(c.ready_at, c.asked_at) < now - KEPT,
    )
    numbers = list(connection.execute(over).scalars())
    for start in range(0, len(numbers), 500):
        some = numbers[start : start + 500]
        connection.execute(delete(parts).where(parts.c.request.in_(some)))
        connection.execute(update(requests).where(c.number.in_(some)).values(state=CustomerState.EXPIRED.value))
    connection.execute(delete(requests).where(c.asked_at < now - REQUESTS_KEPT))
