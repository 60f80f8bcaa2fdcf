"""The OCA's test cases of blocks C (authorization), E (transactions) and J (meter values) for a central system, by
their ids, in 2.0.1 and 2.1.

Read in `AviranAbady/tzi-OCTT` (2.0.1/C, /E and /J): each case's use case, requirements, states before it, steps and
what is checked. TC_C_37 and TC_C_50 to TC_C_52 are in `test_local_lists` and `test_certificates`, TC_E_29 in
`test_transaction_status`.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from cases import (
    BLOCKED,
    CARD,
    EXPIRED,
    FRIEND,
    GROUP,
    MASTER,
    MASTERS,
    OF_2X,
    STRANGER,
    Bench,
    case,
    furnish,
    meter,
)
from harness import Server

OF_GROUP = {"idToken": GROUP, "type": "Central"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("transactions") / "data") as running:
        furnish(running)
        yield running


# ---- C: authorization


@case(*OF_2X)
async def test_TC_C_02_CSMS_a_local_start_by_an_unknown_token(bench: Bench):
    assert (await bench.authorizes(STRANGER))["status"] in ("Invalid", "Unknown")


@case(*OF_2X)
async def test_TC_C_06_CSMS_a_local_start_by_a_blocked_token(bench: Bench):
    assert (await bench.authorizes(BLOCKED))["status"] == "Blocked"


@case(*OF_2X)
async def test_TC_C_07_CSMS_a_local_start_by_an_expired_token(bench: Bench):
    assert (await bench.authorizes(EXPIRED))["status"] == "Expired"


async def plugs_in(bench: Bench, evse: int = 1) -> None:
    """State EVConnectedPreSession, with the transaction begun by the cable."""
    await bench.status("Occupied", evse)
    await bench.event("Started", "CablePluggedIn", "EVConnected", evse=evse)


@case(*OF_2X)
async def test_TC_C_08_CSMS_by_the_cache_accepted(bench: Bench):
    """C12.FR.03: it is checked when the event comes."""
    await plugs_in(bench)
    answer = await bench.event("Updated", "Authorized", "EVConnected", CARD)
    assert answer["idTokenInfo"]["status"] == "Accepted"


@case(*OF_2X)
async def test_TC_C_20_CSMS_by_the_cache_invalid(bench: Bench):
    await plugs_in(bench)
    answer = await bench.event("Updated", "Authorized", "EVConnected", STRANGER)
    assert answer["idTokenInfo"]["status"] in ("Invalid", "Unknown")


@case(*OF_2X)
async def test_TC_C_38_CSMS_clearing_the_cache_is_rejected(bench: Bench):
    heard, said = await bench.asks("cache/clear", {}, "ClearCache", {"status": "Rejected"})
    assert (heard, said["outcome"]) == ({}, "rejected")


async def goes(bench: Bench) -> None:
    """States EVConnectedPostSession and EVDisconnected."""
    await bench.event("Updated", "ChargingStateChanged", "EVConnected")
    await bench.status("Available")
    await bench.event("Ended", "EVCommunicationLost", "Idle", info={"stoppedReason": "EVDisconnected"})
    assert (await bench.transaction())["ended_at"] is not None


async def ends_by_a_friend(bench: Bench) -> None:
    said = await bench.authorizes(FRIEND)
    assert (said["status"], said["groupIdToken"]) == ("Accepted", OF_GROUP)
    info = (await bench.event("Updated", "StopAuthorized", card=FRIEND))["idTokenInfo"]
    assert (info["status"], info["groupIdToken"]) == ("Accepted", OF_GROUP)
    await goes(bench)


@case(*OF_2X)
async def test_TC_C_39_CSMS_by_the_group(bench: Bench):
    """One of the group ends what another began; the group is told in each answer (C09.FR.02, .03, E01.FR.12)."""
    await plugs_in(bench)
    said = await bench.authorizes(FRIEND)
    assert (said["status"], said["groupIdToken"]) == ("Accepted", OF_GROUP)
    info = (await bench.event("Updated", "Authorized", "EVConnected", CARD))["idTokenInfo"]
    assert (info["status"], info["groupIdToken"]) == ("Accepted", OF_GROUP)
    await bench.event("Updated", "ChargingStateChanged", "Charging")
    await ends_by_a_friend(bench)


@case(*OF_2X)
async def test_TC_C_40_CSMS_by_the_group_with_a_local_list(bench: Bench):
    """Nothing is asked before it begins."""
    await plugs_in(bench)
    info = (await bench.event("Updated", "Authorized", "EVConnected", CARD))["idTokenInfo"]
    assert (info["status"], info["groupIdToken"]) == ("Accepted", OF_GROUP)
    await bench.event("Updated", "ChargingStateChanged", "Charging")
    info = (await bench.event("Updated", "StopAuthorized", card=FRIEND))["idTokenInfo"]
    assert (info["status"], info["groupIdToken"]) == ("Accepted", OF_GROUP)
    await goes(bench)


@case(*OF_2X)
async def test_TC_C_43_CSMS_by_the_group_invalid_on_the_local_list(bench: Bench):
    """The station asks about the second token, as its list has it as invalid."""
    await plugs_in(bench)
    info = (await bench.event("Updated", "Authorized", "EVConnected", CARD))["idTokenInfo"]
    assert (info["status"], info["groupIdToken"]) == ("Accepted", OF_GROUP)
    await bench.event("Updated", "ChargingStateChanged", "Charging")
    await ends_by_a_friend(bench)


async def is_ended_by_master(bench: Bench, transaction_id: str, evse: int, sequence: int) -> None:
    bench.transaction_id = transaction_id
    answer = await bench.event(
        "Ended", "StopAuthorized", "Idle", MASTER, evse, info={"stoppedReason": "MasterPass"}, seqNo=sequence
    )
    assert answer["idTokenInfo"]["status"] == "Accepted"
    assert answer["idTokenInfo"]["groupIdToken"]["idToken"] == MASTERS
    ended = await bench.transaction()
    assert (ended["stop_reason"], ended["ended_at"] is None) == ("MasterPass", False)


async def shows_master(bench: Bench) -> None:
    said = await bench.authorizes(MASTER)
    assert (said["status"], said["groupIdToken"]["idToken"]) == ("Accepted", MASTERS)


async def two_charge(bench: Bench) -> tuple[str, str]:
    await bench.charges(1)
    first = bench.transaction_id
    await bench.charges(2, FRIEND)
    return first, bench.transaction_id


@case(*OF_2X)
async def test_TC_C_47_CSMS_a_master_pass_ends_all_transactions(bench: Bench):
    """C16.FR.01, at a station with a display."""
    first, second = await two_charge(bench)
    await shows_master(bench)
    await is_ended_by_master(bench, first, 1, 4)
    await is_ended_by_master(bench, second, 2, 4)


@case(*OF_2X)
async def test_TC_C_48_CSMS_a_master_pass_ends_one_transaction(bench: Bench):
    await bench.charges()
    await shows_master(bench)
    await is_ended_by_master(bench, bench.transaction_id, 1, 4)


@case(*OF_2X)
async def test_TC_C_49_CSMS_a_master_pass_without_a_display(bench: Bench):
    """All transactions end."""
    first, second = await two_charge(bench)
    await shows_master(bench)
    for evse, transaction_id in ((1, first), (2, second)):
        await is_ended_by_master(bench, transaction_id, evse, 4)


# ---- E: where transactions start


@case(*OF_2X)
async def test_TC_E_01_CSMS_it_starts_with_the_power_path(bench: Bench):
    """E01.FR.05."""
    assert (await bench.authorizes())["status"] == "Accepted"
    await bench.status("Occupied")
    answer = await bench.event("Started", "CablePluggedIn", "SuspendedEVSE", CARD)
    assert answer["idTokenInfo"]["status"] == "Accepted"
    await bench.event("Updated", "ChargingStateChanged", "Charging")
    assert (await bench.transaction())["charging_state"] == "Charging"


@case(*OF_2X)
async def test_TC_E_02_CSMS_it_starts_with_the_energy(bench: Bench):
    """E01.FR.06."""
    assert (await bench.authorizes())["status"] == "Accepted"
    await bench.status("Occupied")
    answer = await bench.event("Started", "ChargingStateChanged", "Charging", CARD)
    assert answer["idTokenInfo"]["status"] == "Accepted"


@case(*OF_2X)
async def test_TC_E_09_CSMS_it_starts_with_the_cable(bench: Bench):
    """E01.FR.02: no token, and so none is spoken of."""
    await bench.status("Occupied")
    assert await bench.event("Started", "CablePluggedIn", "EVConnected") == {}


@case(*OF_2X)
async def test_TC_E_10_CSMS_it_starts_with_the_token(bench: Bench):
    """E01.FR.03: the EVSE is not known yet."""
    assert (await bench.authorizes())["status"] == "Accepted"
    answer = await bench.event("Started", "Authorized", card=CARD, evse=None)
    assert answer["idTokenInfo"]["status"] == "Accepted"


@case(*OF_2X)
async def test_TC_E_11_CSMS_it_starts_with_signed_data(bench: Bench):
    """E01.FR.04."""
    assert (await bench.authorizes())["status"] == "Accepted"
    await bench.status("Occupied")
    values = meter((1000, "Transaction.Begin"), signed="T0NNRnx7fXx7fQ==")
    answer = await bench.event("Started", "SignedDataReceived", "EVConnected", CARD, meterValue=values)
    assert answer["idTokenInfo"]["status"] == "Accepted"
    assert (await bench.transaction())["meter_start_wh"] in (None, 1000)


@case(*OF_2X)
async def test_TC_E_12_CSMS_it_starts_with_the_parking_bay(bench: Bench):
    """E01.FR.01."""
    assert await bench.event("Started", "EVDetected") == {}


@case(*OF_2X)
async def test_TC_E_03_CSMS_the_cable_first(bench: Bench):
    """E02.FR.02."""
    await plugs_in(bench)
    assert (await bench.authorizes())["status"] == "Accepted"
    answer = await bench.event("Updated", "Authorized", "EVConnected", CARD)
    assert answer["idTokenInfo"]["status"] == "Accepted"
    assert await bench.event("Updated", "ChargingStateChanged", "Charging") == {}


@case(*OF_2X)
async def test_TC_E_04_CSMS_the_token_first(bench: Bench):
    """E03.FR.02."""
    assert (await bench.authorizes())["status"] == "Accepted"
    answer = await bench.event("Started", "Authorized", card=CARD)
    assert answer["idTokenInfo"]["status"] == "Accepted"
    await bench.status("Occupied")
    assert await bench.event("Updated", "CablePluggedIn", "EVConnected") == {}
    assert await bench.event("Updated", "ChargingStateChanged", "Charging") == {}


@case(*OF_2X)
async def test_TC_E_38_CSMS_the_vehicle_is_not_ready(bench: Bench):
    assert (await bench.authorizes())["status"] == "Accepted"
    await bench.event("Started", "Authorized", card=CARD)
    await bench.status("Occupied")
    await bench.event("Updated", "CablePluggedIn", "EVConnected")
    await bench.event("Updated", "ChargingStateChanged", "SuspendedEV")
    assert (await bench.transaction())["charging_state"] == "SuspendedEV"


# ---- E: where they end


async def ends(bench: Bench, trigger: str, reason: str, state: str = "", card: str = "") -> dict[str, Any]:
    answer = await bench.event("Ended", trigger, state, card, info={"stoppedReason": reason})
    ended = await bench.transaction()
    assert (ended["stop_reason"], ended["ended_at"] is None) == (reason, False)
    return answer


async def is_stopped(bench: Bench) -> None:
    """State StopAuthorized."""
    answer = await bench.event("Updated", "StopAuthorized", "EVConnected", CARD)
    assert answer["idTokenInfo"]["status"] == "Accepted"


@case(*OF_2X)
async def test_TC_E_07_CSMS_it_ends_with_the_power_path(bench: Bench):
    """E06.FR.06."""
    await bench.charges()
    assert (await ends(bench, "StopAuthorized", "Local", "EVConnected", CARD))["idTokenInfo"]["status"] == "Accepted"


@case(*OF_2X)
async def test_TC_E_08_CSMS_it_ends_with_the_energy(bench: Bench):
    """E06.FR.07."""
    await bench.charges()
    await is_stopped(bench)
    await ends(bench, "ChargingStateChanged", "Local", "EVConnected")


@case(*OF_2X)
async def test_TC_E_22_CSMS_it_ends_as_the_vehicle_suspends(bench: Bench):
    """E06.FR.07."""
    await bench.charges()
    await ends(bench, "ChargingStateChanged", "StoppedByEV", "SuspendedEV")


@case(*OF_2X)
async def test_TC_E_14_CSMS_it_ends_with_the_cable_at_the_station(bench: Bench):
    """E06.FR.02."""
    await bench.charges()
    await is_stopped(bench)
    await bench.event("Updated", "ChargingStateChanged", "EVConnected")
    await bench.status("Available")
    await ends(bench, "EVCommunicationLost", "EVDisconnected", "Idle")


@case(*OF_2X)
async def test_TC_E_20_CSMS_it_ends_with_the_cable_at_the_vehicle(bench: Bench):
    """E06.FR.02, E10."""
    await bench.charges()
    await bench.event("Updated", "ChargingStateChanged", "SuspendedEV")
    await ends(bench, "EVCommunicationLost", "EVDisconnected", "Idle")


@case(*OF_2X)
async def test_TC_E_15_CSMS_it_ends_with_the_token(bench: Bench):
    """E06.FR.03."""
    await bench.charges()
    assert (await bench.authorizes())["status"] == "Accepted"
    assert (await ends(bench, "StopAuthorized", "Local", card=CARD))["idTokenInfo"]["status"] == "Accepted"


@case(*OF_2X)
async def test_TC_E_16_CSMS_it_ends_as_the_token_is_invalid(bench: Bench):
    """E06.FR.04, E01.FR.11, .12."""
    answer = await bench.event("Started", "Authorized", card=STRANGER)
    assert answer["idTokenInfo"]["status"] in ("Invalid", "Unknown")
    await ends(bench, "Deauthorized", "DeAuthorized")


@case(*OF_2X)
async def test_TC_E_17_CSMS_it_ends_unauthorized_at_the_vehicles_side(bench: Bench):
    """E06.FR.04."""
    await bench.charges()
    await bench.event("Updated", "ChargingStateChanged", "SuspendedEV")
    await ends(bench, "EVCommunicationLost", "EVDisconnected", "Idle")


@case(*OF_2X)
async def test_TC_E_39_CSMS_it_ends_as_nobody_plugs_in(bench: Bench):
    """E03.FR.04, .05, E06.FR.04."""
    assert (await bench.authorizes())["status"] == "Accepted"
    await bench.event("Started", "Authorized", card=CARD)
    await ends(bench, "EVConnectTimeout", "Timeout")


@case(*OF_2X)
async def test_TC_E_19_CSMS_it_ends_with_the_parking_bay(bench: Bench):
    """E06.FR.01."""
    await bench.charges()
    await is_stopped(bench)
    await bench.event("Updated", "EVCommunicationLost", "Idle")
    await ends(bench, "EVDeparted", "Local")


@case(*OF_2X)
async def test_TC_E_21_CSMS_it_is_ended_from_afar(bench: Bench):
    """F03.FR.01, .09, E06.FR.03."""
    await bench.charges()
    body = {"transaction_id": bench.transaction_id}
    heard, said = await bench.asks("stop", body, "RequestStopTransaction", {"status": "Accepted"})
    assert (heard, said["outcome"]) == ({"transactionId": bench.transaction_id}, "accepted")
    await ends(bench, "RemoteStop", "Remote")


@case(*OF_2X)
async def test_TC_E_26_CSMS_the_cable_is_pulled_and_plugged_in_again(bench: Bench):
    """E10.FR.01: it is suspended, and goes on."""
    await bench.charges()
    await bench.event("Updated", "ChargingStateChanged", "SuspendedEV")
    await bench.event("Updated", "EVCommunicationLost", "Idle")
    await bench.event("Updated", "CablePluggedIn", "EVConnected")
    await bench.event("Updated", "ChargingStateChanged", "Charging")
    stands = await bench.transaction()
    assert (stands["charging_state"], stands["ended_at"]) == ("Charging", None)


# ---- E: how they stand


async def asks_status(bench: Bench, answer: dict[str, Any]) -> Any:
    path = f"/transactions/{bench.station.id}/{bench.transaction_id}/status"
    heard, said = await bench.asks(path, {}, "GetTransactionStatus", answer)
    assert heard == {"transactionId": bench.transaction_id}
    return said


@case(*OF_2X)
async def test_TC_E_30_CSMS_ongoing_and_nothing_waits(bench: Bench):
    """E14.FR.02, .05."""
    await bench.charges()
    said = await asks_status(bench, {"ongoingIndicator": True, "messagesInQueue": False})
    assert (said["ongoing"], said["messages_in_queue"]) == (True, False)


@case(*OF_2X)
async def test_TC_E_31_CSMS_over_and_messages_wait(bench: Bench):
    """E14.FR.03, .04: what waits is told after it."""
    await bench.charges()
    said = await asks_status(bench, {"ongoingIndicator": False, "messagesInQueue": True})
    assert (said["ongoing"], said["messages_in_queue"], said["closed"]) == (False, True, False)
    await bench.event("Updated", "StopAuthorized", "EVConnected", CARD, offline=True)
    await bench.event("Ended", "EVCommunicationLost", "Idle", info={"stoppedReason": "Local"}, offline=True)
    assert (await bench.transaction())["ended_at"] is not None


async def asks_any_status(bench: Bench, waits: bool) -> None:
    heard, said = await bench.asks("transactions/status", {}, "GetTransactionStatus", {"messagesInQueue": waits})
    assert (heard, said) == ({}, {"messages_in_queue": waits})


@case(*OF_2X)
async def test_TC_E_33_CSMS_messages_of_any_transaction_wait(bench: Bench):
    """E14.FR.06, .07."""
    await bench.charges()
    await asks_any_status(bench, True)
    await bench.event("Updated", "MeterValuePeriodic", offline=True)


@case(*OF_2X)
async def test_TC_E_34_CSMS_nothing_of_any_transaction_waits(bench: Bench):
    """E14.FR.06, .08."""
    await asks_any_status(bench, False)


@case(*OF_2X)
async def test_TC_E_53_CSMS_sequence_numbers_begin_anew(bench: Bench):
    """E01.FR.07: with each transaction."""
    for _ in range(2):
        await bench.charges()
        await is_stopped(bench)
        await goes(bench)
        assert (await bench.transaction())["missing_reports"] == []
    found = (await bench.sees(f"/transactions?station_id={bench.station.id}"))["items"]
    assert len(found) == 2


# ---- J: meter values


def clock(value: float) -> list[dict[str, Any]]:
    return meter((value, "Sample.Clock"))


async def meters(bench: Bench, evse: int, value: float) -> None:
    assert await bench.call("MeterValues", {"evseId": evse, "meterValue": clock(value)}) == {}
    fiscal = {"name": "FiscalMetering"} | ({"evse": {"id": evse}} if evse else {})
    assert await bench.notes(fiscal, "EnergyActiveImportRegister", str(value), "Periodic") == {}


@case(*OF_2X)
async def test_TC_J_01_CSMS_clock_aligned_without_a_transaction(bench: Bench):
    """J01.FR.18: of the station's own meter and of each EVSE."""
    for value in (100, 200, 300):
        await meters(bench, 0, value)
        await meters(bench, 1, value)
    kept = (await bench.sees("samples"))["items"]
    assert sorted((each["evse"], each["energy_wh"]) for each in kept) == [
        (evse, value) for evse in (0, 1) for value in (100, 200, 300)
    ]


@case(*OF_2X)
async def test_TC_J_02_CSMS_clock_aligned_in_a_transaction(bench: Bench):
    await bench.charges()
    for value in (1000, 1500):
        await meters(bench, 0, value)
        assert await bench.event("Updated", "MeterValueClock", "Charging", meterValue=clock(value)) == {}
    assert (await bench.transaction())["energy_wh"] == 500


def at_the_end(context: str, signed: str = "") -> list[dict[str, Any]]:
    return meter((1000, context), (1500, context), (2000, "Transaction.End"), signed=signed)


async def is_metered_to_the_end(bench: Bench, context: str, signed: str = "") -> None:
    await bench.charges()
    values = at_the_end(context, signed)
    info = {"stoppedReason": "EVDisconnected"}
    await bench.event("Ended", "EVCommunicationLost", "Idle", meterValue=values, info=info)
    assert (await bench.transaction())["energy_wh"] == 1000
    kept = (await bench.sees(f"/transactions/{bench.station.id}/{bench.transaction_id}/samples"))["items"]
    assert {each["context"] for each in kept} == {context, "Transaction.End"}
    if signed:
        assert all(signed in str(each) for each in kept)


@case(*OF_2X)
async def test_TC_J_03_CSMS_clock_aligned_at_the_end(bench: Bench):
    await is_metered_to_the_end(bench, "Sample.Clock")


@case(*OF_2X)
async def test_TC_J_04_CSMS_clock_aligned_and_signed(bench: Bench):
    """J01.FR.21: kept to the letter."""
    await is_metered_to_the_end(bench, "Sample.Clock", "T0NNRnx7IkZWIjoiMS4wIn18eyJTRCI6IjMwNDQifQ==")


@case(*OF_2X)
async def test_TC_J_07_CSMS_sampled_at_the_start(bench: Bench):
    """J02.FR.19."""
    await bench.status("Occupied")
    values = meter((1000, "Transaction.Begin"))
    assert await bench.event("Started", "CablePluggedIn", "EVConnected", meterValue=values) == {}


@case(*OF_2X)
async def test_TC_J_08_CSMS_sampled_when_the_evse_is_known(bench: Bench):
    assert (await bench.authorizes())["status"] == "Accepted"
    await bench.event("Started", "Authorized", card=CARD, evse=None)
    await bench.status("Occupied")
    values = meter((1000, "Transaction.Begin"))
    assert await bench.event("Updated", "CablePluggedIn", "EVConnected", meterValue=values) == {}
    assert await bench.event("Updated", "ChargingStateChanged", "Charging") == {}
    assert (await bench.transaction())["evse"] == 1


@case(*OF_2X)
async def test_TC_J_09_CSMS_sampled_in_a_transaction(bench: Bench):
    await bench.charges()
    for value in (1000, 1200, 1400):
        values = meter((value, "Sample.Periodic"))
        assert await bench.event("Updated", "MeterValuePeriodic", "Charging", meterValue=values) == {}
    assert (await bench.transaction())["energy_wh"] == 400


@case(*OF_2X)
async def test_TC_J_10_CSMS_sampled_at_the_end(bench: Bench):
    await is_metered_to_the_end(bench, "Sample.Periodic")


@case(*OF_2X)
async def test_TC_J_11_CSMS_sampled_and_signed(bench: Bench):
    """J02.FR.21."""
    await is_metered_to_the_end(bench, "Sample.Periodic", "T0NNRnx7IkZWIjoiMS4wIn18eyJTRCI6IjMwNDUifQ==")
