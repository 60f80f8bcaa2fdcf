"""Certificates of simulated stations: a real key, a real request, and what they take or refuse."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

import pki
from voltloom.simulator import SimulatedStation
from voltloom.simulator.certificate_talk import VENDOR

EVERY = pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])


def told(a_csms, version, story):
    async def whole():
        async with a_csms() as csms, SimulatedStation(csms.url, "CP-1", version, password="x" * 20) as station:
            csms.answers["SignCertificate"] = {"status": "Accepted"}
            csms.answers["DataTransfer"] = {"status": "Accepted", "data": '{"status":"Accepted"}'}
            await station.boot()
            await story(csms, station)

    asyncio.run(whole())


async def within(csms, action, payload):
    """A message of 2.0.1 in a DataTransfer, and what is in the answer."""
    answer = await csms.call("DataTransfer", {"vendorId": VENDOR, "messageId": action, "data": json.dumps(payload)})
    assert answer["status"] == "Accepted"
    return json.loads(answer["data"])


def sign(csr: str, ca: pki.Ca, **more) -> str:
    request = x509.load_pem_x509_csr(csr.encode())
    assert request.is_signature_valid
    return ca.issue("CP-1", public_key=request.public_key(), **more).pem


@EVERY
def test_it_asks_for_a_certificate_takes_it_and_comes_in_anew(a_csms, version):
    ca = pki.new_root()

    async def story(csms, station):
        if version == "1.6":
            asked = await csms.call("ExtendedTriggerMessage", {"requestedMessage": "SignChargePointCertificate"})
        else:
            asked = await csms.call("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"})
        assert asked == {"status": "Accepted"}
        request = await csms.until_of("SignCertificate")
        key = x509.load_pem_x509_csr(request["csr"].encode()).public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        assert station.machine.memory.certificates.files() is None
        said = {"certificateChain": sign(request["csr"], ca)}
        assert await csms.call("CertificateSigned", said) == {"status": "Accepted"}
        await station.until(lambda: station.wire.counts["connects"] == 2)
        certificate, _ = station.machine.memory.certificates.files()
        with open(certificate, "rb") as file:
            assert x509.load_pem_x509_certificate(file.read()).public_key() == key

    told(a_csms, version, story)


@EVERY
def test_it_refuses_what_is_not_for_its_key_or_not_valid_and_says_so(a_csms, version):
    ca = pki.new_root()
    past = datetime.now(UTC) - timedelta(days=1)

    async def story(csms, station):
        await csms.call("CertificateSigned", {"certificateChain": ca.issue("CP-1").pem})
        event = await csms.until_of("SecurityEventNotification")
        assert event["type"] == f"InvalidCharg{'ePoint' if version == '1.6' else 'ingStation'}Certificate"
        word = "SignChargePointCertificate" if version == "1.6" else "SignChargingStationCertificate"
        await csms.call("ExtendedTriggerMessage" if version == "1.6" else "TriggerMessage", {"requestedMessage": word})
        request = await csms.until_of("SignCertificate")
        old = sign(request["csr"], ca, start=past - timedelta(days=1), end=past)
        for chain in ("no chain", ca.issue("CP-1").pem, old):
            assert await csms.call("CertificateSigned", {"certificateChain": chain}) == {"status": "Rejected"}
        good = {"certificateChain": sign(request["csr"], ca)}
        assert await csms.call("CertificateSigned", good) == {"status": "Accepted"}

    told(a_csms, version, story)


def test_a_16_station_has_what_iso_15118_needs_in_data_transfers(a_csms):
    ca = pki.new_root()
    data = pki.hash_data(ca.certificate, ca.certificate)

    async def story(csms, station):
        assert await within(csms, "TriggerMessage", {"requestedMessage": "SignV2GCertificate"}) == {
            "status": "Accepted"
        }
        call = await csms.until_of("DataTransfer")
        inside = json.loads(call["data"])
        assert (call["messageId"], inside["certificateType"]) == ("SignCertificate", "V2GCertificate")
        chain = {"certificateChain": sign(inside["csr"], ca), "certificateType": "V2GCertificate"}
        assert await within(csms, "CertificateSigned", chain) == {"status": "Accepted"}
        root = {"certificateType": "MORootCertificate", "certificate": ca.pem}
        assert await within(csms, "InstallCertificate", root) == {"status": "Accepted"}
        listed = await within(csms, "GetInstalledCertificateIds", {"certificateType": ["MORootCertificate"]})
        assert listed["certificateHashDataChain"] == [
            {"certificateType": "MORootCertificate", "certificateHashData": data}
        ]
        listed = await within(csms, "GetInstalledCertificateIds", {})
        uses = [each["certificateType"] for each in listed["certificateHashDataChain"]]
        assert uses == ["MORootCertificate", "V2GCertificateChain"]
        assert await within(csms, "DeleteCertificate", {"certificateHashData": data}) == {"status": "Accepted"}
        assert await within(csms, "DeleteCertificate", {"certificateHashData": data}) == {"status": "NotFound"}
        strange = await csms.call("DataTransfer", {"vendorId": VENDOR, "messageId": "Strange", "data": "{}"})
        assert strange == {"status": "UnknownMessageId"}
        assert station.wire.counts["connects"] == 1, "for vehicles it need not come in anew"

    told(a_csms, "1.6", story)


@EVERY
def test_roots_are_installed_listed_and_deleted(a_csms, version):
    ca = pki.new_root()
    data = pki.hash_data(ca.certificate, ca.certificate)
    word = "CentralSystemRootCertificate" if version == "1.6" else "CSMSRootCertificate"

    async def story(csms, station):
        asked = {"certificateType": word if version == "1.6" else [word]}
        assert await csms.call("GetInstalledCertificateIds", asked) == {"status": "NotFound"}
        install = {"certificateType": word, "certificate": ca.pem}
        assert await csms.call("InstallCertificate", install) == {"status": "Accepted"}
        assert await csms.call("InstallCertificate", install) == {"status": "Accepted"}
        assert await csms.call("InstallCertificate", install | {"certificate": "none"}) == {"status": "Failed"}
        listed = await csms.call("GetInstalledCertificateIds", asked)
        if version == "1.6":
            assert listed == {"status": "Accepted", "certificateHashData": [data]}
        else:
            (entry,) = listed["certificateHashDataChain"]
            assert entry == {"certificateType": word, "certificateHashData": data}
        other = data | {"issuerNameHash": data["issuerNameHash"].upper()}
        assert await csms.call("DeleteCertificate", {"certificateHashData": other}) == {"status": "Accepted"}
        assert await csms.call("DeleteCertificate", {"certificateHashData": data}) == {"status": "NotFound"}

    told(a_csms, version, story)
