"""The bench, small: what it starts, what it tells, and that nothing of it stays."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from voltloom.terminal import bench

KEYS = ("scenario", "connections", "us_cpu_per_message", "messages_per_s", "p50_ms", "p99_ms")


def run_bench(tmp_path, *words):
    # All of it lies in a folder of its own, so that what stays behind can be seen.
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    return subprocess.Popen(
        [sys.executable, "-m", "voltloom", "bench", *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def children_of(process):
    return psutil.Process(process.pid).children(recursive=True)


def test_it_measures_ourselves_beside_the_bare_limit_and_leaves_nothing(tmp_path):
    words = ("--json", "--connections", "3", "--seconds", "0.2", "--repeats", "1")
    process = run_bench(tmp_path, *words, *("--scenario", "echo"), *("--scenario", "sqlite"), *("--scenario", "storm"))
    out, progress = process.communicate(timeout=120)
    assert process.returncode == 0, progress
    rows = json.loads(out)
    assert [row["scenario"] for row in rows] == ["echo 1.6", "sqlite 1.6", "echo 2.0.1", "sqlite 2.0.1", "sqlite storm"]
    for row in rows:
        assert set(KEYS) <= row.keys()
        assert row["connections"] == 3
        assert (row["errors"], row["lost"], row["first_error"]) == (0, 0, "")
    for row in rows[:-1]:
        assert min(row[key] for key in KEYS[2:]) > 0
    assert rows[-1]["storm_s"] > 0
    assert "connecting 3" in progress
    assert list(tmp_path.iterdir()) == []


def test_stopped_in_the_middle_it_takes_its_servers_with_it(tmp_path):
    process = run_bench(tmp_path, "--connections", "2", "--seconds", "60", "--scenario", "sqlite")
    deadline = time.monotonic() + 60
    while len(found := children_of(process)) < 2:
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    _, progress = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "stopped before its end" in progress
    assert not [each for each in found if each.is_running()]
    assert list(tmp_path.iterdir()) == []


def test_a_scenario_that_does_not_exist_is_named(tmp_path):
    process = run_bench(tmp_path, "--scenario", "warp")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "there is no scenario 'warp': choose of echo, sqlite" in said


def found(us, **more):
    return {"connections": 200, "us_cpu_per_message": us, "errors": 0, "lost": 0, "first_error": ""} | more


def test_a_row_tells_the_median_of_its_turns_and_every_mistake():
    turns = [found(50.0), found(90.0, errors=2, first_error="late"), found(60.0)]
    row = bench.summary("sqlite 1.6", "voltloom", turns)
    assert row["us_cpu_per_message"] == 60.0
    assert row["least_us_cpu_per_message"] == 50.0
    assert (row["turns"], row["errors"], row["first_error"]) == (3, 2, "late")
    assert row["p99_ms"] is None


def row_of(scenario, connections, us=None, **more):
    return {"scenario": scenario, "connections": connections, "us_cpu_per_message": us} | more


@pytest.mark.parametrize(("cost", "is_met"), [(59.0, True), (61.0, False)])
def test_a_goal_is_met_or_it_is_not(cost, is_met):
    goals = bench.goals([row_of("sqlite 1.6", 200, cost), row_of("sqlite 1.6", 9000, 120.0)])
    assert [(wanted, met) for _, wanted, _, met in goals] == [(60, is_met), (1.5, False)]


def test_goals_that_were_not_measured_are_not_told():
    assert bench.goals([row_of("sqlite 1.6", 200, None), row_of("echo 1.6", 200, 7.0)]) == []
    idle = bench.goals([row_of("sqlite idle", 9000, None, bytes_per_connection=20 * 1024)])
    assert [(name, found, met) for name, _, found, met in idle] == [("KiB an idle connection", 20.0, True)]
