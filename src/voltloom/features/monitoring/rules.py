"""What is decided of monitors: which a station is to have, and what is to be asked of it for that. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from voltloom.domain.commands import NewMonitor
from voltloom.domain.errors import Invalid
from voltloom.domain.monitoring import Monitor, MonitorKind
from voltloom.domain.station import SettingName
from voltloom.features.stations import Aim, Likeness

HARD_WIRED = "HardWiredMonitor"
PERIODIC = frozenset({MonitorKind.PERIODIC, MonitorKind.PERIODIC_CLOCK_ALIGNED})
LEAST_GRAVE = 9

Identity: TypeAlias = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """Monitors that all stations of a kind are to have."""

    id: str
    name: str
    aim: Aim
    monitors: tuple[NewMonitor, ...]
    changed_at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class Wanted:
    template_id: str
    monitor: NewMonitor


@dataclass(slots=True)
class Plan:
    """What is to be asked. set: with the id of the one it replaces; clear: ids of those no template wants any more."""

    set: list[Wanted] = field(default_factory=list[Wanted])
    clear: list[int] = field(default_factory=list[int])


def identity_of(name: SettingName, kind: MonitorKind, severity: int) -> Identity:
    """A variable has one monitor of a kind and severity (OCPP 2.0.1 N04.FR.10)."""
    texts = (name.component, name.component_instance, name.variable, name.variable_instance)
    place = (name.place.evse, name.place.connector or 0) if name.place else (-1, 0)
    return (*(text.casefold() for text in texts), *place, kind, severity)


def check(new: NewMonitor) -> None:
    """Raises Invalid."""
    where = f"the monitor of {new.name}"
    if new.kind in PERIODIC and new.value < 1:
        raise Invalid(f"{where} is periodic: its value is its seconds, at least 1")
    if new.kind not in PERIODIC and new.stream is not None:
        raise Invalid(f"{where} is not periodic: only those that are can be streamed")
    if new.kind is MonitorKind.DELTA and new.value < 0:
        raise Invalid(f"{where} tells of changes by its value: it cannot be below 0")


def check_template(monitors: Sequence[NewMonitor]) -> None:
    """Raises Invalid."""
    seen: set[Identity] = set()
    for new in monitors:
        check(new)
        key = identity_of(new.name, new.kind, new.severity)
        if key in seen:
            raise Invalid(f"{new.name} has two monitors of kind {new.kind.value} and severity {new.severity}")
        seen.add(key)


def wanted_of(station: Likeness, templates: Iterable[Template]) -> dict[Identity, Wanted]:
    """Of two templates that want the same otherwise, the one whose name comes last has its way."""
    return {
        identity_of(new.name, new.kind, new.severity): Wanted(template.id, new)
        for template in sorted(templates, key=lambda each: (each.name, each.id))
        if template.aim.meets(station)
        for new in template.monitors
    }


def plan(wanted: dict[Identity, Wanted], present: Iterable[Monitor], ours: Iterable[Identity]) -> Plan:
    """ours: what some template made, now or before."""
    found = {identity_of(each.name, each.kind, each.severity): each for each in present}
    todo = Plan()
    for key, want in wanted.items():
        have = found.get(key)
        new = want.monitor
        if have is None:
            todo.set.append(want)
        elif (have.value, have.in_transaction) != (new.value, new.in_transaction):
            replacement = NewMonitor(
                new.name, new.kind, new.value, new.severity, new.in_transaction, have.id, new.stream
            )
            todo.set.append(Wanted(want.template_id, replacement))
    todo.clear = sorted(
        found[key].id for key in set(ours) - wanted.keys() if key in found and found[key].origin != HARD_WIRED
    )
    return todo
