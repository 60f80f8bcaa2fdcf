"""What becomes of updates and publications: stations are late, double, out of order, and try again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltloom.domain.errors import Conflict, Invalid
from voltloom.domain.ids import StationId
from voltloom.domain.reports import FirmwareStatus, PublishStatus
from voltloom.features.firmware import rules
from voltloom.features.firmware.rules import Image, Publication, Published, State, Update
from voltloom.features.firmware.signing import Signer

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
CP = StationId("CP-7")
UPDATE = Update(7, CP, "img", "2.0", NOW, "Ada", NOW + timedelta(days=1), from_version="1.0", state=State.ACCEPTED)
IMAGE = Image("img", "Acme", "One", "2.0", "one.bin", NOW, "Ada", size=1)
SIGNER = Signer("CN=Acme", "CN=Acme", "00", NOW - timedelta(days=1), NOW + timedelta(days=1), "RSA 2048")
STATUSES = st.sampled_from(list(FirmwareStatus))


def after(*statuses: FirmwareStatus, update: Update = UPDATE) -> State:
    for status in statuses:
        update = replace(update, state=rules.state_after(update, status))
    return update.state


S = FirmwareStatus
WAY = (S.DOWNLOADING, S.DOWNLOADED, S.SIGNATURE_VERIFIED, S.INSTALLING, S.INSTALL_REBOOTING, S.INSTALLED)


@pytest.mark.parametrize("status", [status for status in FirmwareStatus if status is not S.IDLE])
def test_every_status_means_something(status: FirmwareStatus):
    failed = "failed" in status.name.lower() or status is S.INVALID_SIGNATURE
    assert rules.state_after(UPDATE, status).value == ("failed" if failed else status.name.lower())


def test_what_was_passed_does_not_come_back():
    assert after(*WAY) is State.INSTALLED
    assert after(S.INSTALLING, S.DOWNLOADING, S.DOWNLOADED) is State.INSTALLING
    assert after(*WAY, S.DOWNLOADING, S.DOWNLOAD_FAILED, S.IDLE) is State.INSTALLED
    assert after(S.DOWNLOADING, S.DOWNLOAD_PAUSED, S.DOWNLOADING) is State.DOWNLOADING


def test_after_a_failure_it_tries_again():
    assert after(S.DOWNLOADING, S.DOWNLOAD_FAILED) is State.FAILED
    assert after(S.DOWNLOADING, S.DOWNLOAD_FAILED, S.DOWNLOADING, S.DOWNLOADED) is State.DOWNLOADED
    assert after(S.DOWNLOADING, update=replace(UPDATE, state=State.REFUSED)) is State.DOWNLOADING


@given(st.lists(STATUSES, max_size=30))
def test_the_end_is_the_end_whatever_else_is_said(statuses: list[FirmwareStatus]):
    for state in (State.CONFIRMED, State.REPLACED):
        assert after(*statuses, update=replace(UPDATE, state=state)) is state
    assert after(*WAY, *statuses) is State.INSTALLED


@given(st.lists(STATUSES, max_size=30))
def test_a_status_heard_twice_changes_nothing_more(statuses: list[FirmwareStatus]):
    assert after(*statuses) is after(*(status for status in statuses for _ in (1, 2)))


def test_a_status_is_about_the_update_it_names_or_the_one_under_way():
    older = replace(UPDATE, id=6, state=State.FAILED, changed_at=NOW)
    assert rules.which([UPDATE, older], 6, NOW) is older
    assert rules.which([UPDATE, older], 5, NOW) is None
    assert rules.which([UPDATE, older], 2**70, NOW) is None
    assert rules.which([UPDATE, older], None, NOW) is UPDATE
    refused = replace(UPDATE, id=8, state=State.REFUSED)
    assert rules.which([refused, UPDATE], None, NOW) is UPDATE
    assert rules.which([older], None, NOW + timedelta(hours=1)) is older
    assert rules.which([older], None, NOW + timedelta(days=9)) is None


@pytest.mark.parametrize(
    ("state", "ran", "becomes", "why"),
    [
        (State.ACCEPTED, "2.0", State.CONFIRMED, ""),
        (State.INSTALLED, " 2.0 ", State.CONFIRMED, ""),
        (State.INSTALL_REBOOTING, "1.0", State.INSTALL_REBOOTING, ""),
        (State.INSTALLED, "1.0", State.FAILED, "it went back to 1.0"),
        (State.INSTALLED, "2.0-rc1", State.INSTALLED, "it came back as 2.0-rc1"),
    ],
)
def test_what_a_boot_shows(state: State, ran: str, becomes: State, why: str):
    update = replace(UPDATE, state=state, changed_at=NOW)
    assert rules.after_boot(update, ran, NOW + timedelta(minutes=1)) == (becomes, why)


def test_a_boot_before_it_was_installed_says_nothing_against_it():
    update = replace(UPDATE, state=State.INSTALLED, changed_at=NOW)
    assert rules.after_boot(update, "1.0", NOW - timedelta(minutes=1)) == (State.INSTALLED, "")


def test_a_version_that_ran_before_confirms_only_what_was_being_installed():
    again = replace(UPDATE, from_version="2.0")
    assert rules.after_boot(again, "2.0", NOW) == (State.ACCEPTED, "")
    assert rules.after_boot(replace(again, state=State.INSTALLING), "2.0", NOW) == (State.CONFIRMED, "")


def test_an_image_is_for_the_make_it_names():
    assert rules.is_made_for(IMAGE, "ACME ", "one")
    assert not rules.is_made_for(IMAGE, "Acme", "Two")
    assert rules.is_made_for(replace(IMAGE, vendor="", model=""), "Other", "")


def test_what_is_not_signed_goes_nowhere_by_accident():
    signed = replace(IMAGE, signature="c2ln", signer=SIGNER)
    rules.check_signed_enough(signed, takes_signed=True, allow_unsigned=False, now=NOW)
    with pytest.raises(Conflict, match="ended on 2026-05-05"):
        rules.check_signed_enough(signed, takes_signed=True, allow_unsigned=True, now=NOW + timedelta(days=2))
    rules.check_signed_enough(IMAGE, takes_signed=False, allow_unsigned=True, now=NOW)
    with pytest.raises(Conflict, match="not signed"):
        rules.check_signed_enough(IMAGE, takes_signed=False, allow_unsigned=False, now=NOW)
    with pytest.raises(Conflict, match="takes signed firmware"):
        rules.check_signed_enough(IMAGE, takes_signed=True, allow_unsigned=True, now=NOW)


def test_times_that_make_no_sense():
    rules.check_times(NOW, NOW + timedelta(hours=1), NOW)
    with pytest.raises(Invalid, match="before it is fetched"):
        rules.check_times(NOW + timedelta(hours=2), NOW + timedelta(hours=1), NOW)
    with pytest.raises(Invalid, match="90 days"):
        rules.check_times(NOW, NOW + timedelta(days=91), NOW)


P = PublishStatus


def test_a_publication_goes_forward_and_tries_again():
    def goes(*statuses: PublishStatus, state: Published = Published.ASKED) -> Published:
        for status in statuses:
            state = rules.published_after(state, status)
        return state

    assert goes(P.DOWNLOADING, P.DOWNLOADED, P.CHECKSUM_VERIFIED, P.PUBLISHED) is Published.PUBLISHED
    assert goes(P.PUBLISHED, P.DOWNLOADING, P.PUBLISH_FAILED, P.IDLE) is Published.PUBLISHED
    assert goes(P.DOWNLOADING, P.INVALID_CHECKSUM) is Published.FAILED
    assert goes(P.DOWNLOAD_FAILED, P.DOWNLOADING) is Published.DOWNLOADING
    assert goes(P.PUBLISHED, state=Published.UNPUBLISHED) is Published.UNPUBLISHED


def test_a_station_is_sent_only_where_something_can_be_fetched():
    published = Publication(1, CP, "img", "2.0", "0" * 32, NOW, "Ada", Published.PUBLISHED)
    found = replace(published, locations=("javascript:alert(1)", "ftp://10.0.0.1/fw"))
    assert rules.reachable_location(found) == "ftp://10.0.0.1/fw"
    for wrong in (published, replace(found, state=Published.FAILED)):
        with pytest.raises(Conflict):
            rules.reachable_location(wrong)
