"""A power cut, at any moment: what a station heard yes to is there afterwards, once."""

import asyncio
import json
import random
import uuid
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import websockets

from harness import Server, Station, iso, microseconds, until

STATIONS = 30
KILLS = 5
REASONS = {"1.6": ("Local", "EVDisconnected", "PowerLoss"), "2.0.1": ("Local", "EVDisconnected", "EnergyLimitReached")}


@dataclass
class Charge:
    """What the server said yes to, of one transaction."""

    connector: int
    token: str
    started_at: datetime
    meter_start_wh: int
    samples: list[tuple[int, float]] = field(default_factory=list)
    stop: tuple[int, float, str] | None = None


class Charger:
    """Charges again and again. What is not answered it says again when it is back, as a station must: with the same
    message id, or with a new one. Now and then it also repeats what was answered, as one that lost the answer."""

    def __init__(self, server: Server, station_id: str, password: str, version: str, seed: int) -> None:
        self.server = server
        self.id = station_id
        self.password = password
        self.version = version
        self.random = random.Random(f"{seed}/{station_id}")
        self.new_ids = self.random.random() < 0.5
        self.station: Station | None = None
        self.last_at = datetime.now(UTC)
        self.meter_wh = self.random.randrange(1, 100_000)
        self.sent: Counter[str] = Counter()
        self.acknowledged: list[str] = []
        self.charges: dict[str, Charge] = {}
        self.repeated = 0

    def now(self) -> datetime:
        """No instant twice."""
        self.last_at = max(datetime.now(UTC), self.last_at + timedelta(milliseconds=1))
        self.last_at = self.last_at.replace(microsecond=self.last_at.microsecond // 1_000 * 1_000)
        return self.last_at

    def meter(self) -> int:
        self.meter_wh += self.random.randrange(1, 500)
        return self.meter_wh

    async def say(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Until it is answered."""
        answer = await self._say(action, payload, message_id := uuid.uuid4().hex)
        if self.random.random() < 0.1:
            again = uuid.uuid4().hex if self.new_ids else message_id
            repeated = await self._say(action, payload, again)
            assert repeated.get("transactionId") == answer.get("transactionId"), "one start became two transactions"
        return answer

    async def _say(self, action: str, payload: dict[str, Any], message_id: str) -> dict[str, Any]:
        while True:
            station = self.station or await self._connect()
            try:
                self.sent[message_id] += 1
                answer = await station.call(action, payload, message_id)
            except (websockets.ConnectionClosed, OSError):
                self.station = None
                self.repeated += 1
                if self.new_ids:
                    message_id = uuid.uuid4().hex
                continue
            self.acknowledged.append(message_id)
            return answer

    async def _connect(self) -> Station:
        while self.station is None:
            with suppress(OSError, websockets.InvalidHandshake, websockets.ConnectionClosed, EOFError):
                self.station = await Station.connect(self.server.ocpp, self.id, self.password, f"ocpp{self.version}")
                break
            await asyncio.sleep(0.05)  # as a station does, before it tries again
        return self.station

    async def run(self, over: asyncio.Event) -> None:
        if self.version == "1.6":
            await self.say("BootNotification", {"chargePointVendor": "Acme", "chargePointModel": "One"})
        else:
            about = {"vendorName": "Acme", "model": "Two"}
            await self.say("BootNotification", {"reason": "PowerUp", "chargingStation": about})
        while not over.is_set():
            await (self._charge_16() if self.version == "1.6" else self._charge_201())
        assert self.station is not None
        await self.station.close()

    async def _charge_16(self) -> None:
        charge = Charge(self.random.choice((1, 2)), f"{self.id}-CARD", self.now(), self.meter())
        start = {
            "connectorId": charge.connector,
            "idTag": charge.token,
            "timestamp": iso(charge.started_at),
            "meterStart": charge.meter_start_wh,
        }
        answer = await self.say("StartTransaction", start)
        assert answer["idTagInfo"]["status"] == "Accepted"
        number = answer["transactionId"]
        assert str(number) not in self.charges
        self.charges[str(number)] = charge
        for _ in range(self.random.randrange(1, 6)):
            said = [self._reading() for _ in range(self.random.randrange(1, 4))]
            await self.say(
                "MeterValues",
                {
                    "connectorId": charge.connector,
                    "transactionId": number,
                    "meterValue": [_meter_value_16(at, wh) for at, wh in said],
                },
            )
            charge.samples += [(microseconds(at), float(wh)) for at, wh in said]
        at, wh, reason = self.now(), self.meter(), self.random.choice(REASONS["1.6"])
        stop = {"transactionId": number, "timestamp": iso(at), "meterStop": wh, "reason": reason}
        last = None
        if self.random.random() < 0.5:
            last = self._reading()
            stop["transactionData"] = [_meter_value_16(*last)]
        await self.say("StopTransaction", stop)
        charge.stop = (microseconds(at), float(wh), reason)
        if last is not None:
            charge.samples.append((microseconds(last[0]), float(last[1])))

    async def _charge_201(self) -> None:
        name = str(uuid.UUID(int=self.random.getrandbits(128)))
        charge = Charge(self.random.choice((1, 2)), f"{self.id}-CARD", self.now(), 0)
        count = self.random.randrange(1, 6)
        for sequence in range(count + 2):
            at, wh = (charge.started_at, self.meter()) if sequence == 0 else self._reading()
            event: dict[str, Any] = {
                "eventType": "Updated",
                "timestamp": iso(at),
                "triggerReason": "MeterValuePeriodic",
                "seqNo": sequence,
                "transactionInfo": {"transactionId": name},
                "meterValue": [_meter_value_201(at, wh, "Sample.Periodic")],
            }
            if sequence == 0:
                event["eventType"], event["triggerReason"] = "Started", "Authorized"
                event["evse"] = {"id": charge.connector, "connectorId": 1}
                event["idToken"] = {"idToken": charge.token, "type": "ISO14443"}
                event["meterValue"] = [_meter_value_201(at, wh, "Transaction.Begin")]
            reason = ""
            if sequence == count + 1:
                reason = self.random.choice(REASONS["2.0.1"])
                event["eventType"], event["triggerReason"] = "Ended", "EVDeparted"
                event["transactionInfo"]["stoppedReason"] = reason
                event["meterValue"] = [_meter_value_201(at, wh, "Transaction.End")]
            await self.say("TransactionEvent", event)
            if sequence == 0:
                self.charges[name] = charge
            charge.samples.append((microseconds(at), float(wh)))
            if reason:
                charge.stop = (microseconds(at), float(wh), reason)

    def _reading(self) -> tuple[datetime, int]:
        return self.now(), self.meter()


def _meter_value_16(at: datetime, wh: int) -> dict[str, Any]:
    register = {"value": str(wh), "measurand": "Energy.Active.Import.Register", "unit": "Wh"}
    return {"timestamp": iso(at), "sampledValue": [register, {"value": "7200", "measurand": "Power.Active.Import"}]}


def _meter_value_201(at: datetime, wh: int, context: str) -> dict[str, Any]:
    register = {"value": wh, "measurand": "Energy.Active.Import.Register", "context": context}
    return {"timestamp": iso(at), "sampledValue": [register]}


@pytest.mark.slow
def test_what_a_station_heard_yes_to_is_there_after_a_kill_once(database_url, tmp_path):
    seed = 20_260_504
    chance = random.Random(seed)
    server = Server(tmp_path / "data", database=database_url)
    with server:
        chargers: list[Charger] = []
        for number in range(STATIONS):
            station_id = f"CP-{number:02}"
            server.tell("/tokens", {"value": f"{station_id}-CARD"})
            version = "1.6" if number % 2 else "2.0.1"
            chargers.append(Charger(server, station_id, server.add_station(station_id), version, seed))

        def heard() -> int:
            return sum(len(charger.acknowledged) for charger in chargers)

        async def story() -> None:
            over = asyncio.Event()
            running = asyncio.gather(*(charger.run(over) for charger in chargers))
            try:
                for _ in range(KILLS):
                    wanted = heard() + chance.choice((40, 150, 300, 600)) + chance.randrange(60)
                    await until(lambda wanted=wanted: running.done() or heard() >= wanted)
                    if running.done():
                        break
                    server.kill()
                    await asyncio.to_thread(server.start)
                wanted = heard() + 200
                await until(lambda: running.done() or heard() >= wanted)
            finally:
                over.set()
                await asyncio.wait_for(running, 120)

        asyncio.run(story())

    assert sum(charger.repeated for charger in chargers) >= KILLS, "no kill hit a message under way"
    _check_messages(server, chargers)
    _check_transactions(server, chargers)
    _check_samples(server, chargers)


def _check_messages(server: Server, chargers: list[Charger]) -> None:
    kept = Counter(server.query("SELECT station_id, message_id FROM exchanges"))
    for charger in chargers:
        lost = [name for name in charger.acknowledged if not kept[charger.id, name]]
        assert not lost, f"{charger.id}: {len(lost)} of {len(charger.acknowledged)} acknowledged messages are gone"
        double = [name for name, times in charger.sent.items() if kept[charger.id, name] > times]
        assert not double


def _check_transactions(server: Server, chargers: list[Charger]) -> None:
    sql = "SELECT station_id, id, evse, token, started_at, ended_at, meter_start_wh, meter_stop_wh, stop_reason"
    found = {(row[0], row[1]): row[2:] for row in server.query(f"{sql} FROM transactions")}
    expected = {(charger.id, name): charge for charger in chargers for name, charge in charger.charges.items()}
    assert len(expected) > STATIONS
    assert not set(expected) - set(found), "an acknowledged start is gone"
    assert not set(found) - set(expected), "a transaction was doubled"
    starts = Counter((station_id, *row[:3]) for (station_id, _), row in found.items())
    assert not [start for start, times in starts.items() if times > 1], "a start was kept twice"
    for (station_id, name), charge in expected.items():
        evse, token, started_at, ended_at, meter_start, meter_stop, reason = found[station_id, name]
        assert (evse, token, started_at) == (charge.connector, charge.token, microseconds(charge.started_at))
        assert charge.stop is not None
        assert ended_at == charge.stop[0], "an acknowledged stop is gone"
        assert reason == charge.stop[2]
        if charge.meter_start_wh:
            assert (meter_start, meter_stop) == (charge.meter_start_wh, charge.stop[1])
    told = Counter(
        (name, subject, json.loads(body)["transaction_id"])
        for name, subject, body in server.query(
            "SELECT name, subject, body FROM journal WHERE name IN ('transaction.started', 'transaction.ended')"
        )
    )
    for kind in ("transaction.started", "transaction.ended"):
        assert {key: told[kind, *key] for key in expected} == dict.fromkeys(expected, 1), f"{kind} is told once"


def _check_samples(server: Server, chargers: list[Charger]) -> None:
    found: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for station_id, name, at, wh in server.query("SELECT station_id, transaction_id, at, energy_wh FROM samples"):
        found.setdefault((station_id, name), []).append((at, wh))
    for charger in chargers:
        for name, charge in charger.charges.items():
            kept = sorted(found.pop((charger.id, name), []))
            assert kept == sorted(charge.samples), f"{charger.id}, transaction {name}"
    assert not found, "samples of nothing"
