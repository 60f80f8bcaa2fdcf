"""Reservations, frame by frame: ReserveNow, CancelReservation and ReservationStatusUpdate in every version."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from harness import Server, Station, until

VERSIONS = {"RES-16": "ocpp1.6", "RES-201": "ocpp2.0.1", "RES-21": "ocpp2.1"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("reservations") / "data") as running:
        yield running


@pytest.mark.parametrize(("station_id", "version"), VERSIONS.items())
def test_a_reservation_is_asked_for_used_and_another_is_cancelled(server: Server, station_id: str, version: str):
    async def story() -> None:
        station = await Station.connect(server.ocpp, station_id, server.add_station(station_id), version)
        assert (await station.boot())["status"] == "Accepted"
        await asyncio.to_thread(server.run, "token", "add", f"CARD{station_id}", "--kind", "ISO14443")
        until_time = datetime.now(UTC) + timedelta(minutes=30)
        body = {
            "token": {"value": f"CARD{station_id}", "kind": "ISO14443"},
            "expires_at": until_time.isoformat(),
            "evse": 1,
        }
        path = f"/stations/{station_id}/reservations"

        asked = asyncio.ensure_future(asyncio.to_thread(server.tell, path, body))
        heard = await station.answer("ReserveNow", {"status": "Accepted"})
        made = (await asked)["reservation"]
        written = until_time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if version == "ocpp1.6":
            assert heard == {
                "connectorId": 1,
                "expiryDate": written,
                "idTag": f"CARD{station_id}",
                "reservationId": made["id"],
            }
        else:
            assert heard == {
                "id": made["id"],
                "expiryDateTime": written,
                "idToken": {"idToken": f"CARD{station_id}", "type": "ISO14443"},
                "evseId": 1,
            }
        now = datetime.now(UTC).isoformat()
        if version == "ocpp1.6":
            start = {"connectorId": 1, "idTag": f"CARD{station_id}", "meterStart": 0, "timestamp": now}
            started = await station.call("StartTransaction", start | {"reservationId": made["id"]})
            assert started["idTagInfo"]["status"] == "Accepted"
        else:
            event = {
                "eventType": "Started",
                "timestamp": now,
                "triggerReason": "Authorized",
                "seqNo": 0,
                "transactionInfo": {"transactionId": f"4f1f-9d0b-{station_id}-0000"},
                "evse": {"id": 1, "connectorId": 1},
                "idToken": {"idToken": f"CARD{station_id}", "type": "ISO14443"},
                "reservationId": made["id"],
            }
            assert (await station.call("TransactionEvent", event))["idTokenInfo"]["status"] == "Accepted"

        asked = asyncio.ensure_future(asyncio.to_thread(server.tell, path, body | {"evse": None}))
        heard = await station.answer("ReserveNow", {"status": "Accepted"})
        other = (await asked)["reservation"]
        assert heard.get("connectorId") == (0 if version == "ocpp1.6" else None)
        assert "evseId" not in heard
        asked = asyncio.ensure_future(asyncio.to_thread(server.tell, f"/reservations/{other['id']}/cancel", {}))
        assert await station.answer("CancelReservation", {"status": "Accepted"}) == {"reservationId": other["id"]}
        assert (await asked)["reservation"]["state"] == "cancelled"

        if version != "ocpp1.6":
            asked = asyncio.ensure_future(asyncio.to_thread(server.tell, path, body | {"evse": 2}))
            await station.answer("ReserveNow", {"status": "Accepted"})
            third = (await asked)["reservation"]
            update = {"reservationId": third["id"], "reservationUpdateStatus": "Expired"}
            assert await station.call("ReservationStatusUpdate", update) == {}
            assert server.ask(f"/reservations/{third['id']}")["state"] == "expired"
        # The clockwork finds, within its half minute, what was used.
        await until(lambda: server.ask(f"/reservations/{made['id']}")["state"] == "used")
        await station.close()

    asyncio.run(story())
