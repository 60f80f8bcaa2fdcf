"""The OCA's test cases of blocks F (remote control), G (availability), H (reservation), O (display messages) and P
(data transfer) for a central system, by their ids, in 2.0.1 and 2.1.

Read in `AviranAbady/tzi-OCTT` (2.0.1/F, /G, /H, /O and /P): each case's use case, requirements, states before it, steps
and what is checked.
"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cases import CARD, GROUP, KIND, OF_2X, Bench, case, furnish, meter, now, token
from harness import Server, iso

CARD_BODY = {"value": CARD, "kind": KIND}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("control") / "data") as running:
        furnish(running)
        yield running


# ---- F: remote control


async def start_from_afar(bench: Bench) -> int:
    """Its number."""
    heard, said = await bench.asks(
        "start", {"token": CARD_BODY, "evse": 1}, "RequestStartTransaction", {"status": "Accepted"}
    )
    assert heard == {"idToken": token(CARD), "remoteStartId": said["remote_start_id"], "evseId": 1}
    return said["remote_start_id"]


async def begins_by_it(bench: Bench, number: int) -> None:
    answer = await bench.event("Started", "RemoteStart", card=CARD, info={"remoteStartId": number})
    assert answer["idTokenInfo"]["status"] == "Accepted"
    assert (await bench.transaction())["remote_start_id"] == number


@case(*OF_2X)
async def test_TC_F_01_CSMS_remote_start_cable_first(bench: Bench):
    await bench.status("Occupied")
    await bench.event("Started", "CablePluggedIn", "EVConnected")
    number = await start_from_afar(bench)
    answer = await bench.event("Updated", "RemoteStart", "EVConnected", CARD, info={"remoteStartId": number})
    assert answer["idTokenInfo"]["status"] == "Accepted"
    await bench.event("Updated", "ChargingStateChanged", "Charging")
    assert (await bench.transaction())["remote_start_id"] == number


@case(*OF_2X)
async def test_TC_F_02_CSMS_remote_start_first_and_authorized(bench: Bench):
    """F01.FR.01, F02.FR.01: AuthorizeRemoteStart is true."""
    number = await start_from_afar(bench)
    assert (await bench.authorizes())["status"] == "Accepted"
    await begins_by_it(bench, number)
    await bench.status("Occupied")
    await bench.event("Updated", "CablePluggedIn", "EVConnected")
    await bench.event("Updated", "ChargingStateChanged", "Charging")


@case(*OF_2X)
async def test_TC_F_03_CSMS_remote_start_first(bench: Bench):
    """F01.FR.02: AuthorizeRemoteStart is false."""
    number = await start_from_afar(bench)
    await begins_by_it(bench, number)
    await bench.status("Occupied")
    await bench.event("Updated", "CablePluggedIn", "EVConnected")
    await bench.event("Updated", "ChargingStateChanged", "Charging")


@case(*OF_2X)
async def test_TC_F_04_CSMS_remote_start_and_nobody_plugs_in(bench: Bench):
    """E03.FR.04, .05."""
    number = await start_from_afar(bench)
    await begins_by_it(bench, number)
    assert await bench.event("Updated", "EVConnectTimeout") == {}


@case(*OF_2X)
async def test_TC_F_06_CSMS_a_connector_is_unlocked(bench: Bench):
    heard, said = await bench.asks("unlock", {"evse": 1, "connector": 1}, "UnlockConnector", {"status": "Unlocked"})
    assert (heard, said["outcome"]) == ({"evseId": 1, "connectorId": 1}, "accepted")


async def triggers(bench: Bench, message: str, evse: int | None = None, status: str = "Accepted", **more: Any) -> None:
    body = {"message": message, "evse": evse, **more}
    heard, said = await bench.asks("trigger", body, "TriggerMessage", {"status": status})
    place = {} if evse is None else {"evse": {"id": evse, **({"connectorId": 1} if more else {})}}
    assert heard == {"requestedMessage": message} | place
    assert said["outcome"] == ("accepted" if status == "Accepted" else "rejected")


async def meters(bench: Bench, evse: int) -> None:
    values = {"evseId": evse, "meterValue": meter((100, "Trigger"))}
    assert await bench.call("MeterValues", values) == {}


@case(*OF_2X)
async def test_TC_F_11_CSMS_meter_values_of_an_evse_are_triggered(bench: Bench):
    """F06.FR.01, .02."""
    await triggers(bench, "MeterValues", 1)
    await meters(bench, 1)


@case(*OF_2X)
async def test_TC_F_12_CSMS_meter_values_of_all_evses_are_triggered(bench: Bench):
    await triggers(bench, "MeterValues")
    await meters(bench, 1)
    await meters(bench, 2)


@case(*OF_2X)
async def test_TC_F_13_CSMS_the_transaction_of_an_evse_is_triggered(bench: Bench):
    await bench.charges()
    await triggers(bench, "TransactionEvent", 1)
    assert await bench.event("Updated", "Trigger", "Charging", meterValue=meter((100, "Trigger"))) == {}


@case(*OF_2X)
async def test_TC_F_14_CSMS_the_transactions_of_all_evses_are_triggered(bench: Bench):
    await bench.charges()
    await triggers(bench, "TransactionEvent")
    assert await bench.event("Updated", "Trigger", "Charging", meterValue=meter((100, "Trigger"))) == {}


@case(*OF_2X)
async def test_TC_F_15_CSMS_the_state_of_logs_is_triggered(bench: Bench):
    await triggers(bench, "LogStatusNotification")
    assert await bench.call("LogStatusNotification", {"status": "Idle"}) == {}


@case(*OF_2X)
async def test_TC_F_18_CSMS_the_state_of_firmware_is_triggered(bench: Bench):
    await triggers(bench, "FirmwareStatusNotification")
    assert await bench.call("FirmwareStatusNotification", {"status": "Idle"}) == {}


@case(*OF_2X)
async def test_TC_F_20_CSMS_a_heartbeat_is_triggered(bench: Bench):
    await triggers(bench, "Heartbeat")
    assert set(await bench.call("Heartbeat", {})) == {"currentTime"}


@case(*OF_2X)
async def test_TC_F_23_CSMS_the_status_of_an_available_connector_is_triggered(bench: Bench):
    """F06.FR.13: with the connector, too."""
    await triggers(bench, "StatusNotification", 1, connector=1)
    await bench.status("Available")


@case(*OF_2X)
async def test_TC_F_24_CSMS_the_status_of_an_occupied_connector_is_triggered(bench: Bench):
    await bench.status("Occupied")
    await triggers(bench, "StatusNotification", 1, connector=1)
    await bench.status("Occupied")


@case(*OF_2X)
async def test_TC_F_27_CSMS_a_trigger_that_is_not_implemented(bench: Bench):
    """F06.FR.08."""
    await triggers(bench, "Heartbeat", status="NotImplemented")


# ---- G: availability


async def changes(bench: Bench, availability: str, status: str, **place: int) -> None:
    body = {"availability": availability, **place}
    heard, said = await bench.asks("availability", body, "ChangeAvailability", {"status": status})
    where = {"id": place["evse"]} if "evse" in place else None
    if where and "connector" in place:
        where["connectorId"] = place["connector"]
    assert heard == {"operationalStatus": availability} | ({"evse": where} if where else {})
    assert said["outcome"] == status.lower()


async def is_shown(bench: Bench, word: str) -> None:
    [place] = [each for each in (await bench.sees())["connectors"] if each["evse"] == 1]
    assert place["status"] == word


@case(*OF_2X)
async def test_TC_G_03_CSMS_an_evse_goes_out_of_service(bench: Bench):
    await changes(bench, "Inoperative", "Accepted", evse=1)
    await bench.status("Unavailable")
    await is_shown(bench, "Unavailable")


@case(*OF_2X)
async def test_TC_G_04_CSMS_an_evse_comes_into_service(bench: Bench):
    await bench.status("Unavailable")
    await changes(bench, "Operative", "Accepted", evse=1)
    await bench.status("Available")
    await is_shown(bench, "Available")


@case(*OF_2X)
async def test_TC_G_05_CSMS_the_station_goes_out_of_service(bench: Bench):
    await changes(bench, "Inoperative", "Accepted")
    await bench.status("Unavailable")


@case(*OF_2X)
async def test_TC_G_06_CSMS_the_station_comes_into_service(bench: Bench):
    await bench.status("Unavailable")
    await changes(bench, "Operative", "Accepted")
    await bench.status("Available")


@case(*OF_2X)
async def test_TC_G_07_CSMS_a_connector_goes_out_of_service(bench: Bench):
    await changes(bench, "Inoperative", "Accepted", evse=1, connector=1)
    await bench.status("Unavailable")


@case(*OF_2X)
async def test_TC_G_08_CSMS_a_connector_comes_into_service(bench: Bench):
    await bench.status("Unavailable")
    await changes(bench, "Operative", "Accepted", evse=1, connector=1)
    await bench.status("Available")


async def goes_out_afterwards(bench: Bench, **place: int) -> None:
    await bench.charges()
    await changes(bench, "Inoperative", "Scheduled", **place)
    await bench.event("Updated", "StopAuthorized", "EVConnected", CARD)
    await bench.event("Ended", "EVCommunicationLost", "Idle", info={"stoppedReason": "EVDisconnected"})
    await bench.status("Unavailable")
    await is_shown(bench, "Unavailable")


@case(*OF_2X)
async def test_TC_G_11_CSMS_an_evse_goes_out_of_service_afterwards(bench: Bench):
    await goes_out_afterwards(bench, evse=1)


@case(*OF_2X)
async def test_TC_G_14_CSMS_the_station_goes_out_of_service_afterwards(bench: Bench):
    await goes_out_afterwards(bench)


@case(*OF_2X)
async def test_TC_G_17_CSMS_a_connector_goes_out_of_service_afterwards(bench: Bench):
    await goes_out_afterwards(bench, evse=1, connector=1)


@case(*OF_2X)
async def test_TC_G_20_CSMS_the_lock_fails(bench: Bench):
    """G05.FR.03."""
    where = {"name": "ConnectorPlugRetentionLock", "evse": {"id": 1, "connectorId": 1}}
    assert await bench.notes(where, "Problem", "true") == {}


# ---- H: reservation


async def reserves(bench: Bench, status: str = "Accepted", **more: Any) -> tuple[dict[str, Any], Any]:
    """What it was asked, and the reservation that came of it."""
    expires = datetime.now(UTC) + timedelta(minutes=5)
    body = {"token": CARD_BODY, "expires_at": expires.isoformat(), **more}
    heard, said = await bench.asks("reservations", body, "ReserveNow", {"status": status})
    made = said["reservation"]
    expected = {"id": made["id"], "expiryDateTime": iso(expires), "idToken": token(CARD)}
    assert {name: heard[name] for name in expected} == expected
    return {name: heard[name] for name in heard if name not in expected}, made


async def ends(bench: Bench, made: Any, word: str, state: str) -> None:
    update = {"reservationId": made["id"], "reservationUpdateStatus": word}
    assert await bench.call("ReservationStatusUpdate", update) == {}
    assert (await bench.sees(f"/reservations/{made['id']}"))["state"] == state


async def is_used(bench: Bench, made: Any) -> None:
    assert (await bench.authorizes())["status"] == "Accepted"
    answer = await bench.event("Started", "Authorized", card=CARD, reservationId=made["id"])
    assert answer["idTokenInfo"]["status"] == "Accepted"
    assert (await bench.transaction())["reservation_id"] == made["id"]


@case(*OF_2X)
async def test_TC_H_01_CSMS_an_evse_is_reserved_and_used(bench: Bench):
    rest, made = await reserves(bench, evse=1)
    assert (rest, made["state"]) == ({"evseId": 1}, "active")
    await bench.status("Reserved")
    await is_used(bench, made)


@case(*OF_2X)
async def test_TC_H_07_CSMS_a_reservation_expires(bench: Bench):
    _, made = await reserves(bench, evse=1)
    await bench.status("Reserved")
    await bench.status("Available")
    await ends(bench, made, "Expired", "expired")


@case(*OF_2X)
async def test_TC_H_08_CSMS_any_evse_is_reserved(bench: Bench):
    rest, made = await reserves(bench)
    assert rest == {}
    await bench.status("Reserved")
    await is_used(bench, made)


@case(*OF_2X)
async def test_TC_H_14_CSMS_all_evses_are_reserved_one_by_one(bench: Bench):
    first, second = [await reserves(bench) for _ in range(2)]
    assert (first[0], second[0]) == ({}, {})
    assert first[1]["id"] != second[1]["id"]
    for evse in (1, 2):
        await bench.status("Reserved", evse)


@case(*OF_2X)
async def test_TC_H_15_CSMS_a_type_of_connector_is_reserved(bench: Bench):
    rest, made = await reserves(bench, connector_type="cType2")
    assert rest == {"connectorType": "cType2"}
    await bench.status("Reserved")
    await is_used(bench, made)


@case(*OF_2X)
async def test_TC_H_17_CSMS_a_reservation_is_cancelled(bench: Bench):
    _, made = await reserves(bench, evse=1)
    await bench.status("Reserved")
    path = f"/reservations/{made['id']}/cancel"
    heard, said = await bench.asks(path, {}, "CancelReservation", {"status": "Accepted"})
    assert (heard, said["reservation"]["state"]) == ({"reservationId": made["id"]}, "cancelled")
    await bench.status("Available")


@case(*OF_2X)
async def test_TC_H_19_CSMS_an_evse_is_reserved_for_a_group(bench: Bench):
    rest, _ = await reserves(bench, evse=1, group=GROUP)
    assert rest == {"evseId": 1, "groupIdToken": {"idToken": GROUP, "type": "Central"}}
    await bench.status("Reserved")


@case(*OF_2X)
async def test_TC_H_20_CSMS_a_fault_takes_a_reservation_away(bench: Bench):
    _, made = await reserves(bench, evse=1)
    await bench.status("Reserved")
    await bench.status("Faulted")
    await ends(bench, made, "Removed", "removed")


@case(*OF_2X)
async def test_TC_H_22_CSMS_a_reservation_is_rejected(bench: Bench):
    _, made = await reserves(bench, "Rejected", evse=1)
    assert (made["state"], made["said"]) == ("refused", "Rejected")


# ---- O: display messages

PATH = "display-messages"


async def shows(bench: Bench, status: str = "Accepted", text: str = "Hello", **more: Any) -> tuple[dict[str, Any], Any]:
    """The message that it was told to show, and what is kept of it."""
    body = {"contents": [{"text": text}], **more}
    heard, said = await bench.asks(PATH, body, "SetDisplayMessage", {"status": status})
    assert said["message"]["state"] == ("shown" if status == "Accepted" else "refused")
    assert said["message"]["said"] == status
    message = heard["message"]
    assert (message["id"], message["message"]["content"]) == (said["message"]["number"], text)
    return message, said["message"]


@case(*OF_2X)
async def test_TC_O_01_CSMS_a_message_is_shown(bench: Bench):
    """O01.FR.04: of no transaction."""
    message, _ = await shows(bench, state="Idle")
    assert (message["state"], "transactionId" in message) == ("Idle", False)


@case(*OF_2X)
async def test_TC_O_13_CSMS_a_message_from_a_time_on(bench: Bench):
    start = datetime.now(UTC) + timedelta(minutes=10)
    message, _ = await shows(bench, starts_at=iso(start))
    assert message["startDateTime"] == iso(start)


@case(*OF_2X)
async def test_TC_O_14_CSMS_a_message_until_a_time(bench: Bench):
    end = datetime.now(UTC) + timedelta(minutes=10)
    message, _ = await shows(bench, ends_at=iso(end))
    assert message["endDateTime"] == iso(end)


@case(*OF_2X)
async def test_TC_O_17_CSMS_a_priority_that_is_not_supported(bench: Bench):
    message, _ = await shows(bench, "NotSupportedPriority", priority="AlwaysFront")
    assert message["priority"] == "AlwaysFront"


@case(*OF_2X)
async def test_TC_O_18_CSMS_a_state_that_is_not_supported(bench: Bench):
    message, _ = await shows(bench, "NotSupportedState", state="Faulted")
    assert message["state"] == "Faulted"


@case(*OF_2X)
async def test_TC_O_19_CSMS_a_format_that_is_not_supported(bench: Bench):
    await shows(bench, "NotSupportedMessageFormat")


@case(*OF_2X)
async def test_TC_O_25_CSMS_a_message_in_a_state(bench: Bench):
    message, _ = await shows(bench, state="Charging")
    assert message["state"] == "Charging"


@case(*OF_2X)
async def test_TC_O_26_CSMS_a_message_is_rejected(bench: Bench):
    message, _ = await shows(bench, "Rejected", priority="NormalCycle")
    assert message["priority"] == "NormalCycle"


async def shows_in_transaction(bench: Bench, status: str = "Accepted", **more: Any) -> dict[str, Any]:
    await bench.charges()
    message, _ = await shows(bench, status, transaction_id=bench.transaction_id, **more)
    assert (message["transactionId"], "state" in message) == (bench.transaction_id, False)
    return message


@case(*OF_2X)
async def test_TC_O_06_CSMS_a_message_of_a_transaction(bench: Bench):
    await shows_in_transaction(bench)
    await bench.event("Ended", "EVCommunicationLost", "Idle", info={"stoppedReason": "EVDisconnected"})


@case(*OF_2X)
async def test_TC_O_10_CSMS_a_message_of_a_transaction_that_is_unknown_there(bench: Bench):
    await shows_in_transaction(bench, "UnknownTransaction")


@case(*OF_2X)
async def test_TC_O_27_CSMS_a_message_of_a_transaction_from_a_time_on(bench: Bench):
    start = iso(datetime.now(UTC) + timedelta(minutes=10))
    message = await shows_in_transaction(bench, starts_at=start)
    assert (message["startDateTime"], "endDateTime" in message) == (start, False)


@case(*OF_2X)
async def test_TC_O_28_CSMS_a_message_of_a_transaction_until_a_time(bench: Bench):
    end = iso(datetime.now(UTC) + timedelta(minutes=10))
    message = await shows_in_transaction(bench, ends_at=end)
    assert (message["endDateTime"], "startDateTime" in message) == (end, False)


async def gets(
    bench: Bench, status: str = "Accepted", shown: dict[str, Any] | None = None, **what: Any
) -> dict[str, Any]:
    """Its messages are asked for; by what."""
    heard, said = await bench.asks(f"{PATH}-report", what, "GetDisplayMessages", {"status": status})
    assert heard.pop("requestId") == said["report_id"]
    if shown is not None:
        part = {"requestId": said["report_id"], "messageInfo": [shown]}
        assert await bench.call("NotifyDisplayMessages", part) == {}
        assert (await bench.sees(f"{PATH}/{shown['id']}"))["seen_at"] is not None
    return heard


@case(*OF_2X)
async def test_TC_O_02_CSMS_all_messages_are_got(bench: Bench):
    message, _ = await shows(bench)
    assert await gets(bench, shown=message) == {}


@case(*OF_2X)
async def test_TC_O_03_CSMS_all_messages_are_none(bench: Bench):
    assert await gets(bench, "Unknown") == {}


@case(*OF_2X)
async def test_TC_O_07_CSMS_a_message_is_got_by_its_id(bench: Bench):
    message, kept = await shows(bench)
    assert await gets(bench, shown=message, numbers=[kept["number"]]) == {"id": [kept["number"]]}


@case(*OF_2X)
async def test_TC_O_08_CSMS_messages_are_got_by_priority(bench: Bench):
    message, _ = await shows(bench, priority="InFront")
    assert await gets(bench, shown=message, priority="InFront") == {"priority": "InFront"}


@case(*OF_2X)
async def test_TC_O_09_CSMS_messages_are_got_by_state(bench: Bench):
    message, _ = await shows(bench, state="Idle")
    assert await gets(bench, shown=message, state="Idle") == {"state": "Idle"}


@case(*OF_2X)
async def test_TC_O_11_CSMS_a_message_that_is_not_there_is_asked_for(bench: Bench):
    _, kept = await shows(bench)
    other = kept["number"] + 1000
    assert await gets(bench, "Unknown", numbers=[other]) == {"id": [other]}


async def clears(bench: Bench, number: int, status: str) -> Any:
    heard, said = await bench.asks(f"{PATH}/{number}/clear", {}, "ClearDisplayMessage", {"status": status})
    assert heard == {"id": number}
    return said["message"]["state"]


@case(*OF_2X)
async def test_TC_O_04_CSMS_a_message_is_taken_away(bench: Bench):
    _, kept = await shows(bench)
    assert await clears(bench, kept["number"], "Accepted") == "cleared"


@case(*OF_2X)
async def test_TC_O_05_CSMS_a_message_is_taken_away_that_is_not_there(bench: Bench):
    _, kept = await shows(bench)
    assert await clears(bench, kept["number"], "Unknown") != "shown"


@case(*OF_2X)
async def test_TC_O_12_CSMS_a_message_is_replaced(bench: Bench):
    first, kept = await shows(bench)

    def put() -> Any:
        with bench.server.api() as api:
            return api.put(f"{bench.path}/{PATH}/{kept['number']}", json={"contents": [{"text": "Bye"}]})

    asked = asyncio.ensure_future(asyncio.to_thread(put))
    heard = await bench.station.answer("SetDisplayMessage", {"status": "Accepted"})
    assert (await asked).is_success
    assert (heard["message"]["id"], heard["message"]["message"]["content"]) == (first["id"], "Bye")


# ---- P: data transfer


@case(*OF_2X)
async def test_TC_P_02_CSMS_data_that_nobody_knows(bench: Bench):
    """P02.FR.06, .07."""
    answer = await bench.call("DataTransfer", {"vendorId": "tzi.app", "messageId": "TestMessage"})
    assert answer["status"] in ("UnknownVendorId", "UnknownMessageId", "Rejected")


@case(*OF_2X)
async def test_TC_P_03_CSMS_data_of_a_vendors_own_in_any_message(bench: Bench):
    """It does no harm."""
    custom = {"vendorId": "tzi.app", "anything": {"at": ["all", 1, None]}}
    said = {"timestamp": now(), "connectorStatus": "Occupied", "evseId": 1, "connectorId": 1, "customData": custom}
    assert await bench.call("StatusNotification", said) == {}
    answer = await bench.event("Started", "CablePluggedIn", customData=custom, info={"customData": custom})
    assert answer == {}
