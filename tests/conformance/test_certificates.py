"""Certificates and ISO 15118, frame by frame, in every version.

Test case ids of the OCA are named where their steps are those here; the steps were read in public restatements of
them (TC_A_11, TC_A_14, TC_C_50, TC_C_51, TC_M_24, TC_M_26), not in the OCA's own document.
"""

import asyncio
import base64
import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import websockets
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp

import pki
from harness import Server, Station, until
from voltloom.simulator import LinkRefused, SimulatedStation

V16, V201, V21 = "ocpp1.6", "ocpp2.0.1", "ocpp2.1"
VENDOR = "org.openchargealliance.iso15118pnc"
EMAID = "DE8AAA1B2C3D45"
EVERY = pytest.mark.parametrize("version", [V16, V201, V21])


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pki.Outside]:
    with pki.outside(tmp_path_factory.mktemp("outside")) as made:
        yield made


@pytest.fixture(scope="module")
def contract(outside: pki.Outside) -> pki.Contract:
    """Of an operator whose root is trusted; its responder is `outside`."""
    made = pki.new_contract(EMAID, f"{outside.url}/ocsp")
    outside.cas += [made.root, made.first, made.second]
    return made


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, outside: pki.Outside, contract: pki.Contract) -> Iterator[Server]:
    settings = {
        "outbound_allowed": "127.0.0.1",
        "outbound_roots": str(outside.folder / "root.pem"),
        "contract_pool_url": f"{outside.url}/pool",
    }
    with Server(tmp_path_factory.mktemp("certificates") / "data", **settings) as running:
        running.run("token", "add", EMAID, "--kind", "eMAID")
        running.tell("/certificates/authorities", {"use": "MORootCertificate", "certificate": contract.root.pem})
        yield running


def trusting(server: Server) -> ssl.SSLContext:
    with server.api() as api:
        return ssl.create_default_context(cadata=api.get("/certificates/roots").text)


async def say(station: Station, action: str, payload: dict[str, Any]) -> dict[str, Any]:
    """In the station's version: what 1.6 has no words for goes within a DataTransfer."""
    if station.socket.subprotocol != V16:
        return await station.call(action, payload)
    call = {"vendorId": VENDOR, "messageId": action, "data": json.dumps(payload)}
    answer = await station.call("DataTransfer", call)
    assert answer["status"] == "Accepted"
    return json.loads(answer["data"])


async def hear(station: Station, action: str, answer: dict[str, Any]) -> dict[str, Any]:
    if station.socket.subprotocol != V16:
        return await station.answer(action, answer)
    heard = await station.answer("DataTransfer", {"status": "Accepted", "data": json.dumps(answer)})
    assert (heard["vendorId"], heard["messageId"]) == (VENDOR, action)
    return json.loads(heard["data"])


async def tell(server: Server, path: str, body: dict[str, Any]) -> "asyncio.Future[Any]":
    return asyncio.ensure_future(asyncio.to_thread(server.tell, path, body))


async def booted(server: Server, name: str, version: str, **values: object) -> Station:
    station_id = f"{name}-{version[4:]}"
    password = await asyncio.to_thread(lambda: server.add_station(station_id, **values))
    station = await Station.connect(server.ocpp, station_id, password, version)
    assert (await station.boot())["status"] == "Accepted"
    return station


def request_of(server: Server, station: Station) -> dict[str, Any]:
    return server.ask(f"/certificates/requests?station_id={station.id}")["items"][0]


# ---- the station's own certificate


@EVERY
def test_a_station_is_asked_to_renew_and_comes_in_with_what_it_is_given(server: Server, version: str, tmp_path: Path):
    """TC_A_11_CSMS: trigger, request, signed certificate, reconnection with it."""

    async def story() -> None:
        station = await booted(server, "RENEW", version)
        path = f"/stations/{station.id}/certificates/renew"
        asked = await tell(server, path, {})
        if version == V16:
            heard = await station.answer("ExtendedTriggerMessage", {"status": "Accepted"})
            assert heard == {"requestedMessage": "SignChargePointCertificate"}
        else:
            heard = await station.answer("TriggerMessage", {"status": "Accepted"})
            assert heard == {"requestedMessage": "SignChargingStationCertificate"}
        assert (await asked)["outcome"] == "accepted"

        key = ec.generate_private_key(ec.SECP256R1())
        request: dict[str, Any] = {"csr": pki.csr("anybody else", key)}
        if version != V16:
            request["certificateType"] = "ChargingStationCertificate"
        if version == V21:
            request["requestId"] = 4711
        assert await station.call("SignCertificate", request) == {"status": "Accepted"}
        signed = await station.answer("CertificateSigned", {"status": "Accepted"})
        chain = signed.pop("certificateChain")
        assert (
            signed
            == {
                V16: {},
                V201: {"certificateType": "ChargingStationCertificate"},
                V21: {"certificateType": "ChargingStationCertificate", "requestId": 4711},
            }[version]
        )
        certificate = x509.load_pem_x509_certificate(chain.encode())
        assert certificate.public_key() == key.public_key()
        assert certificate.subject.rfc4514_string() == f"CN={station.id},O=voltloom"
        kept = await until(lambda: (found := request_of(server, station))["state"] == "accepted" and found)
        (issued,) = server.ask(f"/certificates?station_id={station.id}")["items"]
        assert (issued["state"], issued["fingerprint"]) == ("valid", kept["fingerprint"])
        await station.close()

        file = tmp_path / "station.pem"
        file.write_text(pki.key_pem(key) + chain)
        tls = trusting(server)
        tls.load_cert_chain(file)
        anew = await Station.connect(server.ocpps, station.id, "", version, tls)
        await anew.call("Heartbeat", {})
        assert server.ask(f"/stations/{station.id}")["link"]["security_profile"] == 3
        await anew.close()

    asyncio.run(story())


@EVERY
def test_a_station_that_refuses_what_it_asked_for_is_not_sent_it_again(server: Server, version: str):
    """TC_A_14_CSMS."""

    async def story() -> None:
        station = await booted(server, "REFUSE", version)
        assert (await station.call("SignCertificate", {"csr": pki.csr()}))["status"] == "Accepted"
        await station.answer("CertificateSigned", {"status": "Rejected"})
        word = "InvalidChargePointCertificate" if version == V16 else "InvalidChargingStationCertificate"
        event = {"type": word, "timestamp": "2026-05-04T12:00:00Z"}
        assert await station.call("SecurityEventNotification", event) == {}
        kept = await until(lambda: (found := request_of(server, station))["state"] != "waiting" and found)
        assert (kept["state"], kept["reason"]) == ("refused", "the station says Rejected")
        (issued,) = server.ask(f"/certificates?station_id={station.id}")["items"]
        assert issued["state"] == "refused"
        await station.close()

    asyncio.run(story())


@EVERY
def test_what_cannot_be_signed_is_rejected_at_once(server: Server, version: str):
    async def story() -> None:
        station = await booted(server, "WEAK", version)
        weak = pki.csr(key=ec.generate_private_key(ec.SECP224R1()))
        for wrong in ("", "no request", weak, pki.new_root().pem):
            said = await station.call("SignCertificate", {"csr": wrong})
            assert said["status"] == "Rejected"
            if version != V16:
                assert said["statusInfo"]["additionalInfo"]
        assert server.ask(f"/certificates/requests?station_id={station.id}")["items"] == []
        await station.close()

    asyncio.run(story())


def test_who_has_not_proven_who_it_is_gets_no_certificate(server: Server):
    async def story() -> None:
        await asyncio.to_thread(server.tell, "/stations", {"id": "NOBODY", "security_profile": 0})
        station = await Station.connect(server.ocpp, "NOBODY", "", V201)
        await station.boot()
        said = await station.call("SignCertificate", {"csr": pki.csr()})
        assert said["status"] == "Rejected"
        assert "proven" in said["statusInfo"]["additionalInfo"]
        await station.close()

    asyncio.run(story())


@pytest.mark.slow
@pytest.mark.parametrize("version", [V21])
def test_a_station_that_went_away_is_sent_its_certificate_when_it_is_back(server: Server, version: str):
    async def story() -> None:
        station_id = f"AWAY-{version[4:]}"
        password = await asyncio.to_thread(server.add_station, station_id)
        station = await Station.connect(server.ocpp, station_id, password, version)
        await station.boot()
        assert (await station.call("SignCertificate", {"csr": pki.csr()}))["status"] == "Accepted"
        await station.answer("CertificateSigned", None)
        await station.close()
        again = await Station.connect(server.ocpp, station_id, password, version)
        # Ten seconds after the first attempt, at the earliest; what it is sent is the very same.
        first = server.ask(f"/certificates?station_id={station_id}")["items"][0]["fingerprint"]
        message_id, action, request = json.loads(await asyncio.wait_for(again.socket.recv(), 100))[1:]
        assert action == "CertificateSigned"
        certificate = x509.load_pem_x509_certificate(request["certificateChain"].encode())
        assert pki.fingerprint(certificate) == first
        await again.socket.send(json.dumps([3, message_id, {"status": "Accepted"}]))
        await until(lambda: request_of(server, again)["state"] == "accepted")
        await again.close()

    asyncio.run(story())


@EVERY
def test_a_certificate_towards_vehicles_is_signed_for_them_alone(server: Server, version: str, tmp_path: Path):
    key = ec.generate_private_key(ec.SECP256R1())

    async def story() -> None:
        station = await booted(server, "V2G", version)
        asked = await tell(server, f"/stations/{station.id}/certificates/renew", {"use": "V2GCertificate"})
        heard = await hear(station, "TriggerMessage", {"status": "Accepted"})
        assert heard == {"requestedMessage": "SignV2GCertificate"}
        await asked
        said = await say(station, "SignCertificate", {"csr": pki.csr("x", key), "certificateType": "V2GCertificate"})
        assert said == {"status": "Accepted"}
        signed = await hear(station, "CertificateSigned", {"status": "Accepted"})
        assert signed["certificateType"] == "V2GCertificate"
        certificate = x509.load_pem_x509_certificate(signed["certificateChain"].encode())
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert list(usage) == [x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]
        assert certificate.subject.rfc4514_string() == f"CN=SECC {station.id},O=voltloom"
        kept = await until(lambda: (found := request_of(server, station))["state"] == "accepted" and found)
        assert kept["use"] == "V2GCertificate"
        await station.close()
        file = tmp_path / "secc.pem"
        file.write_text(pki.key_pem(key) + signed["certificateChain"])
        tls = trusting(server)
        tls.load_cert_chain(file)
        with pytest.raises((OSError, websockets.InvalidHandshake, websockets.ConnectionClosed, EOFError)):
            await Station.knock(server.ocpps, station.id, "", version, tls)

    asyncio.run(story())


# ---- what a station trusts


@EVERY
def test_a_root_is_installed_listed_and_deleted(server: Server, version: str):
    root = pki.new_root("Acme CSMS")
    data = pki.hash_data(root.certificate, root.certificate)

    async def story() -> None:
        station = await booted(server, "ROOTS", version)
        path = f"/stations/{station.id}/installed-certificates"
        body = {"use": "CSMSRootCertificate", "certificate": root.pem}
        asked = await tell(server, path, body)
        heard = await station.answer("InstallCertificate", {"status": "Accepted"})
        word = "CentralSystemRootCertificate" if version == V16 else "CSMSRootCertificate"
        assert heard == {"certificateType": word, "certificate": root.pem}
        assert (await asked)["outcome"] == "accepted"
        assert server.ask(path) == {"certificates": [], "told": []}, "it never said what it has"

        asked = await tell(server, f"{path}/refresh", {"uses": ["CSMSRootCertificate"]})
        if version == V16:
            answer: dict[str, Any] = {"status": "Accepted", "certificateHashData": [data]}
            heard = await station.answer("GetInstalledCertificateIds", answer)
            assert heard == {"certificateType": "CentralSystemRootCertificate"}
        else:
            chain = {"certificateType": "CSMSRootCertificate", "certificateHashData": data}
            heard = await station.answer(
                "GetInstalledCertificateIds", {"status": "Accepted", "certificateHashDataChain": [chain]}
            )
            assert heard == {"certificateType": ["CSMSRootCertificate"]}
        (known,) = (await asked)["certificates"]
        assert known["hash"]["serial"] == data["serialNumber"]

        asked = await tell(server, f"{path}/delete", {"hash": known["hash"]})
        heard = await station.answer("DeleteCertificate", {"status": "Accepted"})
        assert heard == {"certificateHashData": data}
        assert (await asked)["status"] == "Accepted"
        assert server.ask(path)["certificates"] == []

        asked = await tell(server, path, body)
        await station.answer("InstallCertificate", {"status": "Failed"})
        assert (await asked) == {"outcome": "rejected", "status": "Failed", "reason": "", "detail": ""}
        asked = await tell(server, f"{path}/refresh", {"uses": ["CSMSRootCertificate"]})
        await station.answer("GetInstalledCertificateIds", {"status": "NotFound"})
        assert (await asked)["certificates"] == []
        await station.close()

    asyncio.run(story())


@EVERY
def test_roots_of_iso_15118_are_installed_by_name(server: Server, contract: pki.Contract, version: str):
    async def story() -> None:
        station = await booted(server, "MO", version)
        path = f"/stations/{station.id}/installed-certificates"
        (known,) = server.ask("/certificates/authorities?use=MORootCertificate")
        body = {"use": "MORootCertificate", "authority": known["fingerprint"]}
        asked = await tell(server, path, body)
        heard = await hear(station, "InstallCertificate", {"status": "Accepted"})
        assert heard == {"certificateType": "MORootCertificate", "certificate": contract.root.pem}
        await asked
        asked = await tell(server, f"{path}/refresh", {"uses": ["MORootCertificate"]})
        data = pki.hash_data(contract.root.certificate, contract.root.certificate)
        chain = {"certificateType": "MORootCertificate", "certificateHashData": data}
        await hear(station, "GetInstalledCertificateIds", {"status": "Accepted", "certificateHashDataChain": [chain]})
        (found,) = (await asked)["certificates"]
        assert (found["fingerprint"], found["subject"]) == (known["fingerprint"], "CN=MO root")
        asked = await tell(server, f"{path}/delete", {"hash": found["hash"]})
        assert await hear(station, "DeleteCertificate", {"status": "NotFound"}) == {"certificateHashData": data}
        assert (await asked)["status"] == "NotFound"
        assert server.ask(path)["certificates"] == []
        await station.close()

    asyncio.run(story())


# ---- vehicles


@EVERY
def test_a_contract_is_taken_by_its_hashes_and_by_its_chain(
    server: Server, outside: pki.Outside, contract: pki.Contract, version: str
):
    """TC_C_50_CSMS (hashes), and C07 with the chain itself: the server finds out whom to ask."""

    async def story() -> None:
        station = await booted(server, "PNC", version)
        token = {"idToken": EMAID, "type": "eMAID"}
        hashes = contract.hash_data(f"{outside.url}/ocsp")
        before = len(outside.heard)
        said = await say(station, "Authorize", {"idToken": token, "iso15118CertificateHashData": hashes})
        assert said == {"idTokenInfo": {"status": "Accepted"}, "certificateStatus": "Accepted"}
        if version == V16:
            assert len(outside.heard) == before + 3, "the responder was asked about each certificate"
        said = await say(station, "Authorize", {"idToken": token, "certificate": contract.chain})
        assert said == {"idTokenInfo": {"status": "Accepted"}, "certificateStatus": "Accepted"}
        if version != V16:
            event = {
                "eventType": "Started",
                "timestamp": "2026-05-04T12:00:00Z",
                "triggerReason": "Authorized",
                "seqNo": 0,
                "transactionInfo": {"transactionId": f"PNC-{version}"},
                "idToken": token,
                "evse": {"id": 1, "connectorId": 1},
            }
            assert (await station.call("TransactionEvent", event))["idTokenInfo"]["status"] == "Accepted"
        await station.close()

    asyncio.run(story())


@EVERY
def test_a_contract_that_is_not_good_is_refused_with_what_is_wrong(
    server: Server, outside: pki.Outside, contract: pki.Contract, version: str
):
    """TC_C_51_CSMS (revoked), and others."""
    responder = f"{outside.url}/ocsp"
    revoked = contract.second.issue(EMAID, responder=responder)
    contract.second.revoked.add(revoked.certificate.serial_number)
    foreign = pki.new_contract(EMAID, responder, pki.new_root("Another root"))
    forged = pki.new_contract(EMAID, responder)
    other = contract.second.issue("DE8AAA9Z9Z9Z99", responder=responder)
    above = contract.second.pem + contract.first.pem

    async def story() -> None:
        station = await booted(server, "BAD", version)
        token = {"idToken": EMAID, "type": "eMAID"}

        async def verdict(**shown: Any) -> tuple[str, str]:
            said = await say(station, "Authorize", {"idToken": token} | shown)
            return said["certificateStatus"], said["idTokenInfo"]["status"]

        by_hash = pki.hash_data(revoked.certificate, contract.second.certificate) | {"responderURL": responder}
        hashes = [by_hash, *contract.hash_data(responder)[1:]]
        assert await verdict(iso15118CertificateHashData=hashes) == ("CertificateRevoked", "Invalid")
        assert await verdict(certificate=revoked.pem + above) == ("CertificateRevoked", "Invalid")
        assert await verdict(certificate=foreign.chain) == ("CertChainError", "Invalid")
        assert await verdict(certificate=forged.chain) == ("SignatureError", "Invalid")
        assert await verdict(iso15118CertificateHashData=foreign.hash_data(responder)) == ("CertChainError", "Invalid")
        assert await verdict(certificate=other.pem + above) == ("CertChainError", "Invalid")
        assert await verdict(certificate="no certificate") == ("CertChainError", "Invalid")
        token["idToken"] = "DE8AAA9Z9Z9Z99"
        assert await verdict(certificate=other.pem + above) == ("ContractCancelled", "Unknown")
        await station.close()

    asyncio.run(story())


@EVERY
def test_a_responder_is_asked_for_a_station(server: Server, outside: pki.Outside, contract: pki.Contract, version: str):
    """TC_M_24_CSMS: the answer is the responder's own, DER in base64."""

    async def story() -> None:
        station = await booted(server, "OCSP", version)
        question = contract.hash_data(f"{outside.url}/ocsp")[1]
        said = await say(station, "GetCertificateStatus", {"ocspRequestData": question})
        assert said["status"] == "Accepted"
        answer = ocsp.load_der_ocsp_response(base64.b64decode(said["ocspResult"], validate=True))
        assert answer.certificate_status is ocsp.OCSPCertStatus.GOOD
        assert answer.serial_number == contract.second.certificate.serial_number
        for url, why in (
            ("http://169.254.169.254/latest/meta-data/", "not on the public internet"),
            ("http://localhost:1/", "cannot be called"),
            ("file:///etc/passwd", "only http and https"),
            (f"{outside.url}/nowhere", "HTTP 404"),
        ):
            said = await say(station, "GetCertificateStatus", {"ocspRequestData": question | {"responderURL": url}})
            assert said["status"] == "Failed"
            assert "ocspResult" not in said
            if "localhost" not in url:
                assert why in said["statusInfo"]["additionalInfo"]
        await station.close()

    asyncio.run(story())


def test_the_certificates_of_a_vehicle_are_looked_up_in_lists_and_by_responders(
    server: Server, outside: pki.Outside, contract: pki.Contract
):
    """OCPP 2.1 M07: GetCertificateChainStatus."""
    revoked = contract.first.issue("revoked sub", ca=True)
    contract.first.revoked.add(revoked.certificate.serial_number)
    number = outside.cas.index(contract.first)

    async def story() -> None:
        station = await booted(server, "CHAIN", V21)
        below = pki.hash_data(contract.leaf.certificate, contract.second.certificate)
        gone = pki.hash_data(revoked.certificate, contract.first.certificate)
        asked = [
            {"certificateHashData": below, "source": "OCSP", "urls": ["http://127.0.0.9:1/", f"{outside.url}/ocsp"]},
            {"certificateHashData": gone, "source": "CRL", "urls": [f"{outside.url}/crl/{number}"]},
            {"certificateHashData": below, "source": "CRL", "urls": [f"{outside.url}/crl/{number}"]},
            {"certificateHashData": gone, "source": "OCSP", "urls": ["http://10.0.0.1/"]},
        ]
        said = await station.call("GetCertificateChainStatus", {"certificateStatusRequests": asked})
        statuses = [each["status"] for each in said["certificateStatus"]]
        assert statuses == ["Good", "Revoked", "Failed", "Failed"]
        assert [each["source"] for each in said["certificateStatus"]] == ["OCSP", "CRL", "CRL", "OCSP"]
        assert said["certificateStatus"][0]["certificateHashData"] == below
        await station.close()

    asyncio.run(story())


@EVERY
def test_a_vehicle_gets_its_contract_from_the_pool(server: Server, outside: pki.Outside, version: str):
    """TC_M_26_CSMS: the raw answer for the vehicle, in base64."""
    pool = "/pool/v1/ccp/signedContractData"
    exi = base64.b64encode(b"CertificateInstallationRes").decode()
    contents = [
        {"messageDef": {"certificateInstallationRes": "AAAA", "emaid": "DE8BBB1B2C3D45"}},
        {"messageDef": {"certificateInstallationRes": exi, "emaid": EMAID}},
    ]

    async def story() -> None:
        station = await booted(server, "POOL", version)
        outside.answers[pool] = (200, json.dumps({"CCPResponse": {"emaidContent": contents[1:]}}).encode())
        request: dict[str, Any] = {
            "iso15118SchemaVersion": "urn:iso:15118:2:2013:MsgDef",
            "action": "Install",
            "exiRequest": "gBwE",
        }
        said = await say(station, "Get15118EVCertificate", request)
        assert said["status"] == "Accepted"
        assert said["exiResponse"] == exi
        path, headers, body = outside.heard[-1]
        assert path == pool
        assert headers["content-type"] == "application/json"
        assert json.loads(body) == {
            "certificateInstallationReq": "gBwE",
            "xsdMsgDefNamespace": "urn:iso:15118:2:2013:MsgDef",
        }
        if version == V21:
            outside.answers[pool] = (200, json.dumps({"CCPResponse": {"emaidContent": contents}}).encode())
            more = {"maximumContractCertificateChains": 1, "prioritizedEMAIDs": [EMAID]}
            said = await station.call("Get15118EVCertificate", request | more)
            assert said == {"status": "Accepted", "exiResponse": exi, "remainingContracts": 1}
            assert json.loads(outside.heard[-1][2]) | more == json.loads(outside.heard[-1][2])
        for status, answer in ((404, b""), (200, b"nonsense"), (200, b"{}"), (500, b"x" * 500_000)):
            outside.answers[pool] = (status, answer)
            said = await say(station, "Get15118EVCertificate", request)
            assert (said["status"], said["exiResponse"]) == ("Failed", "")
            assert said["statusInfo"]["additionalInfo"]
        said = await say(station, "Get15118EVCertificate", request | {"exiRequest": "?"})
        assert said["status"] == "Failed"
        await station.close()
        told = server.ask(f"/contract-requests?station_id={station.id}")["items"]
        given = 2 if version == V21 else 1
        assert [each["outcome"] for each in told] == ["refused", *["failed"] * 4, *["given"] * given]
        assert "answers with more than 400000 bytes" in told[1]["reason"]
        assert told[-1]["reason"] == ""
        assert (told[-1]["action"], told[-1]["schema_version"]) == ("Install", request["iso15118SchemaVersion"])
        assert [each["number"] for each in server.ask("/contract-requests?limit=1&outcome=refused")["items"]]
        pool_now = server.ask("/contract-pool")
        assert (pool_now["url"], pool_now["has_token"]) == (f"{outside.url}/pool", False)
        assert pool_now["given"] >= given
        assert pool_now["last_failed_at"] is not None

    asyncio.run(story())


def test_the_pool_of_contracts_is_tried_without_asking_for_one(server: Server, outside: pki.Outside):
    for status, reached, why in ((405, True, ""), (401, False, "token"), (503, False, "troubles")):
        outside.answers["/pool/v1/ccp/signedContractData"] = (status, b"")
        found = server.tell("/contract-pool/test", {})
        assert (found["reached"], found["http_status"]) == (reached, status)
        assert why in found["reason"]
        assert outside.heard[-1][2] == b""
    noted = server.ask("/audit?action=contract_pool.test")["items"]
    assert [each["outcome"] for each in noted][-1] == "done"


# ---- with a simulated station, which makes real keys


@EVERY
def test_a_simulated_station_renews_by_itself_and_trusts_whom_it_is_told(
    server: Server, contract: pki.Contract, version: str, tmp_path: Path
):
    """From a password over TLS to a certificate, without anybody touching it."""
    roots = tmp_path / "roots.pem"
    with server.api() as api:
        roots.write_text(api.get("/certificates/roots").text)

    async def story() -> None:
        station_id = f"SIM-{version[4:]}"
        password = await asyncio.to_thread(server.add_station, station_id)
        await until(lambda: server.ask(f"/stations/{station_id}"))
        path = f"/stations/{station_id}"

        async def told(where: str, body: dict[str, Any]) -> Any:
            return await asyncio.to_thread(server.tell, path + where, body)

        station = SimulatedStation(server.ocpps, station_id, version[4:], password=password, ca=str(roots))
        await until(lambda: entered(station))
        try:
            await station.boot()
            assert server.ask(path)["link"]["security_profile"] == 2
            for number, use in enumerate(("ChargingStationCertificate", "V2GCertificate"), 1):
                assert (await told("/certificates/renew", {"use": use}))["outcome"] == "accepted"
                await until(lambda n=number: accepted(server, station_id) == n)
            await until(lambda: (server.ask(path)["link"] or {}).get("security_profile") == 3)
            (known,) = server.ask("/certificates/authorities?use=MORootCertificate")
            wanted = {"use": "MORootCertificate", "authority": known["fingerprint"]}
            assert (await told("/installed-certificates", wanted))["status"] == "Accepted"
            ours = {"use": "CSMSRootCertificate", "ours": "ec"}
            assert (await told("/installed-certificates", ours))["status"] == "Accepted"
            found = await told("/installed-certificates/refresh", {})
            subjects = {each["use"]: each["subject"] for each in found["certificates"]}
            assert subjects.pop("CSMSRootCertificate").startswith("CN=voltloom EC root")
            assert subjects == {"MORootCertificate": "CN=MO root", "V2GCertificateChain": ""}
            (mine,) = [each for each in found["certificates"] if each["use"] == "CSMSRootCertificate"]
            with server.api() as api:
                refused = api.post(f"{path}/installed-certificates/delete", json={"hash": mine["hash"]})
                assert refused.status_code == 409
                assert "even_ours" in refused.json()["detail"]
            forced = {"hash": mine["hash"], "even_ours": True}
            assert (await told("/installed-certificates/delete", forced))["status"] == "Accepted"
            assert {each["use"] for each in server.ask(f"{path}/installed-certificates")["certificates"]} == {
                "MORootCertificate",
                "V2GCertificateChain",
            }
        finally:
            await station.close()

    asyncio.run(story())


async def entered(station: SimulatedStation) -> bool:
    """A registration is known at the door within two seconds."""
    try:
        await station.__aenter__()
    except LinkRefused:
        await asyncio.sleep(0.2)
        return False
    return True


def accepted(server: Server, station_id: str) -> int:
    found = server.ask(f"/certificates/requests?station_id={station_id}&state=accepted")
    return len(found["items"])
