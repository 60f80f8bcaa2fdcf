import pytest

from voltloom.domain.errors import Invalid, NotInThisVersion
from voltloom.protocols.ocpp.v2 import messages_21, messages_201
from voltloom.protocols.ocpp.v2.gate import GATE_21, GATE_201

PERIOD = messages_21.ChargingSchedulePeriod(start_period=0, limit=16)


def profile(period: messages_21.ChargingSchedulePeriod, **more: object) -> messages_21.SetChargingProfileRequest:
    schedule = messages_21.ChargingSchedule(
        id=1, charging_rate_unit=messages_21.ChargingRateUnitEnum.A, charging_schedule_period=[period]
    )
    return messages_21.SetChargingProfileRequest(
        evse_id=1,
        charging_profile=messages_21.ChargingProfile(
            id=1,
            stack_level=0,
            charging_profile_purpose=messages_21.ChargingProfilePurposeEnum.TX_PROFILE,
            charging_profile_kind=messages_21.ChargingProfileKindEnum.ABSOLUTE,
            charging_schedule=[schedule],
            **more,  # pyright: ignore[reportArgumentType]
        ),
    )


def test_what_both_versions_can_say_passes_as_the_older_type():
    narrowed = GATE_201.fit("SetChargingProfile", profile(PERIOD))
    assert isinstance(narrowed, messages_201.SetChargingProfileRequest)
    assert narrowed.charging_profile.charging_schedule[0].charging_schedule_period[0].limit == 16


def test_what_is_in_its_own_version_passes_as_it_is():
    request = profile(PERIOD)
    assert GATE_21.fit("SetChargingProfile", request) is request


def test_a_field_that_201_lacks_is_named_with_its_place():
    with pytest.raises(NotInThisVersion, match=r"chargingProfile\.dynUpdateInterval"):
        GATE_201.fit("SetChargingProfile", profile(PERIOD, dyn_update_interval=60))


def test_a_field_deep_inside_is_found_too():
    period = messages_21.ChargingSchedulePeriod(start_period=0, limit=16, setpoint=-5)
    with pytest.raises(NotInThisVersion, match=r"chargingSchedulePeriod\.setpoint"):
        GATE_201.fit("SetChargingProfile", profile(period))


def test_a_field_that_201_demands_is_missed():
    period = messages_21.ChargingSchedulePeriod(start_period=0)
    with pytest.raises(NotInThisVersion, match="limit"):
        GATE_201.fit("SetChargingProfile", profile(period))


def test_a_word_that_201_lacks_is_named():
    request = messages_21.ResetRequest(type=messages_21.ResetEnum.IMMEDIATE_AND_RESUME)
    with pytest.raises(NotInThisVersion, match="ImmediateAndResume"):
        GATE_201.fit("Reset", request)


def test_an_action_that_201_lacks_is_named():
    with pytest.raises(NotInThisVersion, match="GetTariffs"):
        GATE_201.fit("GetTariffs", messages_21.GetTariffsRequest(evse_id=1))


@pytest.mark.parametrize("gate", [GATE_201, GATE_21], ids=lambda gate: str(gate.version))
def test_what_no_version_can_hold_is_invalid(gate: type):
    with pytest.raises(Invalid, match="evseId"):
        gate.fit("Reset", messages_21.ResetRequest(type=messages_21.ResetEnum.IMMEDIATE, evse_id=-1))
