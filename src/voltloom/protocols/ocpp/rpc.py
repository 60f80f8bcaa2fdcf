"""OCPP-J: the law of messages between two ends, whatever they are about. OCPP 1.6J §4, OCPP 2.0.1 and 2.1 Part 4 §4.

An `Endpoint` is one end of one connection, the CSMS's or a station's. It does no I/O and reads no clock: frames go in
and events come out; calls go in and, in their turn, frames come out.

    event = endpoint.receive(text, now)                    # a CallReceived, a ResultReceived, … see Received
    socket.write(endpoint.result(event.message_id, payload))

    message_id = endpoint.call("Reset", payload, now=now, timeout_s=30)
    for call in endpoint.outgoing(now): socket.write(call.frame)
    for late in endpoint.expire(now): …                     # at endpoint.next_deadline()

Call `outgoing` after `call`, after every event that ends a call, and after `expire`: only one call is under way at a
time, and the next goes out when it has ended.
"""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from secrets import token_hex
from typing import Annotated, Final, Literal, TypeAlias, TypeVar

import msgspec

from voltloom.domain.errors import Conflict, NotInThisVersion, Unreachable
from voltloom.protocols.ocpp.errors import ErrorCode, read_code, spell, text_of
from voltloom.protocols.ocpp.exchange import Payload
from voltloom.protocols.ocpp.limits import Limits, breach
from voltloom.protocols.ocpp.version import Version

__all__ = [
    "Answered",
    "CallAbandoned",
    "CallReceived",
    "CallTimedOut",
    "Drop",
    "Dropped",
    "Endpoint",
    "ErrorReceived",
    "Limits",
    "OutgoingCall",
    "QueueFull",
    "Received",
    "Refused",
    "Replayed",
    "ResultErrorReceived",
    "ResultReceived",
    "SendReceived",
]


class Kind(IntEnum):
    """The message type, the first element of a frame."""

    CALL = 2
    CALL_RESULT = 3
    CALL_ERROR = 4
    CALL_RESULT_ERROR = 5
    SEND = 6


NO_ID: Final = "-1"
"""The message id of an answer to what had none that could be read. OCPP 2.0.1 Part 4 §4.2.3."""
LONGEST_ID: Final = 36
LONGEST_ACTION: Final = 64
LONGEST_TEXT: Final = 255


class QueueFull(Conflict):
    """So many calls wait for this station already that one more would help nobody."""


@dataclass(slots=True, eq=False)
class OutgoingCall:
    """A call of ours, from its place in the queue to its end.

    tag        the caller's own; the endpoint only carries it
    sent_at    None while it waits its turn
    deadline   when it counts as not answered; counts from when it was sent
    """

    message_id: str
    action: str
    payload: bytes
    timeout_s: float
    tag: object
    queued_at: float
    sent_at: float | None = None
    deadline: float | None = None

    @property
    def frame(self) -> bytes:
        head = _write([Kind.CALL, self.message_id, self.action])
        return b"%b,%b]" % (head[:-1], self.payload)


# ---- what may come of a frame ------------------------------------------------------------------------------------


class _Event(msgspec.Struct, gc=False):
    pass


class CallReceived(_Event):
    """To be answered with `result` or `error`. The payload is a JSON object; views the frame, which it keeps alive."""

    message_id: str
    action: str
    payload: Payload


class Replayed(_Event):
    """A call that was answered before: `reply` is that answer's frame, to be sent once more. Nothing is to be done."""

    message_id: str
    action: str
    reply: bytes


class SendReceived(_Event):
    """2.1: a call that wants no answer."""

    message_id: str
    action: str
    payload: Payload


class ResultReceived(_Event):
    call: OutgoingCall
    payload: Payload


class ErrorReceived(_Event):
    """Our call was refused; or what came for an answer was none, and then `spelling` is empty and `text` is our own.

    spelling   the code as the other end wrote it
    details    a JSON object
    """

    call: OutgoingCall
    code: ErrorCode
    spelling: str
    text: str
    details: bytes


class ResultErrorReceived(_Event):
    """2.1: a result of ours could not be used."""

    message_id: str
    code: ErrorCode
    spelling: str
    text: str
    details: bytes


class Refused(_Event):
    """A frame that is none, or no call that can be passed on. `reply` is to be sent; `why` is for the log alone."""

    reply: bytes
    code: ErrorCode
    why: str
    message_id: str = NO_ID


class Drop(Enum):
    """Why a frame is passed over in silence."""

    UNSOLICITED = "unsolicited"
    """An answer to no call of ours."""
    LATE = "late"
    """An answer to a call of ours that had timed out."""
    DUPLICATE = "duplicate"
    """A second answer to one call."""
    BEING_ANSWERED = "being answered"
    """The same call again, whose answer is on its way."""
    MALFORMED = "malformed"
    """An answer that cannot be read: one never answers an answer."""
    UNKNOWN_TYPE = "unknown type"
    """A message type that 1.6 does not have: to be ignored, OCPP 1.6J §4.1.3."""


class Dropped(_Event):
    kind: Drop
    why: str
    message_id: str = ""


Received: TypeAlias = (
    CallReceived | ResultReceived | ErrorReceived | SendReceived | ResultErrorReceived | Replayed | Refused | Dropped
)


class CallTimedOut(_Event):
    call: OutgoingCall


class CallAbandoned(_Event):
    """The connection ended first. Where `call.sent_at` is not None, nobody knows whether the other end acted."""

    call: OutgoingCall


# ---- answers given before ----------------------------------------------------------------------------------------

# Frames of these actions carry their own time or place in a sequence: the same frame again is the same message again,
# however much later. Of others (a Heartbeat, a StatusNotification without time) the same frame may be a new message
# from a station that counts its ids from 1 after every start; those are taken for repeated within the minute only.
_TIMELESS: Final = frozenset({"StartTransaction", "StopTransaction", "TransactionEvent", "MeterValues"})
_MINUTE: Final = 60
_KEY_BYTES: Final = 8
_ANSWERED: Final = Limits().answered


class Answered:
    """The answers to the last calls of one station, by the whole frame that was answered.

    May be handed to the station's next Endpoint: a station that did not hear our answer repeats its call there.
    Eight bytes and a pointer a call: a ring of keys, searched as bytes.
    """

    __slots__ = ("_keys", "_next", "_payloads", "_size")

    def __init__(self, size: int = _ANSWERED) -> None:
        self._size = size
        self._keys = bytearray()
        self._payloads: list[bytes] = []
        self._next = 0

    def __len__(self) -> int:
        return len(self._payloads)

    @staticmethod
    def key(frame: bytes, action: str, now: float) -> bytes:
        whole = hash(frame) if action in _TIMELESS else hash((frame, int(now // _MINUTE)))
        return whole.to_bytes(_KEY_BYTES, "little", signed=True)

    def find(self, key: bytes) -> bytes | None:
        """The payload that was the answer."""
        at = self._keys.find(key)
        while at >= 0:
            if at % _KEY_BYTES == 0:
                return self._payloads[at // _KEY_BYTES]
            at = self._keys.find(key, at + 1)
        return None

    def add(self, key: bytes, payload: Payload) -> None:
        answer = bytes(payload)
        if answer == _EMPTY:
            answer = _EMPTY  # one object for the many
        if len(self._payloads) < self._size:
            self._keys += key
            self._payloads.append(answer)
            return
        at = self._next
        self._keys[at * _KEY_BYTES : (at + 1) * _KEY_BYTES] = key
        self._payloads[at] = answer
        self._next = (at + 1) % self._size


# ---- the endpoint ------------------------------------------------------------------------------------------------

_MessageId: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_ID)]
_Action: TypeAlias = Annotated[str, msgspec.Meta(max_length=LONGEST_ACTION)]
ElementT = TypeVar("ElementT")

_EMPTY: Final = b"{}"
_OBJECT: Final = ord("{")
_REMEMBERED_ENDS: Final = 16
_HEAD: Final = re.compile(rb'\s*\[\s*(?P<kind>[0-9])\s*,(?:\s*"(?P<id>[ -!#-\[\]-~]{1,36})")?')
_write: Final = msgspec.json.Encoder().encode
_read_call: Final = msgspec.json.Decoder(tuple[Literal[2], _MessageId, _Action, msgspec.Raw]).decode
_read_result: Final = msgspec.json.Decoder(tuple[Literal[3], _MessageId, msgspec.Raw]).decode
_read_array: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_read_message_id: Final = msgspec.json.Decoder(_MessageId).decode
_read_text: Final = msgspec.json.Decoder(str).decode
_read_integer: Final = msgspec.json.Decoder(int).decode


@dataclass(slots=True)
class _Mail:
    """What an endpoint keeps about calls, made at the first of them: most connections are idle most of the time."""

    waiting: deque[OutgoingCall] = field(default_factory=deque[OutgoingCall])
    in_flight: OutgoingCall | None = None
    ended: deque[tuple[str, Drop]] = field(default_factory=lambda: deque[tuple[str, Drop]](maxlen=_REMEMBERED_ENDS))


class Endpoint:
    """One end of one connection. Not thread-safe.

    new_id     makes the message ids of our calls
    answered   the answers of the station's last connection, where they are at hand
    """

    __slots__ = ("_answered", "_limits", "_mail", "_new_id", "_unanswered", "bad_frames", "is_closed", "version")

    def __init__(
        self,
        version: Version,
        *,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        new_id: Callable[[], str] | None = None,
        answered: Answered | None = None,
    ) -> None:
        self.version = version
        self.bad_frames = 0
        """Frames refused, or dropped for another reason than coming late or twice."""
        self.is_closed = False
        self._limits = limits
        self._new_id = new_id or _random_id
        self._answered = answered
        self._mail: _Mail | None = None
        self._unanswered: dict[str, bytes] | None = None

    # -- hearing

    def receive(self, text: str | bytes, now: float) -> Received:
        """What the frame means. Raises on no input."""
        try:
            frame = text.encode() if isinstance(text, str) else text
        except UnicodeEncodeError:
            return self._refuse(ErrorCode.RPC_FRAMEWORK, "the message holds half a surrogate pair")
        if why := breach(frame, self._limits):
            return self._malformed(frame, why)
        try:
            if frame.startswith(b"[2,"):
                _, message_id, action, payload = _read_call(frame)
                if memoryview(payload)[0] == _OBJECT:
                    return self._called(message_id, action, payload, frame, now)
            elif frame.startswith(b"[3,"):
                _, message_id, payload = _read_result(frame)
                if memoryview(payload)[0] == _OBJECT:
                    return self._answer(message_id, payload)
        except msgspec.ValidationError:
            pass
        except msgspec.DecodeError as error:
            return self._malformed(frame, str(error))
        return self._receive_slowly(frame, now)

    def _receive_slowly(self, frame: bytes, now: float) -> Received:
        """A frame with spaces in it, one of the rarer types, or one with a mistake that is to be named."""
        try:
            elements = _read_array(frame)
        except msgspec.DecodeError as error:
            return self._malformed(frame, str(error))
        kind = _element(_read_integer, elements, 0)
        message_id = _element(_read_message_id, elements, 1)
        if kind is None or message_id is None:
            what = "message type" if kind is None else f"message id of 1 to {LONGEST_ID} characters"
            return self._malformed(frame, f"the message has no {what}")
        match kind:
            case Kind.CALL:
                return self._call_slowly(message_id, elements, frame, now)
            case Kind.CALL_RESULT:
                payload = _payload(elements, 2)
                if payload is None:
                    return self._unreadable_answer(message_id, "the CALLRESULT has no payload that is an object")
                return self._answer(message_id, payload)
            case Kind.CALL_ERROR:
                return self._answered_with_error(message_id, elements)
            case Kind.CALL_RESULT_ERROR if self.version is Version.V21:
                return ResultErrorReceived(message_id, *_error_of(elements))
            case Kind.SEND if self.version is Version.V21:
                action, payload = _element(_read_text, elements, 2), _payload(elements, 3)
                if action is None or payload is None:
                    return self._drop(Drop.MALFORMED, "the SEND has no action or no payload", message_id)
                return SendReceived(message_id, action, payload)
            case _ if self.version is Version.V16:
                return self._drop(Drop.UNKNOWN_TYPE, f"{self.version} has no message type {kind}", message_id)
            case _:
                why = f"{self.version} has no message type {kind}"
                return self._refuse(ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED, why, message_id)

    def _call_slowly(self, message_id: str, elements: list[msgspec.Raw], frame: bytes, now: float) -> Received:
        action = _element(_read_text, elements, 2)
        if action is None:
            return self._refuse(ErrorCode.RPC_FRAMEWORK, "the CALL has no action", message_id)
        if len(action) > LONGEST_ACTION:
            return self._refuse(ErrorCode.NOT_IMPLEMENTED, f"there is no action {action[:LONGEST_ACTION]}…", message_id)
        if len(elements) == 3:
            return self._refuse(ErrorCode.PROTOCOL, f"the {action} has no payload", message_id)
        if len(elements) > 4:
            why = f"the CALL has {len(elements)} elements instead of 4"
            return self._refuse(ErrorCode.RPC_FRAMEWORK, why, message_id)
        payload = _payload(elements, 3)
        if payload is None:
            # 1.6 counts "not conform the PDU structure" to FormationViolation, 2.x to ProtocolError.
            code = ErrorCode.FORMAT if self.version is Version.V16 else ErrorCode.PROTOCOL
            return self._refuse(code, f"the payload of the {action} is no object", message_id)
        return self._called(message_id, action, payload, frame, now)

    def _called(self, message_id: str, action: str, payload: Payload, frame: bytes, now: float) -> Received:
        key = Answered.key(frame, action, now)
        if self._answered is not None and (before := self._answered.find(key)) is not None:
            return Replayed(message_id, action, _frame_of_result(message_id, before))
        unanswered = self._unanswered
        if unanswered is None:
            unanswered = self._unanswered = {}
        elif message_id in unanswered:
            if unanswered[message_id] == key:
                return Dropped(Drop.BEING_ANSWERED, f"the same {action} again", message_id)
            return self._refuse(ErrorCode.GENERIC, f"{message_id} is the id of another call, unanswered", message_id)
        elif len(unanswered) >= self._limits.unanswered:
            return self._refuse(ErrorCode.GENERIC, f"{len(unanswered)} calls are unanswered already", message_id)
        unanswered[message_id] = key
        return CallReceived(message_id, action, payload)

    def _answer(self, message_id: str, payload: Payload) -> Received:
        call = self._end_call(message_id)
        return call if isinstance(call, Dropped) else ResultReceived(call, payload)

    def _answered_with_error(self, message_id: str, elements: list[msgspec.Raw]) -> Received:
        mail = self._mail
        if message_id == NO_ID and mail is not None and mail.in_flight is not None:
            # Some stations cannot read the id of what they do not know, and there is one call they can mean.
            message_id = mail.in_flight.message_id
        call = self._end_call(message_id)
        return call if isinstance(call, Dropped) else ErrorReceived(call, *_error_of(elements))

    def _end_call(self, message_id: str) -> OutgoingCall | Dropped:
        """The call that this answers, which then is over; or why it answers none."""
        mail = self._mail
        if mail is None:
            return self._drop(Drop.UNSOLICITED, "no call was made", message_id)
        call = mail.in_flight
        if call is not None and call.message_id == message_id:
            mail.in_flight = None
            mail.ended.append((message_id, Drop.DUPLICATE))
            return call
        for ended_id, kind in mail.ended:
            if ended_id == message_id:
                why = "the call had timed out" if kind is Drop.LATE else "the call was answered before"
                return Dropped(kind, why, message_id)
        return self._drop(Drop.UNSOLICITED, "no call has this id", message_id)

    # -- refusing

    def _malformed(self, frame: bytes, why: str) -> Received:
        """A frame that cannot be decoded: what it was meant to be decides who is told."""
        kind, message_id = _glance(frame)
        if kind in (Kind.CALL_RESULT, Kind.CALL_ERROR):
            return self._unreadable_answer(message_id or "", why)
        if kind in (Kind.CALL_RESULT_ERROR, Kind.SEND) and self.version is Version.V21:
            return self._drop(Drop.MALFORMED, why, message_id or "")
        return self._refuse(ErrorCode.RPC_FRAMEWORK, why, message_id or NO_ID)

    def _unreadable_answer(self, message_id: str, why: str) -> Received:
        mail = self._mail
        if mail is None or mail.in_flight is None or mail.in_flight.message_id != message_id:
            return self._drop(Drop.MALFORMED, why, message_id)
        self.bad_frames += 1
        call = mail.in_flight
        mail.in_flight = None
        mail.ended.append((message_id, Drop.DUPLICATE))
        return ErrorReceived(call, ErrorCode.FORMAT, "", why, _EMPTY)

    def _refuse(self, code: ErrorCode, why: str, message_id: str = NO_ID) -> Refused:
        self.bad_frames += 1
        return Refused(self._frame_of_error(Kind.CALL_ERROR, message_id, code), code, why, message_id)

    def _drop(self, kind: Drop, why: str, message_id: str) -> Dropped:
        self.bad_frames += 1
        return Dropped(kind, why, message_id)

    # -- answering

    def result(self, message_id: str, payload: Payload) -> bytes:
        """The frame that answers a CallReceived; its payload is given again if the same call comes again."""
        key = self._unanswered.pop(message_id, None) if self._unanswered is not None else None
        if key is not None:
            if self._answered is None:
                self._answered = Answered(self._limits.answered)
            self._answered.add(key, payload)
        return _frame_of_result(message_id, payload)

    def error(self, message_id: str, code: ErrorCode, text: str | None = None, details: bytes = _EMPTY) -> bytes:
        """The frame that refuses a CallReceived. It is not remembered: the same call may fare better the next time.

        text   None: the constant text of the code, which is all that a CSMS ever says
        """
        if self._unanswered is not None:
            self._unanswered.pop(message_id, None)
        return self._frame_of_error(Kind.CALL_ERROR, message_id, code, text, details)

    def result_error(
        self, message_id: str, code: ErrorCode, text: str | None = None, details: bytes = _EMPTY
    ) -> bytes | None:
        """The frame that says a result could not be used; None in versions that cannot say so."""
        if self.version is not Version.V21:
            return None
        return self._frame_of_error(Kind.CALL_RESULT_ERROR, message_id, code, text, details)

    def _frame_of_error(
        self, kind: int, message_id: str, code: ErrorCode, text: str | None = None, details: bytes = _EMPTY
    ) -> bytes:
        text = text_of(code) if text is None else text[:LONGEST_TEXT]
        return _write([kind, message_id, spell(code, self.version), text, msgspec.Raw(details)])

    @property
    def answered(self) -> Answered | None:
        """What was answered, to hand to the station's next Endpoint."""
        return self._answered

    # -- calling

    def call(self, action: str, payload: bytes, *, now: float, timeout_s: float, tag: object = None) -> str:
        """Queues a call; its message id. `payload` is a JSON object.

        Raises QueueFull, and Unreachable after `close`.
        """
        if self.is_closed:
            raise Unreachable("the connection is closed")
        mail = self._mail
        if mail is None:
            mail = self._mail = _Mail()
        if len(mail.waiting) >= self._limits.queue:
            raise QueueFull(f"{len(mail.waiting)} calls wait for this station already; try again when some have ended")
        call = OutgoingCall(self._new_id(), action, payload, timeout_s, tag, now)
        mail.waiting.append(call)
        return call.message_id

    def send(self, action: str, payload: bytes) -> bytes:
        """The frame of a Kind.SEND, which goes out at once. Raises NotInThisVersion in all but 2.1."""
        if self.version is not Version.V21:
            raise NotInThisVersion(f"{self.version} has no message without answer, so {action} cannot be sent")
        head = _write([Kind.SEND, self._new_id(), action])
        return b"%b,%b]" % (head[:-1], payload)

    def outgoing(self, now: float) -> list[OutgoingCall]:
        """The call whose turn it is, to be written now; empty while another is under way or none waits."""
        mail = self._mail
        if mail is None or mail.in_flight is not None or not mail.waiting:
            return []
        call = mail.in_flight = mail.waiting.popleft()
        call.sent_at = now
        call.deadline = now + call.timeout_s
        return [call]

    def withdraw(self, message_id: str) -> bool:
        """Takes a call back that still waits. False where it is under way or over."""
        if self._mail is not None:
            for call in self._mail.waiting:
                if call.message_id == message_id:
                    self._mail.waiting.remove(call)
                    return True
        return False

    def next_deadline(self) -> float | None:
        """When `expire` will have something to say; None while no call is under way."""
        return self._mail.in_flight.deadline if self._mail is not None and self._mail.in_flight is not None else None

    def expire(self, now: float) -> list[CallTimedOut]:
        deadline = self.next_deadline()
        mail = self._mail
        if mail is None or mail.in_flight is None or deadline is None or now < deadline:
            return []
        call = mail.in_flight
        mail.in_flight = None
        mail.ended.append((call.message_id, Drop.LATE))
        return [CallTimedOut(call)]

    @property
    def waiting(self) -> int:
        """How many calls of ours wait their turn."""
        return len(self._mail.waiting) if self._mail is not None else 0

    def close(self) -> list[CallAbandoned]:
        """The connection is over. Calls of theirs may still be answered: the answer is remembered, see `answered`."""
        self.is_closed = True
        mail, self._mail = self._mail, None
        if mail is None:
            return []
        under_way = [] if mail.in_flight is None else [mail.in_flight]
        return [CallAbandoned(call) for call in (*under_way, *mail.waiting)]


# ---- elements of a frame -----------------------------------------------------------------------------------------


def _random_id() -> str:
    return token_hex(16)


def _frame_of_result(message_id: str, payload: Payload) -> bytes:
    return b"[3,%b,%b]" % (_write(message_id), payload)


def _element(read: Callable[[msgspec.Raw], ElementT], elements: list[msgspec.Raw], at: int) -> ElementT | None:
    try:
        return read(elements[at])
    except (IndexError, msgspec.DecodeError):
        return None


def _payload(elements: list[msgspec.Raw], at: int) -> Payload | None:
    """The payload, or None where there is none. OCPP 1.6J §4.2.1 lets null stand for the empty object."""
    if at >= len(elements):
        return None
    payload = elements[at]
    if memoryview(payload)[0] == _OBJECT:
        return payload
    return _EMPTY if bytes(payload) == b"null" else None


def _error_of(elements: list[msgspec.Raw]) -> tuple[ErrorCode, str, str, bytes]:
    """Code, its spelling, text and details of a CALLERROR. Stations leave out what they have nothing to say in."""
    spelling = _element(_read_text, elements, 2) or ""
    text = _element(_read_text, elements, 3) or ""
    details = _payload(elements, 4)
    return (
        read_code(spelling),
        spelling[:LONGEST_TEXT],
        text[:LONGEST_TEXT],
        _EMPTY if details is None else bytes(details),
    )


def _glance(frame: bytes) -> tuple[int | None, str | None]:
    """Message type and id of a frame that cannot be decoded, as far as they can be seen."""
    seen = _HEAD.match(frame)
    if seen is None:
        return None, None
    return int(seen["kind"]), seen["id"].decode() if seen["id"] is not None else None
