"""Settings: one table behind both ways of asking."""

import pytest

from voltloom.simulator.device import Device, SetResult, Variable
from voltloom.simulator.fleet import MAKES, StationPlan, make_plan


def test_it_is_as_large_as_that_of_a_real_station():
    device = Device(StationPlan("CP-1", version="1.6"))
    assert len(list(device.configuration())) >= 40
    assert len(list(device.inventory())) >= 75
    writable = list(device.inventory(configuration_only=True))
    assert 20 < len(writable) < len(list(device.inventory()))


def test_a_key_and_its_variable_are_one_setting():
    device = Device(StationPlan("CP-1", version="1.6"))
    key = device.by_key("metervaluesampleinterval")
    assert key is not None
    assert device.change(key, "42") == (SetResult.ACCEPTED, "")
    assert device.number("SampledDataCtrlr", "TxUpdatedInterval") == 42


@pytest.mark.parametrize("plan", make_plan(stations=len(MAKES) * 3).stations, ids=lambda plan: plan.id)
def test_no_two_settings_share_a_name_and_every_value_is_a_legal_one(plan):
    device = Device(plan)
    keys = [v.key.lower() for v in device.configuration()]
    names = [(v.component, v.variable, v.instance, v.evse, v.connector) for v in device.inventory()]
    assert len(keys) == len(set(keys))
    assert len(names) == len(set(names))
    for v in device.variables:
        assert v.access == "wo" or v.why_not(v.value) == "", v


@pytest.mark.parametrize(
    ("variable", "value", "why"),
    [
        (Variable("C", "V", "", "1", "integer", limits=(0, 9)), "10", "not between 0 and 9"),
        (Variable("C", "V", "", "1", "integer"), "1.5", "not a number"),
        (Variable("C", "V", "", "1", "decimal"), "1.5", ""),
        (Variable("C", "V", "", "true", "boolean"), "yes", "neither true nor false"),
        (Variable("C", "V", "", "A", "OptionList", choice=("A", "B")), "C", "none of A, B"),
        (Variable("C", "V", "", "A", "MemberList", choice=("A", "B")), "B,A", ""),
        (Variable("C", "V", "", "A", "MemberList", choice=("A", "B")), "A,C", "unknown: C"),
        (Variable("C", "V", "", "", limits=(2, 3)), "long", "too short or too long"),
    ],
)
def test_a_wrong_value_is_refused_with_its_reason(variable, value, why):
    assert variable.why_not(value) == why


def test_what_is_not_there_is_told_apart():
    device = Device(StationPlan("CP-1"))
    assert device.find("Nobody", "X") is SetResult.UNKNOWN_COMPONENT
    assert device.find("ClockCtrlr", "X") is SetResult.UNKNOWN_VARIABLE
    assert device.find("EVSE", "Power", evse=2) is SetResult.UNKNOWN_VARIABLE
    assert not isinstance(device.find("evse", "power", evse=1), SetResult)
