"""What a 1.6 station is known to say wrongly, put right before it is translated. Changes the message in place."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from voltloom.protocols.ocpp.quirks import Quirks
from voltloom.protocols.ocpp.v16 import messages as m

_WH_PER_KWH: Final = 1000


def correct(quirks: Quirks, action: str, message: Any) -> tuple[str, ...]:
    """A sentence for each thing put right."""
    correction = _CORRECTIONS.get(action)
    return () if correction is None else tuple(correction(quirks, message))


def _meter_values(quirks: Quirks, message: m.MeterValuesRequest) -> Iterator[str]:
    yield from _readings(quirks, message.meter_value)


def _start(quirks: Quirks, message: m.StartTransactionRequest) -> Iterator[str]:
    if quirks.registers_in_kwh:
        message.meter_start *= _WH_PER_KWH
        yield "meterStart is in kWh with this make: multiplied"


def _stop(quirks: Quirks, message: m.StopTransactionRequest) -> Iterator[str]:
    if quirks.registers_in_kwh:
        message.meter_stop *= _WH_PER_KWH
        yield "meterStop is in kWh with this make: multiplied"
    yield from _readings(quirks, message.transaction_data or ())


def _status(quirks: Quirks, message: m.StatusNotificationRequest) -> Iterator[str]:
    if quirks.status_connector is not None and message.connector_id == 0:
        message.connector_id = quirks.status_connector
        yield f"connectorId 0 is connector {quirks.status_connector} with this make: taken so"


def _readings(quirks: Quirks, meter_values: Sequence[m.MeterValue]) -> Iterator[str]:
    if not quirks.energy_in_kwh:
        return
    wrong = [
        sampled
        for meter_value in meter_values
        for sampled in meter_value.sampled_value
        if (sampled.measurand is None or sampled.measurand.value.startswith("Energy.Active"))
        and sampled.unit in (None, m.UnitOfMeasure.WH)
    ]
    for sampled in wrong:
        sampled.unit = m.UnitOfMeasure.KWH
    if wrong:
        yield "energy is in kWh with this make, whatever it says: taken so"


_CORRECTIONS: Final[Mapping[str, Callable[[Quirks, Any], Iterator[str]]]] = {
    "MeterValues": _meter_values,
    "StartTransaction": _start,
    "StatusNotification": _status,
    "StopTransaction": _stop,
}
