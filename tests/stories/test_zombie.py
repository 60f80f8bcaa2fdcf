"""A transaction whose end nobody told."""

import asyncio
from datetime import UTC, datetime, timedelta

from harness import Server, Station, iso


def test_a_station_that_reboots_in_the_middle_and_starts_anew_leaves_no_zombie(tmp_path):
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
    with Server(tmp_path / "data") as server:
        password = server.add_station("CP-1")
        server.tell("/tokens", {"value": "CARD"})

        async def starts(station: Station, meter_wh: int, at: datetime) -> int:
            start = {"connectorId": 1, "idTag": "CARD", "meterStart": meter_wh, "timestamp": iso(at)}
            answer = await station.call("StartTransaction", start)
            assert answer["idTagInfo"]["status"] == "Accepted", "what the token has lost here is no obstacle"
            return answer["transactionId"]

        async def story() -> tuple[int, int]:
            station = await Station.connect(server.ocpp, "CP-1", password)
            await station.boot()
            lost = await starts(station, 10_000, begin)
            for minute, wh in ((1, 11_000), (2, 12_500)):
                value = {"value": str(wh), "measurand": "Energy.Active.Import.Register"}
                meter = {"timestamp": iso(begin + timedelta(minutes=minute)), "sampledValue": [value]}
                await station.call("MeterValues", {"connectorId": 1, "transactionId": lost, "meterValue": [meter]})
            station.socket.transport.abort()

            back = await Station.connect(server.ocpp, "CP-1", password)
            await back.boot()
            anew = await starts(back, 13_000, begin + timedelta(minutes=4))
            await back.close()
            return lost, anew

        lost, anew = asyncio.run(story())
        closed = server.ask(f"/transactions/CP-1/{lost}")
        assert closed["ended_at"] is not None
        assert (closed["stop_reason"], closed["closed_by"]) == ("Lost", "superseded")
        assert closed["energy_wh"] == 2_500
        assert "closed_here" in closed["flags"]
        assert closed["suspect"]
        assert server.ask(f"/transactions/CP-1/{anew}")["ended_at"] is None
        assert [each["id"] for each in server.ask("/transactions?state=open")["items"]] == [str(anew)]
        (told,) = server.ask("/journal?names=transaction.ended&after=0")["items"]
        assert told["data"]["transaction_id"] == str(lost)
        assert (told["data"]["reason"], told["data"]["energy_wh"]) == ("Lost", 2_500)
