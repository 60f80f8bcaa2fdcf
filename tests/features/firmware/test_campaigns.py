"""Campaigns, over their routes, and carried on beat by beat."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from files_by_hand import NO, YES, House, a_house
from voltloom.app.parts import EVENTS
from voltloom.domain.commands import UpdateFirmware
from voltloom.domain.errors import TimedOut, Unreachable
from voltloom.domain.reports import FirmwareReported, FirmwareStatus
from voltloom.infra.journal import Journal, read_journal

Story = Callable[[House], Awaitable[None]]


@pytest.fixture
def play(fresh_database, tmp_path: Path) -> Callable[[Story], None]:
    """S-0 to S-6, connected, with firmware 1.0; S-8 of another make; S-9 is not connected."""

    def played(story: Story) -> None:
        async def whole() -> None:
            async with fresh_database(Journal(EVENTS, node="n1")) as database, a_house(database, tmp_path) as house:
                for number in range(7):
                    await house.add_station(f"S-{number}")
                await house.add_station("S-8", vendor="Other")
                await house.add_station("S-9", connected=False)
                house.answers(YES)
                await story(house)

        asyncio.run(whole())

    return played


async def begun(house: House, **values: object) -> str:
    body = {"image_id": await house.add_image(), "everything": True, "wave": 4, "at_once": 3, "soak_minutes": 0}
    return (await house.post("/firmware/campaigns", body | values, 202))["campaign_id"]


async def beat(house: House, now: datetime | None = None) -> list[str]:
    """Who was asked in it."""
    before = len(house.network.asked)
    await house.passes("carry_campaigns_on", now)
    return sorted(station_id for station_id, command in house.network.asked[before:])


async def ends(house: House, status: FirmwareStatus = FirmwareStatus.INSTALLED, *stations: str) -> None:
    """Of the stations that are being updated, or these."""
    for update in (await house.get("/firmware/updates", state="accepted"))["items"]:
        if not stations or update["station_id"] in stations:
            await house.says(update["station_id"], FirmwareReported(status, update["id"]))


async def waves(house: House, campaign_id: str) -> list[tuple[int, ...]]:
    """Each: its number, and how many are updated, being updated, failed, waiting."""
    found = (await house.get(f"/firmware/campaigns/{campaign_id}"))["waves"]
    return [tuple(each[name] for name in ("wave", "updated", "updating", "failed", "waiting")) for each in found]


async def stage(house: House, campaign_id: str) -> tuple[str, int, dict[str, int]]:
    found = await house.get(f"/firmware/campaigns/{campaign_id}")
    return found["stage"], found["wave"], found["counts"]


def test_a_canary_then_waves_a_few_at_a_time(play):
    async def story(house: House) -> None:
        campaign = await begun(house)
        assert await waves(house, campaign) == [(0, 0, 0, 0, 1)]
        assert await beat(house) == ["S-0"]
        assert await beat(house) == []
        await ends(house)
        assert await beat(house) == []  # the first wave begins
        assert await beat(house) == ["S-1", "S-2", "S-3"]
        await ends(house, FirmwareStatus.INSTALLED, "S-1")
        assert await beat(house) == ["S-4"]
        assert await waves(house, campaign) == [(0, 1, 0, 0, 0), (1, 1, 3, 0, 0)]
        assert await beat(house) == []
        await ends(house)
        await beat(house)
        assert await stage(house, campaign) == ("running", 2, {"done": 5, "waiting": 3, "skipped": 1})
        assert await waves(house, campaign) == [(0, 1, 0, 0, 0), (1, 4, 0, 0, 0), (2, 0, 0, 0, 3)]
        assert await beat(house) == ["S-5", "S-6"]
        await ends(house)
        assert await beat(house) == []  # S-9 is not there
        assert (await stage(house, campaign))[0] == "running"
        await house.add_station("S-7")  # not one of them
        assert await beat(house) == []
        await beat(house, datetime.now(UTC) + timedelta(days=8))
        assert await stage(house, campaign) == ("done", 2, {"done": 7, "not_reached": 1, "skipped": 1})
        assert (await waves(house, campaign))[2] == (2, 2, 0, 0, 0)
        asked = Counter(station_id for station_id, command in house.network.asked)
        assert set(asked.values()) == {1}
        names = ["firmware.campaign_changed"]
        told = await house.database.read(lambda connection: read_journal(connection, names=names))
        assert len(told) == 4  # began, two waves, done

    play(story)


def test_a_canary_that_fails_halts_it_until_somebody_looks(play):
    async def story(house: House) -> None:
        campaign = await begun(house)
        await beat(house)
        await ends(house, FirmwareStatus.INSTALLATION_FAILED)
        assert await beat(house) == []
        found = await house.get(f"/firmware/campaigns/{campaign}")
        assert (found["stage"], found["reason"]) == ("halted", "1 of the canaries failed")
        assert await beat(house) == []
        [failed] = (await house.get(f"/firmware/campaigns/{campaign}/stations", state="failed"))["items"]
        assert (failed["station_id"], failed["outcome"], failed["wave"]) == ("S-0", "InstallationFailed", 0)
        await house.post(f"/firmware/campaigns/{campaign}/resume", status=204)
        await beat(house)
        assert await beat(house) == ["S-1", "S-2", "S-3"]
        audit = "SELECT outcome FROM audit_log WHERE action = 'firmware.campaign' ORDER BY number"
        outcomes = await house.database.read(lambda c: [row[0] for row in c.exec_driver_sql(audit)])
        assert outcomes == ["began", "halted: 1 of the canaries failed", "resumed"]

    play(story)


def test_too_many_failures_halt_a_wave(play):
    async def story(house: House) -> None:
        campaign = await begun(house, halt_percent=25)
        await beat(house)
        await ends(house)
        await beat(house)
        await beat(house)
        house.answers(NO)
        await ends(house, FirmwareStatus.INVALID_SIGNATURE, "S-1")
        assert await beat(house) == ["S-4"]
        assert (await stage(house, campaign))[0] == "running"
        await beat(house)
        found = await house.get(f"/firmware/campaigns/{campaign}")
        assert (found["stage"], found["reason"]) == ("halted", "2 of 3 failed")

    play(story)


def test_a_station_that_goes_back_to_the_old_version_has_failed(play):
    async def story(house: House) -> None:
        campaign = await begun(house, soak_minutes=10)
        await beat(house)
        await ends(house)
        await beat(house)
        assert (await stage(house, campaign))[2]["done"] == 1
        await house.boots("S-0", "1.0")
        await house.passes("settle_updates")
        await beat(house)
        [failed] = (await house.get(f"/firmware/campaigns/{campaign}/stations", state="failed"))["items"]
        assert failed["outcome"] == "it went back to 1.0"
        assert (await stage(house, campaign))[0] == "halted"

    play(story)


def test_paused_nothing_is_asked_and_cancelled_nothing_ever_will_be(play):
    async def story(house: House) -> None:
        campaign = await begun(house)
        path = f"/firmware/campaigns/{campaign}"
        await house.post(f"{path}/pause", status=204)
        assert await beat(house) == []
        assert (await house.client.post(f"{path}/pause")).status_code == 409
        await house.post(f"{path}/resume", status=204)
        assert await beat(house) == ["S-0"]
        await house.post(f"{path}/cancel", status=204)
        assert await beat(house) == []
        assert await stage(house, campaign) == ("cancelled", 0, {"updating": 1, "cancelled": 7, "skipped": 1})
        for verb in ("pause", "resume", "cancel"):
            assert (await house.client.post(f"{path}/{verb}")).status_code == 409

    play(story)


def test_who_cannot_be_reached_waits_and_who_does_not_answer_may_have_begun(play):
    async def story(house: House) -> None:
        def says(station_id: str, command: object) -> object:
            assert isinstance(command, UpdateFirmware)
            return {"S-0": Unreachable("gone"), "S-1": TimedOut("?")}.get(station_id, YES)

        house.answers(says)
        campaign = await begun(house, canary=2)
        assert await beat(house) == ["S-0", "S-1"]
        assert (await stage(house, campaign))[2] == {"updating": 1, "waiting": 7, "skipped": 1}
        house.answers(YES)
        assert await beat(house) == ["S-0"]
        [asked] = (await house.get("/firmware/updates", state="asked"))["items"]
        await house.says("S-1", FirmwareReported(FirmwareStatus.INSTALLED, asked["id"]))
        await ends(house)
        await beat(house)
        assert await stage(house, campaign) == ("running", 1, {"done": 2, "waiting": 6, "skipped": 1})

    play(story)


def test_what_was_being_asked_when_a_node_ended_is_found_again(play):
    """One with its update begun, one without: as a crash leaves them."""

    async def story(house: House) -> None:
        campaign = await begun(house, canary=2)
        await beat(house)
        forget = "UPDATE firmware_campaign_stations SET update_id = NULL WHERE station_id IN ('S-0', 'S-1')"
        lose = "DELETE FROM firmware_updates WHERE station_id = 'S-1'"
        for statement in (forget, lose):
            await house.database.write(lambda c, _, sql=statement: c.exec_driver_sql(sql))
        assert await beat(house) == []
        assert await beat(house, datetime.now(UTC) + timedelta(minutes=6)) == ["S-1"]
        await ends(house)
        await beat(house)
        assert (await stage(house, campaign))[2]["done"] == 2

    play(story)


def test_how_far_it_would_reach_and_what_cannot_be_begun(play):
    async def story(house: House) -> None:
        image = await house.add_image()
        body = {"image_id": image, "everything": True}
        looked = await house.post("/firmware/campaigns", body, 202, dry_run=True)
        assert looked["campaign_id"] is None
        reach = looked["reach"]
        assert (reach["stations"], reach["offline"], reach["other_make"], reach["by_firmware"]) == (8, 1, 1, {"1.0": 8})
        filtered = await house.post("/firmware/campaigns", {"image_id": image}, 202, dry_run=True, firmware="1.0")
        assert filtered["reach"]["stations"] == 8
        for wrong, status in (
            ({"image_id": image}, 422),
            ({"image_id": "none", "everything": True}, 404),
            ({"image_id": image, "stations": ["S-0", "X"]}, 404),
            ({"image_id": image, "stations": ["S-8"]}, 422),
            ({**body, "ends_at": "2020-01-01T00:00:00Z"}, 422),
            ({"image_id": await house.add_image(signed=False), "everything": True}, 409),
        ):
            answer = await house.client.post("/firmware/campaigns", json=wrong)
            assert answer.status_code == status, (wrong, answer.text)
        for _ in range(4):
            await house.post("/firmware/campaigns", body, 202)
        assert (await house.client.post("/firmware/campaigns", json=body)).status_code == 409
        assert (await house.client.delete(f"/firmware/images/{image}")).status_code == 409

    play(story)
