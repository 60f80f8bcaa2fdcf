from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltloom.domain.commands import GetSettings, RawCall, RequestStop, Reset, ResetKind, Trigger, Triggerable
from voltloom.domain.errors import Conflict, Invalid
from voltloom.domain.ids import Place, StationId, TransactionId
from voltloom.domain.reports import ConnectorStatusReported
from voltloom.domain.station import ConnectorStatus, Registration, SecurityProfile, SettingName
from voltloom.features.stations.rules import (
    Allowance,
    Assembly,
    Heard,
    address_of,
    check_identity,
    check_may_be_asked,
    claimed_time,
    hear,
    is_secret,
    may_speak,
    plain,
    plain_lines,
)

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
CP = StationId("CP-7")
PLACE = Place(1, 1)


# ---- texts and identities


@given(st.text())
def test_a_text_from_outside_becomes_one_that_every_database_takes(text: str):
    assert "\0" not in plain(text, 50)
    assert len(plain(text, 50)) <= 50
    plain(text, 50).encode()
    plain_lines(text, 500).encode()


def test_lines_are_kept_where_lines_may_be():
    assert plain_lines("one\r\ntwo\nthree", 100) == "one\ntwo\nthree"
    assert "\n" not in plain("one\ntwo", 100)


@pytest.mark.parametrize("identity", ["CP-7", "a", "x" * 48, "DE*ABC*E12_3=4+5|6@7.8"])
def test_an_identity_is_what_the_standard_allows(identity: str):
    assert check_identity(identity) == identity


@pytest.mark.parametrize(
    "identity", ["", "x" * 49, "a:b", "a/b", "a b", "ä", "a\n", "..", ".", "a\0", "%41", "summary", "export"]
)
def test_what_cannot_be_an_identity_is_refused(identity: str):
    with pytest.raises(Invalid):
        check_identity(identity)


def test_a_station_is_told_only_the_addresses_it_may_use():
    bases = ("ws://a/ocpp", "wss://b/ocpp/")
    assert address_of(StationId("A|1"), bases, SecurityProfile.PASSWORD) == ("ws://a/ocpp/A%7C1", "wss://b/ocpp/A%7C1")
    assert address_of(CP, bases, SecurityProfile.PASSWORD_OVER_TLS) == ("wss://b/ocpp/CP-7",)


# ---- before acceptance


def test_who_is_accepted_or_was_never_answered_may_say_anything():
    for registration in (None, Registration.ACCEPTED):
        assert may_speak(registration, "StatusNotification")
        assert may_speak(registration, "TransactionEvent")


def test_who_is_pending_may_boot_and_say_what_it_was_asked_for():
    assert may_speak(Registration.PENDING, "BootNotification")
    assert may_speak(Registration.PENDING, "NotifyReport")
    assert not may_speak(Registration.PENDING, "StatusNotification")
    assert may_speak(Registration.PENDING, "StatusNotification", triggered={"StatusNotification"})


def test_who_is_rejected_may_only_boot():
    assert may_speak(Registration.REJECTED, "BootNotification")
    assert not may_speak(Registration.REJECTED, "NotifyReport")
    assert not may_speak(Registration.REJECTED, "Heartbeat", triggered={"Heartbeat"})


def test_who_is_pending_is_not_asked_to_start_or_stop():
    with pytest.raises(Conflict, match="pending"):
        check_may_be_asked(CP, Registration.PENDING, RequestStop(TransactionId("1")))
    with pytest.raises(Conflict, match="pending"):
        check_may_be_asked(CP, Registration.PENDING, RawCall("RemoteStopTransaction"))
    check_may_be_asked(CP, Registration.PENDING, GetSettings())
    check_may_be_asked(CP, Registration.PENDING, RawCall("GetConfiguration"))
    check_may_be_asked(CP, Registration.ACCEPTED, RequestStop(TransactionId("1")))


def test_who_is_rejected_is_asked_to_boot_and_nothing_else():
    with pytest.raises(Conflict, match="rejected"):
        check_may_be_asked(CP, Registration.REJECTED, Reset(ResetKind.ON_IDLE))
    check_may_be_asked(CP, Registration.REJECTED, Trigger(Triggerable.BOOT))


# ---- claims


def test_a_clock_that_is_not_set_is_not_believed():
    assert claimed_time(None, NOW) == NOW
    assert claimed_time(datetime(1970, 1, 1, tzinfo=UTC), NOW) == NOW
    assert claimed_time(NOW + timedelta(hours=2), NOW) == NOW
    assert claimed_time(NOW - timedelta(days=2), NOW) == NOW - timedelta(days=2)
    assert claimed_time(NOW + timedelta(minutes=1), NOW) == NOW + timedelta(minutes=1)


def status(minute: int, state: ConnectorStatus, fault: str = "") -> ConnectorStatusReported:
    return ConnectorStatusReported(PLACE, state, NOW - timedelta(hours=1) + timedelta(minutes=minute), fault)


@given(
    st.permutations(
        [
            status(1, ConnectorStatus.PREPARING),
            status(2, ConnectorStatus.CHARGING),
            status(3, ConnectorStatus.CHARGING),
            status(4, ConnectorStatus.FINISHING),
            status(5, ConnectorStatus.AVAILABLE),
        ]
    )
)
def test_in_whatever_order_statuses_come_the_latest_stands(reports: list[ConnectorStatusReported]):
    known: Heard | None = None
    for report in reports:
        known = hear(known, report, NOW, unconfirmed=False) or known
    assert known is not None
    assert known.connector.status is ConnectorStatus.AVAILABLE


def test_a_status_between_two_that_are_alike_does_not_come_back():
    """Charging at 1 and again at 9: a late Preparing of 5 is older than what is known."""
    known = hear(None, status(1, ConnectorStatus.CHARGING), NOW, unconfirmed=False)
    known = hear(known, status(9, ConnectorStatus.CHARGING), NOW, unconfirmed=False)
    assert known is not None
    assert known.connector.since == status(1, ConnectorStatus.CHARGING).at
    assert hear(known, status(5, ConnectorStatus.PREPARING), NOW, unconfirmed=False) is None


def test_after_a_boot_the_first_status_is_taken_whatever_its_clock_says():
    known = hear(None, status(9, ConnectorStatus.CHARGING), NOW, unconfirmed=False)
    heard = hear(known, status(5, ConnectorStatus.AVAILABLE), NOW, unconfirmed=True)
    assert heard is not None
    assert heard.connector.status is ConnectorStatus.AVAILABLE


# ---- settings


@pytest.mark.parametrize(
    "name",
    [
        SettingName("OCPP16", "AuthorizationKey"),
        SettingName("SecurityCtrlr", "BasicAuthPassword"),
        SettingName("OCPP16", "WifiPassword"),
        SettingName("APN", "key"),
        SettingName("OCPP16", "SimPin"),
    ],
)
def test_a_password_is_a_secret(name: SettingName):
    assert is_secret(name)


@pytest.mark.parametrize("variable", ["HeartbeatInterval", "AuthorizeRemoteTxRequests", "AuthorizationCacheEnabled"])
def test_what_is_no_password_is_no_secret(variable: str):
    assert not is_secret(SettingName("OCPP16", variable))


@given(st.permutations(range(5)), st.sets(st.integers(0, 4)))
def test_a_report_is_complete_when_all_its_parts_are_here_and_not_before(order: list[int], twice: set[int]):
    assembly = Assembly(NOW)
    for place, part in enumerate(order):
        assert not assembly.complete
        assembly.add(part, more=part < 4, settings=1)
        if part in twice:
            assembly.add(part, more=part < 4, settings=1)
        assert assembly.complete is (place == 4)
    assert assembly.count == 5


# ---- budgets


def test_an_allowance_is_spent_and_refills():
    allowance = Allowance.of(2, timedelta(seconds=10), NOW)
    assert [allowance.take(NOW) for _ in range(3)] == [True, True, False]
    assert allowance.take(NOW + timedelta(seconds=11))
    assert not allowance.take(NOW + timedelta(seconds=12))


def test_an_allowance_bears_a_clock_that_goes_back():
    allowance = Allowance.of(1, timedelta(seconds=10), NOW)
    assert allowance.take(NOW)
    assert not allowance.take(NOW - timedelta(days=1))
    assert not allowance.take(NOW)
