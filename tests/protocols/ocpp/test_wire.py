import msgspec
import pytest

from voltloom.protocols.ocpp.v2 import messages_21
from voltloom.protocols.ocpp.v16 import messages
from voltloom.protocols.ocpp.wire import read, to_the_letter, write


def test_unknown_fields_are_passed_over() -> None:
    assert read(messages.AuthorizeRequest, b'{"idTag":"A","colour":"red"}') == messages.AuthorizeRequest(id_tag="A")


def test_null_stands_for_an_absent_field() -> None:
    said = read(
        messages.MeterValuesRequest,
        b'{"connectorId":1,"transactionId":null,"meterValue":[]}'.replace(
            b"[]", b'[{"timestamp":"t","sampledValue":[]}]'
        ),
    )
    assert said.transaction_id is None


def test_a_float_that_is_whole_is_read_as_the_integer_it_means() -> None:
    said = read(messages.StopTransactionRequest, b'{"transactionId":7.0,"meterStop":1500.0,"timestamp":"t"}')
    assert (said.transaction_id, said.meter_stop) == (7, 1500)
    assert isinstance(said.meter_stop, int)


def test_a_float_that_is_not_whole_is_no_integer() -> None:
    with pytest.raises(msgspec.ValidationError):
        read(messages.StopTransactionRequest, b'{"transactionId":7.0,"meterStop":1500.5,"timestamp":"t"}')


def test_a_text_is_no_number() -> None:
    with pytest.raises(msgspec.ValidationError):
        read(messages.StopTransactionRequest, b'{"transactionId":"7","meterStop":1.0,"timestamp":"t"}')


def test_a_report_without_data_is_read() -> None:
    said = read(messages_21.NotifyReportRequest, b'{"requestId":1,"generatedAt":"t","seqNo":0,"reportData":[]}')
    assert said.report_data == []


def test_what_a_vendor_adds_to_custom_data_comes_through() -> None:
    payload = b'{"customData":{"vendorId":"com.example","depth":{"a":[1,2]}}}'
    assert write(read(messages_21.HeartbeatRequest, payload)) == payload


def test_names_that_no_rule_brings_back_are_exact() -> None:
    period = messages_21.ChargingSchedulePeriod(start_period=0, limit=10.0, limit_l2=9.0, setpoint_l3=8.0)
    assert write(period) == b'{"startPeriod":0,"limit":10.0,"limit_L2":9.0,"setpoint_L3":8.0}'


def test_to_the_letter_leaves_everything_else_as_it_is() -> None:
    assert to_the_letter({"a": None, "b": [1.0, 1.5, None, {"c": None}], "d": 1e300}) == {
        "b": [1, 1.5, None, {}],
        "d": 1e300,
    }
