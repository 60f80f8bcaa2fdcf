"""Images, updates and publications, over their routes, and what stations and time make of them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from files_by_hand import NO, SIGNATURE, SIGNER, YES, House, a_house
from signed_firmware import EC, IMAGE, certificate
from stations_by_hand import CP
from voltloom.app.parts import EVENTS
from voltloom.domain.commands import UpdateFirmware
from voltloom.domain.errors import StationError, TimedOut, Unreachable
from voltloom.domain.events import FirmwareUpdateChanged
from voltloom.domain.reports import FirmwareReported, FirmwareStatus
from voltloom.features.access import Role
from voltloom.features.firmware import store
from voltloom.infra.journal import Journal, read_journal

Story = Callable[[House], Awaitable[None]]


@pytest.fixture
def play(fresh_database, tmp_path: Path) -> Callable[[Story], None]:
    """CP-7, of Acme, with firmware 1.0, connected."""

    def played(story: Story) -> None:
        async def whole() -> None:
            async with fresh_database(Journal(EVENTS, node="n1")) as database, a_house(database, tmp_path) as house:
                await house.add_station()
                await story(house)

        asyncio.run(whole())

    return played


async def updated(house: House, image_id: str, **values: object) -> dict:
    return (await house.post(f"/stations/{CP}/firmware/updates", {"image_id": image_id, **values}))["update"]


async def refused(house: House, image_id: str, **values: object) -> tuple[int, str]:
    answer = await house.client.post(f"/stations/{CP}/firmware/updates", json={"image_id": image_id, **values})
    return answer.status_code, answer.json()["detail"]


async def state(house: House, update: dict) -> str:
    return (await house.get(f"/firmware/updates/{update['id']}"))["state"]


async def tells(house: House, status: FirmwareStatus, update: dict | None = None, detail: str = "") -> None:
    await house.says(CP, FirmwareReported(status, None if update is None else update["id"], detail))


def test_an_image_that_is_not_what_was_signed_is_not_kept(play):
    async def story(house: House) -> None:
        made = await house.post("/firmware/images", {"version": "2.0", "certificate": SIGNER, "signature": SIGNATURE})
        wrong = await house.send(made["id"], IMAGE + b"!")
        assert (wrong.status_code, "not one that this certificate" in wrong.json()["detail"]) == (422, True)
        assert (await house.send(made["id"], b"")).status_code == 422
        assert not list((house.folder / "firmware").iterdir())
        assert (await refused(house, made["id"]))[1].startswith("the image has no content yet")
        right = (await house.send(made["id"], IMAGE)).json()
        assert (right["size"], right["algorithm"]) == (len(IMAGE), "RSA-PSS with SHA-256")
        assert (await house.send(made["id"], IMAGE)).status_code == 409
        assert [file.name for file in (house.folder / "firmware").iterdir()] == [made["id"]]
        [listed] = (await house.get("/firmware/images"))["items"]
        assert listed == right

    play(story)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"signature": SIGNATURE}, "belong together"),
        ({"certificate": SIGNER}, "belong together"),
        ({"certificate": "x" * 6000, "signature": "x"}, "longer than the 5500"),
        ({"certificate": SIGNER, "signature": "x" * 801}, "longer than the 800"),
        ({"certificate": certificate(EC, ends=timedelta(hours=-1)), "signature": "x"}, "ended on"),
        ({"version": " "}, "which version"),
    ],
)
def test_an_image_that_cannot_be_is_refused_at_once(play, wrong: dict[str, str], why: str):
    async def story(house: House) -> None:
        answer = await house.client.post("/firmware/images", json={"version": "2.0", **wrong})
        assert answer.status_code in (409, 422)
        assert why in answer.json()["detail"]

    play(story)


def test_an_update_is_followed_to_the_boot_that_confirms_it(play):
    async def story(house: House) -> None:
        house.answers(YES)
        update = await updated(house, await house.add_image())
        assert (update["state"], update["signed"], update["from_version"]) == ("accepted", True, "1.0")
        [(_, command)] = house.network.asked
        assert isinstance(command, UpdateFirmware)
        assert (command.certificate, command.signature) == (SIGNER.strip(), SIGNATURE)
        assert not command.signed_only
        fetched = await house.client.get(command.location, headers={"range": "bytes=5-9"})
        assert (fetched.status_code, fetched.content) == (206, IMAGE[5:10])
        for status in (FirmwareStatus.DOWNLOADING, FirmwareStatus.DOWNLOADING, FirmwareStatus.INSTALLING):
            await tells(house, status, update)
        await tells(house, FirmwareStatus.INSTALLED)
        assert await state(house, update) == "installed"
        await house.passes("settle_updates")
        assert await state(house, update) == "installed"
        await house.boots(CP, "2.0")
        await house.passes("settle_updates")
        whole = await house.get(f"/firmware/updates/{update['id']}")
        assert (whole["state"], whole["booted_version"]) == ("confirmed", "2.0")
        words = [step["status"] for step in whole["steps"]]
        assert words == ["Accepted", "Downloading", "Installing", "Installed", "booted"]
        names = [FirmwareUpdateChanged.name]
        told = await house.database.read(lambda connection: read_journal(connection, names=names))
        assert len(told) == 5

    play(story)


def test_a_station_that_takes_signed_firmware_is_sent_no_other(play):
    async def story(house: House) -> None:
        house.answers(YES)
        plain, signed = await house.add_image(signed=False), await house.add_image("3.0")
        assert (await refused(house, plain))[1].startswith("this image is not signed")
        first = await updated(house, signed)
        await tells(house, FirmwareStatus.INSTALLED, first)
        assert (await refused(house, plain, allow_unsigned=True))[1].startswith("this station takes signed firmware")
        await updated(house, signed)
        assert house.network.asked[-1][1].signed_only  # type: ignore[attr-defined]

    play(story)


def test_it_is_for_whom_it_is_for_and_one_at_a_time(play):
    async def story(house: House) -> None:
        house.answers(YES)
        other = await house.add_image(vendor="Other")
        assert "says it is Acme One" in (await refused(house, other))[1]
        same = await house.add_image("1.0")
        assert "runs 1.0 already" in (await refused(house, same))[1]
        first = await updated(house, same, anyway=True)
        image = await house.add_image()
        assert "is being updated to 1.0" in (await refused(house, image))[1]
        second = await updated(house, image, replace=True)
        assert (await state(house, first), await state(house, second)) == ("replaced", "accepted")
        await tells(house, FirmwareStatus.INSTALLED, first)
        assert await state(house, first) == "replaced"
        assert (await house.client.delete(f"/firmware/images/{image}")).status_code == 409

    play(story)


@pytest.mark.parametrize(
    ("error", "status", "left"),
    [(Unreachable("away"), 409, None), (TimedOut("?"), 504, "asked"), (StationError("no", "Busy"), 502, "refused")],
)
def test_one_that_was_not_heard_to_answer_may_have_begun(play, error: Exception, status: int, left: str | None):
    async def story(house: House) -> None:
        image = await house.add_image()
        house.answers(error)
        assert (await refused(house, image))[0] == status
        found = (await house.get("/firmware/updates", station_id=CP))["items"]
        assert [each["state"] for each in found] == ([] if left is None else [left])

    play(story)


def test_a_refusal_is_an_answer_and_so_is_a_failure(play):
    async def story(house: House) -> None:
        image = await house.add_image()
        house.answers(NO)
        update = await updated(house, image)
        assert (update["state"], update["said"], update["reason"]) == ("refused", "Rejected", "Busy: charging")
        house.answers(YES)
        update = await updated(house, image)
        await tells(house, FirmwareStatus.DOWNLOAD_FAILED, update, "NoSpace\x00")
        found = await house.get(f"/firmware/updates/{update['id']}")
        assert (found["state"], found["reason"]) == ("failed", "DownloadFailed: NoSpace\N{REPLACEMENT CHARACTER}")
        # A number that is nobody's, or larger than any: nothing to be kept.
        await house.says(CP, FirmwareReported(FirmwareStatus.INSTALLED, 2**70))
        await house.says(CP, FirmwareReported(FirmwareStatus.INSTALLED, -5))
        assert await state(house, update) == "failed"

    play(story)


def test_who_is_not_heard_of_is_given_up_and_the_address_ends(play):
    async def story(house: House) -> None:
        house.answers(YES)
        update = await updated(house, await house.add_image())
        location = house.network.asked[0][1].location  # type: ignore[attr-defined]
        await house.passes("settle_updates", datetime.now(UTC) + timedelta(hours=23))
        assert await state(house, update) == "accepted"
        await house.passes("settle_updates", datetime.now(UTC) + timedelta(hours=25))
        assert await state(house, update) == "silent"
        await house.database.write(
            lambda connection, _: connection.exec_driver_sql("UPDATE firmware_updates SET deadline = asked_at")
        )
        assert (await house.client.get(location)).status_code == 404

    play(story)


def test_a_station_that_goes_to_and_fro_fills_nothing(play, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(store, "MOST_STEPS", 6)

    async def story(house: House) -> None:
        house.answers(YES)
        update = await updated(house, await house.add_image())
        for _ in range(5):
            await tells(house, FirmwareStatus.DOWNLOADING, update)
            await tells(house, FirmwareStatus.DOWNLOAD_FAILED, update)
        await tells(house, FirmwareStatus.INSTALLED, update)
        whole = await house.get(f"/firmware/updates/{update['id']}")
        assert (whole["state"], len(whole["steps"])) == ("installed", 6)

    play(story)


@pytest.mark.parametrize(
    ("role", "may"), [(Role.VIEWER, False), (Role.TECHNICIAN, True), (Role.OPERATOR, True), (Role.ADMIN, True)]
)
def test_who_may(play, role: Role, may: bool):
    async def story(house: House) -> None:
        image = await house.add_image()
        house.answers(YES)
        house.role = role
        path = f"/stations/{CP}/firmware/updates"
        assert (await house.client.post(path, json={"image_id": image})).status_code == (201 if may else 403)
        made = await house.client.post("/firmware/images", json={"version": "3"})
        assert made.status_code == (201 if may else 403)
        assert (await house.client.get("/firmware/updates")).status_code == 200

    play(story)
