import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltloom.domain.errors import Invalid
from voltloom.domain.ids import StationId
from voltloom.features.stations.credentials import Credential, Credentials, Passwords, check_password, new_password

CP = StationId("CP-7")
PASSWORDS = Passwords(b"k" * 32)


def credential(password: str, old: str = "") -> Credential:
    return Credential(
        CP,
        password_hash=PASSWORDS.hash(CP, password),
        old_password_hash=PASSWORDS.hash(CP, old) if old else "",
    )


def test_a_made_password_has_160_bits_and_no_two_are_alike():
    assert len(bytes.fromhex(new_password())) == 20
    assert len({new_password() for _ in range(100)}) == 100


@given(st.binary(min_size=20, max_size=20))
def test_a_password_is_good_as_hex_in_either_case_and_as_the_bytes_it_stands_for(raw: bytes):
    known = credential(raw.hex())
    assert PASSWORDS.verify(known, raw.hex().encode())
    assert PASSWORDS.verify(known, raw.hex().upper().encode())
    assert PASSWORDS.verify(known, raw)


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=16, max_size=40))
def test_a_password_that_a_person_chose_is_good_as_typed(password: str):
    assert PASSWORDS.verify(credential(password), password.encode())


@pytest.mark.parametrize("said", [b"", b"x", b"\0" * 20, b"\xff" * 20, b"correct horse battery", b"x" * 10_000])
def test_another_password_is_not_good(said: bytes):
    assert not PASSWORDS.verify(credential("correct-horse-battery"), said)


@pytest.mark.parametrize("said", [b"", b"\0" * 20, b"0" * 40, b"anything at all, long"])
def test_no_password_is_good_for_an_unknown_station_nor_for_one_without_a_password(said: bytes):
    assert not PASSWORDS.verify(None, said)
    assert not PASSWORDS.verify(Credential(CP), said)


def test_the_same_password_at_two_stations_has_two_hashes():
    assert PASSWORDS.hash(CP, "a" * 40) != PASSWORDS.hash(StationId("CP-8"), "a" * 40)


def test_a_hash_is_worth_nothing_under_another_key():
    assert not Passwords(b"j" * 32).verify(credential("correct-horse-battery"), b"correct-horse-battery")


def test_a_short_key_is_refused():
    with pytest.raises(Invalid, match="at least 32"):
        Passwords(b"short")


@pytest.mark.parametrize(
    "password", ["short", "x" * 41, "with spaces in the middle", "aaaaaaaaaaaaaaaaaaaa", "päßwörter-äöü-ÄÖÜ"]
)
def test_a_weak_or_unsendable_password_is_refused(password: str):
    with pytest.raises(Invalid):
        check_password(password)


def test_while_a_password_is_replaced_both_are_good_until_the_station_comes_with_the_new_one():
    known = {CP: credential("the-new-password-1", old="the-old-password-1")}

    async def source(ids):
        return {key: value for key, value in known.items() if ids is None or key in ids}

    async def story():
        credentials = Credentials(source, PASSWORDS)
        await credentials.load()
        assert credentials.verify(credentials.get(CP), b"the-old-password-1")
        assert credentials.take_settled() == ()
        assert credentials.verify(credentials.get(CP), b"the-new-password-1")
        assert credentials.take_settled() == (CP,)
        assert credentials.take_settled() == ()

    asyncio.run(story())


def test_a_refresh_brings_what_changed_and_forgets_what_is_gone():
    known = {CP: credential("the-new-password-1")}

    async def source(ids):
        return {key: value for key, value in known.items() if ids is None or key in ids}

    async def story():
        credentials = Credentials(source, PASSWORDS)
        await credentials.load()
        assert len(credentials) == 1
        other = StationId("CP-8")
        known[other] = Credential(other)
        assert credentials.get(other) is None
        await credentials.refresh([other])
        assert credentials.get(other) is not None
        del known[CP]
        await credentials.refresh([CP])
        assert credentials.get(CP) is None

    asyncio.run(story())
