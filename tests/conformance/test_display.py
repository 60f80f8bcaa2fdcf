"""Messages on displays, frame by frame: set, got, told of and cleared, in both versions that have them."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from harness import Server, Station, iso

VERSIONS = {"DIS-201": "ocpp2.0.1", "DIS-21": "ocpp2.1"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("display") / "data") as running:
        yield running


@pytest.mark.parametrize(("station_id", "version"), VERSIONS.items())
def test_messages_are_shown_reported_in_parts_and_cleared(server: Server, station_id: str, version: str):
    async def story() -> None:
        station = await Station.connect(server.ocpp, station_id, server.add_station(station_id), version)
        assert (await station.boot())["status"] == "Accepted"
        path = f"/stations/{station_id}/display-messages"
        until = datetime.now(UTC) + timedelta(hours=2)
        body = {
            "contents": [{"text": "Closed at ten", "language": "en"}],
            "priority": "AlwaysFront",
            "state": "Idle",
            "ends_at": until.isoformat(),
        }
        asked = asyncio.ensure_future(asyncio.to_thread(server.tell, path, body))
        heard = await station.answer("SetDisplayMessage", {"status": "Accepted"})
        first = (await asked)["message"]
        assert heard == {
            "message": {
                "id": first["number"],
                "priority": "AlwaysFront",
                "state": "Idle",
                "endDateTime": iso(until),
                "message": {"format": "UTF8", "language": "en", "content": "Closed at ten"},
            }
        }
        assert first["state"] == "shown"
        body = {"contents": [{"text": "https://example.com/help", "format": "URI"}]}
        asked = asyncio.ensure_future(asyncio.to_thread(server.tell, path, body))
        await station.answer("SetDisplayMessage", {"status": "Accepted"})
        second = (await asked)["message"]
        asked = asyncio.ensure_future(asyncio.to_thread(server.tell, path, body))
        await station.answer("SetDisplayMessage", {"status": "NotSupportedMessageFormat"})
        assert (await asked)["message"]["state"] == "refused"

        asked = asyncio.ensure_future(asyncio.to_thread(server.tell, f"{path}-report", {}))
        heard = await station.answer("GetDisplayMessages", {"status": "Accepted"})
        number = (await asked)["report_id"]
        assert heard == {"requestId": number}
        told = {"priority": "InFront", "message": {"format": "ASCII", "content": "by hand"}}
        part = {"requestId": number, "tbc": True, "messageInfo": [told | {"id": 90}]}
        assert await station.call("NotifyDisplayMessages", part) == {}
        told = {"priority": "NormalCycle", "message": {"format": "UTF8", "content": "changed"}}
        part = {"requestId": number, "messageInfo": [told | {"id": second["number"]}]}
        assert await station.call("NotifyDisplayMessages", part) == {}
        found = server.ask(f"/display-messages?station_id={station_id}")["items"]
        assert {each["number"]: each["state"] for each in found} == {
            first["number"]: "missing",
            second["number"]: "shown",
            3: "refused",
            90: "shown",
        }

        asked = asyncio.ensure_future(asyncio.to_thread(server.tell, f"{path}/{second['number']}/clear", {}))
        assert await station.answer("ClearDisplayMessage", {"status": "Accepted"}) == {"id": second["number"]}
        assert (await asked)["message"]["state"] == "cleared"
        # Nothing is what `Unknown` says where all were asked for.
        asked = asyncio.ensure_future(asyncio.to_thread(server.tell, f"{path}-report", {}))
        await station.answer("GetDisplayMessages", {"status": "Unknown"})
        assert (await asked)["answer"]["outcome"] == "accepted"
        assert server.ask(f"{path}/90")["state"] == "missing"
        await station.close()

    asyncio.run(story())


def test_what_a_version_cannot_say_is_told_and_the_station_hears_nothing(server: Server):
    async def story() -> None:
        bodies = [
            ("DIS-202", "ocpp2.0.1", {"contents": [{"text": "Hi"}, {"text": "Salut", "language": "fr"}]}),
            ("DIS-202", "ocpp2.0.1", {"contents": [{"text": "https://x", "format": "QRCODE"}]}),
            ("DIS-202", "ocpp2.0.1", {"contents": [{"text": "x" * 513}]}),
            ("DIS-16", "ocpp1.6", {"contents": [{"text": "Hi"}]}),
        ]
        for station_id, version in (("DIS-202", "ocpp2.0.1"), ("DIS-16", "ocpp1.6")):
            station = await Station.connect(server.ocpp, station_id, server.add_station(station_id), version)
            await station.boot()
            for _, _, body in (each for each in bodies if each[0] == station_id):
                with server.api() as api:
                    refused = await asyncio.to_thread(api.post, f"/stations/{station_id}/display-messages", json=body)
                assert refused.status_code == 409, refused.text
                assert refused.json()["type"].endswith("#problem-not-in-this-version")
            assert not station.heard
            await station.close()

    asyncio.run(story())
