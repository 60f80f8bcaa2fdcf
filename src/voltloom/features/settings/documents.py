"""What the API takes and gives about wanted settings."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints
from sqlalchemy import RowMapping

from voltloom.domain.commands import (
    MobileAccess,
    NetworkProfile,
    NewValue,
    Part,
    PartCriterion,
    PrivateNetwork,
)
from voltloom.domain.ids import Place
from voltloom.domain.station import SettingName
from voltloom.features.api import Body
from voltloom.features.settings.rules import Standing, Template, Verdict, WhenRefused
from voltloom.features.settings.service import Stand
from voltloom.features.stations import Aim
from voltloom.features.stations.documents import (
    ConnectorNumber,
    EvseNumber,
    Line,
    SettingChangeOut,
    SettingNameIn,
    SettingOut,
    Word,
)

Instance = Annotated[str, StringConstraints(max_length=50, pattern=r"^[^\x00-\x1f\x7f]*$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]


class WantedSettingIn(SettingNameIn):
    value: Annotated[str, StringConstraints(max_length=2_500, pattern=r"^[^\x00]*$")]

    def wanted(self) -> NewValue:
        """Raises Invalid."""
        return NewValue(self.name(), self.value, self.attribute)


class WantedSettingOut(Body):
    name: str = Field(examples=["OCPPCommCtrlr.HeartbeatInterval"])
    component: str
    variable: str
    component_instance: str
    variable_instance: str
    evse: int | None
    connector: int | None
    value: str

    @staticmethod
    def of(new: NewValue) -> "WantedSettingOut":
        name = new.name
        return WantedSettingOut(
            name=str(name),
            component=name.component,
            variable=name.variable,
            component_instance=name.component_instance,
            variable_instance=name.variable_instance,
            evse=name.place.evse if name.place else None,
            connector=name.place.connector if name.place else None,
            value=new.value,
        )


class AimBody(Body):
    """Whom a template is for: patterns with * and ?, in any case; all must fit, and what is left out fits all."""

    vendor: Line = ""
    model: Line = ""
    firmware: Line = ""
    site_id: Annotated[str, StringConstraints(max_length=40)] = ""

    def aim(self) -> Aim:
        return Aim(self.vendor, self.model, self.firmware, self.site_id)


class SettingTemplateIn(Body):
    name: Name
    aim: AimBody = AimBody()
    settings: list[WantedSettingIn] = Field(max_length=200)
    before_accepted: bool = Field(default=False, description="a station is Pending until it has them")
    when_refused: WhenRefused = Field(
        default=WhenRefused.ACCEPT, description="what becomes of a station that does not take what it must have before"
    )


class SettingTemplateOut(Body):
    id: str
    name: str
    aim: AimBody
    settings: list[WantedSettingOut]
    before_accepted: bool
    when_refused: WhenRefused
    changed_at: datetime
    actor: str

    @staticmethod
    def of(template: Template) -> "SettingTemplateOut":
        aim = template.aim
        return SettingTemplateOut(
            id=template.id,
            name=template.name,
            aim=AimBody(vendor=aim.vendor, model=aim.model, firmware=aim.firmware, site_id=aim.site_id),
            settings=[WantedSettingOut.of(each) for each in template.settings],
            before_accepted=template.before_accepted,
            when_refused=template.when_refused,
            changed_at=template.changed_at,
            actor=template.actor,
        )


class WantIn(Body):
    """All that is wanted of the station alone: what is left out is wanted no more."""

    settings: list[WantedSettingIn] = Field(max_length=200)


class StandOut(Body):
    wanted: WantedSettingOut
    template_id: str = Field(description="empty: wanted of this station alone")
    before_accepted: bool
    standing: Standing
    value: str | None = Field(description="what it has, as last heard; null: not heard, or it keeps it to itself")
    heard_at: datetime | None
    last_set: SettingChangeOut | None = Field(description="null: nobody set it from here")

    @staticmethod
    def of(stand: Stand, booted_at: datetime | None) -> "StandOut":
        return StandOut(
            wanted=WantedSettingOut.of(stand.wanted.setting),
            template_id=stand.wanted.template_id,
            before_accepted=stand.wanted.before_accepted,
            standing=stand.standing,
            value=stand.held.value if stand.held else None,
            heard_at=stand.held_at,
            last_set=SettingChangeOut.of(stand.change, booted_at) if stand.change else None,
        )


class DriftOut(StandOut):
    station_id: str


class WantedOut(Body):
    settings: list[StandOut]
    reconciled_at: datetime | None
    trouble: str = Field(description="why it could not be asked; empty: it was")
    verdict: Verdict | None = Field(description="of what it must have before it is accepted; null: not judged")
    reason: str


class SettingOfStation(SettingOut):
    station_id: str


class ValueCountOut(Body):
    component: str
    variable: str
    component_instance: str
    variable_instance: str
    attribute: str
    value: str | None
    count: int = Field(description="each EVSE and connector that has it counts")

    @staticmethod
    def of(name: SettingName, attribute: str, value: str | None, count: int) -> "ValueCountOut":
        return ValueCountOut(
            component=name.component,
            variable=name.variable,
            component_instance=name.component_instance,
            variable_instance=name.variable_instance,
            attribute=attribute,
            value=value,
            count=count,
        )


class SettingPartIn(Body):
    """A component, or one of its variables. An instance or EVSE left out: all of them."""

    component: Word = Field(examples=["EVSE"])
    variable: Word | None = Field(default=None, examples=["Power"], description="left out: all of the component")
    component_instance: Instance = ""
    variable_instance: Instance = ""
    evse: EvseNumber | None = None
    connector: ConnectorNumber | None = None

    def part(self) -> Part:
        place = None if self.evse is None else Place(self.evse, self.connector)
        return Part(self.component, self.variable or "", self.component_instance, self.variable_instance, place)


class ReportSomeIn(Body):
    """At least one of both. 1.6: components with variables that are configuration keys there."""

    criteria: list[PartCriterion] = Field(default=[], max_length=4)
    parts: list[SettingPartIn] = Field(default=[], max_length=50)


class MobileIn(Body):
    name: Annotated[str, StringConstraints(min_length=1, max_length=2_000)] = Field(examples=["internet"])
    authentication: Literal["PAP", "CHAP", "NONE", "AUTO"] = "AUTO"
    user: Annotated[str, StringConstraints(max_length=50)] = ""
    password: Annotated[str, StringConstraints(max_length=64)] = Field(default="", repr=False)
    sim_pin: Annotated[int, Field(ge=0, le=99_999_999)] | None = Field(default=None, repr=False)
    preferred_network: Annotated[str, StringConstraints(max_length=6)] = ""
    only_preferred: bool = False

    def access(self) -> MobileAccess:
        return MobileAccess(
            self.name,
            self.authentication,
            self.user,
            self.password,
            self.sim_pin,
            self.preferred_network,
            self.only_preferred,
        )


class PrivateIn(Body):
    server: Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
    kind: Literal["IKEv2", "IPSec", "L2TP", "PPTP"]
    user: Annotated[str, StringConstraints(min_length=1, max_length=50)]
    group: Annotated[str, StringConstraints(max_length=50)] = ""
    password: Annotated[str, StringConstraints(min_length=1, max_length=64)] = Field(repr=False)
    shared_secret: Annotated[str, StringConstraints(min_length=1, max_length=255)] = Field(repr=False)

    def network(self) -> PrivateNetwork:
        return PrivateNetwork(self.server, self.kind, self.user, self.group, self.password, self.shared_secret)


class NetworkProfileIn(Body):
    slot: Annotated[int, Field(ge=0, le=1_000)]
    url: Annotated[str, StringConstraints(min_length=8, max_length=2_000, pattern=r"^wss?://[^\s\x00-\x1f]+$")]
    security_profile: Annotated[int, Field(ge=0, le=3)] = Field(description="never below the one in use")
    interface: Literal[
        "Wired0", "Wired1", "Wired2", "Wired3", "Wireless0", "Wireless1", "Wireless2", "Wireless3", "Any"
    ] = Field(default="Wired0", description="Any: 2.1 only")
    message_timeout_s: Annotated[int, Field(ge=1, le=600)] = 30
    version: Literal["", "OCPP16", "OCPP20", "OCPP201", "OCPP21"] = Field(
        default="", description="left out: that of 2.0.1, or (2.1) whatever both speak"
    )
    identity: Annotated[str, StringConstraints(max_length=48)] = Field(default="", description="2.1 only")
    password: Annotated[str, StringConstraints(max_length=64)] = Field(
        default="", repr=False, description="2.1 only; of the station, there"
    )
    mobile: MobileIn | None = None
    private: PrivateIn | None = None

    def profile(self) -> NetworkProfile:
        return NetworkProfile(
            self.url,
            self.security_profile,
            self.interface,
            self.message_timeout_s,
            self.version,
            self.identity,
            self.password,
            self.mobile.access() if self.mobile else None,
            self.private.network() if self.private else None,
        )


class NetworkProfileOut(Body):
    """As it was last sent, without its secrets."""

    slot: int
    url: str
    security_profile: int
    interface: str
    version: str
    identity: str
    message_timeout_s: int
    has_secrets: bool = Field(description="a password, an access point or a VPN went with it")
    at: datetime
    actor: str
    accepted: bool
    said: str
    reason: str

    @staticmethod
    def of(row: RowMapping) -> "NetworkProfileOut":
        return NetworkProfileOut.model_validate({name: row[name] for name in NetworkProfileOut.model_fields})
