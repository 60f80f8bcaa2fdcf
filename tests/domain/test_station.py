from voltloom.domain.ids import Place
from voltloom.domain.station import SettingName


def test_a_setting_is_shown_with_all_that_tells_it_apart():
    name = SettingName("Connector", "Available", component_instance="left", place=Place(2, 1))
    assert str(name) == "Connector[left]@2.1.Available"
    assert str(SettingName("OCPPCommCtrlr", "HeartbeatInterval")) == "OCPPCommCtrlr.HeartbeatInterval"
