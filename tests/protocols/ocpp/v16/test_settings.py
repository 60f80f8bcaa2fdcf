import pytest

from voltloom.domain.ids import Place
from voltloom.domain.station import SettingName
from voltloom.protocols.ocpp.v16.settings import NAMES, key_of, name_of


@pytest.mark.parametrize("key", NAMES)
def test_a_standard_key_is_the_same_after_there_and_back(key: str):
    assert key_of(name_of(key)) == key
    assert name_of(key.upper()) == name_of(key)


def test_no_two_keys_are_one_variable():
    assert len(set(NAMES.values())) == len(NAMES)


@pytest.mark.parametrize("key", ["LightLevel", "authorizationKey2", "x" * 50])
def test_any_other_key_is_a_variable_of_its_own_as_spelled(key: str):
    assert name_of(key) == SettingName("OCPP16", key)
    assert key_of(name_of(key)) == key


@pytest.mark.parametrize(
    "name",
    [
        SettingName("TxCtrlr", "TxStartPoint"),
        SettingName("OCPPCommCtrlr", "MessageAttempts"),
        SettingName("OCPPCommCtrlr", "HeartbeatInterval", place=Place(1)),
        SettingName("OCPP16", "LightLevel", place=Place(1)),
    ],
)
def test_what_16_has_no_key_for_is_none(name: SettingName):
    assert key_of(name) is None
