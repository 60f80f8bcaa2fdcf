"""What 1.6 stations say, lifted to the domain.

Connector *n* is EVSE *n*, connector 1; connector 0 is the station. An `idTag` is an id token of no kind, an integer
transaction id its text. 1.6 says nothing of being offline: that a message was queued shows in its time alone.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from voltloom.domain.errors import NotInThisVersion
from voltloom.domain.ids import WHOLE_STATION, Place, TransactionId
from voltloom.domain.reports import (
    AuthorizationReported,
    BootReply,
    BootReported,
    ConnectorStatusReported,
    DataReply,
    DataReported,
    FaultReported,
    HeartbeatReply,
    HeartbeatReported,
    SamplesReported,
    SecurityReported,
    TransactionReply,
    TransactionReported,
)
from voltloom.domain.station import ConnectorStatus, Hardware
from voltloom.domain.token import Authorization, AuthorizationStatus, IdToken
from voltloom.domain.transaction import Phase, StopReason
from voltloom.protocols.ocpp.exchange import EMPTY_RESULT, Read, whole_number
from voltloom.protocols.ocpp.metering import samples_16
from voltloom.protocols.ocpp.times import read_time, write_time
from voltloom.protocols.ocpp.v16 import certificates, plug_and_charge
from voltloom.protocols.ocpp.v16 import messages as m
from voltloom.protocols.ocpp.wire import write

LONGEST_ID_TAG: Final = 20
LEAST_ID: Final = -(2**63)
MOST_ID: Final = 2**63 - 1
"""Integers of OCPP have 32 bits, but here more does no harm, and who refuses a transaction is sent it for ever."""

STATUSES: Final = {status: ConnectorStatus(status.value) for status in m.ChargePointStatus}
STOP_REASONS: Final = {reason: StopReason(reason.value) for reason in m.Reason}
_PLACES: Final = (WHOLE_STATION, *(Place(number, 1) for number in range(1, 65)))


def place_of(connector_id: int) -> Place:
    if 0 <= connector_id < len(_PLACES):
        return _PLACES[connector_id]
    return Place(whole_number(connector_id, "connectorId"), 1)


def transaction_id(number: int) -> TransactionId:
    return TransactionId(str(whole_number(number, "transactionId", least=LEAST_ID, most=MOST_ID)))


# ---- provisioning


def boot(message: m.BootNotificationRequest, heard_at: datetime) -> Read:
    hardware = Hardware(
        vendor=message.charge_point_vendor,
        model=message.charge_point_model,
        serial=message.charge_point_serial_number or message.charge_box_serial_number or "",
        firmware=message.firmware_version or "",
        iccid=message.iccid or "",
        imsi=message.imsi or "",
        meter_type=message.meter_type or "",
        meter_serial=message.meter_serial_number or "",
    )
    return Read((BootReported(hardware),), write_boot)


def write_boot(reply: BootReply) -> bytes:
    return write(
        m.BootNotificationResponse(
            status=m.RegistrationStatus(reply.registration.value),
            current_time=write_time(reply.now),
            interval=reply.interval_s,
        )
    )


def heartbeat(message: m.HeartbeatRequest, heard_at: datetime) -> Read:
    return _HEARTBEAT


def write_heartbeat(reply: HeartbeatReply) -> bytes:
    return write(m.HeartbeatResponse(current_time=write_time(reply.now)))


_HEARTBEAT: Final = Read((HeartbeatReported(),), write_heartbeat)


def status(message: m.StatusNotificationRequest, heard_at: datetime) -> Read:
    """The error code is a fault of its own; NoError ends what fault there was."""
    place = place_of(message.connector_id)
    at = None if message.timestamp is None else read_time(message.timestamp)
    is_well = message.error_code is m.ChargePointErrorCode.NO_ERROR
    code = "" if is_well else message.error_code.value
    return Read(
        (
            ConnectorStatusReported(place, STATUSES[message.status], at, code),
            FaultReported(
                place,
                at,
                code,
                message.vendor_id or "",
                message.vendor_error_code or "",
                message.info or "",
                cleared=is_well,
            ),
        ),
        write_nothing,
    )


def data(message: m.DataTransferRequest, heard_at: datetime) -> Read:
    if plug_and_charge.is_ours(message):
        return plug_and_charge.heard(message, heard_at)
    return Read((DataReported(message.vendor_id, message.message_id or "", message.data),), write_data)


def write_data(reply: DataReply) -> bytes:
    return write(m.DataTransferResponse(status=m.DataTransferStatus(reply.status), data=reply.data))


def security(message: m.SecurityEventNotificationRequest, heard_at: datetime) -> Read:
    return Read((SecurityReported(message.type, read_time(message.timestamp), message.tech_info or ""),), write_nothing)


# ---- charging


def authorize(message: m.AuthorizeRequest, heard_at: datetime) -> Read:
    return Read((AuthorizationReported(IdToken(message.id_tag)),), write_authorization)


def write_authorization(reply: Authorization) -> bytes:
    return write(m.AuthorizeResponse(id_tag_info=id_tag_info(reply)))


def start(message: m.StartTransactionRequest, heard_at: datetime) -> Read:
    reservation = message.reservation_id
    report = TransactionReported(
        Phase.STARTED,
        None,
        read_time(message.timestamp),
        place_of(message.connector_id),
        token=IdToken(message.id_tag),
        meter_start_wh=float(whole_number(message.meter_start, "meterStart", least=LEAST_ID, most=MOST_ID)),
        reservation_id=None
        if reservation is None
        else whole_number(reservation, "reservationId", least=LEAST_ID, most=MOST_ID),
    )
    return Read((report,), write_start)


def write_start(reply: TransactionReply) -> bytes:
    assert reply.authorization is not None, "a 1.6 start has a token, so its reply has an authorization"
    return write(
        m.StartTransactionResponse(
            id_tag_info=id_tag_info(reply.authorization), transaction_id=int(reply.transaction_id)
        )
    )


def stop(message: m.StopTransactionRequest, heard_at: datetime) -> Read:
    """A reason may be left out only when it is Local, says 1.6 of StopTransaction.req."""
    at = read_time(message.timestamp)
    report = TransactionReported(
        Phase.ENDED,
        transaction_id(message.transaction_id),
        at,
        token=None if message.id_tag is None else IdToken(message.id_tag),
        meter_stop_wh=float(whole_number(message.meter_stop, "meterStop", least=LEAST_ID, most=MOST_ID)),
        samples=samples_16(message.transaction_data, at or heard_at) if message.transaction_data else (),
        stop_reason=StopReason.LOCAL if message.reason is None else STOP_REASONS[message.reason],
    )
    return Read((report,), write_stop)


def write_stop(reply: TransactionReply) -> bytes:
    if reply.authorization is None:
        return EMPTY_RESULT
    return write(m.StopTransactionResponse(id_tag_info=id_tag_info(reply.authorization)))


def meter_values(message: m.MeterValuesRequest, heard_at: datetime) -> Read:
    number = message.transaction_id
    report = SamplesReported(
        place_of(message.connector_id),
        samples_16(message.meter_value, heard_at),
        None if number is None else transaction_id(number),
    )
    return Read((report,), write_nothing)


# ---- parts


def write_nothing(reply: object) -> bytes:
    return EMPTY_RESULT


def id_tag(token: IdToken) -> str:
    """Raises NotInThisVersion for one that 1.6 has no room for."""
    if len(token.value) > LONGEST_ID_TAG:
        raise NotInThisVersion(
            f"id tags of OCPP 1.6 have at most {LONGEST_ID_TAG} characters, and this has {len(token.value)}"
        )
    return token.value


def id_tag_info(authorization: Authorization) -> m.IdTagInfo:
    """1.6 has five statuses: whatever else is no is Invalid. A parent's tag has 20 characters at most."""
    return m.IdTagInfo(
        status=_STATUSES_OF_TAGS[authorization.status],
        expiry_date=None if authorization.expires_at is None else write_time(authorization.expires_at),
        parent_id_tag=None if authorization.group is None else authorization.group.value[:LONGEST_ID_TAG],
    )


_STATUSES_OF_TAGS: Final = dict.fromkeys(AuthorizationStatus, m.AuthorizationStatus.INVALID) | {
    AuthorizationStatus(status.value): status for status in m.AuthorizationStatus
}

READERS: Final[Mapping[str, Callable[[Any, datetime], Read]]] = {
    "Authorize": authorize,
    "BootNotification": boot,
    "DataTransfer": data,
    "Heartbeat": heartbeat,
    "MeterValues": meter_values,
    "SecurityEventNotification": security,
    "StartTransaction": start,
    "StatusNotification": status,
    "StopTransaction": stop,
    **certificates.READERS,
}
