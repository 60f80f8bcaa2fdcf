"""Which monitors a station is to have, and what is to be asked of it for that."""

from datetime import UTC, datetime

import pytest

from voltloom.domain.commands import NewMonitor
from voltloom.domain.errors import Invalid
from voltloom.domain.ids import Place, StationId
from voltloom.domain.monitoring import Monitor, MonitorKind, Pace
from voltloom.domain.station import SettingName
from voltloom.features.monitoring.rules import Template, check, check_template, identity_of, plan, wanted_of
from voltloom.features.stations import Aim, Likeness

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
POWER = SettingName("EVSE", "Power", place=Place(1))
HEAT = SettingName("ChargingStation", "Temperature")


def station(**values: str) -> Likeness:
    said = {"vendor": "Acme", "model": "Duo 22", "firmware": "1.4.2", "site_id": "s1"} | values
    return Likeness(
        StationId("CP-7"),
        connected=True,
        protocol="ocpp2.1",
        registration="Accepted",
        policy="Accepted",
        booted_at=None,
        **said,
    )  # type: ignore[arg-type]


def template(name: str, *monitors: NewMonitor, aim: Aim = Aim()) -> Template:  # noqa: B008 - frozen
    return Template(name, name, aim, monitors, NOW, "Ada")


def hot(value: float = 70, severity: int = 4) -> NewMonitor:
    return NewMonitor(HEAT, MonitorKind.UPPER_THRESHOLD, value, severity)


@pytest.mark.parametrize(
    ("aim", "meets"),
    [
        (Aim(), True),
        (Aim(vendor="ACME"), True),
        (Aim(model="Duo*", firmware="1.4.?"), True),
        (Aim(model="Duo"), False),
        (Aim(vendor="A[c]me"), True),
        (Aim(site_id="s2"), False),
        (Aim(vendor="Acme", site_id="s1"), True),
    ],
)
def test_a_template_is_for_stations_that_all_its_patterns_fit(aim: Aim, meets: bool):
    assert aim.meets(station()) is meets


def test_of_two_templates_that_want_the_same_otherwise_the_last_has_its_way():
    wanted = wanted_of(station(), [template("b", hot(80)), template("a", hot(70), hot(60, severity=6))])
    assert sorted((each.template_id, each.monitor.value) for each in wanted.values()) == [("a", 60), ("b", 80)]
    assert wanted_of(station(vendor="Other"), [template("a", hot(), aim=Aim(vendor="Acme"))]) == {}


def test_what_is_missing_is_set_what_differs_replaced_and_what_nobody_wants_any_more_cleared():
    wanted = wanted_of(station(), [template("t", hot(70), NewMonitor(POWER, MonitorKind.DELTA, 100, 8))])
    old = SettingName("EVSE", "Voltage", place=Place(1))
    present = [
        Monitor(3, SettingName("chargingstation", "TEMPERATURE"), MonitorKind.UPPER_THRESHOLD, 65, 4),
        Monitor(4, old, MonitorKind.DELTA, 5, 8, origin="CustomMonitor"),
        Monitor(5, POWER, MonitorKind.PERIODIC, 60, 8),
    ]
    todo = plan(wanted, present, {identity_of(old, MonitorKind.DELTA, 8)})
    assert sorted((each.monitor.name.variable, each.monitor.id) for each in todo.set) == [
        ("Power", None),
        ("Temperature", 3),
    ]
    assert todo.clear == [4]


def test_what_holds_is_left_alone_and_what_is_wired_in_is_never_cleared():
    wanted = wanted_of(station(), [template("t", hot(70))])
    present = [
        Monitor(3, HEAT, MonitorKind.UPPER_THRESHOLD, 70, 4),
        Monitor(4, POWER, MonitorKind.DELTA, 5, 8, origin="HardWiredMonitor"),
    ]
    todo = plan(wanted, present, {identity_of(POWER, MonitorKind.DELTA, 8)})
    assert (todo.set, todo.clear) == ([], [])


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (NewMonitor(POWER, MonitorKind.PERIODIC, 0, 8), "at least 1"),
        (NewMonitor(POWER, MonitorKind.DELTA, -1, 8), "below 0"),
        (NewMonitor(POWER, MonitorKind.DELTA, 1, 8, stream=Pace(5)), "not periodic"),
    ],
)
def test_a_monitor_that_cannot_be_is_refused(wrong: NewMonitor, why: str):
    with pytest.raises(Invalid, match=why):
        check(wrong)


def test_a_template_has_one_monitor_of_a_kind_and_severity_for_a_variable():
    with pytest.raises(Invalid, match="two monitors"):
        check_template([hot(70), hot(80)])
    check_template([hot(70), hot(80, severity=2)])
