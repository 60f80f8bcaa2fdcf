"""Smart charging, control towards the grid and battery swaps: what we say in every version, and what stations mean."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ocpp_schemas import check
from voltloom.domain.battery import Battery, SwapStep
from voltloom.domain.charging import (
    AcNeeds,
    ChargingNeeds,
    ChargingProfile,
    CompositeSchedule,
    ControlMode,
    DcNeeds,
    EnergyTransfer,
    InverterTraits,
    NeedsBy,
    OperationMode,
    Period,
    PowerOffer,
    ProfileKind,
    Purpose,
    Rates,
    RateUnit,
    Recurrence,
    Schedule,
    TwoWayNeeds,
)
from voltloom.domain.commands import (
    Accepted,
    AllowEnergyTransfer,
    Answer,
    ClearChargingProfiles,
    ClearDerControls,
    Command,
    DerAnswer,
    GetChargingProfiles,
    GetCompositeSchedule,
    GetDerControls,
    RequestBatterySwap,
    RequestStart,
    SendAfrrSignal,
    SetChargingProfile,
    SetDerControl,
    UpdateDynamicSchedule,
    UsePriorityCharging,
)
from voltloom.domain.der import (
    SETTINGS,
    Ceasing,
    Curve,
    DerControl,
    DerKind,
    DerSettings,
    DerUnit,
    EnterService,
    FixedPowerFactor,
    FixedVar,
    FreqDroop,
    Gradients,
    GridFault,
    Hysteresis,
    LimitMaxDischarge,
    ReactiveParams,
    VoltageParams,
)
from voltloom.domain.errors import Invalid, NotInThisVersion
from voltloom.domain.ids import TransactionId
from voltloom.domain.reports import (
    NOTED,
    BatterySwapReported,
    ChargingLimitCleared,
    ChargingLimitReported,
    ChargingNeedsReported,
    ChargingProfilesReported,
    DerAlarmReported,
    DerControlsReported,
    DerControlSwitched,
    DynamicUpdateAsked,
    DynamicUpdateReply,
    EvScheduleReported,
    HeldControl,
    NeedsAnswer,
    NeedsReply,
    PriorityChargingReported,
    Report,
)
from voltloom.domain.token import IdToken, TokenKind
from voltloom.protocols.ocpp.dialect import DIALECTS, Call, Version
from voltloom.protocols.ocpp.exchange import Read
from voltloom.protocols.ocpp.quirks import NONE, Quirks, quirks_of

V16, V201, V21 = Version.V16, Version.V201, Version.V21
THEN, WRITTEN = datetime(2030, 1, 1, 18, 0, tzinfo=UTC), "2030-01-01T18:00:00.000Z"
W, A = RateUnit.WATTS, RateUnit.AMPERES
RFID, WIRE_RFID = IdToken("04A1B2", TokenKind.ISO14443), {"idToken": "04A1B2", "type": "ISO14443"}


def converse(version: Version, command: Command[Any], answer: dict[str, Any], quirks: Quirks = NONE) -> tuple[Any, Any]:
    """What is sent (action and payload), and the outcome."""
    conversation = DIALECTS[version].converse(command, quirks)
    call = next(conversation)
    assert isinstance(call, Call)
    sent = check(version, call.action, "Request", call.payload)
    payload = json.dumps(answer).encode()
    check(version, call.action, "Response", payload)
    try:
        conversation.send(payload)
    except StopIteration as end:
        return (call.action, sent), end.value
    raise AssertionError("it goes on")


def said(version: Version, command: Command[Any], quirks: Quirks = NONE) -> Any:
    try:
        return converse(version, command, {"status": "Accepted"}, quirks)[0]
    except (NotInThisVersion, Invalid) as error:
        return type(error) if error.reason else "refused without a reason"


def says(command: Command[Any], *, v16: Any, v201: Any, v21: Any = ...) -> Any:
    """v21 left out: as v201."""
    return pytest.param(command, v16, v201, v201 if v21 is ... else v21, id=str(command)[:100])


DEFAULT = ChargingProfile(
    7,
    Purpose.TX_DEFAULT,
    ProfileKind.RECURRING,
    (Schedule(A, (Period(0, Rates(16.0)), Period(28_800, Rates(6.06), 1)), THEN, 86_400, min_rate=6.0),),
    stack_level=2,
    recurrence=Recurrence.DAILY,
    valid_from=THEN,
    valid_to=THEN,
)
WIRE_16 = {
    "chargingProfileId": 7,
    "stackLevel": 2,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Recurring",
    "recurrencyKind": "Daily",
    "validFrom": WRITTEN,
    "validTo": WRITTEN,
    "chargingSchedule": {
        "duration": 86_400,
        "startSchedule": WRITTEN,
        "chargingRateUnit": "A",
        "minChargingRate": 6.0,
        "chargingSchedulePeriod": [
            {"startPeriod": 0, "limit": 16.0},
            {"startPeriod": 28_800, "limit": 6.0, "numberPhases": 1},
        ],
    },
}
WIRE_21 = {
    "id": 7,
    "stackLevel": 2,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Recurring",
    "recurrencyKind": "Daily",
    "validFrom": WRITTEN,
    "validTo": WRITTEN,
    "chargingSchedule": [
        {
            "id": 1,
            "duration": 86_400,
            "startSchedule": WRITTEN,
            "chargingRateUnit": "A",
            "minChargingRate": 6.0,
            "chargingSchedulePeriod": [
                {"startPeriod": 0, "limit": 16.0},
                {"startPeriod": 28_800, "limit": 6.06, "numberPhases": 1},
            ],
        }
    ],
}
WIRE_201 = json.loads(json.dumps(WIRE_21).replace("6.06", "6.0"))
OWN = ChargingProfile(
    8, Purpose.TX, ProfileKind.RELATIVE, (Schedule(W, (Period(0, Rates(7_000)),)),), transaction_id=TransactionId("42")
)
WIRE_OWN = {
    "id": 8,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Relative",
    "transactionId": "42",
    "chargingSchedule": [
        {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 7_000}]}
    ],
}
WITH_A_START = replace(OWN, transaction_id=None)
TWO_WAY = Rates(
    limit=10_000,
    limit_l2=1,
    limit_l3=2,
    discharge_limit=-5_000,
    discharge_limit_l2=-3,
    discharge_limit_l3=-4,
    setpoint=-2_000,
    setpoint_l2=5,
    setpoint_l3=6,
    reactive=100,
    reactive_l2=7,
    reactive_l3=8,
)
WIRE_TWO_WAY = {
    "limit": 10_000,
    "limit_L2": 1,
    "limit_L3": 2,
    "dischargeLimit": -5_000,
    "dischargeLimit_L2": -3,
    "dischargeLimit_L3": -4,
    "setpoint": -2_000,
    "setpoint_L2": 5,
    "setpoint_L3": 6,
    "setpointReactive": 100,
    "setpointReactive_L2": 7,
    "setpointReactive_L3": 8,
}
DYNAMIC = ChargingProfile(
    9,
    Purpose.PRIORITY,
    ProfileKind.DYNAMIC,
    (
        Schedule(
            W,
            (
                Period(
                    0,
                    TWO_WAY,
                    3,
                    2,
                    OperationMode.CENTRAL_SETPOINT,
                    precondition=True,
                    sleep=False,
                    baseline_w=50,
                    frequency_curve=((49.8, 500.0), (50.2, -500.0)),
                    signal_curve=((-1, -900.0), (1, 900.0)),
                ),
            ),
            THEN,
            60,
            local_time=True,
            random_delay_s=30,
            limit_at_soc=(80, 4_000),
        ),
    ),
    max_offline_s=300,
    stays_invalid=True,
    update_interval_s=15,
    updated_at=THEN,
)
WIRE_DYNAMIC = {
    "id": 9,
    "stackLevel": 0,
    "chargingProfilePurpose": "PriorityCharging",
    "chargingProfileKind": "Dynamic",
    "maxOfflineDuration": 300,
    "invalidAfterOfflineDuration": True,
    "dynUpdateInterval": 15,
    "dynUpdateTime": WRITTEN,
    "chargingSchedule": [
        {
            "id": 1,
            "chargingRateUnit": "W",
            "startSchedule": WRITTEN,
            "duration": 60,
            "useLocalTime": True,
            "randomizedDelay": 30,
            "limitAtSoC": {"soc": 80, "limit": 4_000},
            "chargingSchedulePeriod": [
                WIRE_TWO_WAY
                | {
                    "startPeriod": 0,
                    "numberPhases": 3,
                    "phaseToUse": 2,
                    "operationMode": "CentralSetpoint",
                    "preconditioningRequest": True,
                    "evseSleep": False,
                    "v2xBaseline": 50,
                    "v2xFreqWattCurve": [{"frequency": 49.8, "power": 500.0}, {"frequency": 50.2, "power": -500.0}],
                    "v2xSignalWattCurve": [{"signal": -1, "power": -900.0}, {"signal": 1, "power": 900.0}],
                }
            ],
        }
    ],
}


def of(purpose: Purpose) -> ChargingProfile:
    return ChargingProfile(7, purpose, ProfileKind.ABSOLUTE, (Schedule(W, (Period(0, Rates(7_000)),), THEN),))


@pytest.mark.parametrize(
    ("command", "v16", "v201", "v21"),
    [
        says(
            SetChargingProfile(0, DEFAULT),
            v16=("SetChargingProfile", {"connectorId": 0, "csChargingProfiles": WIRE_16}),
            v201=("SetChargingProfile", {"evseId": 0, "chargingProfile": WIRE_201}),
            v21=("SetChargingProfile", {"evseId": 0, "chargingProfile": WIRE_21}),
        ),
        says(
            SetChargingProfile(2, OWN),
            v16=(
                "SetChargingProfile",
                {
                    "connectorId": 2,
                    "csChargingProfiles": {
                        "chargingProfileId": 8,
                        "transactionId": 42,
                        "stackLevel": 0,
                        "chargingProfilePurpose": "TxProfile",
                        "chargingProfileKind": "Relative",
                        "chargingSchedule": {
                            "chargingRateUnit": "W",
                            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 7_000}],
                        },
                    },
                },
            ),
            v201=("SetChargingProfile", {"evseId": 2, "chargingProfile": WIRE_OWN}),
        ),
        says(
            SetChargingProfile(2, replace(OWN, transaction_id=TransactionId("x"))),
            v16=Invalid,
            v201=("SetChargingProfile", {"evseId": 2, "chargingProfile": WIRE_OWN | {"transactionId": "x"}}),
        ),
        says(
            SetChargingProfile(1, DYNAMIC),
            v16=NotInThisVersion,
            v201=NotInThisVersion,
            v21=("SetChargingProfile", {"evseId": 1, "chargingProfile": WIRE_DYNAMIC}),
        ),
        *(
            says(
                SetChargingProfile(1, replace(OWN, schedules=(odd,))),
                v16=NotInThisVersion,
                v201=NotInThisVersion,
                v21=("SetChargingProfile", {"evseId": 1, "chargingProfile": WIRE_OWN | {"chargingSchedule": [wire]}}),
            )
            for odd, wire in (
                (
                    Schedule(A, (Period(0, Rates(16.0, 10.0, 6.0)),)),
                    {
                        "id": 1,
                        "chargingRateUnit": "A",
                        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16, "limit_L2": 10, "limit_L3": 6}],
                    },
                ),
                (
                    Schedule(W, (Period(0, Rates(), mode=OperationMode.IDLE),)),
                    {
                        "id": 1,
                        "chargingRateUnit": "W",
                        "chargingSchedulePeriod": [{"startPeriod": 0, "operationMode": "Idle"}],
                    },
                ),
            )
        ),
        says(
            SetChargingProfile(1, replace(OWN, schedules=OWN.schedules * 2)),
            v16=NotInThisVersion,
            v201=(
                "SetChargingProfile",
                {
                    "evseId": 1,
                    "chargingProfile": WIRE_OWN
                    | {
                        "chargingSchedule": [
                            WIRE_OWN["chargingSchedule"][0] | {"id": number}  # type: ignore[index]
                            for number in (1, 2)
                        ]
                    },
                },
            ),
        ),
        says(
            RequestStart(RFID, 5, profile=WITH_A_START),
            v16=(
                "RemoteStartTransaction",
                {
                    "idTag": "04A1B2",
                    "chargingProfile": {
                        "chargingProfileId": 8,
                        "stackLevel": 0,
                        "chargingProfilePurpose": "TxProfile",
                        "chargingProfileKind": "Relative",
                        "chargingSchedule": {
                            "chargingRateUnit": "W",
                            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 7_000}],
                        },
                    },
                },
            ),
            v201=(
                "RequestStartTransaction",
                {
                    "idToken": WIRE_RFID,
                    "remoteStartId": 5,
                    "chargingProfile": {key: value for key, value in WIRE_OWN.items() if key != "transactionId"},
                },
            ),
        ),
        says(ClearChargingProfiles(), v16=("ClearChargingProfile", {}), v201=("ClearChargingProfile", {})),
        says(
            ClearChargingProfiles(7, evse=1),
            v16=("ClearChargingProfile", {"id": 7}),
            v201=("ClearChargingProfile", {"chargingProfileId": 7}),
        ),
        says(
            ClearChargingProfiles(None, 1, Purpose.STATION_MAX, 3),
            v16=(
                "ClearChargingProfile",
                {"connectorId": 1, "chargingProfilePurpose": "ChargePointMaxProfile", "stackLevel": 3},
            ),
            v201=(
                "ClearChargingProfile",
                {
                    "chargingProfileCriteria": {
                        "evseId": 1,
                        "chargingProfilePurpose": "ChargingStationMaxProfile",
                        "stackLevel": 3,
                    }
                },
            ),
        ),
        says(
            ClearChargingProfiles(purpose=Purpose.EXTERNAL_CONSTRAINTS),
            v16=NotInThisVersion,
            v201=(
                "ClearChargingProfile",
                {"chargingProfileCriteria": {"chargingProfilePurpose": "ChargingStationExternalConstraints"}},
            ),
        ),
        says(
            GetChargingProfiles(9),
            v16=NotInThisVersion,
            v201=("GetChargingProfiles", {"requestId": 9, "chargingProfile": {}}),
        ),
        says(
            GetChargingProfiles(9, 0, purpose=Purpose.TX_DEFAULT, stack_level=1, sources=("CSO", "EMS")),
            v16=NotInThisVersion,
            v201=(
                "GetChargingProfiles",
                {
                    "requestId": 9,
                    "evseId": 0,
                    "chargingProfile": {
                        "chargingProfilePurpose": "TxDefaultProfile",
                        "stackLevel": 1,
                        "chargingLimitSource": ["CSO", "EMS"],
                    },
                },
            ),
        ),
        says(
            GetChargingProfiles(9, profile_ids=(1, -2)),
            v16=NotInThisVersion,
            v201=("GetChargingProfiles", {"requestId": 9, "chargingProfile": {"chargingProfileId": [1, -2]}}),
        ),
        says(GetChargingProfiles(9, profile_ids=(1,), stack_level=1), v16=NotInThisVersion, v201=Invalid),
        says(GetChargingProfiles(9, sources=("x" * 21,)), v16=NotInThisVersion, v201=Invalid),
        says(
            GetCompositeSchedule(0, 3600),
            v16=("GetCompositeSchedule", {"connectorId": 0, "duration": 3600}),
            v201=("GetCompositeSchedule", {"evseId": 0, "duration": 3600}),
        ),
        says(
            GetCompositeSchedule(2, 3600, A),
            v16=("GetCompositeSchedule", {"connectorId": 2, "duration": 3600, "chargingRateUnit": "A"}),
            v201=("GetCompositeSchedule", {"evseId": 2, "duration": 3600, "chargingRateUnit": "A"}),
        ),
        says(
            UpdateDynamicSchedule(9, TWO_WAY),
            v16=NotInThisVersion,
            v201=NotInThisVersion,
            v21=("UpdateDynamicSchedule", {"chargingProfileId": 9, "scheduleUpdate": WIRE_TWO_WAY}),
        ),
        says(
            UsePriorityCharging(TransactionId("T-1"), activate=False),
            v16=NotInThisVersion,
            v201=NotInThisVersion,
            v21=("UsePriorityCharging", {"transactionId": "T-1", "activate": False}),
        ),
        says(
            AllowEnergyTransfer(TransactionId("T-1"), (EnergyTransfer.DC, EnergyTransfer.DC_BPT)),
            v16=NotInThisVersion,
            v201=NotInThisVersion,
            v21=(
                "NotifyAllowedEnergyTransfer",
                {"transactionId": "T-1", "allowedEnergyTransfer": ["DC", "DC_BPT"]},
            ),
        ),
        says(AllowEnergyTransfer(TransactionId("T-1"), ()), v16=NotInThisVersion, v201=NotInThisVersion, v21=Invalid),
        says(
            SendAfrrSignal(-3, THEN),
            v16=NotInThisVersion,
            v201=NotInThisVersion,
            v21=("AFRRSignal", {"signal": -3, "timestamp": WRITTEN}),
        ),
        says(
            GetDerControls(4, default=True, kind=DerKind.VOLT_VAR, control_id="c"),
            v16=NotInThisVersion,
            v201=NotInThisVersion,
            v21=(
                "GetDERControl",
                {"requestId": 4, "isDefault": True, "controlType": "VoltVar", "controlId": "c"},
            ),
        ),
        says(GetDerControls(4), v16=NotInThisVersion, v201=NotInThisVersion, v21=("GetDERControl", {"requestId": 4})),
        says(
            ClearDerControls(default=False),
            v16=NotInThisVersion,
            v201=NotInThisVersion,
            v21=("ClearDERControl", {"isDefault": False}),
        ),
        says(
            RequestBatterySwap(6, RFID),
            v16=NotInThisVersion,
            v201=NotInThisVersion,
            v21=("RequestBatterySwap", {"requestId": 6, "idToken": WIRE_RFID}),
        ),
    ],
)
def test_every_version_says_its_own(command: Command[Any], v16: Any, v201: Any, v21: Any):
    assert {version: said(version, command) for version in (V16, V201, V21)} == {V16: v16, V201: v201, V21: v21}


@pytest.mark.parametrize(
    ("purpose", "v16", "v201"),
    [
        (Purpose.STATION_MAX, "ChargePointMaxProfile", True),
        (Purpose.TX_DEFAULT, "TxDefaultProfile", True),
        (Purpose.TX, "TxProfile", True),
        (Purpose.EXTERNAL_CONSTRAINTS, NotInThisVersion, True),
        (Purpose.PRIORITY, NotInThisVersion, False),
        (Purpose.LOCAL_GENERATION, NotInThisVersion, False),
    ],
)
def test_every_purpose_has_the_word_of_its_version(purpose: Purpose, v16: Any, v201: bool):
    sixteen, two, new = (said(version, SetChargingProfile(0, of(purpose))) for version in (V16, V201, V21))
    assert (sixteen if v16 is NotInThisVersion else sixteen[1]["csChargingProfiles"]["chargingProfilePurpose"]) == v16
    assert (two == new) if v201 else two is NotInThisVersion
    assert new[1]["chargingProfile"]["chargingProfilePurpose"] == purpose.value


@pytest.mark.parametrize("limit", [0.05, 6.0, 16.1, 0.3, 31.999, 12_345.67])
@pytest.mark.parametrize("version", [V16, V201], ids=str)
def test_a_limit_in_tenths_is_never_above_what_it_was(version: Version, limit: float):
    profile = replace(of(Purpose.TX_DEFAULT), schedules=(Schedule(A, (Period(0, Rates(limit)),), THEN),))
    text = json.dumps(said(version, SetChargingProfile(0, profile))[1])
    written = float(text.split('"limit": ')[1].split("}")[0])
    assert limit - 0.1 < written <= limit


# ---- a make that heeds one connector


def test_a_make_that_heeds_profiles_for_one_connector_gets_them_there():
    """https://github.com/lbbrhzn/ocpp/issues/1851"""
    quirks = quirks_of("EN+", "Caro", "1.0")
    for evse, connector in ((0, 1), (1, 1), (2, 2)):
        assert said(V16, SetChargingProfile(evse, DEFAULT), quirks)[1]["connectorId"] == connector
        assert said(V16, ClearChargingProfiles(evse=evse), quirks)[1]["connectorId"] == connector
    assert said(V16, ClearChargingProfiles(), quirks)[1] == {}
    assert said(V16, SetChargingProfile(1, DEFAULT), Quirks(profile_connector=0))[1]["connectorId"] == 0


# ---- composite schedules


def test_what_a_station_says_its_profiles_come_to():
    periods = [{"startPeriod": 0, "limit": 16.0, "numberPhases": 1}, {"startPeriod": 60, "limit": 6.0}]
    schedule = CompositeSchedule(2, THEN, 600, A, (Period(0, Rates(16.0), 1), Period(60, Rates(6.0))))
    sixteen = {
        "status": "Accepted",
        "connectorId": 2,
        "scheduleStart": WRITTEN,
        "chargingSchedule": {"duration": 600, "chargingRateUnit": "A", "chargingSchedulePeriod": periods},
    }
    two = {
        "status": "Accepted",
        "schedule": {
            "evseId": 2,
            "duration": 600,
            "scheduleStart": WRITTEN,
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": periods,
        },
    }
    for version, answer in ((V16, sixteen), (V201, two), (V21, two)):
        _, outcome = converse(version, GetCompositeSchedule(2, 600), answer)
        assert (outcome.answer, outcome.schedule) == (Answer(Accepted.ACCEPTED, "Accepted"), schedule), version
        _, outcome = converse(version, GetCompositeSchedule(2, 600), {"status": "Rejected"})
        assert (outcome.answer.accepted, outcome.schedule) == (Accepted.REJECTED, None)


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (SetChargingProfile(0, DEFAULT), "NotSupported"),
        (ClearChargingProfiles(), "Unknown"),
    ],
)
def test_every_no_of_16_is_one(command: Command[Any], status: str):
    assert converse(V16, command, {"status": status})[1] == Answer(Accepted.REJECTED, status)


# ---- controls towards the grid

CURVE = Curve(
    ((59.5, 100.0), (60.5, 0.0)),
    DerUnit.PCT_MAX_W,
    5.0,
    Hysteresis(1.0, 2.0, 3.0, 4.0),
    ReactiveParams(100.0, autonomous=True, time_constant_s=300.0),
    VoltageParams(253.0, 3.0, Ceasing.REACTIVE),
)
WIRE_CURVE = {
    "curveData": [{"x": 59.5, "y": 100.0}, {"x": 60.5, "y": 0.0}],
    "yUnit": "PctMaxW",
    "responseTime": 5.0,
    "priority": 3,
    "hysteresis": {
        "hysteresisHigh": 1.0,
        "hysteresisLow": 2.0,
        "hysteresisDelay": 3.0,
        "hysteresisGradient": 4.0,
    },
    "reactivePowerParams": {"vRef": 100.0, "autonomousVRefEnable": True, "autonomousVRefTimeConstant": 300.0},
    "voltageParams": {"hv10MinMeanValue": 253.0, "hv10MinMeanTripDelay": 3.0, "powerDuringCessation": "Reactive"},
}
OF_A_KIND: dict[type[DerSettings], tuple[DerSettings, dict[str, Any], str]] = {
    Curve: (CURVE, WIRE_CURVE, "curve"),
    EnterService: (
        EnterService(253.0, 207.0, 50.2, 49.8, 60.0, 30.0, 600.0),
        {
            "priority": 3,
            "highVoltage": 253.0,
            "lowVoltage": 207.0,
            "highFreq": 50.2,
            "lowFreq": 49.8,
            "delay": 60.0,
            "randomDelay": 30.0,
            "rampRate": 600.0,
        },
        "enterService",
    ),
    FixedPowerFactor: (
        FixedPowerFactor(0.9, excitation=True),
        {"priority": 3, "displacement": 0.9, "excitation": True},
        "",
    ),
    FixedVar: (
        FixedVar(-10.0, DerUnit.PCT_MAX_VAR),
        {"priority": 3, "setpoint": -10.0, "unit": "PctMaxVar"},
        "fixedVar",
    ),
    FreqDroop: (
        FreqDroop(50.2, 49.8, 5.0, 6.0, 2.0),
        {
            "priority": 3,
            "overFreq": 50.2,
            "underFreq": 49.8,
            "overDroop": 5.0,
            "underDroop": 6.0,
            "responseTime": 2.0,
        },
        "freqDroop",
    ),
    Gradients: (Gradients(10.0, 20.0), {"priority": 3, "gradient": 10.0, "softGradient": 20.0}, "gradient"),
    LimitMaxDischarge: (
        LimitMaxDischarge(50.0, CURVE),
        {"priority": 3, "pctMaxDischargePower": 50.0, "powerMonitoringMustTrip": WIRE_CURVE},
        "limitMaxDischarge",
    ),
}
_FIELDS_OF_PF = {DerKind.FIXED_PF_ABSORB: "fixedPFAbsorb", DerKind.FIXED_PF_INJECT: "fixedPFInject"}


@pytest.mark.parametrize("kind", DerKind)
def test_every_kind_of_control_is_said_and_told_of(kind: DerKind):
    settings, wire, field = OF_A_KIND[SETTINGS[kind]]
    field = field or _FIELDS_OF_PF[kind]
    control = DerControl("c-1", kind, settings, priority=3)
    request = {"isDefault": True, "controlId": "c-1", "controlType": kind.value, field: wire}
    sent, outcome = converse(V21, SetDerControl(control), {"status": "Accepted", "supersededIds": ["a"]})
    assert sent == ("SetDERControl", request)
    assert outcome == DerAnswer(Answer(Accepted.ACCEPTED, "Accepted"), ("a",))

    told: dict[str, Any] = {"id": "c-1", field: wire}
    if field not in ("enterService", "gradient"):
        told |= {"isDefault": True, "isSuperseded": True}
    if field == "curve":
        told |= {"curveType": kind.value}
    if field.startswith("fixedPF"):
        told["fixedPF"] = told.pop(field)
    report = {"requestId": 4, "tbc": True, field: [told]}
    superseded = field not in ("enterService", "gradient")
    assert heard(V21, "ReportDERControl", report) == [
        DerControlsReported(4, (HeldControl(control, superseded),), more=True)
    ]


def test_a_control_with_a_time_says_when():
    control = DerControl("c-1", DerKind.FIXED_VAR, FixedVar(5.0, DerUnit.PCT_MAX_VAR), False, 0, THEN, 900.0)
    (_, sent), _ = converse(V21, SetDerControl(control), {"status": "NotSupported"})
    wire = {"priority": 0, "setpoint": 5.0, "unit": "PctMaxVar", "startTime": WRITTEN, "duration": 900.0}
    assert (sent["isDefault"], sent["fixedVar"]) == (False, wire)
    told = {"id": "c-1", "isDefault": False, "isSuperseded": False, "fixedVar": wire}
    [report] = heard(V21, "ReportDERControl", {"requestId": 4, "fixedVar": [told]})
    assert report == DerControlsReported(4, (HeldControl(control),), more=False)


@pytest.mark.parametrize(
    "wrong",
    [
        DerControl("c", DerKind.FIXED_VAR, CURVE),
        DerControl("c", DerKind.VOLT_VAR, CURVE, default=True, starts_at=THEN),
        DerControl("c", DerKind.VOLT_VAR, CURVE, default=False, starts_at=THEN),
        DerControl("c", DerKind.VOLT_VAR, CURVE, default=False, duration_s=60),
        DerControl("c", DerKind.GRADIENTS, Gradients(1, 1), default=False, starts_at=THEN, duration_s=60),
        DerControl("c" * 37, DerKind.VOLT_VAR, CURVE),
        DerControl("c", DerKind.VOLT_VAR, replace(CURVE, points=())),
        DerControl("c", DerKind.LIMIT_MAX_DISCHARGE, LimitMaxDischarge(1, replace(CURVE, points=((1, 1),) * 11))),
    ],
)
def test_a_control_that_a_station_must_refuse_is_never_sent(wrong: DerControl):
    with pytest.raises(Invalid):
        next(DIALECTS[V21].converse(SetDerControl(wrong)))


# ---- what stations tell


def heard(version: Version, action: str, payload: dict[str, Any]) -> list[Report[Any]]:
    return list(read(version, action, payload).reports)


def read(version: Version, action: str, payload: dict[str, Any]) -> Read:
    text = json.dumps(payload).encode()
    check(version, action, "Request", text, formats=False)
    found = DIALECTS[version].read_call(action, text, THEN)
    assert isinstance(found, Read), found
    return found


def answered(version: Version, action: str, payload: dict[str, Any], reply: object) -> Any:
    return check(version, action, "Response", read(version, action, payload).write(reply))


NEEDS = {"evseId": 1, "chargingNeeds": {"requestedEnergyTransfer": "DC"}}
SCHEDULE = {"id": 3, "chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 4000}]}
MEANT = Schedule(W, (Period(0, Rates(4000)),))
BOTH = pytest.mark.parametrize("version", [V201, V21], ids=str)


@BOTH
@pytest.mark.parametrize(
    ("action", "payload", "report"),
    [
        (
            "ReportChargingProfiles",
            {
                "requestId": 9,
                "chargingLimitSource": "CSO",
                "evseId": 1,
                "tbc": True,
                "chargingProfile": [WIRE_201, WIRE_OWN | {"id": -8}],
            },
            ChargingProfilesReported(
                9,
                1,
                "CSO",
                (
                    replace(
                        DEFAULT,
                        schedules=(
                            replace(
                                DEFAULT.schedules[0],
                                periods=(Period(0, Rates(16.0)), Period(28_800, Rates(6.0), 1)),
                            ),
                        ),
                    ),
                    replace(OWN, id=-8),
                ),
                more=True,
            ),
        ),
        (
            "NotifyEVChargingNeeds",
            {
                "evseId": 2,
                "maxScheduleTuples": 12,
                "chargingNeeds": {
                    "requestedEnergyTransfer": "AC_three_phase",
                    "departureTime": WRITTEN,
                    "acChargingParameters": {
                        "energyAmount": 20_000,
                        "evMinCurrent": 6,
                        "evMaxCurrent": 16,
                        "evMaxVoltage": 400,
                    },
                },
            },
            ChargingNeedsReported(
                2,
                ChargingNeeds(EnergyTransfer.AC_THREE_PHASE, departs_at=THEN, ac=AcNeeds(20_000, 6, 16, 400)),
                most_periods=12,
            ),
        ),
        (
            "NotifyEVChargingNeeds",
            {
                "evseId": 1,
                "chargingNeeds": {
                    "requestedEnergyTransfer": "DC",
                    "dcChargingParameters": {
                        "evMaxCurrent": 200,
                        "evMaxVoltage": 500,
                        "energyAmount": 30_000,
                        "evMaxPower": 100_000,
                        "stateOfCharge": 20,
                        "evEnergyCapacity": 60_000,
                        "fullSoC": 99,
                        "bulkSoC": 80,
                    },
                },
            },
            ChargingNeedsReported(
                1, ChargingNeeds(EnergyTransfer.DC, dc=DcNeeds(200, 500, 100_000, 30_000, 60_000, 20, 99, 80))
            ),
        ),
        (
            "NotifyEVChargingSchedule",
            {"timeBase": WRITTEN, "evseId": 1, "chargingSchedule": SCHEDULE},
            EvScheduleReported(1, THEN, MEANT),
        ),
        (
            "NotifyChargingLimit",
            {"chargingLimit": {"chargingLimitSource": "EMS"}},
            ChargingLimitReported(0, "EMS"),
        ),
        (
            "NotifyChargingLimit",
            {
                "evseId": 2,
                "chargingLimit": {"chargingLimitSource": "SO", "isGridCritical": True},
                "chargingSchedule": [SCHEDULE],
            },
            ChargingLimitReported(2, "SO", grid_critical=True, schedules=(MEANT,)),
        ),
        ("ClearedChargingLimit", {"chargingLimitSource": "EMS"}, ChargingLimitCleared("EMS")),
        ("ClearedChargingLimit", {"chargingLimitSource": "EMS", "evseId": 1}, ChargingLimitCleared("EMS", 1)),
    ],
)
def test_what_a_station_tells_means(version: Version, action: str, payload: dict[str, Any], report: Report[Any]):
    assert heard(version, action, payload) == [report]


@pytest.mark.parametrize(
    ("action", "payload", "report"),
    [
        (
            "ReportChargingProfiles",
            {"requestId": 9, "chargingLimitSource": "EMS", "evseId": 0, "chargingProfile": [WIRE_DYNAMIC]},
            ChargingProfilesReported(9, 0, "EMS", (DYNAMIC,), more=False),
        ),
        (
            "NotifyEVChargingNeeds",
            {
                "evseId": 1,
                "timestamp": WRITTEN,
                "chargingNeeds": {
                    "requestedEnergyTransfer": "DC_BPT",
                    "availableEnergyTransfer": ["DC", "DC_BPT"],
                    "controlMode": "DynamicControl",
                    "mobilityNeedsMode": "EVCC_SECC",
                    "v2xChargingParameters": {
                        "minChargePower": 1,
                        "maxChargePower_L2": 2,
                        "maxDischargePower": 3,
                        "minDischargeCurrent": 4,
                        "evTargetEnergyRequest": 5,
                        "evMaxV2XEnergyRequest": 6,
                        "targetSoC": 80,
                    },
                    "derChargingParameters": {
                        "evSupportedDERControl": ["VoltVar"],
                        "maxApparentPower": 7,
                        "evInverterModel": "I",
                    },
                    "evEnergyOffer": {
                        "evPowerSchedule": {
                            "timeAnchor": WRITTEN,
                            "evPowerScheduleEntries": [{"duration": 60, "power": -3000}],
                        }
                    },
                },
            },
            ChargingNeedsReported(
                1,
                ChargingNeeds(
                    EnergyTransfer.DC_BPT,
                    (EnergyTransfer.DC, EnergyTransfer.DC_BPT),
                    control=ControlMode.DYNAMIC,
                    by=NeedsBy.VEHICLE_AND_STATION,
                    two_way=TwoWayNeeds(
                        min_charge_w=1,
                        max_charge_w_l2=2,
                        max_discharge_w=3,
                        min_discharge_a=4,
                        target_wh=5,
                        max_two_way_wh=6,
                        target_percent=80,
                    ),
                    inverter=InverterTraits((DerKind.VOLT_VAR,), max_va=7, model="I"),
                    offer=PowerOffer(THEN, ((60, -3000),)),
                ),
                THEN,
            ),
        ),
        (
            "NotifyEVChargingSchedule",
            {
                "timeBase": WRITTEN,
                "evseId": 1,
                "chargingSchedule": SCHEDULE,
                "selectedChargingScheduleId": 2,
                "powerToleranceAcceptance": True,
            },
            EvScheduleReported(1, THEN, MEANT, 2, tolerates=True),
        ),
        (
            "NotifyChargingLimit",
            {"chargingLimit": {"chargingLimitSource": "x-solar", "isLocalGeneration": True}},
            ChargingLimitReported(0, "x-solar", local_generation=True),
        ),
        (
            "NotifyPriorityCharging",
            {"transactionId": "T-1", "activated": True},
            PriorityChargingReported(TransactionId("T-1"), active=True),
        ),
        ("PullDynamicScheduleUpdate", {"chargingProfileId": 9}, DynamicUpdateAsked(9)),
        (
            "NotifyDERAlarm",
            {
                "controlType": "HFMustTrip",
                "timestamp": WRITTEN,
                "gridEventFault": "OverFrequency",
                "extraInfo": "51 Hz",
            },
            DerAlarmReported(DerKind.HF_MUST_TRIP, THEN, fault=GridFault.OVER_FREQUENCY, text="51 Hz"),
        ),
        (
            "NotifyDERAlarm",
            {"controlType": "HFMustTrip", "timestamp": WRITTEN, "alarmEnded": True},
            DerAlarmReported(DerKind.HF_MUST_TRIP, THEN, ended=True),
        ),
        (
            "NotifyDERStartStop",
            {"controlId": "a", "started": True, "timestamp": WRITTEN, "supersededIds": ["b"]},
            DerControlSwitched("a", True, THEN, ("b",)),
        ),
        (
            "BatterySwap",
            {
                "requestId": 6,
                "eventType": "BatteryIn",
                "idToken": WIRE_RFID,
                "batteryData": [
                    {"evseId": 1, "serialNumber": "B-1", "soC": 12.5, "soH": 90},
                    {
                        "evseId": 2,
                        "serialNumber": "B-2",
                        "soC": 0,
                        "soH": 91,
                        "productionDate": WRITTEN,
                        "vendorInfo": "v",
                    },
                ],
            },
            BatterySwapReported(
                6,
                SwapStep.IN,
                RFID,
                (Battery(1, "B-1", 12.5, 90), Battery(2, "B-2", 0, 91, THEN, "v")),
            ),
        ),
    ],
)
def test_what_a_station_of_21_tells_means(action: str, payload: dict[str, Any], report: Report[Any]):
    assert heard(V21, action, payload) == [report]


def test_by_local_time_the_zone_does_not_count():
    schedule = SCHEDULE | {"useLocalTime": True, "startSchedule": "2030-01-01T08:00:00+02:00"}
    [report] = heard(V21, "NotifyEVChargingSchedule", {"timeBase": WRITTEN, "evseId": 1, "chargingSchedule": schedule})
    assert isinstance(report, EvScheduleReported)
    assert report.schedule.starts_at == datetime(2030, 1, 1, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("reply", "v201", "v21"),
    [
        (NeedsReply(NeedsAnswer.ACCEPTED), {"status": "Accepted"}, ...),
        (NeedsReply(NeedsAnswer.PROCESSING), {"status": "Processing"}, ...),
        (NeedsReply(NeedsAnswer.NO_PROFILE), {"status": "Processing"}, {"status": "NoChargingProfile"}),
        (
            NeedsReply(NeedsAnswer.REJECTED, "DC_BPT is not allowed"),
            {
                "status": "Rejected",
                "statusInfo": {"reasonCode": "Unspecified", "additionalInfo": "DC_BPT is not allowed"},
            },
            ...,
        ),
    ],
)
def test_how_needs_are_answered(reply: NeedsReply, v201: Any, v21: Any):
    assert answered(V201, "NotifyEVChargingNeeds", NEEDS, reply) == v201
    assert answered(V21, "NotifyEVChargingNeeds", NEEDS, reply) == (v201 if v21 is ... else v21)


def test_how_a_station_that_asks_for_rates_is_answered():
    asked = {"chargingProfileId": 9}
    rates = DynamicUpdateReply(Rates(7_000, setpoint=-1_000))
    assert answered(V21, "PullDynamicScheduleUpdate", asked, rates) == {
        "status": "Accepted",
        "scheduleUpdate": {"limit": 7_000, "setpoint": -1_000},
    }
    assert answered(V21, "PullDynamicScheduleUpdate", asked, DynamicUpdateReply(None, "no such")) == {
        "status": "Rejected",
        "statusInfo": {"reasonCode": "Unspecified", "additionalInfo": "no such"},
    }


@BOTH
def test_a_schedule_of_the_vehicle_is_processed(version: Version):
    payload = {"timeBase": WRITTEN, "evseId": 1, "chargingSchedule": SCHEDULE}
    assert answered(version, "NotifyEVChargingSchedule", payload, NOTED) == {"status": "Accepted"}
