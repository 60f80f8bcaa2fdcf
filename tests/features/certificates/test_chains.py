"""Chains that strangers show, and what responders and lists say: pure, with real certificates."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

import pki
from voltloom.domain.certificate import CertificateHash, CertificateState, ContractVerdict, HashAlgorithm
from voltloom.domain.errors import Invalid
from voltloom.features.certificates import find_path, same_emaid
from voltloom.features.certificates.chains import read_one, responder_of
from voltloom.features.certificates.hashes import hash_of, is_issuer
from voltloom.features.certificates.revocation import NoWord, read_list, read_response, request_of

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
EMAID = "DE8AAA1B2C3D45"


@pytest.fixture(scope="module")
def contract() -> pki.Contract:
    return pki.new_contract(EMAID, "http://ocsp.example/")


def verdict(pem: str, *roots: pki.Ca, now: datetime = NOW) -> ContractVerdict:
    return find_path(pem, [root.certificate for root in roots], now).verdict


# ---- chains


def test_a_chain_leads_to_a_trusted_root_in_whatever_order_it_is_shown(contract: pki.Contract):
    path = find_path(contract.chain, [contract.root.certificate], NOW)
    assert path.verdict is ContractVerdict.ACCEPTED
    assert [each.serial_number for each in path.certificates] == [
        each.certificate.serial_number for each in (contract.leaf, contract.second, contract.first, contract.root)
    ]
    assert len(path.links) == 3
    other_order = contract.leaf.pem + contract.first.pem + contract.second.pem
    assert verdict(other_order, contract.root) is ContractVerdict.ACCEPTED
    assert verdict(contract.chain + contract.root.pem, contract.root) is ContractVerdict.ACCEPTED


def test_a_root_that_only_the_chain_brings_is_not_trusted(contract: pki.Contract):
    assert verdict(contract.chain + contract.root.pem) is ContractVerdict.CHAIN_ERROR
    assert verdict(contract.chain + contract.root.pem, pki.new_root("Other")) is ContractVerdict.CHAIN_ERROR


def test_a_link_that_is_missing_breaks_the_chain(contract: pki.Contract):
    assert verdict(contract.leaf.pem + contract.first.pem, contract.root) is ContractVerdict.CHAIN_ERROR
    assert verdict(contract.leaf.pem, contract.root) is ContractVerdict.CHAIN_ERROR


def test_a_root_of_the_same_name_with_another_key_is_a_forgery(contract: pki.Contract):
    assert verdict(contract.chain, pki.new_root("MO root")) is ContractVerdict.SIGNATURE_ERROR


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (NOW - 2 * DAY, NOW - DAY, ContractVerdict.EXPIRED),
        (NOW + DAY, NOW + 2 * DAY, ContractVerdict.CHAIN_ERROR),
    ],
)
def test_a_contract_is_good_in_its_time_only(contract: pki.Contract, start, end, expected):
    leaf = contract.second.issue(EMAID, start=start, end=end)
    assert verdict(leaf.pem + contract.second.pem + contract.first.pem, contract.root) is expected


def test_an_expired_authority_spoils_what_hangs_on_it(contract: pki.Contract):
    assert verdict(contract.chain, contract.root, now=NOW + 4000 * DAY) is ContractVerdict.EXPIRED


def test_a_certificate_that_is_no_authority_signs_nothing(contract: pki.Contract):
    impostor = contract.leaf.issue("DE8AAA9Z9Z9Z99")
    assert verdict(impostor.pem + contract.chain, contract.root) is ContractVerdict.CHAIN_ERROR


def test_an_authority_that_may_have_none_below_has_none_below(contract: pki.Contract):
    third = contract.second.issue("MO sub 3", ca=True)
    leaf = third.issue(EMAID)
    pem = leaf.pem + third.pem + contract.second.pem + contract.first.pem
    assert verdict(pem, contract.root) is ContractVerdict.CHAIN_ERROR


def test_an_authority_is_no_contract(contract: pki.Contract):
    assert verdict(contract.second.pem + contract.first.pem, contract.root) is ContractVerdict.CHAIN_ERROR


@pytest.mark.parametrize(
    "pem", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "\0"]
)
def test_what_is_no_certificate_is_an_error_in_the_chain(pem: str):
    assert verdict(pem, pki.new_root()) is ContractVerdict.CHAIN_ERROR


def test_chains_are_bounded(contract: pki.Contract):
    assert verdict(contract.chain + contract.first.pem * 4, contract.root) is ContractVerdict.CHAIN_ERROR
    assert verdict(contract.chain + " " * 20_000, contract.root) is ContractVerdict.CHAIN_ERROR
    with pytest.raises(Invalid, match="one certificate"):
        read_one(contract.chain)


def test_a_ring_of_authorities_ends():
    one, two = pki.new_root("One"), pki.new_root("Two")
    first = pki.Ca(two.issue("One", one.key, ca=True).certificate, one.key)
    second = pki.Ca(one.issue("Two", two.key, ca=True).certificate, two.key)
    leaf = first.issue(EMAID)
    assert verdict(leaf.pem + first.pem + second.pem, pki.new_root()) is ContractVerdict.CHAIN_ERROR


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("DE8AAA1B2C3D45", "de-8aa-a1b2c3d4-5", True),
        ("DE8AAA1B2C3D45", "DE8AAA1B2C3D45X", True),
        ("DE8AAA1B2C3D45Y", "DE8AAA1B2C3D45X", False),
        ("DE8AAA1B2C3D45", "DE8AAA1B2C3D46", False),
        ("", "", False),
        ("X", "x", True),
        ("DE8AAA1B2C3D4", "DE8AAA1B2C3D45", False),
    ],
)
def test_emaids_are_compared_as_they_are_written(one: str, other: str, same: bool):
    assert same_emaid(one, other) is same


def test_a_responder_is_found_in_a_certificate(contract: pki.Contract):
    assert responder_of(contract.leaf.certificate) == "http://ocsp.example/"
    assert responder_of(contract.root.certificate) == ""


# ---- hashes


@pytest.mark.parametrize("with_rsa", [False, True])
def test_hashes_are_those_that_others_make(with_rsa: bool):
    root = pki.new_root(with_rsa=with_rsa)
    leaf = root.issue("leaf")
    ours = hash_of(leaf.certificate, root.certificate)
    theirs = pki.hash_data(leaf.certificate, root.certificate)
    assert (ours.issuer_name_hash, ours.issuer_key_hash, ours.serial) == (
        theirs["issuerNameHash"],
        theirs["issuerKeyHash"],
        theirs["serialNumber"],
    )
    for algorithm in HashAlgorithm:
        assert is_issuer(root.certificate, hash_of(leaf.certificate, root.certificate, algorithm))
        assert not is_issuer(leaf.certificate, hash_of(leaf.certificate, root.certificate, algorithm))


# ---- responders


def word(contract: pki.Contract, der: bytes, *issuers: pki.Ca, now: datetime = NOW):
    named = hash_of(contract.leaf.certificate, contract.second.certificate)
    return read_response(der, named, [each.certificate for each in issuers], now)


def ask(contract: pki.Contract, **how) -> bytes:
    named = hash_of(contract.leaf.certificate, contract.second.certificate)
    return pki.respond(request_of(named), [contract.second], **how)


def test_the_issuers_own_word_and_its_delegates_are_proven(contract: pki.Contract):
    for how in ({}, {"delegate": True}):
        said = word(contract, ask(contract, **how), contract.second)
        assert (said.state, said.is_proven) == (CertificateState.GOOD, True)
    assert not word(contract, ask(contract)).is_proven, "of an issuer that nobody knows"


def test_a_word_that_somebody_else_signed_is_none(contract: pki.Contract):
    stranger = pki.new_root("Responder")
    peer = contract.second.issue("another contract")
    of_another = pki.new_root().issue("delegate", usage=[ExtendedKeyUsageOID.OCSP_SIGNING])
    for signer in (stranger, peer, of_another):
        with pytest.raises(NoWord, match="not signed by"):
            word(contract, ask(contract, signer=signer), contract.second)


def test_a_word_holds_in_its_time_only(contract: pki.Contract):
    old = ask(contract, start=NOW - 3 * DAY, end=NOW - 2 * DAY)
    with pytest.raises(NoWord, match="out of date"):
        word(contract, old, contract.second)
    with pytest.raises(NoWord, match="future"):
        word(contract, ask(contract, start=NOW + DAY, end=NOW + 2 * DAY), contract.second)
    assert word(contract, ask(contract, end=NOW + 100 * DAY), contract.second).until == NOW + 7 * DAY


def test_a_word_about_another_certificate_is_none(contract: pki.Contract):
    other = contract.second.issue("other")
    named = hash_of(other.certificate, contract.second.certificate)
    with pytest.raises(NoWord, match="another certificate"):
        word(contract, pki.respond(request_of(named), [contract.second]), contract.second)


@pytest.mark.parametrize("der", [b"", b"nonsense", b"0" * 1000, b"\x30\x03\x0a\x01\x00"])
def test_what_is_no_response_is_none(contract: pki.Contract, der: bytes):
    with pytest.raises(NoWord):
        word(contract, der, contract.second)


def test_a_responder_that_refuses_says_so(contract: pki.Contract):
    refused = pki.respond(request_of(hash_of(contract.leaf.certificate, contract.second.certificate)), [])
    with pytest.raises(NoWord, match="unauthorized"):
        word(contract, refused, contract.second)


@pytest.mark.parametrize(
    ("name", "key", "serial"),
    [("zz", "cd" * 32, "1"), ("ab" * 32, "xx", "1"), ("ab" * 32, "cd" * 32, "no"), ("ab", "cd", "1"), ("", "", "")],
)
def test_hashes_that_are_none_are_not_asked_about(name: str, key: str, serial: str):
    with pytest.raises(NoWord, match="hexadecimal"):
        request_of(CertificateHash(HashAlgorithm.SHA256, name, key, serial))


# ---- lists


def test_a_list_says_what_is_revoked(contract: pki.Contract):
    bad = contract.first.issue("bad", ca=True)
    contract.first.revoked.add(bad.certificate.serial_number)
    crl = contract.first.crl()
    for certificate, state in ((bad, CertificateState.REVOKED), (contract.second, CertificateState.GOOD)):
        named = hash_of(certificate.certificate, contract.first.certificate)
        said = read_list(crl, named, [contract.first.certificate], NOW)
        assert (said.state, said.is_proven) == (state, True)
        assert not read_list(crl, named, [], NOW).is_proven
    named = hash_of(contract.leaf.certificate, contract.second.certificate)
    with pytest.raises(NoWord, match="another authority"):
        read_list(crl, named, [], NOW)


def test_a_list_that_is_forged_old_or_none_is_none(contract: pki.Contract):
    named = hash_of(contract.second.certificate, contract.first.certificate)
    forged = pki.new_root("MO sub 1").crl()
    with pytest.raises(NoWord, match="not signed"):
        read_list(forged, named, [contract.first.certificate], NOW)
    with pytest.raises(NoWord, match="out of date"):
        read_list(contract.first.crl(start=NOW - 3 * DAY, end=NOW - DAY), named, [], NOW)
    for nonsense in (b"", b"nonsense", b"-----BEGIN X509 CRL-----\n"):
        with pytest.raises(NoWord):
            read_list(nonsense, named, [], NOW)
