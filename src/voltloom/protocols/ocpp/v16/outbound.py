"""What we ask of 1.6 stations. Each command is a conversation, tested without a socket."""

from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any, Final, TypeVar

from voltloom.domain.commands import (
    Accepted,
    Answer,
    ChangeAvailability,
    ChangeSettings,
    Command,
    DataAnswer,
    GetSettings,
    NewValue,
    ReportBase,
    ReportSettings,
    ReportSome,
    RequestStart,
    RequestStop,
    Reset,
    ResetKind,
    SendData,
    SettingAnswer,
    SettingStatus,
    StartAnswer,
    Trigger,
    Triggerable,
    Unlock,
)
from voltloom.domain.errors import Invalid, NotInThisVersion, StationError
from voltloom.domain.ids import Place
from voltloom.domain.reports import SettingsReported
from voltloom.domain.station import Attribute, Availability, Mutability, Setting, SettingName
from voltloom.protocols.ocpp.ask import ask, builtins_of, in_portions
from voltloom.protocols.ocpp.exchange import Call, Conversation, Payload
from voltloom.protocols.ocpp.quirks import NONE, Quirks
from voltloom.protocols.ocpp.v16 import (
    certificates,
    charging,
    costs,
    firmware,
    lists,
    logs,
    plug_and_charge,
    reservations,
)
from voltloom.protocols.ocpp.v16 import messages as m
from voltloom.protocols.ocpp.v16.inbound import id_tag
from voltloom.protocols.ocpp.v16.settings import NAMES, key_of, name_of
from voltloom.protocols.ocpp.version import Version
from voltloom.protocols.ocpp.wire import Wire

AnswerT = TypeVar("AnswerT", bound=Wire)

KEYS_A_CALL: Final = 20
"""`GetConfigurationMaxKeys` says what a station can bear; no station was seen with less."""
LONGEST_KEY: Final = 50
LONGEST_VALUE: Final = 500


def _ask(action: str, request: Wire, answer: type[AnswerT]) -> Generator[Call, Payload, AnswerT]:
    builtins_of(request)
    return ask(Version.V16, action, request, answer)


def _answer(status: str) -> Answer:
    return Answer(_MEANINGS[status], status)


_MEANINGS: Final = {
    "Accepted": Accepted.ACCEPTED,
    "Scheduled": Accepted.SCHEDULED,
    "Unlocked": Accepted.ACCEPTED,
    "Rejected": Accepted.REJECTED,
    "NotImplemented": Accepted.REJECTED,
    "NotSupported": Accepted.REJECTED,
    "UnlockFailed": Accepted.REJECTED,
    "UnknownMessageId": Accepted.REJECTED,
    "UnknownVendorId": Accepted.REJECTED,
}


def connector_of(place: Place) -> int:
    """The connector id of a place: that of its EVSE, which has one connector. 0 is the station."""
    if place.connector not in (None, 1):
        raise NotInThisVersion(
            f"OCPP 1.6 has no connector {place.connector} of EVSE {place.evse}: it numbers connectors through"
        )
    return place.evse


def _one_connector(place: Place) -> int:
    connector = connector_of(place)
    if connector < 1:
        raise Invalid(f"this needs one connector, and EVSE {connector} is not one: they start at 1")
    return connector


# ---- transactions


def request_start(command: RequestStart) -> Conversation[StartAnswer]:
    """1.6 has no word for the kind of a token, its group, or the number of a remote start: they stay with us."""
    request = m.RemoteStartTransactionRequest(
        id_tag=id_tag(command.token),
        connector_id=None if command.place is None else _one_connector(command.place),
        charging_profile=None if command.profile is None else charging.write_profile(command.profile),
    )
    answer = yield from _ask("RemoteStartTransaction", request, m.RemoteStartTransactionResponse)
    return StartAnswer(_answer(answer.status.value))


def request_stop(command: RequestStop) -> Conversation[Answer]:
    try:
        number = int(command.transaction_id)
    except ValueError:
        raise Invalid(f"transaction ids of OCPP 1.6 are integers, and {command.transaction_id!r} is none") from None
    answer = yield from _ask(
        "RemoteStopTransaction",
        m.RemoteStopTransactionRequest(transaction_id=number),
        m.RemoteStopTransactionResponse,
    )
    return _answer(answer.status.value)


# ---- the station itself


def reset(command: Reset) -> Conversation[Answer]:
    if command.evse:
        raise NotInThisVersion("OCPP 1.6 can reset a whole station only, not one EVSE")
    kind = _RESETS.get(command.kind)
    if kind is None:
        raise NotInThisVersion(f"OCPP 1.6 has no reset {command.kind.value}")
    answer = yield from _ask("Reset", m.ResetRequest(type=kind), m.ResetResponse)
    return _answer(answer.status.value)


_RESETS: Final = {ResetKind.IMMEDIATE: m.ResetType.HARD, ResetKind.ON_IDLE: m.ResetType.SOFT}


def unlock(command: Unlock) -> Conversation[Answer]:
    request = m.UnlockConnectorRequest(connector_id=_one_connector(command.place))
    answer = yield from _ask("UnlockConnector", request, m.UnlockConnectorResponse)
    return _answer(answer.status.value)


def change_availability(command: ChangeAvailability) -> Conversation[Answer]:
    request = m.ChangeAvailabilityRequest(
        connector_id=0 if command.place is None else connector_of(command.place),
        type=_AVAILABILITIES[command.availability],
    )
    answer = yield from _ask("ChangeAvailability", request, m.ChangeAvailabilityResponse)
    return _answer(answer.status.value)


_AVAILABILITIES: Final = {
    Availability.OPERATIVE: m.AvailabilityType.OPERATIVE,
    Availability.INOPERATIVE: m.AvailabilityType.INOPERATIVE,
}


def trigger(command: Trigger) -> Conversation[Answer]:
    """What only the security extension knows is asked for in its own message."""
    connector = None if command.place is None or command.place.evse == 0 else connector_of(command.place)
    if core := _TRIGGERS.get(command.message):
        request = m.TriggerMessageRequest(requested_message=core, connector_id=connector)
        answer = yield from _ask("TriggerMessage", request, m.TriggerMessageResponse)
        return _answer(answer.status.value)
    if extended := _EXTENDED_TRIGGERS.get(command.message):
        request = m.ExtendedTriggerMessageRequest(requested_message=extended, connector_id=connector)
        answer = yield from _ask("ExtendedTriggerMessage", request, m.ExtendedTriggerMessageResponse)
        return _answer(answer.status.value)
    return (yield from plug_and_charge.trigger(command))


_TRIGGERS: Final = {
    Triggerable.BOOT: m.MessageTrigger.BOOT_NOTIFICATION,
    Triggerable.DIAGNOSTICS_STATUS: m.MessageTrigger.DIAGNOSTICS_STATUS_NOTIFICATION,
    Triggerable.FIRMWARE_STATUS: m.MessageTrigger.FIRMWARE_STATUS_NOTIFICATION,
    Triggerable.HEARTBEAT: m.MessageTrigger.HEARTBEAT,
    Triggerable.METER_VALUES: m.MessageTrigger.METER_VALUES,
    Triggerable.STATUS: m.MessageTrigger.STATUS_NOTIFICATION,
}
_EXTENDED_TRIGGERS: Final = {
    Triggerable.LOG_STATUS: m.MessageTriggerEnum.LOG_STATUS_NOTIFICATION,
    Triggerable.SIGN_STATION_CERTIFICATE: m.MessageTriggerEnum.SIGN_CHARGE_POINT_CERTIFICATE,
}


# ---- settings


def get_settings(command: GetSettings, quirks: Quirks = NONE) -> Conversation[tuple[SettingAnswer, ...]]:
    """No names: all there are, which is then also reported as the whole inventory."""
    if not command.names and quirks.keys_a_call is not None:
        settings = yield from _all_known(quirks.keys_a_call)
        yield _inventory(None, settings)
        return tuple(SettingAnswer(setting.name, SettingStatus.ACCEPTED, "", setting) for setting in settings)
    if not command.names:
        answer = yield from _ask("GetConfiguration", m.GetConfigurationRequest(), m.GetConfigurationResponse)
        settings = tuple(setting_of(entry) for entry in answer.configuration_key or ())
        yield _inventory(None, settings)
        return tuple(SettingAnswer(setting.name, SettingStatus.ACCEPTED, "", setting) for setting in settings)
    unsayable = [_unsayable(*asked) for asked in command.names]
    sayable = (_key(name) for (name, _), bad in zip(command.names, unsayable, strict=True) if bad is None)
    keys = {key.casefold(): key for key in sayable}
    found: dict[SettingName, Setting] = {}
    unknown: set[SettingName] = set()
    most = min(quirks.keys_a_call or KEYS_A_CALL, command.most_a_call or KEYS_A_CALL)
    for portion in in_portions(keys.values(), most):
        request = m.GetConfigurationRequest(key=list(portion))
        answer = yield from _ask("GetConfiguration", request, m.GetConfigurationResponse)
        found |= {name_of(entry.key): setting_of(entry) for entry in answer.configuration_key or ()}
        unknown |= {name_of(key) for key in answer.unknown_key or ()}
    return tuple(bad or _found(name, found, unknown) for (name, _), bad in zip(command.names, unsayable, strict=True))


def _found(name: SettingName, found: Mapping[SettingName, Setting], unknown: Iterable[SettingName]) -> SettingAnswer:
    if name in found:
        return SettingAnswer(name, SettingStatus.ACCEPTED, "", found[name])
    if name in unknown:
        return SettingAnswer(name, SettingStatus.UNKNOWN, "unknownKey")
    return SettingAnswer(name, SettingStatus.REJECTED, "", reason="the station's answer left it out")


def change_settings(command: ChangeSettings) -> Conversation[tuple[SettingAnswer, ...]]:
    """1.6 sets one key a call: as many calls as settings. One answered with an error does not end the others."""
    answers: list[SettingAnswer] = []
    for new in command.settings:
        answers.append((yield from _change(new)))  # noqa: PERF401 - a comprehension cannot yield
    return tuple(answers)


def _change(new: NewValue) -> Conversation[SettingAnswer]:
    if bad := _unsayable(new.name, new.attribute):
        return bad
    if len(new.value) > LONGEST_VALUE:
        reason = f"OCPP 1.6 carries values of at most {LONGEST_VALUE} characters, and this has {len(new.value)}"
        return SettingAnswer(new.name, SettingStatus.REJECTED, "", reason=reason)
    request = m.ChangeConfigurationRequest(key=_key(new.name), value=new.value)
    try:
        answer = yield from _ask("ChangeConfiguration", request, m.ChangeConfigurationResponse)
    except StationError as error:
        return SettingAnswer(new.name, SettingStatus.REJECTED, error.code, reason=error.reason)
    return SettingAnswer(new.name, _CHANGES[answer.status], answer.status.value)


_CHANGES: Final = {
    m.ConfigurationStatus.ACCEPTED: SettingStatus.ACCEPTED,
    m.ConfigurationStatus.REBOOT_REQUIRED: SettingStatus.REBOOT_REQUIRED,
    m.ConfigurationStatus.REJECTED: SettingStatus.REJECTED,
    m.ConfigurationStatus.NOT_SUPPORTED: SettingStatus.UNKNOWN,
}


def _all_known(keys_a_call: int) -> Generator[Call, Payload, tuple[Setting, ...]]:
    """Of a station that does not answer when it is asked for everything: the keys of the standard that it has."""
    found: list[Setting] = []
    for portion in in_portions(NAMES, keys_a_call):
        request = m.GetConfigurationRequest(key=list(portion))
        answer = yield from _ask("GetConfiguration", request, m.GetConfigurationResponse)
        found += [setting_of(entry) for entry in answer.configuration_key or ()]
    return tuple(found)


def report_settings(command: ReportSettings, quirks: Quirks = NONE) -> Conversation[Answer]:
    """1.6 has one list of keys and no summary of it. What it answers is the report, all in one part."""
    if command.base is ReportBase.SUMMARY:
        raise NotInThisVersion("OCPP 1.6 has no summary of its settings: ask for all of them")
    if quirks.keys_a_call is not None:
        yield _inventory(command.report_id, (yield from _all_known(quirks.keys_a_call)))
        return Answer(Accepted.ACCEPTED, "Accepted")
    answer = yield from _ask("GetConfiguration", m.GetConfigurationRequest(), m.GetConfigurationResponse)
    yield _inventory(command.report_id, tuple(setting_of(entry) for entry in answer.configuration_key or ()))
    return Answer(Accepted.ACCEPTED, "Accepted")


def report_some(command: ReportSome, quirks: Quirks = NONE) -> Conversation[Answer]:
    """Of the keys that 1.6 has for them; what it answers is the report, all in one part."""
    if command.criteria or not command.parts:
        raise NotInThisVersion("OCPP 1.6 reports settings by their names only: name components and variables")
    names = tuple(
        SettingName(p.component, p.variable, p.component_instance, p.variable_instance) for p in command.parts
    )
    for part, name in zip(command.parts, names, strict=True):
        if part.place is not None or not part.variable or key_of(name) is None:
            raise NotInThisVersion(f"OCPP 1.6 has no configuration key for {name}")
    answers = yield from get_settings(GetSettings(tuple((name, Attribute.ACTUAL) for name in names)), quirks)
    settings = tuple(answer.setting for answer in answers if answer.setting is not None)
    if not settings:
        return Answer(Accepted.REJECTED, "EmptyResultSet")
    yield SettingsReported(command.report_id, part=0, more=False, settings=settings)
    return Answer(Accepted.ACCEPTED, "Accepted")


def _inventory(report_id: int | None, settings: tuple[Setting, ...]) -> SettingsReported:
    return SettingsReported(report_id, part=0, more=False, settings=settings, full=True)


def setting_of(entry: m.KeyValue) -> Setting:
    """A key that is there without a value keeps it to itself: `AuthorizationKey` does."""
    return Setting(
        name_of(entry.key),
        entry.value,
        mutability=Mutability.READ_ONLY if entry.readonly else Mutability.READ_WRITE,
    )


def _unsayable(name: SettingName, attribute: Attribute) -> SettingAnswer | None:
    """The answer to what 1.6 has no key for: the station need not be asked."""
    if attribute is not Attribute.ACTUAL:
        reason = "OCPP 1.6 knows a setting's actual value only"
        return SettingAnswer(name, SettingStatus.UNSUPPORTED_ATTRIBUTE, "", reason=reason)
    key = key_of(name)
    if key is None:
        return SettingAnswer(name, SettingStatus.UNKNOWN, "", reason=f"OCPP 1.6 has no configuration key for {name}")
    if not 0 < len(key) <= LONGEST_KEY:
        reason = f"configuration keys of OCPP 1.6 have 1 to {LONGEST_KEY} characters, and this has {len(key)}"
        return SettingAnswer(name, SettingStatus.UNKNOWN, "", reason=reason)
    return None


def _key(name: SettingName) -> str:
    key = key_of(name)
    assert key is not None
    return key


# ---- anything


def send_data(command: SendData) -> Conversation[DataAnswer]:
    request = m.DataTransferRequest(
        vendor_id=command.vendor_id, message_id=command.message_id or None, data=command.data
    )
    answer = yield from _ask("DataTransfer", request, m.DataTransferResponse)
    return DataAnswer(_MEANINGS[answer.status.value], answer.status.value, answer.data)


SPEAKERS: Final[Mapping[type[Command[Any]], Callable[[Any], Conversation[Any]]]] = {
    ChangeAvailability: change_availability,
    ChangeSettings: change_settings,
    GetSettings: get_settings,
    ReportSettings: report_settings,
    ReportSome: report_some,
    RequestStart: request_start,
    RequestStop: request_stop,
    Reset: reset,
    SendData: send_data,
    Trigger: trigger,
    Unlock: unlock,
    **firmware.SPEAKERS,
    **logs.SPEAKERS,
    **certificates.SPEAKERS,
    **charging.SPEAKERS,
    **lists.SPEAKERS,
    **costs.SPEAKERS,
    **reservations.SPEAKERS,
}

PARTICULAR: Final[Mapping[type[Command[Any]], Callable[[Any, Quirks], Conversation[Any]]]] = {
    GetSettings: get_settings,
    ReportSettings: report_settings,
    **charging.PARTICULAR,
    ReportSome: report_some,
}
"""Said otherwise to stations of some makes."""
