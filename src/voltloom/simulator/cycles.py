"""The bench's frames: one charging session as eleven calls, written with nothing but byte formatting.

The clock and the register move for all stations alike ten times a second: energy, power and time agree, and writing a
frame costs about a microsecond. Between two beats, each message of a station is some microseconds later than the one
before it: a message that says nothing new would cost a server less than it should.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

POWER_W: Final = 11_000
METER_VALUES: Final = 8


class Pulse:
    """What all frames share for a tenth of a second: the time, and a register that counts 11 kW."""

    def __init__(self, now: float) -> None:
        self._since = now
        self.run = secrets.token_hex(4).encode()
        self.beat(now)

    def beat(self, now: float) -> None:
        moment = datetime.fromtimestamp(now, UTC)
        self.stamp = (moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}").encode()
        register_wh = 1_000_000 + (now - self._since) * POWER_W / 3600
        self.wh = int(register_wh)
        self.register = f"{register_wh:.2f}".encode()


@dataclass(slots=True)
class Caller:
    """One station's part in its frames."""

    token: bytes
    serial: bytes
    transaction: bytes = b"0"
    cycle: int = 0
    sequence: int = field(default=0)
    stamp: bytes = b""
    later: int = 0

    def now(self, pulse: Pulse) -> bytes:
        """Later than whatever it said before."""
        self.later = self.later + 1 if self.stamp is pulse.stamp else 0
        self.stamp = pulse.stamp
        return b"%b%03dZ" % (self.stamp, min(self.later, 999))


Writer = Callable[[Pulse, Caller, int], bytes]
"""A frame for this pulse and caller, with this number as its message id."""


# ---- 1.6


def _boot16(p: Pulse, c: Caller, n: int) -> bytes:
    return (
        b'[2,"%b%x","BootNotification",{"chargePointVendor":"Bench","chargePointModel":"Load",'
        b'"chargePointSerialNumber":"%b","firmwareVersion":"1.0"}]'
    ) % (p.run, n, c.serial)


def _status16(p: Pulse, c: Caller, n: int) -> bytes:
    return (
        b'[2,"%b%x","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Available","timestamp":"%b"}]'
    ) % (p.run, n, c.now(p))


def _authorize16(p: Pulse, c: Caller, n: int) -> bytes:
    return b'[2,"%b%x","Authorize",{"idTag":"%b"}]' % (p.run, n, c.token)


def _start16(p: Pulse, c: Caller, n: int) -> bytes:
    return (
        b'[2,"%b%x","StartTransaction",{"connectorId":1,"idTag":"%b","meterStart":%d,"timestamp":"%b"}]'
    ) % (p.run, n, c.token, p.wh, c.now(p))  # fmt: skip


_SAMPLED16 = (
    b'[{"value":"%b","context":"Sample.Periodic","measurand":"Energy.Active.Import.Register","unit":"Wh"},'
    b'{"value":"11000","context":"Sample.Periodic","measurand":"Power.Active.Import","unit":"W"},'
    b'{"value":"15.9","context":"Sample.Periodic","measurand":"Current.Import","phase":"L1","unit":"A"},'
    b'{"value":"16.0","context":"Sample.Periodic","measurand":"Current.Import","phase":"L2","unit":"A"},'
    b'{"value":"15.9","context":"Sample.Periodic","measurand":"Current.Import","phase":"L3","unit":"A"},'
    b'{"value":"230.4","context":"Sample.Periodic","measurand":"Voltage","phase":"L1-N","unit":"V"}]'
)


def _meter16(p: Pulse, c: Caller, n: int) -> bytes:
    return (
        b'[2,"%b%x","MeterValues",{"connectorId":1,"transactionId":%b,"meterValue":[{"timestamp":"%b","sampledValue":'
        + _SAMPLED16
        + b"}]}]"
    ) % (p.run, n, c.transaction, c.now(p), p.register)


def _stop16(p: Pulse, c: Caller, n: int) -> bytes:
    return (
        b'[2,"%b%x","StopTransaction",{"idTag":"%b","meterStop":%d,"timestamp":"%b","transactionId":%b,"reason":"Local"}]'
    ) % (p.run, n, c.token, p.wh, c.now(p), c.transaction)


# ---- 2.0.1, which 2.1 takes as it is


def _boot2(p: Pulse, c: Caller, n: int) -> bytes:
    return (
        b'[2,"%b%x","BootNotification",{"reason":"PowerUp","chargingStation":{"vendorName":"Bench","model":"Load",'
        b'"serialNumber":"%b","firmwareVersion":"1.0"}}]'
    ) % (p.run, n, c.serial)


def _status2(p: Pulse, c: Caller, n: int) -> bytes:
    return (
        b'[2,"%b%x","StatusNotification",'
        b'{"timestamp":"%b","connectorStatus":"Available","evseId":1,"connectorId":1}]'
    ) % (p.run, n, c.now(p))  # fmt: skip


def _authorize2(p: Pulse, c: Caller, n: int) -> bytes:
    return b'[2,"%b%x","Authorize",{"idToken":{"idToken":"%b","type":"ISO14443"}}]' % (p.run, n, c.token)


def _event2(kind: bytes, trigger: bytes, state: bytes, more: bytes, samples: bytes) -> bytes:
    return (
        b'[2,"%%b%%x","TransactionEvent",{"eventType":"%b","timestamp":"%%b","triggerReason":"%b","seqNo":%%d,'
        b'"transactionInfo":{"transactionId":"%%b","chargingState":"%b"%b},'
        b'"meterValue":[{"timestamp":"%%b","sampledValue":%b}]'
    ) % (kind, trigger, state, more, samples)


_SAMPLED2 = (
    b'[{"value":%b,"context":"Sample.Periodic","measurand":"Energy.Active.Import.Register","unitOfMeasure":{"unit":"Wh"}},'
    b'{"value":11000,"measurand":"Power.Active.Import","unitOfMeasure":{"unit":"W"}},'
    b'{"value":15.9,"measurand":"Current.Import","phase":"L1","unitOfMeasure":{"unit":"A"}},'
    b'{"value":16.0,"measurand":"Current.Import","phase":"L2","unitOfMeasure":{"unit":"A"}},'
    b'{"value":15.9,"measurand":"Current.Import","phase":"L3","unitOfMeasure":{"unit":"A"}},'
    b'{"value":230.4,"measurand":"Voltage","phase":"L1-N","unitOfMeasure":{"unit":"V"}}]'
)
_ONE2 = b'[{"value":%b,"context":"Transaction.%%b","measurand":"Energy.Active.Import.Register"}]'
_STARTED2 = (
    _event2(b"Started", b"Authorized", b"Charging", b"", _ONE2.replace(b"%%b", b"Begin"))
    + b',"evse":{"id":1,"connectorId":1},"idToken":{"idToken":"%b","type":"ISO14443"}}]'
)
_UPDATED2 = _event2(b"Updated", b"MeterValuePeriodic", b"Charging", b"", _SAMPLED2) + b',"evse":{"id":1}}]'
_ENDED2 = (
    _event2(b"Ended", b"StopAuthorized", b"EVConnected", b',"stoppedReason":"Local"', _ONE2.replace(b"%%b", b"End"))
    + b',"evse":{"id":1},"idToken":{"idToken":"%b","type":"ISO14443"}}]'
)


def _started2(p: Pulse, c: Caller, n: int) -> bytes:
    c.cycle += 1
    c.sequence = 0
    c.transaction = b"%b-%016d-%b" % (p.run, c.cycle, c.serial)  # as long as the random ids of real stations
    stamp = c.now(p)
    return _STARTED2 % (p.run, n, stamp, 0, c.transaction, stamp, p.register, c.token)


def _updated2(p: Pulse, c: Caller, n: int) -> bytes:
    c.sequence += 1
    stamp = c.now(p)
    return _UPDATED2 % (p.run, n, stamp, c.sequence, c.transaction, stamp, p.register)


def _ended2(p: Pulse, c: Caller, n: int) -> bytes:
    c.sequence += 1
    stamp = c.now(p)
    return _ENDED2 % (p.run, n, stamp, c.sequence, c.transaction, stamp, p.register, c.token)


@dataclass(frozen=True, slots=True)
class Cycle:
    """opening: what a station says once, on connecting. start: the step whose answer names the transaction (1.6)."""

    subprotocol: str
    opening: tuple[Writer, ...]
    steps: tuple[Writer, ...]
    start: int


CYCLES = {
    "1.6": Cycle("ocpp1.6", (_boot16, _status16), (_authorize16, _start16, *[_meter16] * METER_VALUES, _stop16), 1),
    "2.0.1": Cycle("ocpp2.0.1", (_boot2, _status2), (_authorize2, _started2, *[_updated2] * METER_VALUES, _ended2), -1),
    "2.1": Cycle("ocpp2.1", (_boot2, _status2), (_authorize2, _started2, *[_updated2] * METER_VALUES, _ended2), -1),
}
