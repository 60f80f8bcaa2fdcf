"""A fleet that runs by itself against a server."""

import asyncio
import json

import pytest

from voltloom.simulator.fleet import Plan, StationPlan, make_plan
from voltloom.simulator.run import Fleet, Options, simulate


def test_a_fleet_boots_and_its_progress_is_told(a_csms):
    async def story():
        async with a_csms() as csms:
            seen = []
            options = Options(csms.url, stations=12, pace=200, per_second=500, interval_s=5)
            running = asyncio.create_task(simulate(options, seen.append, every_s=0.05))
            await csms.until(lambda: len({s for s, a, _ in csms.calls if a == "BootNotification"}) == 12)
            await csms.until(lambda: bool(seen) and seen[-1].accepted >= 11, 20)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            last = seen[-1]
            assert last.stations == 12
            assert "12 stations" in str(last)
            assert sum(last.statuses.values()) == sum(len(s.outlets) for s in make_plan(7, 12).stations)
            await csms.until(lambda: not csms.links)

    asyncio.run(story())


def test_versions_can_be_chosen_and_credentials_come_from_a_file(a_csms, tmp_path):
    file = tmp_path / "credentials.json"
    plan = make_plan(7, 24)
    of_21 = [s.id for s in plan.stations if s.version == "2.1"][:2]
    file.write_text(json.dumps({of_21[0]: "one"}))

    async def story():
        async with a_csms() as csms:
            csms.passwords = {of_21[0]: b"one", of_21[1]: f"pw-{of_21[1]}".encode()}
            options = Options(
                csms.url,
                stations=2,
                versions=("2.1",),
                credentials=file,
                password="pw-{id}",
                idle=True,
                duration_s=0.1,
                per_second=500,
            )
            fleet = Fleet(options)
            await fleet.start()
            await csms.until(lambda: len(csms.of("BootNotification")) == 2)
            assert {s for s, _, _ in csms.calls} == set(of_21)
            await fleet.stop()

    asyncio.run(story())


def test_refusals_are_told(a_csms):
    async def story():
        async with a_csms() as csms:
            csms.passwords["A"] = b"right"
            plan = Plan(stations=(StationPlan("A", password="wrong"),))
            fleet = Fleet(Options(csms.url, plan=plan))
            await fleet.start()
            await csms.until(lambda: csms.refused == 2)  # so the first refusal has been heard
            assert "refused with HTTP 401" in str(fleet.progress())
            await fleet.stop()

    asyncio.run(story())


def test_it_ends_after_its_duration(a_csms):
    async def story():
        async with a_csms() as csms:
            end = await simulate(Options(csms.url, stations=3, duration_s=0.2, per_second=500))
            assert end.stations == 3

    asyncio.run(story())
