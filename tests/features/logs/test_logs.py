"""Logs of stations, over their routes: what is asked, what is sent, what is kept and for how long."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from files_by_hand import House, a_house
from stations_by_hand import CP
from voltloom.app.parts import EVENTS
from voltloom.domain.commands import Accepted, Answer, GetLog, LogAnswer, LogKind
from voltloom.domain.errors import StationError, TimedOut, Unreachable
from voltloom.domain.events import StationLogChanged
from voltloom.domain.reports import LogReported, LogStatus
from voltloom.features.access import Role
from voltloom.features.logs import rules
from voltloom.infra.journal import Journal, read_journal

Story = Callable[[House], Awaitable[None]]
YES = LogAnswer(Answer(Accepted.ACCEPTED, "Accepted"), "diag.zip")
NO = LogAnswer(Answer(Accepted.REJECTED, "Rejected"))


@pytest.fixture
def play(fresh_database, tmp_path: Path) -> Callable[[Story], None]:
    """CP-7, connected."""

    def played(story: Story) -> None:
        async def whole() -> None:
            async with fresh_database(Journal(EVENTS, node="n1")) as database, a_house(database, tmp_path) as house:
                await house.add_station()
                house.answers(YES)
                await story(house)

        asyncio.run(whole())

    return played


async def asked(house: House, **body: object) -> tuple[dict, str]:
    """The log, and the address that the station was given."""
    log = (await house.post(f"/stations/{CP}/logs", body))["log"]
    command = house.network.asked[-1][1]
    assert isinstance(command, GetLog)
    return log, command.location


async def standing(house: House, log: dict) -> tuple[str, str]:
    found = await house.get(f"/logs/{log['id']}")
    return found["state"], found["reason"]


def test_a_log_comes_once_and_is_given_out_as_it_came(play):
    async def story(house: House) -> None:
        log, location = await asked(house, oldest="2026-05-01T00:00:00Z")
        command = house.network.asked[-1][1]
        assert (command.kind, command.oldest) == (LogKind.DIAGNOSTICS, datetime(2026, 5, 1, tzinfo=UTC))  # type: ignore[attr-defined]
        await house.says(CP, LogReported(LogStatus.UPLOADING))
        assert await standing(house, log) == ("uploading", "")
        assert (await house.client.put(f"{location}/sub/<b>.html", content=b"<script>")).status_code == 201
        assert (await house.client.put(location, content=b"another")).status_code == 404
        await house.says(CP, LogReported(LogStatus.UPLOAD_FAILURE, log["id"]))
        kept = await house.get(f"/logs/{log['id']}")
        assert (kept["state"], kept["size"], kept["file_name"], kept["address"]) == (
            "received",
            8,
            "<b>.html",
            "192.0.2.9",
        )
        given = await house.client.get(f"/logs/{log['id']}/content")
        assert given.content == b"<script>"
        assert given.headers["content-type"] == "application/octet-stream"
        assert "sandbox" in given.headers["content-security-policy"]
        assert given.headers["content-disposition"].startswith('attachment; filename="CP-7-DiagnosticsLog-')
        assert given.headers["content-disposition"].endswith('.bin"')
        assert [file.name for file in (house.folder / "logs").iterdir()] == [str(log["id"])]
        names = [StationLogChanged.name]
        told = await house.database.read(lambda connection: read_journal(connection, names=names))
        assert len(told) == 3
        audit = "SELECT target FROM audit_log WHERE action = 'log.download'"
        taken = await house.database.read(lambda c: list(c.exec_driver_sql(audit).scalars()))
        assert taken == [f"CP-7/log/{log['id']}"]

    play(story)


@pytest.mark.parametrize(
    ("error", "status", "left"),
    [(Unreachable("away"), 409, []), (TimedOut("?"), 504, ["asked"]), (StationError("no", "Busy"), 502, ["refused"])],
)
def test_one_that_was_not_heard_to_answer_may_come(play, error: Exception, status: int, left: list[str]):
    async def story(house: House) -> None:
        house.answers(error)
        assert (await house.client.post(f"/stations/{CP}/logs", json={})).status_code == status
        assert [each["state"] for each in (await house.get("/logs", station_id=CP))["items"]] == left

    play(story)


def test_a_station_that_refused_may_send_it_all_the_same(play):
    async def story(house: House) -> None:
        house.answers(NO)
        log, location = await asked(house, kind="SecurityLog")
        assert await standing(house, log) == ("refused", "")
        sent = await house.client.post(location, files={"f": ("a.LOG", b"lines", "text/plain")})
        assert sent.status_code == 201
        assert await standing(house, log) == ("received", "")
        [listed] = (await house.get("/logs", state="received", kind="SecurityLog"))["items"]
        assert listed["file_name"] == "a.LOG"

    play(story)


def test_why_it_failed_and_that_nothing_came(play):
    async def story(house: House) -> None:
        failed, _ = await asked(house)
        await house.says(CP, LogReported(LogStatus.BAD_MESSAGE, failed["id"], "400"))
        await house.says(CP, LogReported(LogStatus.UPLOADED, 2**70))
        assert await standing(house, failed) == ("failed", "BadMessage: 400")
        silent, _ = await asked(house)
        told, location = await asked(house)
        await house.says(CP, LogReported(LogStatus.UPLOADED, told["id"]))
        await house.passes("settle_logs", datetime.now(UTC) + timedelta(minutes=50))
        assert (await standing(house, silent))[0] == "accepted"
        await house.passes("settle_logs", datetime.now(UTC) + timedelta(minutes=61))
        assert await standing(house, silent) == ("silent", "nothing came in time")
        assert (await standing(house, told))[1] == "the station says it is uploaded, and nothing came here"
        await house.database.write(
            lambda connection, _: connection.exec_driver_sql("UPDATE station_logs SET expires_at = asked_at")
        )
        assert (await house.client.put(location, content=b"late")).status_code == 404

    play(story)


def test_what_is_too_large_or_too_much_is_not_taken(play, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rules, "MOST_BYTES", 100)
    monkeypatch.setattr(rules, "MOST_A_DAY", 150)

    async def streamed(size: int) -> AsyncIterator[bytes]:
        for _ in range(size):
            yield b"x"

    async def story(house: House) -> None:
        _, location = await asked(house)
        assert (await house.client.put(location, content=b"x" * 101)).status_code == 413
        assert (await house.client.put(location, content=streamed(101))).status_code == 413
        assert (await house.client.put(location, content=b"")).status_code == 422
        bad = await house.client.post(location, content=b"x", headers={"content-type": "multipart/form-data"})
        assert bad.status_code == 422
        assert not list((house.folder / "logs").iterdir())
        assert (await house.client.put(location, content=b"x" * 100)).status_code == 201
        _, location = await asked(house)
        assert (await house.client.put(location, content=b"x" * 51)).status_code == 413
        assert (await house.client.put(location, content=b"x" * 50)).status_code == 201
        _, location = await asked(house)
        answer = await house.client.put(location, content=b"x")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "3600")

    play(story)


def test_an_address_is_tried_only_so_often(play, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rules, "MOST_TRIES", 2)

    async def story(house: House) -> None:
        _, location = await asked(house)
        statuses = [(await house.client.put(location, content=b"")).status_code for _ in range(3)]
        assert statuses == [422, 422, 404]

    play(story)


def test_old_logs_go_and_the_oldest_of_too_many(play):
    """The house keeps a thousand bytes."""

    async def story(house: House) -> None:
        logs = []
        for _ in range(3):
            log, location = await asked(house)
            await house.client.put(location, content=b"x" * 400)
            logs.append(log["id"])
        await house.passes("prune_logs")
        kept = [each["id"] for each in (await house.get("/logs"))["items"]]
        assert sorted(kept) == sorted(logs[1:])
        assert sorted(file.name for file in (house.folder / "logs").iterdir()) == sorted(map(str, logs[1:]))
        await house.passes("prune_logs", datetime.now(UTC) + timedelta(days=91))
        assert (await house.get("/logs"))["items"] == []
        assert not list((house.folder / "logs").iterdir())

    play(story)


def test_who_may(play):
    async def story(house: House) -> None:
        log, location = await asked(house)
        await house.client.put(location, content=b"x")
        house.role = Role.VIEWER
        assert (await house.client.post(f"/stations/{CP}/logs", json={})).status_code == 403
        assert (await house.client.delete(f"/logs/{log['id']}")).status_code == 403
        assert (await house.client.get(f"/logs/{log['id']}/content")).status_code == 200
        house.role = Role.TECHNICIAN
        assert (await house.client.delete(f"/logs/{log['id']}")).status_code == 204
        assert (await house.client.delete(f"/logs/{log['id']}")).status_code == 404

    play(story)


def test_a_span_that_is_none(play):
    async def story(house: House) -> None:
        body = {"oldest": "2026-05-02T00:00:00Z", "latest": "2026-05-01T00:00:00Z"}
        answer = await house.client.post(f"/stations/{CP}/logs", json=body)
        assert (answer.status_code, "latest comes before oldest" in answer.json()["detail"]) == (422, True)

    play(story)
