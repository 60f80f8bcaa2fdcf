"""Certificates in every version: what stations say of them, and ISO 15118 within the DataTransfer of 1.6."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from ocpp_schemas import check
from voltloom.domain.certificate import (
    CertificateHash,
    CertificateState,
    CertificateUse,
    ContractVerdict,
    HashAlgorithm,
    Installed,
    OcspQuestion,
    SigningUse,
    StatusAnswer,
    StatusQuestion,
    StatusSource,
)
from voltloom.domain.commands import (
    Accepted,
    Answer,
    Command,
    DeleteCertificate,
    InstallCertificate,
    InstalledAnswer,
    ListCertificates,
    SendSignedCertificate,
    Trigger,
    Triggerable,
)
from voltloom.domain.errors import NotInThisVersion, StationError
from voltloom.domain.reports import (
    AuthorizationReported,
    CertificateRequested,
    ChainStatusAsked,
    ChainStatusReply,
    ContractPresented,
    ContractReply,
    EvCertificateAction,
    EvCertificateAsked,
    EvCertificateReply,
    OcspAsked,
    OcspReply,
    RequestReply,
    Untranslated,
)
from voltloom.domain.token import Authorization, AuthorizationStatus, IdToken, TokenKind
from voltloom.protocols.ocpp.dialect import DIALECTS, Call, Read, Version

NOW = datetime(2024, 5, 17, 10, 30, tzinfo=UTC)
V16, V201, V21 = Version.V16, Version.V201, Version.V21
BOTH = pytest.mark.parametrize("version", [V201, V21], ids=str)
VENDOR = "org.openchargealliance.iso15118pnc"
HASH = CertificateHash(HashAlgorithm.SHA256, "AB", "cd", "03f")
DATA = {"hashAlgorithm": "SHA256", "issuerNameHash": "AB", "issuerKeyHash": "cd", "serialNumber": "03f"}
QUESTION = OcspQuestion(HASH, "http://ocsp.example")
ASKED = DATA | {"responderURL": "http://ocsp.example"}
EMAID = {"idToken": "DE8AAA1B2C3D45", "type": "eMAID"}
TOKEN = IdToken("DE8AAA1B2C3D45", TokenKind.EMAID)
ALLOWED = Authorization(AuthorizationStatus.ACCEPTED)


def heard(version: Version, action: str, payload: dict[str, Any]) -> Read:
    text = json.dumps(payload).encode()
    check(version, action, "Request", text)
    read = DIALECTS[version].read_call(action, text, NOW)
    assert isinstance(read, Read), read
    return read


@dataclass
class Played:
    calls: list[tuple[str, Any]]
    outcome: Any = None


def play(version: Version, command: Command[Any], station: Callable[[str, Any], Any]) -> Played:
    """The conversation with a station, both sides held to the schemas."""
    conversation, played = DIALECTS[version].converse(command), Played([])
    try:
        step = next(conversation)
        while True:
            assert isinstance(step, Call)
            request = check(version, step.action, "Request", step.payload)
            played.calls.append((step.action, request))
            answer = station(step.action, request)
            if isinstance(answer, Exception):
                step = conversation.throw(answer)
                continue
            check(version, step.action, "Response", json.dumps(answer).encode())
            step = conversation.send(json.dumps(answer).encode())
    except StopIteration as end:
        played.outcome = end.value
    return played


def answered(version: Version, action: str, payload: dict[str, Any], reply: object) -> Any:
    return check(version, action, "Response", heard(version, action, payload).write(reply))


SAID: list[tuple[str, dict[str, Any], object]] = [
    ("SignCertificate", {"csr": "PEM"}, CertificateRequested("PEM")),
    (
        "SignCertificate",
        {"csr": "PEM", "certificateType": "V2GCertificate"},
        CertificateRequested("PEM", SigningUse.V2G),
    ),
    ("GetCertificateStatus", {"ocspRequestData": ASKED}, OcspAsked(QUESTION)),
    (
        "Get15118EVCertificate",
        {"iso15118SchemaVersion": "urn:iso:15118:2:2013:MsgDef", "action": "Update", "exiRequest": "AAEC"},
        EvCertificateAsked("urn:iso:15118:2:2013:MsgDef", EvCertificateAction.UPDATE, "AAEC"),
    ),
    (
        "Authorize",
        {"idToken": EMAID, "iso15118CertificateHashData": [ASKED]},
        ContractPresented(TOKEN, questions=(QUESTION,)),
    ),
    ("Authorize", {"idToken": EMAID, "certificate": "PEM"}, ContractPresented(TOKEN, "PEM")),
]


@BOTH
@pytest.mark.parametrize(("action", "payload", "report"), SAID)
def test_what_a_2x_station_says(version: Version, action: str, payload: dict[str, Any], report: object):
    assert heard(version, action, payload).reports == (report,)


@pytest.mark.parametrize(("action", "payload", "report"), SAID)
def test_16_says_the_same_within_a_data_transfer(action: str, payload: dict[str, Any], report: object):
    call = {"vendorId": VENDOR, "messageId": action, "data": json.dumps(payload)}
    assert heard(V16, "DataTransfer", call).reports == (report,)


@BOTH
def test_a_token_without_a_certificate_is_asked_about_as_ever(version: Version):
    assert heard(version, "Authorize", {"idToken": EMAID}).reports == (AuthorizationReported(TOKEN),)


def test_16_asks_for_its_own_certificate_in_its_own_message():
    assert heard(V16, "SignCertificate", {"csr": "PEM"}).reports == (CertificateRequested("PEM", SigningUse.STATION),)


def test_what_only_21_says():
    sign = {"csr": "PEM", "certificateType": "V2G20Certificate", "requestId": 7}
    assert heard(V21, "SignCertificate", sign).reports == (CertificateRequested("PEM", SigningUse.V2G20, 7),)
    contract = {
        "iso15118SchemaVersion": "urn:iso:std:iso:15118:-20:CommonMessages",
        "action": "Install",
        "exiRequest": "AAEC",
        "maximumContractCertificateChains": 3,
        "prioritizedEMAIDs": ["DE8AAA1B2C3D45"],
    }
    (report,) = heard(V21, "Get15118EVCertificate", contract).reports
    assert isinstance(report, EvCertificateAsked)
    assert (report.most_contracts, report.prioritized) == (3, ("DE8AAA1B2C3D45",))
    status = {"certificateStatusRequests": [{"certificateHashData": DATA, "source": "CRL", "urls": ["http://a", "b"]}]}
    question = StatusQuestion(HASH, StatusSource.CRL, ("http://a", "b"))
    assert heard(V21, "GetCertificateChainStatus", status).reports == (ChainStatusAsked((question,)),)
    reply = ChainStatusReply((StatusAnswer(question, CertificateState.REVOKED, NOW),))
    assert answered(V21, "GetCertificateChainStatus", status, reply) == {
        "certificateStatus": [
            {
                "certificateHashData": DATA,
                "source": "CRL",
                "status": "Revoked",
                "nextUpdate": "2024-05-17T10:30:00.000Z",
            }
        ]
    }


@BOTH
def test_what_a_2x_station_is_answered(version: Version):
    def info(text: str) -> dict[str, Any]:
        return {"statusInfo": {"reasonCode": "Unspecified", "additionalInfo": text}}

    sign: dict[str, Any] = {"csr": "PEM"}
    assert answered(version, "SignCertificate", sign, RequestReply()) == {"status": "Accepted"}
    assert answered(version, "SignCertificate", sign, RequestReply("weak")) == {"status": "Rejected"} | info("weak")
    status = {"ocspRequestData": ASKED}
    assert answered(version, "GetCertificateStatus", status, OcspReply("MAo=")) == {
        "status": "Accepted",
        "ocspResult": "MAo=",
    }
    contract = SAID[3][1]
    assert answered(version, "Get15118EVCertificate", contract, EvCertificateReply(reason="no pool")) == {
        "status": "Failed",
        "exiResponse": "",
    } | info("no pool")
    good = answered(version, "Get15118EVCertificate", contract, EvCertificateReply("AAEC", remaining=2))
    assert good.pop("remainingContracts", None) == (2 if version is V21 else None)
    assert good == {"status": "Accepted", "exiResponse": "AAEC"}
    reply = ContractReply(Authorization(AuthorizationStatus.INVALID), ContractVerdict.REVOKED)
    assert answered(version, "Authorize", SAID[5][1], reply) == {
        "idTokenInfo": {"status": "Invalid"},
        "certificateStatus": "CertificateRevoked",
    }


@pytest.mark.parametrize(("version", "status", "contract"), [(V201, 5_500, 7_500), (V21, 18_000, 17_000)], ids=str)
def test_what_is_too_long_for_a_version_is_a_failure_with_a_reason(version: Version, status: int, contract: int):
    for action, payload, reply, longest in (
        ("GetCertificateStatus", {"ocspRequestData": ASKED}, OcspReply, status),
        ("Get15118EVCertificate", SAID[3][1], EvCertificateReply, contract),
    ):
        assert answered(version, action, payload, reply("A" * longest))["status"] == "Accepted"
        said = answered(version, action, payload, reply("A" * (longest + 1)))
        assert said["status"] == "Failed"
        assert "longer than" in said["statusInfo"]["additionalInfo"]


def test_16_is_answered_within_the_data_transfer():
    call = {"vendorId": VENDOR.upper(), "messageId": "Authorize", "data": json.dumps({"idToken": EMAID})}
    said = answered(V16, "DataTransfer", call, ALLOWED)
    assert said["status"] == "Accepted"
    assert json.loads(said["data"]) == {"idTokenInfo": {"status": "Accepted"}}
    call = {"vendorId": VENDOR, "messageId": "Authorize", "data": json.dumps(SAID[5][1])}
    said = answered(V16, "DataTransfer", call, ContractReply(ALLOWED, ContractVerdict.ACCEPTED))
    assert json.loads(said["data"]) == {"idTokenInfo": {"status": "Accepted"}, "certificateStatus": "Accepted"}


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({}, "UnknownMessageId"),
        ({"messageId": "GetCertificateChainStatus", "data": "{}"}, "UnknownMessageId"),
        ({"messageId": "CertificateSigned", "data": '{"certificateChain":"x"}'}, "UnknownMessageId"),
        ({"messageId": "SignCertificate"}, "Rejected"),
        ({"messageId": "SignCertificate", "data": ""}, "Rejected"),
        ({"messageId": "SignCertificate", "data": "no json"}, "Rejected"),
        ({"messageId": "SignCertificate", "data": "[1]"}, "Rejected"),
        ({"messageId": "SignCertificate", "data": '{"csr":7}'}, "Rejected"),
        ({"messageId": "SignCertificate", "data": '{"csr":"x\\u0000"}'}, "Rejected"),
        ({"messageId": "SignCertificate", "data": '{"csr":"x\\ud800"}'}, "Rejected"),
        ({"messageId": "SignCertificate", "data": "[" * 100_000}, "Rejected"),
        ({"messageId": "SignCertificate", "data": '{"csr":"x","certificateType":"V2G20Certificate"}'}, "Rejected"),
        ({"messageId": "Authorize", "data": '{"idToken":{"idToken":"' + "x" * 300 + '","type":"eMAID"}}'}, "Rejected"),
    ],
)
def test_what_cannot_be_read_in_a_data_transfer_is_refused_in_it(more: dict[str, Any], status: str):
    read = heard(V16, "DataTransfer", {"vendorId": VENDOR} | more)
    assert isinstance(read.reports[0], Untranslated)
    assert check(V16, "DataTransfer", "Response", read.write(None)) == {"status": status}


# ---- what we ask of 1.6 within a DataTransfer


def enveloped(answers: dict[str, Any], refused: str = "") -> Any:
    """A station with ISO 15118, that answers the messages within as given; or knows nothing of it."""

    def station(action: str, request: Any) -> Any:
        if action != "DataTransfer":
            return answers.get(action, {"status": "Accepted"})
        assert request["vendorId"] == VENDOR
        check(V201, request["messageId"], "Request", request["data"].encode())
        if refused in ("NotImplemented", "NotSupported"):
            return StationError("it has none", refused)
        if refused:
            return {"status": refused}
        said = answers.get(request["messageId"] + ".pnc", {"status": "Accepted"})
        return {"status": "Accepted", "data": said if isinstance(said, str) else json.dumps(said)}

    return station


@pytest.mark.parametrize(
    ("command", "action", "inside"),
    [
        (
            SendSignedCertificate("PEM", SigningUse.V2G),
            "CertificateSigned",
            {"certificateChain": "PEM", "certificateType": "V2GCertificate"},
        ),
        (
            InstallCertificate(CertificateUse.MO_ROOT, "PEM"),
            "InstallCertificate",
            {"certificateType": "MORootCertificate", "certificate": "PEM"},
        ),
        (
            InstallCertificate(CertificateUse.V2G_ROOT, "PEM"),
            "InstallCertificate",
            {"certificateType": "V2GRootCertificate", "certificate": "PEM"},
        ),
        (DeleteCertificate(HASH, CertificateUse.MO_ROOT), "DeleteCertificate", {"certificateHashData": DATA}),
        (
            ListCertificates((CertificateUse.V2G_CHAIN,)),
            "GetInstalledCertificateIds",
            {"certificateType": ["V2GCertificateChain"]},
        ),
        (
            Trigger(Triggerable.SIGN_V2G_CERTIFICATE),
            "TriggerMessage",
            {"requestedMessage": "SignV2GCertificate"},
        ),
    ],
)
def test_16_is_asked_about_iso_15118_within_a_data_transfer(command: Any, action: str, inside: dict[str, Any]):
    played = play(V16, command, enveloped({}))
    ((sent, request),) = played.calls
    assert (sent, request["messageId"]) == ("DataTransfer", action)
    assert json.loads(request["data"]) == inside
    assert played.outcome.accepted is Accepted.ACCEPTED
    for refused in ("UnknownVendorId", "UnknownMessageId", "NotImplemented", "NotSupported"):
        with pytest.raises(StationError) as error:
            play(V16, command, enveloped({}, refused))
        assert error.value.code == refused


@pytest.mark.parametrize("said", ["", "no json", "[]", '{"status":"Perhaps"}', '{"status":"Accepted","x":"\\u0000"}'])
def test_an_answer_within_that_cannot_be_read_is_the_stations_error(said: str):
    with pytest.raises(StationError):
        play(
            V16,
            InstallCertificate(CertificateUse.MO_ROOT, "PEM"),
            enveloped({"InstallCertificate.pnc": said}),
        )


def test_16_is_asked_for_all_it_has_in_both_places():
    answers = {
        "GetInstalledCertificateIds": {"status": "Accepted", "certificateHashData": [DATA]},
        "GetInstalledCertificateIds.pnc": {
            "status": "Accepted",
            "certificateHashDataChain": [
                {
                    "certificateType": "V2GCertificateChain",
                    "certificateHashData": DATA,
                    "childCertificateHashData": [DATA],
                }
            ],
        },
    }
    played = play(V16, ListCertificates(), enveloped(answers))
    assert [action for action, _ in played.calls] == [*["GetInstalledCertificateIds"] * 2, "DataTransfer"]
    assert played.outcome.certificates == (
        Installed(CertificateUse.CSMS_ROOT, HASH),
        Installed(CertificateUse.MANUFACTURER_ROOT, HASH),
        Installed(CertificateUse.V2G_CHAIN, HASH, (HASH,)),
    )
    assert set(played.outcome.uses) == set(CertificateUse) - {CertificateUse.OEM_ROOT}


def test_a_16_station_without_iso_15118_has_none_of_its_certificates():
    played = play(
        V16, ListCertificates(), enveloped({"GetInstalledCertificateIds": {"status": "NotFound"}}, "UnknownVendorId")
    )
    assert played.outcome.status == "NotFound"
    assert played.outcome.certificates == ()


def test_16_deletes_where_it_is():
    command = DeleteCertificate(HASH)
    elsewhere = play(V16, command, enveloped({"DeleteCertificate": {"status": "NotFound"}}))
    assert [action for action, _ in elsewhere.calls] == ["DeleteCertificate", "DataTransfer"]
    assert elsewhere.outcome == Answer(Accepted.ACCEPTED, "Accepted")
    nowhere = play(V16, command, enveloped({"DeleteCertificate": {"status": "NotFound"}}, "UnknownVendorId"))
    assert nowhere.outcome == Answer(Accepted.REJECTED, "NotFound")


@BOTH
def test_an_inventory_is_read_with_what_is_below(version: Version):
    chain = {
        "certificateType": "V2GCertificateChain",
        "certificateHashData": DATA,
        "childCertificateHashData": [DATA, DATA],
    }
    played = play(version, ListCertificates(), lambda *_: {"status": "Accepted", "certificateHashDataChain": [chain]})
    assert played.calls == [("GetInstalledCertificateIds", {})]
    assert played.outcome == InstalledAnswer(
        Accepted.ACCEPTED, "Accepted", (Installed(CertificateUse.V2G_CHAIN, HASH, (HASH, HASH)),), tuple(CertificateUse)
    )
    none = play(version, ListCertificates(), lambda *_: {"status": "NotFound"})
    assert (none.outcome.status, none.outcome.certificates) == ("NotFound", ())


def test_hashes_that_mean_the_same_have_the_same_key():
    assert HASH.key == CertificateHash(HashAlgorithm.SHA256, "ab", "CD", "0x3F").key
    assert HASH.key != CertificateHash(HashAlgorithm.SHA384, "ab", "cd", "3f").key
    assert CertificateHash(HashAlgorithm.SHA256, "", "", "0").key.serial == "0"


def test_a_trigger_for_vehicles_is_for_the_whole_station_of_16():
    with pytest.raises(NotInThisVersion):
        play(V16, Trigger(Triggerable.SIGN_COMBINED_CERTIFICATE), enveloped({}))
