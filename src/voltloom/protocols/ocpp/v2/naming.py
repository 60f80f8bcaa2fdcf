"""Components and variables, as 2.x names them."""

from collections.abc import Iterable
from typing import TypeAlias

from voltloom.domain.commands import Part
from voltloom.domain.ids import Place
from voltloom.domain.station import SettingName
from voltloom.protocols.ocpp.v2 import messages_21 as m

Identity: TypeAlias = tuple[object, ...]


def evse_of(place: Place | None) -> m.EVSE | None:
    return None if place is None or place.evse == 0 else m.EVSE(id=place.evse, connector_id=place.connector)


def component_of(name: SettingName) -> m.Component:
    return m.Component(name=name.component, instance=name.component_instance or None, evse=evse_of(name.place))


def variable_of(name: SettingName) -> m.Variable:
    return m.Variable(name=name.variable, instance=name.variable_instance or None)


def parts_of(parts: Iterable[Part]) -> list[m.ComponentVariable] | None:
    """None for no parts: they are left out then."""
    written = [
        m.ComponentVariable(
            component=m.Component(
                name=part.component, instance=part.component_instance or None, evse=evse_of(part.place)
            ),
            variable=m.Variable(name=part.variable, instance=part.variable_instance or None) if part.variable else None,
        )
        for part in parts
    ]
    return written or None


def identity_of(name: SettingName, *more: object) -> Identity:
    """What says which variable an answer is about. Names are compared without case: stations change it."""
    texts = (name.component, name.component_instance, name.variable, name.variable_instance)
    place = name.place and (name.place.evse, name.place.connector or None)
    return (*(text.casefold() for text in texts), place, *more)


def reason_of(info: m.StatusInfo | None) -> str:
    return "" if info is None else ": ".join(filter(None, (info.reason_code, info.additional_info)))
