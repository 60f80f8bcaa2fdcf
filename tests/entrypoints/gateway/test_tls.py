import ssl
from datetime import UTC, datetime

import pytest

from voltloom.domain.errors import Invalid
from voltloom.entrypoints.gateway.tls import ServerFiles, explain, load_files, make_context, read_certificate
from voltloom.features.certificates import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority.open(tmp_path_factory.mktemp("ca"), "Voltgrid AG", datetime.now(UTC))


def files(authority: Authority, *names: str) -> list[ServerFiles]:
    return [ServerFiles(each.chain, each.key) for each in authority.issue_server(names, datetime.now(UTC))]


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, name: str = "localhost") -> ssl.SSLObject:
    """The client's end, connected."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=name)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(10):
        done = 0
        for end in (ours, theirs):
            try:
                end.do_handshake()
                done += 1
            except ssl.SSLWantReadError:
                pass
        if done == 2:
            return ours
    raise AssertionError("no handshake")


def test_the_four_suites_that_ocpp_asks_for(authority):
    server = make_context(files(authority, "localhost"), authority.roots_pem, legacy_ciphers=True)
    for suite in (
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "AES128-GCM-SHA256",
        "AES256-GCM-SHA384",
    ):
        client = ssl.create_default_context(cadata=authority.roots_pem)
        client.maximum_version = ssl.TLSVersion.TLSv1_2
        client.set_ciphers(suite)
        assert shake_hands(client, server).cipher()[0] == suite


def test_without_being_told_only_suites_with_forward_secrecy(authority):
    server = make_context(files(authority, "localhost"), authority.roots_pem)
    names = {cipher["name"] for cipher in server.get_ciphers()}
    assert all(name.startswith(("ECDHE-", "TLS_AES_", "TLS_CHACHA20_")) for name in names)
    assert server.minimum_version is ssl.TLSVersion.TLSv1_2


def test_new_certificates_are_shown_without_a_restart(authority):
    server = make_context(files(authority, "localhost"), authority.roots_pem)
    client = ssl.create_default_context(cadata=authority.roots_pem)
    before = shake_hands(client, server).getpeercert()["serialNumber"]
    load_files(server, files(authority, "localhost"))
    assert shake_hands(client, server).getpeercert()["serialNumber"] != before


def test_files_that_cannot_be_used_are_named(authority, tmp_path):
    (good, other) = files(authority, "localhost")
    for pair in (
        ServerFiles(tmp_path / "absent.pem", good.key),
        ServerFiles(good.chain, other.key),
        ServerFiles(good.key, good.key),
    ):
        with pytest.raises(Invalid, match=str(pair.chain)):
            make_context([pair], authority.roots_pem)
    with pytest.raises(Invalid, match="none was given"):
        make_context([], authority.roots_pem)
    with pytest.raises(Invalid, match="vouch"):
        make_context([good], "nonsense")


def test_a_certificate_that_cannot_be_read_proves_nothing():
    assert read_certificate(b"\x30\x03\x02\x01\x01") is None


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ssl.SSLError(1, "[SSL: WHATEVER] whatever"), "handshake failed"),
        (TimeoutError(), "in time"),
        (ConnectionResetError(), "hung up"),
        (ConnectionAbortedError(), "broken off"),
    ],
)
def test_every_failure_is_a_sentence(error, sentence):
    assert sentence in explain(error)
