"""Reading and changing what a station is set to."""

from dataclasses import dataclass
from enum import Enum

from voltloom.domain.commands.base import Answer, Command
from voltloom.domain.ids import Place
from voltloom.domain.station import Attribute, Setting, SettingName


class SettingStatus(Enum):
    ACCEPTED = "accepted"
    REBOOT_REQUIRED = "reboot_required"
    REJECTED = "rejected"
    READ_ONLY = "read_only"
    UNKNOWN = "unknown"
    """The station has no such component or variable."""
    UNSUPPORTED_ATTRIBUTE = "unsupported_attribute"


@dataclass(frozen=True, slots=True)
class SettingAnswer:
    name: SettingName
    status: SettingStatus
    said: str
    """The station's own word."""
    setting: Setting | None = None
    """What it is, where it was asked for and given."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class GetSettings(Command[tuple[SettingAnswer, ...]]):
    """Read settings now. One answer a name, in the order asked. No names: all (1.6 only; 2.x: ReportSettings).

    most_a_call   names that the station says a message may hold; None: it said nothing of it
    """

    names: tuple[tuple[SettingName, Attribute], ...] = ()
    most_a_call: int | None = None


@dataclass(frozen=True, slots=True)
class NewValue:
    name: SettingName
    value: str
    attribute: Attribute = Attribute.ACTUAL


@dataclass(frozen=True, slots=True)
class ChangeSettings(Command[tuple[SettingAnswer, ...]]):
    """One answer a setting, in order: each stands or falls alone. most_a_call: as of `GetSettings`."""

    settings: tuple[NewValue, ...]
    most_a_call: int | None = None


class ReportBase(Enum):
    CONFIGURATION = "ConfigurationInventory"
    FULL = "FullInventory"
    SUMMARY = "SummaryInventory"


@dataclass(frozen=True, slots=True)
class ReportSettings(Command[Answer]):
    """Ask for the base report: what it holds comes as `SettingsReported`. 1.6: GetConfiguration with no keys."""

    report_id: int
    base: ReportBase = ReportBase.FULL


class PartCriterion(Enum):
    """Components that are so."""

    ACTIVE = "Active"
    AVAILABLE = "Available"
    ENABLED = "Enabled"
    PROBLEM = "Problem"


@dataclass(frozen=True, slots=True)
class Part:
    """A component, or one of its variables. An instance or a place left out: all of them. variable "": all of them."""

    component: str
    variable: str = ""
    component_instance: str = ""
    variable_instance: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class ReportSome(Command[Answer]):
    """Ask for a report of some settings: it comes as `SettingsReported`. 1.6: of variables that are keys there."""

    report_id: int
    criteria: tuple[PartCriterion, ...] = ()
    parts: tuple[Part, ...] = ()
