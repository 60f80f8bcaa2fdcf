"""Asking many stations, over the routes and the task behind them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from charging_by_hand import Api, a_station, charging_api
from voltloom.app.parts import EVENTS
from voltloom.domain.commands import (
    Accepted,
    Answer,
    ChangeSettings,
    Command,
    Reset,
    ResetKind,
    SettingAnswer,
    SettingStatus,
)
from voltloom.domain.errors import TimedOut, Unreachable
from voltloom.domain.events import JobChanged
from voltloom.domain.ids import StationId
from voltloom.domain.reports import LinkOpened
from voltloom.features.access import Role
from voltloom.features.feature import Context
from voltloom.features.jobs import service
from voltloom.features.jobs.service import run_job
from voltloom.infra.database import Work
from voltloom.infra.journal import Journal, read_journal

ACCEPTED = Answer(Accepted.ACCEPTED, "Accepted")


@pytest.fixture
def play(fresh_database) -> Callable[..., None]:
    """CP-7, connected, and S-0 to S-4."""

    def played(story: Callable[[Api], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with fresh_database(Journal(EVENTS, node="n1")) as database, charging_api(database) as client:
                station = await a_station(database)
                await station.says(LinkOpened(station.now, "192.0.2.7", "ocpp1.6", 1, "n1"))
                for number in range(5):
                    await client.client.post("/stations", json={"id": f"S-{number}", "name": "small"})
                await story(client)

        asyncio.run(whole())

    return played


async def asked(client: Api, path: str, document: object, **query: object) -> dict:
    answer = await client.client.post(path, json=document, params=query)
    assert answer.status_code == 202, answer.text
    return answer.json()


async def run_to_its_end(client: Api, job_id: str) -> None:
    """As the durable task does, that its event made."""
    told = JobChanged(job_id, datetime.now(UTC), "asked", "", 0, "")
    await run_job(Context(client.database, client.network, datetime.now(UTC), Work()), told)


async def job(client: Api, job_id: str) -> dict:
    return (await client.get(f"/jobs/{job_id}")).json()


async def stations_of(client: Api, job_id: str, **query: object) -> dict[str, tuple[str, str]]:
    items = (await client.get(f"/jobs/{job_id}/stations", **query)).json()["items"]
    return {each["station_id"]: (each["state"], each["outcome"]) for each in items}


def test_a_dry_run_says_how_far_it_would_reach_and_asks_nobody(play):
    async def story(client: Api) -> None:
        told = await asked(client, "/jobs/reset", {"everything": True}, dry_run=True)
        assert told["job_id"] is None
        assert (told["blast"]["stations"], told["blast"]["connected"], told["blast"]["offline"]) == (6, 1, 5)
        filtered = await asked(client, "/jobs/reset", {}, dry_run=True, q="small")
        assert filtered["blast"]["stations"] == 5
        named = await asked(client, "/jobs/reset", {"stations": ["S-1", "S-1", "nobody"]}, dry_run=True)
        assert (named["blast"]["stations"], named["blast"]["missing"]) == (1, ["nobody"])
        assert client.network.asked == []
        assert (await client.get("/jobs")).json()["items"] == []

    play(story)


def test_each_station_is_asked_and_its_answer_is_told(play):
    def says(station_id: StationId, command: Command[object]) -> object:
        match station_id:
            case "S-1":
                return Answer(Accepted.REJECTED, "Rejected")
            case "S-2":
                return TimedOut("S-2 did not answer")
            case "S-3":
                return Unreachable("S-3 is not connected")
            case _:
                return ACCEPTED

    async def story(client: Api) -> None:
        client.network.says = says
        job_id = (await asked(client, "/jobs/reset", {"everything": True, "request": {"kind": "Immediate"}}))["job_id"]
        waiting = await job(client, job_id)
        assert (waiting["state"], waiting["counts"], waiting["actor"]) == ("waiting", {"waiting": 6}, "Ada")
        await run_to_its_end(client, job_id)
        done = await job(client, job_id)
        assert (done["state"], done["counts"]) == ("done", {"done": 3, "failed": 2, "refused": 1})
        assert await stations_of(client, job_id) == {
            "CP-7": ("done", "accepted"),
            "S-0": ("done", "accepted"),
            "S-1": ("refused", "rejected"),
            "S-2": ("failed", "timed out"),
            "S-3": ("failed", "not connected"),
            "S-4": ("done", "accepted"),
        }
        assert set(await stations_of(client, job_id, state=["failed", "refused"])) == {"S-1", "S-2", "S-3"}
        assert {command for _, command in client.network.asked} == {Reset(ResetKind.IMMEDIATE)}
        events = await client.database.read(read_journal)
        assert [each.name for each in events].count("command.answered") == 6
        assert [each.name for each in events].count("job.changed") == 2
        kept = (await client.get("/stations/S-1/commands")).json()["items"]
        assert (kept[0]["command"], kept[0]["actor"]) == ("reset", "Ada")

    play(story)


def test_a_setting_is_changed_on_all_that_match(play):
    def says(station_id: StationId, command: Command[object]) -> object:
        assert isinstance(command, ChangeSettings)
        return tuple(
            SettingAnswer(new.name, SettingStatus.REBOOT_REQUIRED, "RebootRequired") for new in command.settings
        )

    async def story(client: Api) -> None:
        client.network.says = says
        new = {"component": "AlignedDataCtrlr", "variable": "Interval", "value": "60"}
        told = await asked(client, "/jobs/settings", {"request": {"settings": [new]}}, q="small")
        await run_to_its_end(client, told["job_id"])
        assert set((await stations_of(client, told["job_id"])).values()) == {("done", "1 reboot_required")}
        assert "CP-7" not in await stations_of(client, told["job_id"])

    play(story)


def test_it_goes_on_after_the_server_ended_and_asks_nobody_twice(play, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(service, "AT_ONCE", 2)

    async def story(client: Api) -> None:
        job_id = (await asked(client, "/jobs/reset", {"everything": True}))["job_id"]
        begun = asyncio.Semaphore(0)

        async def never(*_: object, **__: object) -> object:
            begun.release()
            return await asyncio.Future()

        ask = client.network.ask
        client.network.ask = never  # type: ignore[method-assign]
        running = asyncio.create_task(run_to_its_end(client, job_id))
        for _ in range(2):
            await asyncio.wait_for(begun.acquire(), 20)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        lost = {station for station, told in (await stations_of(client, job_id)).items() if told[0] == "asking"}
        assert len(lost) == 2
        client.network.ask = ask  # type: ignore[method-assign]
        client.network.says = lambda *_: ACCEPTED
        await run_to_its_end(client, job_id)
        assert {station for station, _ in client.network.asked} & lost == set()
        ended = await stations_of(client, job_id)
        assert {station for station, told in ended.items() if told[0] == "unknown"} == lost
        assert (await job(client, job_id))["state"] == "done"

    play(story)


def test_what_is_cancelled_asks_nobody_any_more(play):
    async def story(client: Api) -> None:
        client.network.says = lambda *_: ACCEPTED
        job_id = (await asked(client, "/jobs/trigger", {"everything": True, "request": {"message": "Heartbeat"}}))[
            "job_id"
        ]
        assert (await client.client.post(f"/jobs/{job_id}/cancel")).status_code == 204
        await run_to_its_end(client, job_id)
        assert client.network.asked == []
        ended = await job(client, job_id)
        assert (ended["state"], ended["counts"]) == ("cancelled", {"cancelled": 6})
        assert (await client.client.post(f"/jobs/{job_id}/cancel")).status_code == 409

    play(story)


def test_what_is_not_meant_is_not_done(play):
    async def story(client: Api) -> None:
        async def status(document: object, path: str = "/jobs/reset", **query: object) -> int:
            return (await client.client.post(path, json=document, params=query)).status_code

        assert await status({}) == 422
        assert await status({"stations": []}) == 422
        assert await status({}, q="nothing like it") == 422
        assert await status({"stations": ["S-1", "nobody"]}) == 404
        password = {"component": "SecurityCtrlr", "variable": "BasicAuthPassword", "value": "x" * 20}
        assert await status({"everything": True, "request": {"settings": [password]}}, "/jobs/settings") == 409
        assert await status({"everything": True, "request": {"settings": [{"value": "1"}]}}, "/jobs/settings") == 422
        for _ in range(4):
            assert await status({"stations": ["S-1"]}) == 202
        assert await status({"stations": ["S-1"]}) == 409
        client.role = Role.VIEWER
        assert await status({"stations": ["S-1"]}) == 403

    play(story)


def test_secrets_are_not_kept(play):
    async def story(client: Api) -> None:
        client.network.says = lambda _, command: tuple(
            SettingAnswer(new.name, SettingStatus.ACCEPTED, "Accepted") for new in command.settings
        )
        secret = {"component": "APN", "variable": "Password", "value": "hunter2hunter2"}
        job_id = (await asked(client, "/jobs/settings", {"stations": ["S-1"], "request": {"settings": [secret]}}))[
            "job_id"
        ]
        assert "hunter2" not in (await client.get(f"/jobs/{job_id}")).text
        await run_to_its_end(client, job_id)

        def kept(connection) -> str:
            from voltloom.features.jobs.store import items, jobs

            return repr(connection.execute(jobs.select()).all() + connection.execute(items.select()).all())

        assert "hunter2" not in await client.database.read(kept)
        assert client.network.asked[0][1].settings[0].value == "hunter2hunter2"  # type: ignore[attr-defined]

    play(story)
