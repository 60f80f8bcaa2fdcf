"""What the API takes and gives about stations. Words are the domain's; names are an interface."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from pydantic import ConfigDict, Field, StringConstraints
from sqlalchemy import RowMapping

from voltloom.domain.commands import (
    Accepted,
    Answer,
    ChangeAvailability,
    ChangeSettings,
    DataAnswer,
    NewValue,
    ReportBase,
    Reset,
    ResetKind,
    SettingAnswer,
    SettingStatus,
    StartAnswer,
    Trigger,
    Triggerable,
    Unlock,
)
from voltloom.domain.errors import Invalid
from voltloom.domain.ids import Place, SiteId, TransactionId
from voltloom.domain.station import (
    Attribute,
    Availability,
    ConnectorStatus,
    Mutability,
    Registration,
    SecurityProfile,
    Setting,
    SettingName,
)
from voltloom.domain.token import IdToken, TokenKind
from voltloom.features import feature
from voltloom.features.api import Body
from voltloom.features.stations.charging_documents import StartProfileIn
from voltloom.features.stations.handshake import Outcome as StepOutcome
from voltloom.features.stations.handshake import Step, StepTaken, steps_of_refusal
from voltloom.features.stations.inbox import KnockReason
from voltloom.features.stations.messages import Broken, Direction, Message, MessageOutcome
from voltloom.features.stations.rules import is_secret
from voltloom.features.stations.service import NewStation, Welcome
from voltloom.features.stations.setting_changes import SettingChange

Line = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
Lines = Annotated[str, StringConstraints(max_length=5_000, pattern=r"^[^\x00]*$")]
Word = Annotated[str, StringConstraints(min_length=1, max_length=50, pattern=r"^[^\x00-\x1f\x7f]+$")]
Protocol = Literal["ocpp1.6", "ocpp2.0.1", "ocpp2.1"]
EvseNumber = Annotated[int, Field(ge=0, le=10_000, description="0: the station as a whole")]
ConnectorNumber = Annotated[int, Field(ge=1, le=10_000, description="of the EVSE; left out: all of it")]


def place_of(evse: int | None, connector: int | None) -> Place | None:
    """Raises Invalid for a connector of nothing."""
    if evse is None:
        if connector is not None:
            raise Invalid("a connector is one of an EVSE: give `evse` with it")
        return None
    return Place(evse, connector)


# ---- the registry


class Link(Body):
    """The station's connection, or its last one."""

    connected: bool
    protocol: str = Field(examples=["ocpp2.0.1"])
    security_profile: int | None = Field(description="the one it uses; null before it ever came")
    address: str = Field(description="whence it comes")
    node: str = Field(description="the node that holds the connection")
    since: datetime | None = Field(description="when it last connected")
    disconnected_at: datetime | None = Field(description="when it last was lost")
    disconnect_reason: str = Field(examples=["closed by station (1000)"])


class ConnectionOut(Body):
    """A connection, as the node that holds it sees it now."""

    address: str
    protocol: str
    security_profile: int
    since: datetime
    heard_s: float = Field(description="seconds since something was heard, if only a pong")
    rtt_ms: float | None = Field(description="how long the last ping took there and back; null before the first")
    messages_in: int = Field(description="since it connected")
    messages_out: int

    @staticmethod
    def of(link: feature.Link) -> "ConnectionOut":
        same = ("address", "protocol", "security_profile", "since", "messages_in", "messages_out")
        return ConnectionOut(
            **{name: getattr(link, name) for name in same},
            heard_s=round(link.heard_s, 3),
            rtt_ms=None if link.rtt_s is None else round(link.rtt_s * 1_000, 2),
        )


class VocabularyOut(Body):
    protocol: str = Field(description="empty before it ever came: then nothing is known", examples=["ocpp1.6"])
    commands: list[str] = Field(description="that it has words for", examples=[["reset", "unlock"]])
    actions: list[str] = Field(description="that may be called", examples=[["GetConfiguration", "Reset"]])


class HardwareOut(Body):
    """What the station says of itself."""

    vendor: str
    model: str
    serial: str
    firmware: str
    iccid: str
    imsi: str
    meter_type: str
    meter_serial: str


class StationOut(Body):
    id: str = Field(description="the OCPP identity", examples=["CP-7"])
    public_id: str = Field(description="what the public sees instead", examples=["cs-5f0c9a1b2d3e"])
    name: str
    site_id: str | None
    notes: str
    enabled: bool = Field(description="false: it is not let in")
    security_profile: int = Field(description="the least it must use; it may use more")
    profile_reached: int = Field(description="the most it ever used; it is not let in with less")
    has_password: bool
    password_changed_at: datetime | None
    password_pending: bool = Field(description="true until the station comes with the new password it accepted")
    cert_fingerprint: str = Field(description="SHA-256; empty: any certificate of a trusted CA that names the station")
    protocols: list[str] = Field(description="OCPP versions it may speak; empty: all")
    policy: Registration = Field(description="what it is answered when it boots")
    registration: Registration | None = Field(description="what its last boot was answered; null: it never booted")
    hardware: HardwareOut
    booted_at: datetime | None
    boot_reason: str
    last_seen: datetime | None = Field(description="to five minutes while it is connected")
    link: Link
    created_at: datetime

    @staticmethod
    def of(row: RowMapping) -> "StationOut":
        return StationOut(**_station_fields(row))


def _station_fields(row: RowMapping) -> dict[str, Any]:
    plain = (
        *("id", "public_id", "name", "site_id", "notes", "enabled", "security_profile", "profile_reached", "policy"),
        *("registration", "password_changed_at", "cert_fingerprint", "booted_at", "boot_reason", "last_seen"),
        "created_at",
    )
    return {
        **{name: row[name] for name in plain},
        "has_password": bool(row["password_hash"]),
        "password_pending": bool(row["old_password_hash"]),
        "protocols": row["protocols"].split(),
        "hardware": HardwareOut(**{name: row[name] for name in HardwareOut.model_fields}),
        "link": Link(
            connected=row["connected"],
            protocol=row["protocol"],
            security_profile=row["connection_profile"],
            address=row["address"],
            node=row["node"],
            since=row["connected_at"],
            disconnected_at=row["disconnected_at"],
            disconnect_reason=row["disconnect_reason"],
        ),
    }


class ConnectorOut(Body):
    evse: int
    connector: int | None
    status: ConnectorStatus
    since: datetime
    fault: str = Field(description="the error the station named with it; empty for none")

    @staticmethod
    def of(row: RowMapping) -> "ConnectorOut":
        return ConnectorOut(
            evse=row["evse"],
            connector=row["connector"] or None,
            status=row["status"],
            since=row["since"],
            fault=row["fault"],
        )


class FaultOut(Body):
    evse: int
    connector: int | None
    code: str = Field(examples=["GroundFailure"])
    vendor_id: str
    vendor_code: str
    text: str
    since: datetime

    @staticmethod
    def of(row: RowMapping) -> "FaultOut":
        return FaultOut(
            evse=row["evse"],
            connector=row["connector"] or None,
            code=row["code"],
            vendor_id=row["vendor_id"],
            vendor_code=row["vendor_code"],
            text=row["text"],
            since=row["since"],
        )


class StationListed(StationOut):
    connectors: list[ConnectorOut] = Field(description="EVSE 0 is the station as a whole")


class StationDetail(StationListed):
    urls: list[str] = Field(description="what to enter in the station")
    faults: list[FaultOut] = Field(description="that stand now, the oldest first")


class StationIn(Body):
    id: Annotated[str, StringConstraints(min_length=1, max_length=48)] = Field(
        description="the OCPP identity: letters, digits and * - _ = + | @ .", examples=["CP-7"]
    )
    name: Line = ""
    site_id: Line | None = None
    notes: Lines = ""
    security_profile: SecurityProfile = Field(
        default=SecurityProfile.PASSWORD,
        description="the least it must use. 0: no credentials; 1: password; 2: password over TLS; 3: certificate",
    )
    policy: Registration = Registration.ACCEPTED
    protocols: list[Protocol] = Field(default_factory=list[Protocol], max_length=3, description="empty: all")
    cert_fingerprint: Annotated[str, StringConstraints(max_length=100)] = ""
    password: Annotated[str, StringConstraints(max_length=100)] | None = Field(
        default=None, description="16 to 40 characters; left out: 160 random bits, which is better"
    )

    def value(self) -> NewStation:
        return NewStation(
            self.id,
            self.name,
            SiteId(self.site_id) if self.site_id else None,
            self.notes,
            self.security_profile,
            self.policy,
            tuple(self.protocols),
            self.cert_fingerprint,
            self.password,
        )


class StationChangeIn(Body):
    """What is left out stays as it is."""

    name: Line | None = None
    site_id: Line | None = Field(default=None, description="null: take it out of its site")
    notes: Lines | None = None
    enabled: bool | None = Field(default=None, description="false ends its connection and keeps it out")
    security_profile: SecurityProfile | None = Field(default=None, description="may be raised beyond what it used")
    policy: Registration | None = Field(
        default=None, description="Accepted: it is asked to boot again, and is then accepted"
    )
    protocols: list[Protocol] | None = Field(default=None, max_length=3)
    cert_fingerprint: Annotated[str, StringConstraints(max_length=100)] | None = None

    def wanted(self) -> dict[str, Any]:
        said = {name: getattr(self, name) for name in self.model_fields_set}
        # Only a site can be taken away; null for the others means: not said.
        return {name: value for name, value in said.items() if value is not None or name == "site_id"}


class WelcomeOut(Body):
    """Enter these in the station."""

    station_id: str
    urls: list[str] = Field(examples=[["wss://csms.example.com:9443/ocpp/CP-7"]])
    username: str = Field(description="the station's identity again")
    password: str | None = Field(description="told this once; null where it needs none", repr=False)
    installed: bool = Field(default=False, description="true: the station took it by itself")

    @staticmethod
    def of(welcome: Welcome) -> "WelcomeOut":
        return WelcomeOut(
            station_id=welcome.station_id,
            urls=list(welcome.urls),
            username=welcome.station_id,
            password=welcome.password,
            installed=welcome.installed,
        )


class PasswordIn(Body):
    password: Annotated[str, StringConstraints(max_length=100)] | None = Field(
        default=None, description="16 to 40 characters; left out: 160 random bits, which is better"
    )
    install: bool = Field(
        default=False,
        description="the station takes it over its connection; both passwords are good until it came back with it",
    )


class SummaryOut(Body):
    stations: int
    connected: int
    disabled: int
    pending: int
    rejected: int
    never_connected: int
    faulted: int = Field(description="stations with a fault or a faulted connector")
    stations_by_protocol: dict[str, int]
    connectors_by_status: dict[str, int]


# ---- settings


class SettingNameIn(Body):
    """A component and a variable, or a 1.6 configuration key."""

    component: Word | None = Field(default=None, examples=["OCPPCommCtrlr"])
    variable: Word | None = Field(default=None, examples=["HeartbeatInterval"])
    component_instance: Annotated[str, StringConstraints(max_length=50)] = ""
    variable_instance: Annotated[str, StringConstraints(max_length=50)] = ""
    evse: Annotated[int, Field(ge=0, le=10_000)] | None = None
    connector: ConnectorNumber | None = None
    key: Word | None = Field(default=None, description="of OCPP 1.6, instead of component and variable")
    attribute: Attribute = Attribute.ACTUAL

    def name(self) -> SettingName:
        """Raises Invalid where it is not one of both ways to name a setting."""
        if self.key is not None and self.component is None and self.variable is None:
            return SettingName("OCPP16", self.key)
        if self.key is not None or self.component is None or self.variable is None:
            raise Invalid("a setting is named by `component` and `variable`, or (OCPP 1.6) by `key` alone")
        place = None if self.evse is None else Place(self.evse, self.connector)
        return SettingName(self.component, self.variable, self.component_instance, self.variable_instance, place)


class NewValueIn(SettingNameIn):
    value: Annotated[str, StringConstraints(max_length=2_500, pattern=r"^[^\x00]*$")]


class GetSettingsIn(Body):
    names: list[SettingNameIn] = Field(max_length=100, description="empty: all (OCPP 1.6 only)")


class ChangeSettingsIn(Body):
    settings: list[NewValueIn] = Field(min_length=1, max_length=100)

    def command(self) -> ChangeSettings:
        return ChangeSettings(tuple(NewValue(new.name(), new.value, new.attribute) for new in self.settings))


class SettingChangeOut(Body):
    """The last time somebody set it from here, and what the station said."""

    at: datetime
    actor: str
    value: str | None = Field(description="null: it is a secret")
    status: SettingStatus
    said: str = Field(description="the station's own word")
    reason: str
    reboot_needed: bool = Field(description="it takes effect after a reboot, and there was none since")

    @staticmethod
    def of(change: SettingChange, booted_at: datetime | None) -> "SettingChangeOut":
        return SettingChangeOut(
            at=change.at,
            actor=change.actor,
            value=change.value,
            status=change.status,
            said=change.said,
            reason=change.reason,
            reboot_needed=change.needs_reboot(booted_at),
        )


class SettingOut(Body):
    component: str
    variable: str
    component_instance: str
    variable_instance: str
    evse: int | None
    connector: int | None
    attribute: Attribute
    value: str | None = Field(description="null where the station keeps it to itself, or it is a secret")
    secret: bool
    mutability: Mutability
    data_type: str
    unit: str
    values_list: str
    min_limit: float | None
    max_limit: float | None
    reported_at: datetime | None = None
    last_set: SettingChangeOut | None = Field(default=None, description="null: nobody set it from here")

    @staticmethod
    def of(
        setting: Setting, reported_at: datetime | None = None, last_set: SettingChangeOut | None = None
    ) -> "SettingOut":
        name, secret = setting.name, is_secret(setting.name)
        return SettingOut(
            component=name.component,
            variable=name.variable,
            component_instance=name.component_instance,
            variable_instance=name.variable_instance,
            evse=name.place.evse if name.place else None,
            connector=name.place.connector if name.place else None,
            attribute=setting.attribute,
            value=None if secret else setting.value,
            secret=secret,
            mutability=setting.mutability,
            data_type=setting.data_type,
            unit=setting.unit,
            values_list=setting.values_list,
            min_limit=setting.min_limit,
            max_limit=setting.max_limit,
            reported_at=reported_at,
            last_set=last_set,
        )


class SettingAnswerOut(Body):
    name: str = Field(examples=["OCPPCommCtrlr.HeartbeatInterval"])
    status: SettingStatus
    said: str = Field(description="the station's own word")
    reason: str
    setting: SettingOut | None

    @staticmethod
    def of(answer: SettingAnswer) -> "SettingAnswerOut":
        return SettingAnswerOut(
            name=str(answer.name),
            status=answer.status,
            said=answer.said,
            reason=answer.reason,
            setting=SettingOut.of(answer.setting) if answer.setting else None,
        )


# ---- commands


class AnswerOut(Body):
    """What the station said."""

    outcome: Accepted = Field(description="what it comes down to")
    status: str = Field(description="the station's own word", examples=["Accepted"])
    reason: str = ""
    detail: str = ""

    @staticmethod
    def of(answer: Answer) -> "AnswerOut":
        return AnswerOut(outcome=answer.accepted, status=answer.status, reason=answer.reason, detail=answer.detail)


class StartAnswerOut(AnswerOut):
    transaction_id: str | None = Field(default=None, description="where one runs already, begun by the cable (2.x)")
    remote_start_id: int = Field(description="by which the transaction that comes of it is known (2.x)")

    @staticmethod
    def of_start(answer: StartAnswer, remote_start_id: int) -> "StartAnswerOut":
        said = answer.answer
        return StartAnswerOut(
            outcome=said.accepted,
            status=said.status,
            reason=said.reason,
            detail=said.detail,
            transaction_id=answer.transaction_id,
            remote_start_id=remote_start_id,
        )


class ReportAnswerOut(AnswerOut):
    report_id: int = Field(description="the number of the report that the station now sends")


class DataAnswerOut(Body):
    outcome: Accepted
    status: str
    data: str | None

    @staticmethod
    def of(answer: DataAnswer) -> "DataAnswerOut":
        return DataAnswerOut(outcome=answer.accepted, status=answer.status, data=answer.data)


class TokenIn(Body):
    value: Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$")]
    kind: TokenKind = TokenKind.UNKNOWN

    def token(self) -> IdToken:
        return IdToken(self.value, self.kind)


class StartIn(Body):
    token: TokenIn
    evse: Annotated[int, Field(ge=1, le=10_000)] | None = Field(default=None, description="left out: as it likes")
    connector: ConnectorNumber | None = None
    group: TokenIn | None = None
    profile: StartProfileIn | None = Field(default=None, description="by which it is to charge")


class StopIn(Body):
    transaction_id: Annotated[str, StringConstraints(min_length=1, max_length=36, pattern=r"^[^\x00-\x1f\x7f]+$")]

    def id(self) -> TransactionId:
        return TransactionId(self.transaction_id)


class ResetIn(Body):
    kind: ResetKind = Field(default=ResetKind.ON_IDLE, description="1.6 says Soft for OnIdle and Hard for Immediate")
    evse: Annotated[int, Field(ge=1, le=10_000)] | None = Field(default=None, description="2.x only; left out: all")

    def command(self) -> Reset:
        return Reset(self.kind, self.evse)


class UnlockIn(Body):
    evse: Annotated[int, Field(ge=1, le=10_000)]
    connector: ConnectorNumber = 1

    def command(self) -> Unlock:
        return Unlock(Place(self.evse, self.connector))


class AvailabilityIn(Body):
    availability: Availability
    evse: EvseNumber = 0
    connector: ConnectorNumber | None = None

    def command(self) -> ChangeAvailability:
        return ChangeAvailability(self.availability, place_of(self.evse or None, self.connector))


class TriggerIn(Body):
    message: Triggerable
    evse: Annotated[int, Field(ge=1, le=10_000)] | None = None
    connector: ConnectorNumber | None = None
    custom: Line = Field(default="", description="with CustomTrigger (2.1): the station's own name of the message")

    def command(self) -> Trigger:
        return Trigger(self.message, place_of(self.evse, self.connector), self.custom)


class ReportSettingsIn(Body):
    base: ReportBase = ReportBase.FULL


class DataIn(Body):
    vendor_id: Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$")]
    message_id: Word | None = None
    data: Annotated[str, StringConstraints(max_length=100_000, pattern=r"^[^\x00]*$")] | None = Field(
        default=None, description="text (1.6), or JSON text (2.x)"
    )


class CommandOut(Body):
    number: int
    at: datetime
    actor: str = Field(description="who gave it")
    command: str = Field(examples=["reset"])
    body: object = Field(description="what was asked; secrets are hidden")
    outcome: str = Field(examples=["accepted"])
    answer: object = Field(description="what came back, as it came; secrets are hidden")
    took_ms: int

    @staticmethod
    def of(row: RowMapping) -> "CommandOut":
        return CommandOut(
            number=row["number"],
            at=row["at"],
            actor=row["actor"],
            command=row["command"],
            body=msgspec.json.decode(row["body"]),
            outcome=row["outcome"],
            answer=msgspec.json.decode(row["answer"]),
            took_ms=row["took_ms"],
        )


# ---- messages


class MessageError(Body):
    code: str = Field(examples=["FormationViolation"])
    text: str
    details: object


class BrokenOut(Body):
    """A rule of its schema that a message breaks, whether we hold it to that or not."""

    part: Literal["call", "answer"]
    path: str = Field(description='of what breaks it; "": the payload itself', examples=["meterValue[0].timestamp"])
    rule: str = Field(description="where the schema says so", examples=["properties/idTag/maxLength"])
    found: str = Field(description="what was found there")

    @staticmethod
    def of(broken: Broken) -> "BrokenOut":
        part: Literal["call", "answer"] = "call" if broken.part == "call" else "answer"
        return BrokenOut(part=part, path=broken.path, rule=broken.rule, found=broken.found)


class MessageOut(Body):
    """A call, and what it was answered."""

    number: int
    at: datetime
    direction: Direction = Field(description="who called")
    action: str = Field(examples=["BootNotification"])
    message_id: str
    protocol: str
    outcome: MessageOutcome
    latency_ms: float | None = Field(description="from the call to its answer")
    trouble: str = Field(description="what was wrong, in words; empty where all was well")
    payload: object = Field(description="of the call; secrets are hidden")
    answer: object = Field(description="the answer's payload; secrets are hidden")
    error: MessageError | None
    raw: str = Field(description="the frame, where it could not be read as a call; else empty")
    meaning: str = Field(description="what the call says, in one sentence; empty in exports")
    answer_meaning: str = Field(description="what the answer says, in one sentence")
    broken: list[BrokenOut] = Field(description="the rules of the schema that call or answer break")

    @staticmethod
    def of(message: Message) -> "MessageOut":
        error = None
        if message.outcome is MessageOutcome.ERROR:
            error = MessageError(code=message.error_code, text=message.error_text, details=message.error_details)
        same = (*("number", "at", "direction", "action", "message_id", "protocol", "outcome", "latency_ms"), "trouble")
        return MessageOut(
            **{name: getattr(message, name) for name in same},
            payload=message.payload,
            answer=message.answer,
            error=error,
            raw=message.raw,
            meaning=message.meaning,
            answer_meaning=message.answer_meaning,
            broken=[BrokenOut.of(each) for each in message.broken],
        )


# ---- the inbox


class KnownStation(Body):
    id: str
    name: str
    site_id: str | None
    vendor: str
    model: str
    enabled: bool
    security_profile: int
    connected: bool


class KnockOut(Body):
    number: int
    identity: str = Field(description="as it was claimed; empty where none could be made out")
    reason: KnockReason
    explanation: str = Field(description="what happened, and what to do")
    detail: str
    address: str
    first_at: datetime
    last_at: datetime
    count: int
    path: str
    subprotocols: list[str]
    user_agent: str
    tls: str
    profile: int | None = Field(description="the security profile it attempted, as far as it came")
    station: KnownStation | None = Field(description="the registered station that it claims to be")

    @staticmethod
    def of(row: RowMapping) -> "KnockOut":
        known = None
        if row["station_id"] is not None:
            known = KnownStation(
                id=row["station_id"],
                **{name: row[f"station_{name}"] for name in KnownStation.model_fields if name != "id"},
            )
        reason = KnockReason(row["reason"])
        same = ("number", "identity", "detail", "address", "first_at", "last_at", "count", "path", "user_agent", "tls")
        return KnockOut(
            **{name: row[name] for name in same},
            profile=row["profile"],
            reason=reason,
            explanation=reason.sentence,
            subprotocols=row["subprotocols"].split(),
            station=known,
        )


class StepOut(Body):
    step: Step
    outcome: StepOutcome
    told: str = Field(description="what was heard there, or what to do")

    @staticmethod
    def of(taken: StepTaken) -> "StepOut":
        return StepOut(step=taken.step, outcome=taken.outcome, told=taken.told)


class KnockDetail(KnockOut):
    steps: list[StepOut] = Field(description="how far it came, and what to do about the step that failed")
    fields: list[tuple[str, str]] = Field(
        description="of the head of its last request, in order; what lets somebody in is hidden"
    )

    @staticmethod
    def of_one(row: RowMapping) -> "KnockDetail":
        return KnockDetail(
            **KnockOut.of(row).model_dump(),
            steps=steps_of_knock(row),
            fields=msgspec.json.decode(row["fields"]),
        )


def steps_of_knock(row: RowMapping) -> list[StepOut]:
    taken = steps_of_refusal(KnockReason(row["reason"]), row["tls"], row["path"], row["subprotocols"], row["detail"])
    return [StepOut.of(each) for each in taken]


class AttemptOut(Body):
    """One attempt to connect, or all that were refused alike."""

    at: datetime
    admitted: bool
    reason: KnockReason | None = Field(description="why it was refused")
    address: str
    count: int
    first_at: datetime
    knock: int | None = Field(description="its number in the inbox, where it was refused")
    steps: list[StepOut]


class HandshakeOut(Body):
    """What is known of a station's attempts to connect, the latest first."""

    identity: str
    registered: bool
    connected: bool
    attempts: list[AttemptOut]


class AdoptIn(Body):
    """For a station that is registered already, only `password` is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Line = ""
    site_id: Line | None = None
    security_profile: SecurityProfile = SecurityProfile.PASSWORD
    policy: Registration = Registration.ACCEPTED
    password: Annotated[str, StringConstraints(max_length=100)] | None = Field(
        default=None, description="16 to 40 characters; left out: 160 random bits, which is better"
    )

    def value(self) -> NewStation:
        return NewStation(
            "",
            self.name,
            SiteId(self.site_id) if self.site_id else None,
            security_profile=self.security_profile,
            policy=self.policy,
            password=self.password,
        )
