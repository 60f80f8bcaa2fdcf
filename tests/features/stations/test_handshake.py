"""How far an attempt to connect came, and what is told of it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from charging_by_hand import a_station, charging_api
from stations_by_hand import CONFIG, NOW
from voltloom.app.parts import EVENTS
from voltloom.domain.reports import BootReported, LinkOpened
from voltloom.domain.station import Hardware
from voltloom.features.stations import Credentials, Inbox, Knock, KnockReason
from voltloom.features.stations.door import flush_door
from voltloom.features.stations.handshake import Outcome, Step, steps_of_admission, steps_of_refusal
from voltloom.infra.database import Database
from voltloom.infra.journal import Journal


@pytest.mark.parametrize("reason", list(KnockReason))
def test_every_refusal_fails_at_one_step_and_says_what_to_do(reason: KnockReason):
    steps = steps_of_refusal(reason, "TLSv1.3", "/ocpp/CP-7", "ocpp1.6", "Detail.")
    assert [each.step for each in steps] == list(Step)
    failed = [each for each in steps if each.outcome is Outcome.FAILED]
    assert len(failed) == 1
    assert reason.sentence in failed[0].told
    assert failed[0].told.endswith("Detail.")
    place = steps.index(failed[0])
    assert {each.outcome for each in steps[:place]} <= {Outcome.OK}
    assert {each.outcome for each in steps[place + 1 :]} <= {Outcome.PENDING}


def test_without_tls_that_step_is_none():
    steps = {each.step: each.outcome for each in steps_of_refusal(KnockReason.UNKNOWN_ID, "", "/ocpp/X", "", "")}
    assert (steps[Step.TLS], steps[Step.PATH], steps[Step.IDENTITY]) == (Outcome.SKIPPED, Outcome.OK, Outcome.FAILED)


@pytest.mark.parametrize(
    ("booted", "registration", "outcome"),
    [
        (None, None, Outcome.PENDING),
        (NOW, "Accepted", Outcome.OK),
        (NOW - timedelta(days=1), "Accepted", Outcome.OK),
        (NOW, "Pending", Outcome.FAILED),
        (NOW, "Rejected", Outcome.FAILED),
    ],
)
def test_one_that_was_let_in_is_followed_to_its_boot(booted: datetime, registration: str, outcome: Outcome):
    steps = steps_of_admission(1, "ocpp1.6", NOW, booted, registration)
    assert [each.step for each in steps] == list(Step)
    assert steps[-1].outcome is outcome
    assert {each.outcome for each in steps[:-1]} == {Outcome.OK, Outcome.SKIPPED}


async def knocked(database: Database, *knocks: Knock) -> None:
    async def nobody(_: object) -> dict:
        return {}

    inbox = Inbox()
    for knock in knocks:
        inbox.note(knock)
    await flush_door(database, inbox, Credentials(nobody, CONFIG.passwords), datetime.now(UTC))


FIELDS = (
    ("host", "csms.example.com"),
    ("authorization", "Basic Q1AtNzpzZWNyZXQ="),
    ("cookie", "session=1"),
    ("x-api-token", "hunter2"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("user-agent", "<script>\u202eevil"),
    ("x-long", "x" * 5_000),
)


def test_a_knock_is_told_as_it_was_heard_without_what_lets_somebody_in(fresh_database):
    async def story() -> None:
        async with fresh_database(Journal(EVENTS, node="n1")) as database, charging_api(database) as client:
            await knocked(
                database, Knock("CP-9", "192.0.2.9", NOW, KnockReason.UNKNOWN_ID, "/ocpp/CP-9", fields=FIELDS)
            )
            (listed,) = (await client.get("/inbox")).json()["items"]
            told = (await client.get(f"/inbox/{listed['number']}")).json()
            fields = dict(told["fields"])
            assert fields["host"] == "csms.example.com"
            assert fields["authorization"] == "Basic [hidden]"
            assert fields["cookie"] == fields["x-api-token"] == fields["sec-websocket-key"] == "[hidden]"
            assert fields["user-agent"] == "<script>\ufffdevil"
            assert len(fields["x-long"]) == 300
            assert {each["step"]: each["outcome"] for each in told["steps"]}["identity"] == "failed"
            assert (await client.get("/inbox/99999")).status_code == 404

    asyncio.run(story())


def test_the_attempts_of_an_identity_are_told_from_the_first_refusal_to_the_boot(fresh_database):
    async def story() -> None:
        async with fresh_database(Journal(EVENTS, node="n1")) as database, charging_api(database) as client:

            async def told() -> tuple[bool, bool, list[tuple[bool, str | None, str]]]:
                answer = (await client.get("/stations/CP-7/handshake")).json()
                attempts = [
                    (
                        each["admitted"],
                        each["reason"],
                        next((step["step"] for step in each["steps"] if step["outcome"] in ("failed", "pending")), ""),
                    )
                    for each in answer["attempts"]
                ]
                return answer["registered"], answer["connected"], attempts

            assert await told() == (False, False, [])
            await knocked(database, Knock("CP-7", "192.0.2.9", NOW - timedelta(minutes=2), KnockReason.UNKNOWN_ID))
            assert await told() == (False, False, [(False, "unknown_id", "identity")])
            station = await a_station(database)
            await knocked(database, Knock("CP-7", "192.0.2.9", NOW - timedelta(minutes=1), KnockReason.WRONG_PASSWORD))
            await station.says(LinkOpened(NOW, "192.0.2.9", "ocpp1.6", 1, "n1"))
            refusals = [(False, "wrong_password", "credentials"), (False, "unknown_id", "identity")]
            assert await told() == (True, True, [(True, None, "boot"), *refusals])
            await station.says(BootReported(Hardware("ABB", "Terra", "S", "1")))
            assert await told() == (True, True, [(True, None, ""), *refusals])

    asyncio.run(story())
