"""The test cases of OCPP 1.6 for a central system, by their ids, but for those of firmware, logs and certificates.

Ids, steps and what is checked are read in SteVe's certification test (`Ocpp16JsonCsmsCertificationIT`), which follows
the OCA's test case document of 2026-02, and in `AviranAbady/tzi-OCTT`, whose texts of TC_001, TC_003 and
TC_039 quote the same; the names of all of them in EVtivity's list of results. Firmware, logs and certificates (TC_044,
TC_045, TC_074 to TC_081) have modules of their own: `test_firmware`, `test_logs`, `test_certificates`; TC_086 and
TC_087 are told in `stories/test_security_profiles`.
"""

import asyncio
import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import websockets

from cases import BLOCKED, CARD, EXPIRED, FRIEND, GROUP, STRANGER, V16, Bench, case, furnish, now
from harness import Server, Station, iso, until

CARD_BODY = {"value": CARD, "kind": "ISO14443"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("cases16") / "data") as running:
        furnish(running)
        yield running


# ---- booting, and sessions


@case(V16, boots=False)
async def test_TC_001_CSMS_cold_boot(bench: Bench):
    boot = await bench.boot()
    assert (boot["status"], boot["interval"] > 0, bool(boot["currentTime"])) == ("Accepted", True, True)
    for connector in (0, 1, 2):
        await bench.status("Available", connector)
    assert set(await bench.call("Heartbeat", {})) == {"currentTime"}
    places = (await bench.sees())["connectors"]
    assert {(each["evse"], each["status"]) for each in places} >= {(1, "Available"), (2, "Available")}


@case(V16)
async def test_TC_003_CSMS_plug_in_first(bench: Bench):
    await bench.status("Preparing")
    assert (await bench.authorizes())["status"] == "Accepted"
    started = await bench.starts()
    assert started["idTagInfo"]["status"] == "Accepted"
    assert started["transactionId"] > 0
    await bench.status("Charging")
    assert (await bench.transaction())["ended_at"] is None


@case(V16)
async def test_TC_004_1_CSMS_identification_first(bench: Bench):
    assert (await bench.authorizes())["status"] == "Accepted"
    await bench.status("Preparing")
    assert (await bench.starts())["idTagInfo"]["status"] == "Accepted"
    await bench.status("Charging")


@case(V16)
async def test_TC_004_2_CSMS_nobody_plugs_in(bench: Bench):
    assert (await bench.authorizes())["status"] == "Accepted"
    await bench.status("Preparing")
    await bench.status("Available")
    assert (await bench.sees(f"/transactions?station_id={bench.station.id}"))["items"] == []


@case(V16)
async def test_TC_005_1_CSMS_the_vehicle_is_unplugged(bench: Bench):
    await bench.charges()
    await bench.status("SuspendedEV")
    stopped = await bench.stops("EVDisconnected")
    assert stopped["idTagInfo"]["status"] == "Accepted"
    await bench.status("Finishing")
    await bench.status("Available")
    ended = await bench.transaction()
    assert (ended["stop_reason"], ended["energy_wh"]) == ("EVDisconnected", 10)


@case(V16)
async def test_TC_007_CSMS_a_cached_id(bench: Bench):
    """It starts without asking."""
    await bench.status("Preparing")
    assert (await bench.starts())["idTagInfo"]["status"] == "Accepted"
    await bench.status("Charging")


@case(V16)
async def test_TC_061_CSMS_the_cache_is_cleared(bench: Bench):
    heard, said = await bench.asks("cache/clear", {}, "ClearCache", {"status": "Accepted"})
    assert (heard, said["outcome"]) == ({}, "accepted")


async def start_from_afar(bench: Bench, status: str, **more: Any) -> dict[str, Any]:
    """What it was asked."""
    body = {"token": CARD_BODY, "evse": 1, **more}
    heard, said = await bench.asks("start", body, "RemoteStartTransaction", {"status": status})
    assert said["outcome"] == ("accepted" if status == "Accepted" else "rejected")
    return heard


@case(V16)
async def test_TC_010_CSMS_remote_start_cable_first(bench: Bench):
    await bench.status("Preparing")
    assert await start_from_afar(bench, "Accepted") == {"idTag": CARD, "connectorId": 1}
    assert (await bench.authorizes())["status"] == "Accepted"
    assert (await bench.starts())["idTagInfo"]["status"] == "Accepted"
    await bench.status("Charging")


@case(V16)
async def test_TC_011_1_CSMS_remote_start_first(bench: Bench):
    assert await start_from_afar(bench, "Accepted") == {"idTag": CARD, "connectorId": 1}
    assert (await bench.authorizes())["status"] == "Accepted"
    await bench.status("Preparing")
    assert (await bench.starts())["idTagInfo"]["status"] == "Accepted"
    await bench.status("Charging")


@case(V16)
async def test_TC_011_2_CSMS_remote_start_nobody_plugs_in(bench: Bench):
    await start_from_afar(bench, "Accepted")
    assert (await bench.authorizes())["status"] == "Accepted"
    await bench.status("Preparing")
    await bench.status("Available")


@case(V16)
async def test_TC_012_CSMS_remote_stop(bench: Bench):
    await bench.charges()
    number = int(bench.transaction_id)
    heard, said = await bench.asks(
        "stop", {"transaction_id": str(number)}, "RemoteStopTransaction", {"status": "Accepted"}
    )
    assert (heard, said["outcome"]) == ({"transactionId": number}, "accepted")
    await bench.stops("Remote")
    await bench.status("Finishing")
    await bench.status("Available")
    assert (await bench.transaction())["stop_reason"] == "Remote"


async def resets(bench: Bench, kind: str, word: str) -> None:
    heard, said = await bench.asks("reset", {"kind": kind}, "Reset", {"status": "Accepted"})
    assert (heard, said["outcome"]) == ({"type": word}, "accepted")
    await bench.reconnects()
    await bench.boots()
    await bench.status("Available", 0)


@case(V16)
async def test_TC_013_CSMS_hard_reset(bench: Bench):
    await resets(bench, "Immediate", "Hard")


@case(V16)
async def test_TC_014_CSMS_soft_reset(bench: Bench):
    await resets(bench, "OnIdle", "Soft")


# ---- unlocking, settings


async def unlocks(bench: Bench, status: str, outcome: str) -> None:
    heard, said = await bench.asks("unlock", {"evse": 1}, "UnlockConnector", {"status": status})
    assert (heard, said["status"], said["outcome"]) == ({"connectorId": 1}, status, outcome)


@case(V16)
async def test_TC_017_1_CSMS_unlock_without_a_session(bench: Bench):
    await unlocks(bench, "Unlocked", "accepted")


@case(V16)
async def test_TC_017_2_CSMS_unlock_a_fixed_cable(bench: Bench):
    await unlocks(bench, "NotSupported", "rejected")


@case(V16)
async def test_TC_018_1_CSMS_unlock_with_a_session(bench: Bench):
    await bench.charges()
    await unlocks(bench, "Unlocked", "accepted")
    await bench.status("Finishing")
    await bench.stops("UnlockCommand")
    await bench.status("Available")
    assert (await bench.transaction())["stop_reason"] == "UnlockCommand"


@case(V16)
async def test_TC_030_CSMS_unlock_fails(bench: Bench):
    await unlocks(bench, "UnlockFailed", "rejected")


@case(V16)
async def test_TC_031_CSMS_unlock_an_unknown_connector(bench: Bench):
    await unlocks(bench, "NotSupported", "rejected")


def key(name: str, value: str, *, readonly: bool = False) -> dict[str, Any]:
    return {"key": name, "readonly": readonly, "value": value}


@case(V16)
async def test_TC_019_1_CSMS_all_configuration_keys(bench: Bench):
    told = [key("SupportedFeatureProfiles", "Core,SmartCharging", readonly=True), key("MeterValueSampleInterval", "60")]
    heard, said = await bench.asks(
        "settings/get", {"names": []}, "GetConfiguration", {"configurationKey": told, "unknownKey": []}
    )
    assert heard in ({}, {"key": []})
    assert [each["status"] for each in said] == ["accepted", "accepted"]


@case(V16)
async def test_TC_019_2_CSMS_one_configuration_key(bench: Bench):
    told = key("SupportedFeatureProfiles", "Core,SmartCharging", readonly=True)
    name = {"component": "OCPP16", "variable": "SupportedFeatureProfiles"}
    heard, [said] = await bench.asks(
        "settings/get", {"names": [name]}, "GetConfiguration", {"configurationKey": [told]}
    )
    assert heard == {"key": ["SupportedFeatureProfiles"]}
    assert (said["status"], said["setting"]["value"]) == ("accepted", "Core,SmartCharging")


async def changes(bench: Bench, name: str, value: str, status: str, outcome: str) -> None:
    body = {"settings": [{"component": "OCPP16", "variable": name, "value": value}]}
    heard, [said] = await bench.asks("settings", body, "ChangeConfiguration", {"status": status})
    assert (heard, said["status"]) == ({"key": name, "value": value}, outcome)


@case(V16)
async def test_TC_021_CSMS_a_configuration_key_is_changed(bench: Bench):
    await changes(bench, "MeterValueSampleInterval", "60", "Accepted", "accepted")


@case(V16)
async def test_TC_040_1_CSMS_a_key_that_is_not_supported(bench: Bench):
    await changes(bench, "UnknownConfigurationKey", "123", "NotSupported", "unknown")


@case(V16)
async def test_TC_040_2_CSMS_a_value_that_is_invalid(bench: Bench):
    await changes(bench, "MeterValueSampleInterval", "INVALID_VALUE", "Rejected", "rejected")


# ---- what goes wrong


@case(V16)
async def test_TC_023_1_CSMS_authorize_invalid(bench: Bench):
    assert (await bench.authorizes(STRANGER))["status"] == "Invalid"


@case(V16)
async def test_TC_023_2_CSMS_authorize_expired(bench: Bench):
    assert (await bench.authorizes(EXPIRED))["status"] == "Expired"


@case(V16)
async def test_TC_023_3_CSMS_authorize_blocked(bench: Bench):
    assert (await bench.authorizes(BLOCKED))["status"] == "Blocked"


@case(V16)
async def test_TC_024_CSMS_the_lock_fails(bench: Bench):
    await bench.status("Preparing")
    await bench.status("Faulted", error="ConnectorLockFailure")
    [place] = [each for each in (await bench.sees())["connectors"] if each["evse"] == 1]
    assert (place["status"], place["fault"]) == ("Faulted", "ConnectorLockFailure")


@case(V16)
async def test_TC_026_CSMS_remote_start_rejected(bench: Bench):
    await start_from_afar(bench, "Rejected")


@case(V16)
async def test_TC_028_CSMS_remote_stop_rejected(bench: Bench):
    await bench.charges()
    body = {"transaction_id": bench.transaction_id}
    _, said = await bench.asks("stop", body, "RemoteStopTransaction", {"status": "Rejected"})
    assert said["outcome"] == "rejected"
    assert (await bench.transaction())["ended_at"] is None


@case(V16)
async def test_TC_032_1_CSMS_a_power_failure_ends_sessions(bench: Bench):
    await bench.charges()
    await bench.reconnects()
    await bench.boots(word="Finishing")
    await bench.status("Available", 0)
    await bench.stops("PowerLoss")
    assert (await bench.transaction())["stop_reason"] == "PowerLoss"


@case(V16)
async def test_TC_037_1_CSMS_begun_offline_by_a_valid_id(bench: Bench):
    await bench.reconnects()
    earlier = iso(datetime.now(UTC) - timedelta(minutes=5))
    started = await bench.starts(timestamp=earlier)
    assert started["idTagInfo"]["status"] == "Accepted"
    await bench.status("Charging")
    assert (await bench.transaction())["started_at"].startswith(earlier[:19])


@case(V16)
async def test_TC_037_3_CSMS_begun_offline_by_an_invalid_id(bench: Bench):
    await bench.reconnects()
    started = await bench.starts(card=STRANGER, timestamp=iso(datetime.now(UTC) - timedelta(minutes=5)))
    assert (started["idTagInfo"]["status"], started["transactionId"] > 0) == ("Invalid", True)
    await bench.status("Charging")
    await bench.stops("DeAuthorized", card=STRANGER)
    await bench.status("Finishing")
    assert (await bench.transaction())["stop_reason"] == "DeAuthorized"


@case(V16)
async def test_TC_039_CSMS_begun_and_ended_offline(bench: Bench):
    await bench.reconnects()
    earlier = datetime.now(UTC) - timedelta(hours=1)
    started = await bench.starts(timestamp=iso(earlier))
    assert started["idTagInfo"]["status"] == "Accepted"
    await bench.stops("Local", timestamp=iso(earlier + timedelta(minutes=20)))
    ended = await bench.transaction()
    assert (ended["energy_wh"], ended["ended_at"] < now()) == (10, True)


# ---- local lists


async def sends_list(bench: Bench, status: str) -> dict[str, Any]:
    """Its list is to hold one token; what it is sent."""
    await bench.puts(f"/local-list-selections/stations/{bench.station.id}", {"mode": "chosen", "tokens": [CARD]})
    return await answers_list(bench, status)


async def answers_list(bench: Bench, status: str, version: int = 0) -> dict[str, Any]:
    """It is to have its list now. It answers what it is asked, until it has been sent a list and has answered that."""
    asked = asyncio.ensure_future(bench.tells("local-list/send"))
    while True:
        message_id, action, request = await next_call(bench)
        if action == "SendLocalList":
            await bench.station.reply(message_id, {"status": status})
            await asked
            return request
        told = {"listVersion": version} if action == "GetLocalListVersion" else {"unknownKey": request.get("key", [])}
        await bench.station.reply(message_id, told)


async def next_call(bench: Bench) -> tuple[str, str, dict[str, Any]]:
    station = bench.station
    if station.heard:
        return station.heard.pop(0)
    frame = await station._frame()
    assert frame[0] == 2, frame
    return frame[1], frame[2], frame[3]


@case(V16)
async def test_TC_042_1_CSMS_the_version_of_no_list(bench: Bench):
    heard, said = await bench.asks("local-list/version", {}, "GetLocalListVersion", {"listVersion": -1})
    assert (heard, said["version"]) == ({}, None)


@case(V16)
async def test_TC_042_2_CSMS_the_version_of_an_empty_list(bench: Bench):
    _, said = await bench.asks("local-list/version", {}, "GetLocalListVersion", {"listVersion": 0})
    assert said["version"] == 0


async def becomes(bench: Bench, state: str) -> None:
    async def is_so() -> bool:
        return (await bench.sees("local-list"))["state"] == state

    await until(is_so)


FULL = [{"idTag": CARD, "idTagInfo": {"parentIdTag": GROUP, "status": "Accepted"}}]


@case(V16)
async def test_TC_043_1_CSMS_a_list_is_not_supported(bench: Bench):
    assert (await sends_list(bench, "NotSupported"))["localAuthorizationList"] == FULL
    await becomes(bench, "unsupported")


@case(V16)
async def test_TC_043_3_CSMS_a_list_fails(bench: Bench):
    await sends_list(bench, "Failed")
    await becomes(bench, "failed")


@case(V16)
async def test_TC_043_4_CSMS_a_full_list(bench: Bench):
    sent = await sends_list(bench, "Accepted")
    assert (sent["updateType"], sent["localAuthorizationList"]) == ("Full", FULL)
    await becomes(bench, "current")


@case(V16)
async def test_TC_043_5_CSMS_a_differential_list(bench: Bench):
    first = await sends_list(bench, "Accepted")
    await becomes(bench, "current")
    path = f"/local-list-selections/stations/{bench.station.id}"
    await bench.puts(path, {"mode": "chosen", "tokens": [CARD, FRIEND]})
    sent = await answers_list(bench, "Accepted", first["listVersion"])
    assert (sent["updateType"], sent["listVersion"]) == ("Differential", first["listVersion"] + 1)
    assert [each["idTag"] for each in sent["localAuthorizationList"]] == [FRIEND]
    await becomes(bench, "current")


# ---- reservations


async def reserves(bench: Bench, status: str, evse: int | None = 1, **more: Any) -> tuple[dict[str, Any], Any]:
    """What it was asked, and the reservation that came of it."""
    expires = datetime.now(UTC) + timedelta(minutes=5)
    body = {"token": CARD_BODY, "expires_at": expires.isoformat(), "evse": evse, **more}
    heard, said = await bench.asks("reservations", body, "ReserveNow", {"status": status})
    made = said["reservation"]
    expected = {"connectorId": evse or 0, "expiryDate": iso(expires), "idTag": CARD, "reservationId": made["id"]}
    assert {name: heard[name] for name in expected} == expected
    return heard, made


@case(V16)
async def test_TC_046_CSMS_a_reserved_connector_is_used(bench: Bench):
    _, made = await reserves(bench, "Accepted")
    await bench.status("Reserved")
    started = await bench.starts(reservationId=made["id"])
    assert started["idTagInfo"]["status"] == "Accepted"
    assert (await bench.transaction())["reservation_id"] == made["id"]


@case(V16)
async def test_TC_047_CSMS_a_reservation_expires(bench: Bench):
    _, made = await reserves(bench, "Accepted")
    await bench.status("Reserved")
    await bench.status("Available")
    assert made["state"] == "active"


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_TC_048_CSMS_a_connector_cannot_be_reserved(server: Server, number: int):
    """TC_048_1 to TC_048_4: Faulted, Occupied, Unavailable, Rejected."""
    status = ("Faulted", "Occupied", "Unavailable", "Rejected")[number - 1]

    async def story(bench: Bench) -> None:
        if status == "Occupied":
            await bench.status("Preparing")
        _, made = await reserves(bench, status)
        assert (made["state"], made["said"]) == ("refused", status)

    story.__name__ = f"test_TC_048_{number}_CSMS"
    case(V16)(story)(server)


@case(V16)
async def test_TC_049_CSMS_the_station_is_reserved(bench: Bench):
    heard, _ = await reserves(bench, "Accepted", None)
    assert heard["connectorId"] == 0
    await bench.status("Reserved")


async def cancels(bench: Bench, status: str, state: str) -> None:
    _, made = await reserves(bench, "Accepted")
    await bench.status("Reserved")
    heard, said = await bench.asks(f"/reservations/{made['id']}/cancel", {}, "CancelReservation", {"status": status})
    assert (heard, said["reservation"]["state"]) == ({"reservationId": made["id"]}, state)


@case(V16)
async def test_TC_051_CSMS_a_reservation_is_cancelled(bench: Bench):
    await cancels(bench, "Accepted", "cancelled")
    await bench.status("Available")


@case(V16)
async def test_TC_052_CSMS_a_cancellation_is_rejected(bench: Bench):
    await cancels(bench, "Rejected", "active")


@case(V16)
async def test_TC_053_CSMS_a_reservation_is_used_by_another_of_the_group(bench: Bench):
    heard, made = await reserves(bench, "Accepted", group=GROUP)
    assert heard["parentIdTag"] == GROUP
    await bench.status("Reserved")
    said = await bench.authorizes(FRIEND)
    assert (said["status"], said["parentIdTag"]) == ("Accepted", GROUP)
    assert (await bench.starts(card=FRIEND, reservationId=made["id"]))["idTagInfo"]["status"] == "Accepted"


# ---- triggers


async def triggers(bench: Bench, message: str, status: str, evse: int | None = None) -> None:
    heard, said = await bench.asks("trigger", {"message": message, "evse": evse}, "TriggerMessage", {"status": status})
    assert heard == {"requestedMessage": message} | ({"connectorId": evse} if evse else {})
    assert said["outcome"] == ("accepted" if status == "Accepted" else "rejected")


@case(V16)
async def test_TC_054_CSMS_messages_are_triggered(bench: Bench):
    await triggers(bench, "MeterValues", "Accepted", 1)
    sampled = [{"timestamp": now(), "sampledValue": [{"value": "100", "unit": "Wh", "context": "Trigger"}]}]
    assert await bench.call("MeterValues", {"connectorId": 1, "meterValue": sampled}) == {}
    await triggers(bench, "Heartbeat", "Accepted")
    assert set(await bench.call("Heartbeat", {})) == {"currentTime"}
    await triggers(bench, "StatusNotification", "Accepted", 1)
    await bench.status("Available")
    await triggers(bench, "DiagnosticsStatusNotification", "Accepted")
    assert await bench.call("DiagnosticsStatusNotification", {"status": "Idle"}) == {}
    await triggers(bench, "FirmwareStatusNotification", "Accepted")
    assert await bench.call("FirmwareStatusNotification", {"status": "Idle"}) == {}


@case(V16)
async def test_TC_055_CSMS_a_trigger_is_rejected(bench: Bench):
    await triggers(bench, "MeterValues", "Rejected", 1)


# ---- smart charging

PERIODS = [{"startPeriod": 0, "limit": 6.0, "numberPhases": 3}]


def limited(**more: Any) -> dict[str, Any]:
    return {"unit": "W", "periods": [{"start_s": 0, "limit": 6, "phases": 3}], **more}


async def installs(bench: Bench, evse: int | None, answer: str = "Accepted", **profile: Any) -> dict[str, Any]:
    body = {"evse": evse, "profile": {"kind": "Absolute", **profile}}
    heard, said = await bench.asks("charging-profiles", body, "SetChargingProfile", {"status": answer})
    assert said["profile"]["state"] == ("installed" if answer == "Accepted" else "refused")
    return heard


@case(V16)
async def test_TC_056_CSMS_a_default_profile(bench: Bench):
    start = datetime.now(UTC) + timedelta(minutes=2)
    schedule = limited(starts_at=iso(start), duration_s=3600)
    heard = await installs(bench, 1, purpose="TxDefaultProfile", id=56, schedules=[schedule])
    assert heard == {
        "connectorId": 1,
        "csChargingProfiles": {
            "chargingProfileId": 56,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": {
                "chargingRateUnit": "W",
                "startSchedule": iso(start),
                "duration": 3600,
                "chargingSchedulePeriod": PERIODS,
            },
        },
    }


@case(V16)
async def test_TC_057_CSMS_a_profile_of_a_transaction(bench: Bench):
    await bench.charges()
    schedule = limited(duration_s=1800)
    heard = await installs(
        bench, None, purpose="TxProfile", kind="Relative", transaction_id=bench.transaction_id, schedules=[schedule]
    )
    assert (heard["connectorId"], heard["csChargingProfiles"]["transactionId"]) == (1, int(bench.transaction_id))


@case(V16)
async def test_TC_059_CSMS_a_remote_start_with_a_profile(bench: Bench):
    heard = await start_from_afar(bench, "Accepted", profile={"schedules": [limited(duration_s=1200)]})
    profile = heard["chargingProfile"]
    assert (profile["chargingProfilePurpose"], "transactionId" in profile) == ("TxProfile", False)
    assert profile["chargingSchedule"]["chargingSchedulePeriod"] == PERIODS
    assert (await bench.authorizes())["status"] == "Accepted"
    await bench.status("Preparing")
    assert (await bench.starts())["idTagInfo"]["status"] == "Accepted"
    await bench.status("Charging")


@case(V16)
async def test_TC_066_CSMS_a_composite_schedule(bench: Bench):
    schedule = {"chargingRateUnit": "W", "duration": 300, "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6.0}]}
    answer = {"status": "Accepted", "connectorId": 1, "scheduleStart": now(), "chargingSchedule": schedule}
    body = {"evse": 1, "duration_s": 300, "unit": "W"}
    heard, said = await bench.asks("composite-schedule", body, "GetCompositeSchedule", answer)
    assert heard == {"connectorId": 1, "duration": 300, "chargingRateUnit": "W"}
    assert said["schedule"]["periods"][0]["limit"] == 6


@case(V16)
async def test_TC_067_CSMS_profiles_are_cleared(bench: Bench):
    """One by its id; then all."""
    await installs(bench, 1, purpose="TxDefaultProfile", id=67, schedules=[limited(duration_s=900)])
    path, cleared = "charging-profiles/clear", {"status": "Accepted"}
    heard, _ = await bench.asks(path, {"profile_id": 67}, "ClearChargingProfile", cleared)
    assert heard == {"id": 67}
    heard, _ = await bench.asks(path, {}, "ClearChargingProfile", cleared)
    assert heard == {}
    [kept] = (await bench.sees(f"/charging-profiles?station_id={bench.station.id}"))["items"]
    assert kept["state"] == "cleared"


# ---- data transfer, security


@case(V16)
async def test_TC_064_CSMS_data_that_nobody_knows(bench: Bench):
    data = {"vendorId": "tzi.app", "messageId": "TestMessage", "data": "test-payload"}
    assert (await bench.call("DataTransfer", data))["status"] in ("Rejected", "UnknownMessageId", "UnknownVendorId")


@case(V16)
async def test_TC_073_CSMS_the_password_is_changed(bench: Bench):
    """It is 40 hex digits; the station comes in with it from then on."""
    heard, said = await bench.asks("password", {"install": True}, "ChangeConfiguration", {"status": "Accepted"})
    assert heard["key"] == "AuthorizationKey"
    assert len(heard["value"]) == 40
    await bench.station.close()
    station = await Station.connect(bench.server.ocpp, bench.station.id, said["password"], V16)
    bench.station = station
    await bench.boots()


@case(V16)
async def test_TC_083_CSMS_the_security_profile_is_raised(bench: Bench):
    await changes(bench, "SecurityProfile", "2", "Accepted", "accepted")
    heard, _ = await bench.asks("reset", {"kind": "Immediate"}, "Reset", {"status": "Accepted"})
    assert heard == {"type": "Hard"}


@case(V16)
async def test_TC_085_CSMS_basic_authentication(bench: Bench):
    """A wrong password does not get in."""
    await bench.reconnects()
    await bench.boots()
    with pytest.raises(websockets.InvalidStatus) as refused:
        await Station.knock(bench.server.ocpp, bench.station.id, "x" * 20, V16)
    assert refused.value.response.status_code == 401


@case(V16)
async def test_TC_088_CSMS_the_subprotocol_is_negotiated(bench: Bench):
    """One that is unknown is not spoken (OCPP-J 1.6 §3.2 has the connection completed without it, and closed); of
    several, the known one is taken."""
    await bench.station.close()
    strange = await Station.connect(bench.server.ocpp, bench.station.id, bench.password, "ocpp0.1")
    assert strange.socket.subprotocol is None
    await strange.closed()
    told = base64.b64encode(f"{bench.station.id}:{bench.password}".encode()).decode()
    socket = await websockets.connect(
        f"{bench.server.ocpp}/{bench.station.id}",
        subprotocols=[websockets.Subprotocol("ocpp0.1"), websockets.Subprotocol(V16)],
        additional_headers={"Authorization": f"Basic {told}"},
        compression=None,
    )
    assert socket.subprotocol == V16
    bench.station = Station(bench.station.id, socket)
    assert (await bench.boot())["status"] == "Accepted"
