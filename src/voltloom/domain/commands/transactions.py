"""Starting and stopping."""

from dataclasses import dataclass

from voltloom.domain.charging import ChargingProfile
from voltloom.domain.commands.base import Answer, Command
from voltloom.domain.ids import Place, TransactionId
from voltloom.domain.token import IdToken


@dataclass(frozen=True, slots=True)
class RequestStart(Command["StartAnswer"]):
    """Start a transaction for a token. place None: the station chooses.

    remote_start_id   ours, to recognise the transaction that comes of it (2.x only)
    profile           by which it charges: of purpose TX, without a transaction id
    """

    token: IdToken
    remote_start_id: int
    place: Place | None = None
    group: IdToken | None = None
    profile: ChargingProfile | None = None


@dataclass(frozen=True, slots=True)
class StartAnswer:
    answer: Answer
    transaction_id: TransactionId | None = None
    """Where one was already running, started by the cable (2.x)."""


@dataclass(frozen=True, slots=True)
class TransactionStatus:
    """messages_in_queue: it has messages about transactions yet to deliver (of this one, where one was asked for).
    ongoing: None where none was asked for."""

    messages_in_queue: bool
    ongoing: bool | None = None


@dataclass(frozen=True, slots=True)
class GetTransactionStatus(Command[TransactionStatus]):
    """2.x only. transaction_id None: of all of them."""

    transaction_id: TransactionId | None = None


@dataclass(frozen=True, slots=True)
class RequestStop(Command[Answer]):
    transaction_id: TransactionId
