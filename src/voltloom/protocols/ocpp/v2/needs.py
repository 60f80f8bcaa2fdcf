"""What a vehicle needs, from the wire of 2.1."""

from typing import Final

from voltloom.domain.charging import (
    AcNeeds,
    ChargingNeeds,
    ControlMode,
    DcNeeds,
    EnergyTransfer,
    InverterTraits,
    NeedsBy,
    PowerOffer,
    TwoWayNeeds,
)
from voltloom.domain.der import DerKind
from voltloom.protocols.ocpp.exchange import whole_number
from voltloom.protocols.ocpp.times import read_time
from voltloom.protocols.ocpp.v2 import messages_21 as m


def read_needs(needs: m.ChargingNeeds) -> ChargingNeeds:
    """Raises Unreadable."""
    return ChargingNeeds(
        transfer=EnergyTransfer(needs.requested_energy_transfer.value),
        available=tuple(EnergyTransfer(each.value) for each in needs.available_energy_transfer or ()),
        departs_at=None if needs.departure_time is None else read_time(needs.departure_time),
        control=None if needs.control_mode is None else ControlMode(needs.control_mode.value),
        by=None if needs.mobility_needs_mode is None else NeedsBy(needs.mobility_needs_mode.value),
        ac=None if needs.ac_charging_parameters is None else _ac(needs.ac_charging_parameters),
        dc=None if needs.dc_charging_parameters is None else _dc(needs.dc_charging_parameters),
        two_way=None if needs.v2x_charging_parameters is None else _two_way(needs.v2x_charging_parameters),
        inverter=None if needs.der_charging_parameters is None else _inverter(needs.der_charging_parameters),
        offer=None if needs.ev_energy_offer is None else _offer(needs.ev_energy_offer.ev_power_schedule),
    )


def _ac(said: m.ACChargingParameters) -> AcNeeds:
    return AcNeeds(said.energy_amount, said.ev_min_current, said.ev_max_current, said.ev_max_voltage)


def _dc(said: m.DCChargingParameters) -> DcNeeds:
    return DcNeeds(
        max_a=said.ev_max_current,
        max_v=said.ev_max_voltage,
        max_w=said.ev_max_power,
        energy_wh=said.energy_amount,
        capacity_wh=said.ev_energy_capacity,
        soc_percent=said.state_of_charge,
        full_percent=said.full_soc,
        bulk_percent=said.bulk_soc,
    )


_TWO_WAY: Final = {
    "min_charge_w": "min_charge_power",
    "min_charge_w_l2": "min_charge_power_l2",
    "min_charge_w_l3": "min_charge_power_l3",
    "max_charge_w": "max_charge_power",
    "max_charge_w_l2": "max_charge_power_l2",
    "max_charge_w_l3": "max_charge_power_l3",
    "min_discharge_w": "min_discharge_power",
    "min_discharge_w_l2": "min_discharge_power_l2",
    "min_discharge_w_l3": "min_discharge_power_l3",
    "max_discharge_w": "max_discharge_power",
    "max_discharge_w_l2": "max_discharge_power_l2",
    "max_discharge_w_l3": "max_discharge_power_l3",
    "min_charge_a": "min_charge_current",
    "max_charge_a": "max_charge_current",
    "min_discharge_a": "min_discharge_current",
    "max_discharge_a": "max_discharge_current",
    "min_v": "min_voltage",
    "max_v": "max_voltage",
    "target_wh": "ev_target_energy_request",
    "min_wh": "ev_min_energy_request",
    "max_wh": "ev_max_energy_request",
    "min_two_way_wh": "ev_min_v2x_energy_request",
    "max_two_way_wh": "ev_max_v2x_energy_request",
    "target_percent": "target_soc",
}
"""Ours to theirs."""


def _two_way(said: m.V2XChargingParameters) -> TwoWayNeeds:
    return TwoWayNeeds(**{ours: getattr(said, theirs) for ours, theirs in _TWO_WAY.items()})


def _inverter(said: m.DERChargingParameters) -> InverterTraits:
    return InverterTraits(
        controls=tuple(DerKind(each.value) for each in said.ev_supported_der_control or ()),
        max_va=said.max_apparent_power,
        max_charge_va=said.max_charge_apparent_power,
        max_discharge_va=said.max_discharge_apparent_power,
        max_charge_var=said.max_charge_reactive_power,
        max_discharge_var=said.max_discharge_reactive_power,
        nominal_v=said.nominal_voltage,
        manufacturer=said.ev_inverter_manufacturer or "",
        model=said.ev_inverter_model or "",
        serial=said.ev_inverter_serial_number or "",
        discharge_wh=said.ev_session_total_discharge_energy_available,
    )


def _offer(said: m.EVPowerSchedule) -> PowerOffer:
    return PowerOffer(
        read_time(said.time_anchor),
        tuple(
            (whole_number(each.duration, "duration", least=-(2**31)), each.power)
            for each in said.ev_power_schedule_entries
        ),
    )
