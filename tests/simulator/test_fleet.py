"""Plans are plain data, and the same seed makes the same network."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltloom.simulator.faults import FaultKind, next_fault
from voltloom.simulator.fleet import MAKES, Plan, make_of, make_plan, read_plan, write_plan
from voltloom.simulator.vehicle import Tempo


def test_the_demo_network_is_mixed():
    plan = make_plan()
    assert len(plan.stations) == 24
    assert len(plan.sites) == 6
    assert len({site.city for site in plan.sites}) == 6
    assert {s.version for s in plan.stations} == {"1.6", "2.0.1", "2.1"}
    assert {o.max_w for s in plan.stations for o in s.outlets} == {11_040, 22_080, 50_000, 150_000, 300_000}
    assert {len(s.outlets) for s in plan.stations} == {1, 2}
    assert all(s.limit_w > 0 for s in plan.sites)
    assert len(plan.tokens) == len({t.value for t in plan.tokens}) == 3 * 35


@given(st.integers(0, 1000), st.integers(1, 120))
def test_a_plan_is_a_pure_function_of_its_arguments(seed, stations):
    plan = make_plan(seed, stations)
    assert plan == make_plan(seed, stations)
    assert len({s.id for s in plan.stations}) == stations
    assert {s.site for s in plan.stations} == {s.id for s in plan.sites}


def test_1_6_tokens_fit_and_identities_are_legal():
    plan = make_plan(stations=300)
    assert all(len(t.value) <= 20 for t in (*plan.tokens, *plan.strangers))
    assert all(len(s.id) <= 48 and ":" not in s.id for s in plan.stations)


@pytest.mark.parametrize("suffix", ["json", "toml"])
def test_a_plan_can_be_read_from_a_file(tmp_path, suffix):
    path = tmp_path / f"plan.{suffix}"
    if suffix == "json":
        plan = make_plan(3, 10)
        write_plan(plan, path)
        assert read_plan(path) == plan
    else:
        path.write_text(
            'name = "Two"\n[[stations]]\nid = "A"\nversion = "1.6"\npassword = "secret"\n[[stations]]\nid = "B"\n'
        )
        assert [(s.id, s.version) for s in read_plan(path).stations] == [("A", "1.6"), ("B", "2.0.1")]


def test_a_wrong_plan_says_where(tmp_path):
    path = tmp_path / "plan.toml"
    path.write_text('[[stations]]\nid = "A"\nprofile = "one"\n')
    with pytest.raises(msgspec.ValidationError, match=r"stations\[0\]\.profile"):
        read_plan(path)


def test_passwords_are_given_by_identity():
    plan = make_plan(stations=2)
    first, second = (s.id for s in plan.stations)
    known = plan.with_passwords({first: "one", "NOBODY": "x"})
    assert [(s.id, s.password) for s in known.stations] == [(first, "one"), (second, "")]


def test_a_make_is_found_by_its_name():
    assert make_of("Kestrel Power", "Talon 300") in MAKES
    assert make_of("Kestrel Power", "Talon 9000") is None


def test_a_site_is_found_from_its_station():
    plan = make_plan(stations=6)
    assert [plan.site_of(s).id for s in plan.stations] == ["UTR"] * 5 + ["HAM"]  # type: ignore[union-attr]
    assert Plan().site_of(plan.stations[0]) is None


@given(st.text(max_size=5), st.integers(1, 4), st.integers(0, 30), st.floats(0.1, 10), st.floats(1, 60))
def test_faults_come_from_their_seed_and_last_long_enough_to_be_seen(seed, evses, number, per_day, pace):
    fault = next_fault(seed, evses, 1000.0, number, per_day, Tempo(pace))
    assert fault == next_fault(seed, evses, 1000.0, number, per_day, Tempo(pace))
    assert fault is not None
    assert fault.at > 1000
    assert 1 <= fault.evse <= evses
    assert fault.ends_at == fault.at if fault.kind is FaultKind.METER_JUMP else fault.ends_at - fault.at >= 7.99
    assert (fault.error is not None) == (fault.kind is FaultKind.CONNECTOR)


def test_no_faults_means_none():
    assert next_fault("s", 1, 0.0, 0, 0.0) is None
