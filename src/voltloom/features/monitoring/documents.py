"""What the API takes and gives about monitoring."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints
from sqlalchemy import RowMapping

from voltloom.domain.commands import Accepted, MonitorAnswer, NewMonitor, Part
from voltloom.domain.errors import Invalid
from voltloom.domain.ids import Place
from voltloom.domain.monitoring import MonitorCriterion, MonitoringBase, MonitorKind, Pace, Stream
from voltloom.domain.station import SettingName
from voltloom.features.api import Body
from voltloom.features.monitoring.customers import CustomerState
from voltloom.features.monitoring.rules import Template
from voltloom.features.stations import Aim
from voltloom.features.stations.documents import ConnectorNumber, EvseNumber, Line, Word

Instance = Annotated[str, StringConstraints(max_length=50, pattern=r"^[^\x00-\x1f\x7f]*$")]
Severity = Annotated[int, Field(ge=0, le=9, description="0: danger … 5: alert … 9: debug")]
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e12, le=1e12)]


def place_of(evse: int | None, connector: int | None) -> Place | None:
    """Raises Invalid for a connector of nothing."""
    if evse is None and connector is not None:
        raise Invalid("a connector is one of an EVSE: say which, or leave `connector` out")
    return None if evse is None else Place(evse, connector)


class PartIn(Body):
    """A component, or one of its variables. An instance or EVSE left out: all of them."""

    component: Word = Field(examples=["EVSE"])
    variable: Word | None = Field(default=None, examples=["Power"], description="left out: all of the component")
    component_instance: Instance = ""
    variable_instance: Instance = ""
    evse: EvseNumber | None = None
    connector: ConnectorNumber | None = None

    def part(self) -> Part:
        place = place_of(self.evse, self.connector)
        return Part(self.component, self.variable or "", self.component_instance, self.variable_instance, place)


class PaceIn(Body):
    """At least one of both."""

    interval_s: Annotated[int, Field(ge=1, le=86_400)] | None = Field(
        default=None, description="values are sent after so long at the latest"
    )
    values: Annotated[int, Field(ge=1, le=1_000)] | None = Field(default=None, description="or when so many are there")

    def pace(self) -> Pace:
        if self.interval_s is None and self.values is None:
            raise Invalid("a stream has an `interval_s`, a number of `values`, or both")
        return Pace(self.interval_s, self.values)


class MonitorIn(Body):
    component: Word = Field(examples=["EVSE"])
    variable: Word = Field(examples=["Power"])
    component_instance: Instance = ""
    variable_instance: Instance = ""
    evse: EvseNumber | None = None
    connector: ConnectorNumber | None = None
    kind: MonitorKind
    value: Number = Field(description="the threshold, the change, or the seconds; of what is no number: 1")
    severity: Severity = 5
    in_transaction: bool = Field(default=False, description="watch only while there is a transaction")
    stream: PaceIn | None = Field(default=None, description="2.1: have its values come in a stream, not as events")

    def monitor(self, replaces: int | None = None) -> NewMonitor:
        place = place_of(self.evse, self.connector)
        name = SettingName(self.component, self.variable, self.component_instance, self.variable_instance, place)
        stream = self.stream.pace() if self.stream else None
        return NewMonitor(name, self.kind, self.value, self.severity, self.in_transaction, replaces, stream)

    @staticmethod
    def of(new: NewMonitor) -> "MonitorIn":
        name, pace = new.name, new.stream
        return MonitorIn(
            component=name.component,
            variable=name.variable,
            component_instance=name.component_instance,
            variable_instance=name.variable_instance,
            evse=name.place.evse if name.place else None,
            connector=name.place.connector if name.place else None,
            kind=new.kind,
            value=new.value,
            severity=new.severity,
            in_transaction=new.in_transaction,
            stream=PaceIn(interval_s=pace.interval_s, values=pace.values) if pace else None,
        )


class SetMonitorIn(MonitorIn):
    id: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = Field(default=None, description="of the one it replaces")


class SetMonitorsIn(Body):
    monitors: list[SetMonitorIn] = Field(min_length=1, max_length=100)


class ClearMonitorsIn(Body):
    ids: list[Annotated[int, Field(ge=0, le=2**31 - 1)]] = Field(min_length=1, max_length=200)


class BaseIn(Body):
    base: MonitoringBase


class LevelIn(Body):
    severity: Severity


class ReportMonitorsIn(Body):
    """Neither: all that it watches."""

    criteria: list[MonitorCriterion] = Field(default=[], max_length=3)
    parts: list[PartIn] = Field(default=[], max_length=50)


class MonitorAnswerOut(Body):
    outcome: Accepted
    said: str = Field(description="the station's own word; empty: its answer left this one out")
    id: int | None
    reason: str

    @staticmethod
    def of(answer: MonitorAnswer) -> "MonitorAnswerOut":
        return MonitorAnswerOut(outcome=answer.accepted, said=answer.said, id=answer.id, reason=answer.reason)


class Named(Body):
    component: str
    variable: str
    component_instance: str
    variable_instance: str
    evse: int | None = Field(description="null: the station")
    connector: int | None


def named(row: RowMapping) -> dict[str, object]:
    return {
        "component": row["component"],
        "variable": row["variable"],
        "component_instance": row["component_instance"],
        "variable_instance": row["variable_instance"],
        "evse": row["evse"] if row["evse"] >= 0 else None,
        "connector": row["connector"] or None,
    }


class MonitorOut(Named):
    station_id: str
    id: int = Field(description="the station's")
    kind: str
    value: float
    severity: int
    in_transaction: bool
    origin: str = Field(description="who made it, in the station's word; empty: it does not say (2.0.1)")
    seen_at: datetime

    @staticmethod
    def of(row: RowMapping) -> "MonitorOut":
        return MonitorOut.model_validate(
            named(row)
            | {
                name: row[name]
                for name in ("station_id", "id", "kind", "value", "severity", "in_transaction", "origin", "seen_at")
            }
        )


class MonitorChangeOut(Named):
    """The last time it was set from here, and what came of it."""

    kind: str
    severity: int
    value: float
    at: datetime
    actor: str
    template_id: str = Field(description="empty: somebody set it by hand")
    accepted: bool
    said: str
    reason: str

    @staticmethod
    def of(row: RowMapping) -> "MonitorChangeOut":
        names = ("kind", "severity", "value", "at", "actor", "template_id", "accepted", "said", "reason")
        return MonitorChangeOut.model_validate(named(row) | {name: row[name] for name in names})


class MonitoringOut(Body):
    """How a station watches itself. base, level: as last accepted; empty and null: never set from here."""

    base: str
    level: int | None
    reported_at: datetime | None = Field(description="when it last reported all that it watches")
    trouble: str = Field(description="why it could not be asked, or set")
    set: list[MonitorChangeOut] = Field(description="what was set from here, refused or not")


class AimIn(Body):
    """Whom a template is for: patterns with * and ?, in any case; all must fit, and what is left out fits all."""

    vendor: Line = ""
    model: Line = ""
    firmware: Line = ""
    site_id: Annotated[str, StringConstraints(max_length=40)] = ""

    def aim(self) -> Aim:
        return Aim(self.vendor, self.model, self.firmware, self.site_id)

    @staticmethod
    def of(aim: Aim) -> "AimIn":
        return AimIn(vendor=aim.vendor, model=aim.model, firmware=aim.firmware, site_id=aim.site_id)


class TemplateIn(Body):
    name: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
    aim: AimIn = AimIn()
    monitors: list[MonitorIn] = Field(max_length=100)


class TemplateOut(TemplateIn):
    id: str
    changed_at: datetime
    actor: str

    @staticmethod
    def of_template(template: Template) -> "TemplateOut":
        return TemplateOut(
            id=template.id,
            name=template.name,
            aim=AimIn.of(template.aim),
            monitors=[MonitorIn.of(each) for each in template.monitors],
            changed_at=template.changed_at,
            actor=template.actor,
        )


class EventOut(Named):
    number: int
    station_id: str
    heard_at: datetime
    at: datetime
    event_id: int = Field(description="the station's")
    trigger: str
    value: str
    severity: int | None = Field(description="as it says (2.1), or as its monitor is")
    cause: int | None = Field(description="`event_id` of what brought it about")
    cleared: bool
    tech_code: str
    tech_info: str
    transaction_id: str
    monitor_id: int | None
    origin: str

    @staticmethod
    def of(row: RowMapping) -> "EventOut":
        names = (
            "number",
            "station_id",
            "heard_at",
            "at",
            "event_id",
            "trigger",
            "value",
            "cause",
            "cleared",
            "tech_code",
            "tech_info",
            "transaction_id",
            "monitor_id",
            "origin",
        )
        values = {name: row[name] for name in names} | {"severity": row["severity_known"]}
        return EventOut.model_validate(named(row) | values)


class StreamOut(Body):
    station_id: str
    id: int
    monitor_id: int
    interval_s: int | None
    values: int | None
    opened_at: datetime
    closed_at: datetime | None
    heard_at: datetime | None = Field(description="when values last came")
    pending: int = Field(description="values it had yet to send then")

    @staticmethod
    def of(row: RowMapping) -> "StreamOut":
        names = ("station_id", "id", "monitor_id", "interval_s", "opened_at", "closed_at", "heard_at", "pending")
        return StreamOut.model_validate({name: row[name] for name in names} | {"values": row["values_at_once"]})


class OpenStreamOut(Body):
    id: int
    monitor_id: int
    interval_s: int | None
    values: int | None

    @staticmethod
    def of(stream: Stream) -> "OpenStreamOut":
        pace = stream.pace
        return OpenStreamOut(id=stream.id, monitor_id=stream.monitor_id, interval_s=pace.interval_s, values=pace.values)


class StreamValueOut(Body):
    at: datetime
    value: str


class CustomerRequestOut(Body):
    number: int
    station_id: str
    asked_at: datetime
    actor: str
    about: str
    report: bool
    clear: bool
    state: CustomerState
    said: str = Field(description="the station's word when it was asked")
    ready_at: datetime | None
    read_at: datetime | None
    reader: str

    @staticmethod
    def of(row: RowMapping) -> "CustomerRequestOut":
        return CustomerRequestOut.model_validate({name: row[name] for name in CustomerRequestOut.model_fields})


class CustomerReadOut(Body):
    request: CustomerRequestOut
    text: str = Field(description="what the station knows, as it tells it; forgotten here with this answer")
