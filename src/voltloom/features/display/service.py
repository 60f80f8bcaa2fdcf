"""Use cases of messages on displays."""

import secrets
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection

from voltloom.domain.commands import Accepted, Answer, ClearMessage, ReportMessages, ShowMessage
from voltloom.domain.display import DisplayMessage, MessagePriority, MessageState
from voltloom.domain.errors import Conflict, NotFound, TimedOut, VoltloomError
from voltloom.domain.events import DisplayMessageChanged
from voltloom.domain.ids import StationId
from voltloom.domain.reports import NOTED, MessagesReported, Noted
from voltloom.features.display import rules, store
from voltloom.features.display.rules import Message, Question, State
from voltloom.features.feature import Context, StationContext
from voltloom.features.stations import Caller, ask, existing
from voltloom.features.transactions import get_transaction
from voltloom.infra.database import Work

KEPT = timedelta(days=400)


async def show(
    caller: Caller, station_id: StationId, message: DisplayMessage, timeout_s: float = 30.0
) -> tuple[Message, Answer]:
    """A new one; its number is given here. Kept before the station is asked, so that one that it took unheard is known.

    Raises Invalid, NotFound, Conflict (too many; the transaction is over), and what `ask` raises.
    """
    rules.check(message, caller.now)
    message = await _with_transaction(caller, station_id, message)

    def begin(connection: Connection, _: Work) -> Message:
        existing(connection, station_id)
        known = store.read_known(connection, station_id)
        if len(known) >= rules.MOST_MESSAGES:
            store.remove_oldest_over(connection, station_id)
            known = store.read_known(connection, station_id)
        what = rules.bounded(replace(message, number=rules.free_number(known.keys())))
        made = Message(station_id, what, State.ASKED, caller.now, asked_at=caller.now, actor=caller.actor.name)
        store.put(connection, made)
        return made

    made = await caller.database.write(begin)
    try:
        answer = await ask(caller, station_id, ShowMessage(made.what), timeout_s=timeout_s)
    except TimedOut:
        raise  # it may have taken it: what the station reports will tell
    except VoltloomError as error:
        await _keep(caller, replace(made, state=State.REFUSED, said=type(error).__name__))
        raise
    return await _keep(caller, rules.after_asking(made, answer, caller.now)), answer


async def change(
    caller: Caller, station_id: StationId, message: DisplayMessage, timeout_s: float = 30.0
) -> tuple[Message, Answer]:
    """Another text in the place of one that is shown; where the station refuses, that stays.

    Raises Invalid, NotFound, Conflict, and what `ask` raises.
    """
    rules.check(message, caller.now)
    before = await get_message(caller, station_id, message.number)
    rules.check_may_be_changed(before)
    what = rules.bounded(await _with_transaction(caller, station_id, message))
    asked = replace(before, what=what, asked_at=caller.now, actor=caller.actor.name, changed_at=caller.now)
    try:
        answer = await ask(caller, station_id, ShowMessage(what), timeout_s=timeout_s)
    except TimedOut:
        await _keep(caller, replace(asked, state=State.ASKED, said=""))
        raise
    after = rules.after_asking(asked, answer, caller.now)
    if after.state is State.REFUSED:
        return before, answer
    return await _keep(caller, after), answer


async def clear(caller: Caller, station_id: StationId, number: int, timeout_s: float = 30.0) -> tuple[Message, Answer]:
    """Raises NotFound, Conflict (it is over), and what `ask` raises. A station that does not know it has it not."""
    found = await get_message(caller, station_id, number)
    rules.check_may_be_changed(found)
    answer = await ask(caller, station_id, ClearMessage(number), timeout_s=timeout_s)
    if answer.accepted is Accepted.ACCEPTED or answer.status == "Unknown":
        found = await _keep(caller, replace(found, state=State.CLEARED, changed_at=caller.now))
    return found, answer


async def reconcile(
    caller: Caller,
    station_id: StationId,
    numbers: tuple[int, ...] = (),
    priority: MessagePriority | None = None,
    state: MessageState | None = None,
    timeout_s: float = 30.0,
) -> tuple[int, Answer]:
    """Ask the station what it has to show; the list is put right as it tells. Gives the number of its report.

    Raises what `ask` raises.
    """
    number = secrets.randbelow(rules.LARGEST_NUMBER) + 1
    command = ReportMessages(number, numbers, priority, state)

    def begin(connection: Connection, _: Work) -> None:
        existing(connection, station_id)
        store.ask(connection, station_id, Question(number, caller.now, command.whole))

    # First: the station may tell before it is heard to agree.
    await caller.database.write(begin)
    return number, await ask(caller, station_id, command, timeout_s=timeout_s)


async def get_message(caller: Caller, station_id: StationId, number: int) -> Message:
    """Raises NotFound."""
    found = await caller.database.read(lambda connection: store.get(connection, station_id, number))
    if found is None:
        raise NotFound(f"no message {number} is known of {station_id}")
    return found


async def _with_transaction(caller: Caller, station_id: StationId, message: DisplayMessage) -> DisplayMessage:
    """As the station calls it. Raises NotFound, Conflict."""
    if message.transaction_id is None:
        return message
    transaction = await get_transaction(caller, station_id, message.transaction_id)
    if not transaction.is_open:
        raise Conflict(f"transaction {message.transaction_id} is over: its messages are gone")
    return replace(message, transaction_id=transaction.known_as)


async def _keep(caller: Caller, message: Message) -> Message:
    def keep(connection: Connection, work: Work) -> None:
        store.put(connection, message)
        work.tell(DisplayMessageChanged(message.station_id, message.what.number, caller.now, message.state.value))

    await caller.database.write(keep)
    return message


# ---- what stations tell, and time does


async def answer_reported(ctx: StationContext, report: MessagesReported) -> Noted:
    """What nobody asked for is in the message log, and no more."""
    station_id = ctx.station_id
    question, known = await ctx.database.read(
        lambda connection: (store.question_of(connection, station_id), store.read_known(connection, station_id))
    )
    if question is None or question.report_id != report.report_id:
        return NOTED
    for message in rules.reconciled(known, question, report, station_id, ctx.now):
        ctx.work.write(store.PUT, *store.values_of(message))
        if rules.is_news(known.get(message.what.number), message):
            ctx.work.tell(DisplayMessageChanged(station_id, message.what.number, ctx.now, message.state.value))
    return NOTED


async def end_what_is_over(ctx: Context) -> None:
    """Stations take such messages away by themselves, and tell nobody."""

    def end(connection: Connection, work: Work) -> None:
        for station_id, number in store.expire(connection, ctx.now):
            work.tell(DisplayMessageChanged(station_id, number, ctx.now, State.EXPIRED.value))
        store.prune(connection, ctx.now - KEPT)

    await ctx.database.write(end)
