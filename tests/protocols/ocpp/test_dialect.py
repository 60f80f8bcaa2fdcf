"""Any legal message is read, and answered legally, in every version."""

import inspect
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocpp_schemas import FROM_STATIONS, check, payloads
from voltloom.domain import commands
from voltloom.domain.certificate import CertificateState, ContractVerdict, StatusAnswer
from voltloom.domain.charging import Rates
from voltloom.domain.commands import Command, RawCall
from voltloom.domain.errors import Invalid, NotInThisVersion, StationError
from voltloom.domain.ids import JsonText, TransactionId
from voltloom.domain.reports import (
    NOTED,
    AuthorizationReported,
    BootReply,
    BootReported,
    CertificateRequested,
    ChainStatusAsked,
    ChainStatusReply,
    ChargingNeedsReported,
    Company,
    ContractPresented,
    ContractReply,
    DataReply,
    DataReported,
    DynamicUpdateAsked,
    DynamicUpdateReply,
    EvCertificateAsked,
    EvCertificateReply,
    HeartbeatReply,
    HeartbeatReported,
    NeedsAnswer,
    NeedsReply,
    OcspAsked,
    OcspReply,
    Report,
    RequestReply,
    SettlementReply,
    SettlementReported,
    StreamOpened,
    StreamReply,
    TransactionReply,
    TransactionReported,
    Untranslated,
    VatNumberReported,
    VatReply,
)
from voltloom.domain.station import Registration
from voltloom.domain.token import Authorization, AuthorizationStatus, IdToken, TokenKind
from voltloom.protocols.ocpp.dialect import DIALECTS, Call, Read, Refusal, Version
from voltloom.protocols.ocpp.errors import ErrorCode
from voltloom.protocols.ocpp.wire import Sender

NOW = datetime(2024, 5, 17, 10, 30, 0, 123456, tzinfo=UTC)
VERSIONS = list(DIALECTS)

authorizations = st.builds(
    Authorization,
    status=st.sampled_from(AuthorizationStatus),
    expires_at=st.none() | st.just(NOW),
    group=st.none()
    | st.builds(IdToken, st.text("GRP0", max_size=300), st.sampled_from(TokenKind), st.text("x", max_size=30)),
    language=st.sampled_from(["", "de", "a-very-long-language-tag"]),
    message=st.sampled_from(["", "Welcome", "x" * 2000]),
)


def replies(report: Report[object]) -> st.SearchStrategy[object]:
    match report:
        case BootReported():
            return st.builds(
                BootReply, st.sampled_from(Registration), st.just(NOW), st.integers(0, 86400), st.text(max_size=2000)
            )
        case HeartbeatReported():
            return st.just(HeartbeatReply(NOW))
        case AuthorizationReported():
            return authorizations
        case TransactionReported():
            identity = report.transaction_id or TransactionId("1804289383")
            needed = authorizations if report.transaction_id is None else st.none() | authorizations
            costs = st.none() | st.sampled_from([Decimal("4.50"), Decimal(0), Decimal(1200)])
            return st.builds(TransactionReply, st.just(identity), needed, costs, st.sampled_from(["", "x" * 2000]))
        case StreamOpened():
            return st.builds(StreamReply, st.booleans(), st.text(max_size=2000))
        case DataReported():
            statuses = st.sampled_from(["Accepted", "Rejected", "UnknownMessageId", "UnknownVendorId"])
            return st.builds(DataReply, statuses, st.none() | st.sampled_from(["text", '{"a": [1]}', ""]))
        case CertificateRequested():
            return st.builds(RequestReply, st.text(max_size=2000))
        case OcspAsked():
            return st.builds(OcspReply, st.text("A", max_size=20_000), st.text(max_size=2000))
        case EvCertificateAsked():
            return st.builds(
                EvCertificateReply, st.text("A", max_size=20_000), st.text(max_size=2000), st.none() | st.integers(0, 9)
            )
        case ChainStatusAsked():
            states = st.sampled_from(CertificateState)
            return states.map(
                lambda state: ChainStatusReply(tuple(StatusAnswer(each, state, NOW) for each in report.questions))
            )
        case ContractPresented():
            return st.builds(ContractReply, authorizations, st.sampled_from(ContractVerdict))
        case ChargingNeedsReported():
            return st.builds(NeedsReply, st.sampled_from(NeedsAnswer), st.text(max_size=2000))
        case DynamicUpdateAsked():
            rates = st.builds(Rates, st.none() | st.floats(0, 1e6), discharge_limit=st.none() | st.floats(-1e6, 0))
            return st.builds(DynamicUpdateReply, st.none() | rates, st.text(max_size=2000))
        case SettlementReported():
            return st.builds(
                SettlementReply, st.sampled_from(["", "R-1"]), st.sampled_from(["", "https://x.example/r"])
            )
        case VatNumberReported():
            company = st.none() | st.just(Company("N" * 80, "Street 1", "C" * 200, "NL", postal_code="1"))
            return st.builds(VatReply, st.booleans(), company, st.sampled_from(["", "no"]))
        case _:
            return st.just(NOTED)


@pytest.mark.parametrize(("version", "action"), FROM_STATIONS, ids=lambda item: str(item))
@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_legal_message_is_read_and_its_answer_is_legal(version: Version, action: str, data: st.DataObject):
    payload = data.draw(payloads(version, action))
    check(version, action, "Request", payload)
    read = DIALECTS[version].read_call(action, payload, NOW)
    assert isinstance(read, Read), read
    assert read.reports
    for report in read.reports:
        assert (action not in DIALECTS[version].translated) <= isinstance(report, Untranslated)
    if DIALECTS[version].actions[action].response is not None:
        check(version, action, "Response", read.write(data.draw(replies(read.reports[0]))))


@pytest.mark.parametrize("version", VERSIONS, ids=str)
def test_what_a_version_does_not_know_is_not_implemented(version: Version):
    refusal = DIALECTS[version].read_call("VendorSpecialThing", b"{}", NOW)
    assert isinstance(refusal, Refusal)
    assert refusal.code is ErrorCode.NOT_IMPLEMENTED
    assert "VendorSpecialThing" in refusal.why


def test_an_action_of_another_version_is_named_so():
    refusal = DIALECTS[Version.V16].read_call("TransactionEvent", b"{}", NOW)
    assert isinstance(refusal, Refusal)
    assert refusal.code is ErrorCode.NOT_IMPLEMENTED
    assert "OCPP 2.0.1" in refusal.why


@pytest.mark.parametrize(
    ("version", "action"),
    [
        (version, name)
        for version in VERSIONS
        for name, action in DIALECTS[version].actions.items()
        if action.sender is Sender.CSMS
    ],
    ids=lambda item: str(item),
)
def test_what_only_we_may_say_is_not_supported_from_a_station(version: Version, action: str):
    refusal = DIALECTS[version].read_call(action, b"{}", NOW)
    assert isinstance(refusal, Refusal)
    assert refusal.code is ErrorCode.NOT_SUPPORTED


@pytest.mark.parametrize(
    ("payload", "code", "says"),
    [
        (b'{"errorCode":"NoError","status":"Available"}', ErrorCode.OCCURRENCE, "connectorId"),
        (b'{"connectorId":"one","errorCode":"NoError","status":"Available"}', ErrorCode.TYPE, "connectorId"),
        (b'{"connectorId":1,"errorCode":"NoError","status":"Asleep"}', ErrorCode.PROPERTY, "Asleep"),
        (b'{"connectorId":-1,"errorCode":"NoError","status":"Available"}', ErrorCode.PROPERTY, "connectorId"),
    ],
)
def test_a_message_against_its_schema_is_refused_with_the_rule_it_breaks(payload: bytes, code: ErrorCode, says: str):
    refusal = DIALECTS[Version.V16].read_call("StatusNotification", payload, NOW)
    assert isinstance(refusal, Refusal)
    assert refusal.code is code
    assert says in refusal.why


@pytest.mark.parametrize("action", ["StatusNotification", "StartTransaction", "StopTransaction", "MeterValues"])
def test_integers_beyond_all_bounds_are_refused_and_break_nothing(action: str):
    huge = b"1" * 400
    payload = {
        "StatusNotification": b'{"connectorId":%s,"errorCode":"NoError","status":"Available"}',
        "StartTransaction": b'{"connectorId":1,"idTag":"A","meterStart":%s,"timestamp":"2024-01-01T00:00:00Z"}',
        "StopTransaction": b'{"transactionId":%s,"meterStop":1,"timestamp":"2024-01-01T00:00:00Z"}',
        "MeterValues": b'{"connectorId":1,"transactionId":%s,"meterValue":[{"timestamp":"","sampledValue":[]}]}',
    }[action] % huge
    assert isinstance(DIALECTS[Version.V16].read_call(action, payload, NOW), Refusal)


# ---- commands


COMMANDS = [
    kind
    for _, kind in inspect.getmembers(commands, inspect.isclass)
    if issubclass(kind, Command) and kind is not Command
]
_DISPLAY: set[type[Command[Any]]] = {commands.ClearMessage, commands.ReportMessages, commands.ShowMessage}
_ONLY_IN_21: set[type[Command[Any]]] = {
    commands.AllowEnergyTransfer,
    commands.AnnouncePayment,
    commands.ChangeTariff,
    commands.ClearDerControls,
    commands.ClearTariffs,
    commands.GetDerControls,
    commands.InstallTariff,
    commands.ListTariffs,
    commands.RequestBatterySwap,
    commands.SendAfrrSignal,
    commands.SetDerControl,
    commands.UpdateDynamicSchedule,
    commands.UsePriorityCharging,
}
_ONLY_IN_16: set[type[Command[Any]]] = {commands.ShowFinalCost, commands.ShowPrice}
NOT_SPOKEN: dict[Version, set[type[Command[Any]]]] = {
    Version.V16: {
        *_DISPLAY,
        *_ONLY_IN_21,
        commands.AdjustStream,
        commands.AskCustomerInformation,
        commands.ClearMonitors,
        commands.GetChargingProfiles,
        commands.GetTransactionStatus,
        commands.PublishFirmware,
        commands.ReadStreams,
        commands.ReportMonitors,
        commands.SetMonitoringBase,
        commands.SetMonitoringLevel,
        commands.SetMonitors,
        commands.SetNetworkProfile,
        commands.UnpublishFirmware,
    },
    Version.V201: {*_ONLY_IN_21, *_ONLY_IN_16},
    Version.V21: _ONLY_IN_16,
}
"""What a version has no words for at all. What it lacks words for in part is in test_outbound."""


@pytest.mark.parametrize("version", VERSIONS, ids=str)
@pytest.mark.parametrize("command", COMMANDS, ids=lambda kind: kind.__name__)
def test_every_command_is_spoken_or_refused_by_every_dialect(version: Version, command: type[Command[object]]):
    assert DIALECTS[version].speaks(command) != (command in NOT_SPOKEN[version])


def test_a_command_of_nobody_is_refused():
    class Sing(Command[None]):
        pass

    with pytest.raises(NotInThisVersion, match="Sing"):
        DIALECTS[Version.V16].converse(Sing())


def test_a_raw_call_goes_out_as_it_is_and_its_answer_comes_back_as_it_was():
    conversation = DIALECTS[Version.V16].converse(RawCall("ClearCache", JsonText("{ }")))
    assert next(conversation) == Call("ClearCache", b"{ }")
    with pytest.raises(StopIteration) as outcome:
        conversation.send(b'{"status": "Accepted", "vendor": [1.0]}')
    assert outcome.value.value.payload == '{"status": "Accepted", "vendor": [1.0]}'


@pytest.mark.parametrize(
    ("command", "error", "says"),
    [
        (RawCall("SetVariables", JsonText("{}")), NotInThisVersion, "SetVariables"),
        (RawCall("Heartbeat", JsonText("{}")), Invalid, "station"),
        (RawCall("Reset", JsonText('{"type":"Gentle"}')), Invalid, "Gentle"),
        (RawCall("Reset", JsonText("{}")), Invalid, "type"),
        (RawCall("Reset", JsonText("{")), Invalid, "JSON"),
        (RawCall("Reset", JsonText("[]")), Invalid, "object"),
    ],
)
def test_a_raw_call_that_the_station_could_not_take_is_refused_with_the_reason(
    command: RawCall, error: type, says: str
):
    with pytest.raises(error) as caught:
        next(DIALECTS[Version.V16].converse(command))
    assert says in caught.value.reason


@pytest.mark.parametrize("answer", [b'{"status":"Perhaps"}', b"{}", b'{"status":1}', b"[]"])
def test_an_answer_that_cannot_be_read_is_the_stations_error(answer: bytes):
    conversation = DIALECTS[Version.V201].converse(commands.RequestStop(TransactionId("T-1")))
    next(conversation)
    with pytest.raises(StationError, match="RequestStopTransaction"):
        conversation.send(answer)
