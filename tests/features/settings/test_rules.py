"""Which settings a station is to have, whether it has them, and whether it may be accepted."""

from datetime import UTC, datetime, timedelta

import pytest

from voltloom.domain.commands import NewValue, SettingStatus
from voltloom.domain.errors import Invalid
from voltloom.domain.ids import StationId
from voltloom.domain.station import Attribute, Setting, SettingName
from voltloom.features.settings.rules import (
    Standing,
    Template,
    Verdict,
    Wanted,
    WhenRefused,
    check,
    fingerprint,
    judge,
    must_have,
    same,
    standing_of,
    wanted_of,
)
from voltloom.features.stations import Aim, Likeness, SettingChange, name_key

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
HEARTBEAT = SettingName("OCPPCommCtrlr", "HeartbeatInterval")
MEASURANDS = SettingName("SampledDataCtrlr", "TxUpdatedMeasurands")
CP = Likeness(StationId("CP-7"), "Acme", "Duo", "1.4", "s1", True, "ocpp2.1", None, "Accepted", NOW)


def template(
    name: str, *settings: NewValue, before: bool = False, refused: WhenRefused = WhenRefused.ACCEPT
) -> Template:
    return Template(name, name, Aim(vendor="acme"), settings, before, refused, NOW, "Ada")


def beat(value: str) -> NewValue:
    return NewValue(HEARTBEAT, value)


def test_the_last_template_has_its_way_and_what_is_wanted_of_a_station_alone_over_all():
    templates = [template("b", beat("60")), template("a", beat("30"), NewValue(MEASURANDS, "x"), before=True)]
    found = wanted_of(CP, templates, ())
    assert [(each.template_id, each.setting.value) for each in found.values()] == [("b", "60"), ("a", "x")]
    own = wanted_of(CP, templates, [NewValue(SettingName("ocppcommctrlr", "HEARTBEATINTERVAL"), "10")])
    assert own[name_key(HEARTBEAT)].setting.value == "10"
    assert [each.setting.name for each in must_have(own).values()] == [MEASURANDS]
    assert wanted_of(CP._replace(vendor="Other"), templates, ()) == {}


@pytest.mark.parametrize(
    ("wanted", "held", "data_type", "is_same"),
    [
        ("60", "60", "", True),
        ("60", " 60.0 ", "integer", True),
        ("true", "True", "boolean", True),
        ("60", "61", "", False),
        ("a,b", "b, a", "MemberList", True),
        ("a,b", "b, a", "SequenceList", False),
        ("a,b", "a, b", "", True),
        ("007", "7", "string", False),
        ("Yes", "yes", "", False),
    ],
)
def test_the_same_is_written_in_more_than_one_way(wanted: str, held: str, data_type: str, is_same: bool):
    assert same(wanted, held, data_type) is is_same


def change(status: SettingStatus, value: str = "60", at: datetime = NOW) -> SettingChange:
    return SettingChange(at, "voltloom", value, status, status.value, "")


@pytest.mark.parametrize(
    ("held", "last", "standing"),
    [
        (None, None, Standing.NOT_HEARD),
        ("60", None, Standing.HOLDS),
        ("61", None, Standing.DIFFERS),
        ("61", change(SettingStatus.ACCEPTED), Standing.DIFFERS),
        ("61", change(SettingStatus.REJECTED), Standing.REFUSED),
        (None, change(SettingStatus.UNKNOWN), Standing.REFUSED),
        ("61", change(SettingStatus.REJECTED, "90"), Standing.DIFFERS),
        ("61", change(SettingStatus.REBOOT_REQUIRED, at=NOW + timedelta(minutes=1)), Standing.REBOOT_NEEDED),
        ("60", change(SettingStatus.REBOOT_REQUIRED, at=NOW - timedelta(minutes=1)), Standing.HOLDS),
        ("60", change(SettingStatus.REJECTED), Standing.HOLDS),
    ],
)
def test_how_a_wanted_setting_stands(held: str | None, last: SettingChange | None, standing: Standing):
    setting = None if held is None else Setting(HEARTBEAT, held)
    assert standing_of(Wanted(beat("60")), setting, last, NOW) is standing


def test_what_a_station_keeps_to_itself_holds_once_it_took_it():
    secret = Setting(HEARTBEAT, None)
    assert standing_of(Wanted(beat("60")), secret, change(SettingStatus.ACCEPTED), NOW) is Standing.HOLDS
    assert standing_of(Wanted(beat("60")), secret, None, NOW) is Standing.DIFFERS


@pytest.mark.parametrize(
    ("refused", "standing", "verdict"),
    [
        (WhenRefused.HOLD_BACK, Standing.HOLDS, Verdict.PASSED),
        (WhenRefused.HOLD_BACK, Standing.REBOOT_NEEDED, Verdict.PASSED),
        (WhenRefused.HOLD_BACK, Standing.REFUSED, Verdict.HELD_BACK),
        (WhenRefused.ACCEPT, Standing.REFUSED, Verdict.ACCEPTED_ANYWAY),
    ],
)
def test_a_station_is_judged_by_what_it_must_have(refused: WhenRefused, standing: Standing, verdict: Verdict):
    must = must_have(wanted_of(CP, [template("t", beat("60"), before=True, refused=refused)], ()))
    key = name_key(HEARTBEAT)
    found, reason = judge(must, {key: standing}, {key: "Rejected: no"})
    assert found is verdict
    assert ("OCPPCommCtrlr.HeartbeatInterval: Rejected: no" in reason) is (verdict is not Verdict.PASSED)


def test_what_is_asked_anew_is_another_value_or_another_firmware():
    one = must_have(wanted_of(CP, [template("t", beat("60"), before=True)], ()))
    other = must_have(wanted_of(CP, [template("t", beat("90"), before=True)], ()))
    assert len({fingerprint(one, "1"), fingerprint(one, "2"), fingerprint(other, "1")}) == 3
    assert fingerprint({}, "1") == ""


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ([NewValue(SettingName("SecurityCtrlr", "BasicAuthPassword"), "x" * 16)], "secret"),
        ([beat("1"), beat("2")], "twice"),
        ([NewValue(HEARTBEAT, "1", Attribute.TARGET)], "actual"),
    ],
)
def test_what_cannot_be_wanted(settings: list[NewValue], why: str):
    with pytest.raises(Invalid, match=why):
        check(settings)
