"""Writes the OCPP message types from the JSON schemas that the PyPI package `ocpp` carries.

    python tools/generate_ocpp.py            write the files
    python tools/generate_ocpp.py --check    exit 1 where a file is not what would be written

Taken from the schemas: names and constraints. Not taken: their prose; `multipleOf` (a tenth is no binary fraction, so
16.1 A would be refused); `minItems` and `required` in the few places of READ_KINDLY.

Names. A 2.x definition keeps its name without the ending "Type" (`IdTokenType` → `IdToken`). 1.6 core schemas have no
definitions: PLACES_16 gives each nested object and enumeration the name that OCPP 1.6 §7 has for it. Messages are
`<Action>Request` and `<Action>Response` in every version. Attributes are snake_case; msgspec's camel renaming brings
most of them back, and the others carry their exact name.
"""

import argparse
import json
import keyword
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, cast

SCHEMAS: Final = Path(str(files("ocpp")))
TARGET: Final = Path(__file__).parent.parent / "src" / "voltloom" / "protocols" / "ocpp"
NOT_RULES: Final = {"description", "javaType", "comment", "title", "$id", "$schema", "default"}
MARGIN: Final = 120

Schema = dict[str, Any]


@dataclass(frozen=True)
class Version:
    name: str
    folder: str
    target: str


VERSIONS: Final = (
    Version("1.6", "v16", "v16/messages.py"),
    Version("2.0.1", "v201", "v2/messages_201.py"),
    Version("2.1", "v21", "v2/messages_21.py"),
)

# ---- what the schemas do not say -------------------------------------------------------------------------------

# Who begins an exchange. The CSMS does where an action is in neither list. First 1.6 and its security extension, then
# what 2.0.1 adds, then 2.1.
BEGUN_BY_STATION: Final = frozenset(
    {
        "Authorize",
        "BootNotification",
        "DiagnosticsStatusNotification",
        "FirmwareStatusNotification",
        "Heartbeat",
        "LogStatusNotification",
        "MeterValues",
        "SecurityEventNotification",
        "SignCertificate",
        "SignedFirmwareStatusNotification",
        "StartTransaction",
        "StatusNotification",
        "StopTransaction",
        "ClearedChargingLimit",
        "Get15118EVCertificate",
        "GetCertificateStatus",
        "NotifyChargingLimit",
        "NotifyCustomerInformation",
        "NotifyDisplayMessages",
        "NotifyEVChargingNeeds",
        "NotifyEVChargingSchedule",
        "NotifyEvent",
        "NotifyMonitoringReport",
        "NotifyReport",
        "PublishFirmwareStatusNotification",
        "ReportChargingProfiles",
        "ReservationStatusUpdate",
        "TransactionEvent",
        "BatterySwap",
        "ClosePeriodicEventStream",
        "GetCertificateChainStatus",
        "NotifyDERAlarm",
        "NotifyDERStartStop",
        "NotifyPeriodicEventStream",
        "NotifyPriorityCharging",
        "NotifySettlement",
        "OpenPeriodicEventStream",
        "PullDynamicScheduleUpdate",
        "ReportDERControl",
        "VatNumberValidation",
    }
)
BEGUN_BY_EITHER: Final = frozenset({"DataTransfer"})

# Where stations are known to stray and nothing is lost by reading them all the same.
READ_KINDLY: Final = {
    ("VariableMonitoring", "eventNotificationType"): "required",
    ("NotifyReportRequest", "reportData"): "minItems",
    ("MeterValue", "sampledValue"): "minItems",  # of the two in 1.6, only that of MeterValues has the rule
}

LIFTED: Final[set[tuple[str, str]]] = set()  # of READ_KINDLY, those that were met

# The names of OCPP 1.6 §7, by place: <message>/<property>, where a bare <property> serves every message.
PLACES_16: Final = {
    "idTagInfo": "IdTagInfo",
    "idTagInfo/status": "AuthorizationStatus",
    "localAuthorizationList": "AuthorizationData",
    "chargingSchedule": "ChargingSchedule",
    "chargingSchedulePeriod": "ChargingSchedulePeriod",
    "chargingProfile": "ChargingProfile",
    "csChargingProfiles": "ChargingProfile",
    "chargingProfilePurpose": "ChargingProfilePurposeType",
    "chargingProfileKind": "ChargingProfileKindType",
    "recurrencyKind": "RecurrencyKindType",
    "chargingRateUnit": "ChargingRateUnitType",
    "configurationKey": "KeyValue",
    "meterValue": "MeterValue",
    "transactionData": "MeterValue",
    "sampledValue": "SampledValue",
    "context": "ReadingContext",
    "format": "ValueFormat",
    "measurand": "Measurand",
    "phase": "Phase",
    "location": "Location",
    "unit": "UnitOfMeasure",
    "errorCode": "ChargePointErrorCode",
    "reason": "Reason",
    "updateType": "UpdateType",
    "requestedMessage": "MessageTrigger",
    "BootNotificationResponse/status": "RegistrationStatus",
    "CancelReservationResponse/status": "CancelReservationStatus",
    "ChangeAvailabilityRequest/type": "AvailabilityType",
    "ChangeAvailabilityResponse/status": "AvailabilityStatus",
    "ChangeConfigurationResponse/status": "ConfigurationStatus",
    "ClearCacheResponse/status": "ClearCacheStatus",
    "ClearChargingProfileResponse/status": "ClearChargingProfileStatus",
    "DataTransferResponse/status": "DataTransferStatus",
    "DiagnosticsStatusNotificationRequest/status": "DiagnosticsStatus",
    "FirmwareStatusNotificationRequest/status": "FirmwareStatus",
    "GetCompositeScheduleResponse/status": "GetCompositeScheduleStatus",
    "RemoteStartTransactionResponse/status": "RemoteStartStopStatus",
    "RemoteStopTransactionResponse/status": "RemoteStartStopStatus",
    "ReserveNowResponse/status": "ReservationStatus",
    "ResetRequest/type": "ResetType",
    "ResetResponse/status": "ResetStatus",
    "SendLocalListResponse/status": "UpdateStatus",
    "SetChargingProfileResponse/status": "ChargingProfileStatus",
    "StatusNotificationRequest/status": "ChargePointStatus",
    "TriggerMessageResponse/status": "TriggerMessageStatus",
    "UnlockConnectorResponse/status": "UnlockStatus",
}

# StopTransaction's schema forgets Hertz, which MeterValues' has: one enumeration, with both.
WIDENED_16: Final = frozenset({"UnitOfMeasure"})


# What the parting of words at capitals would tear ("TIme" is the schema's own slip).
ONE_WORD: Final = {
    "EMAID": "Emaid",
    "IKEv": "Ikev",
    "RoCoF": "Rocof",
    "SoC": "Soc",
    "TIme": "Time",
    "V2G": "V2g",
    "V2X": "V2x",
    "eMAID": "Emaid",
}
UNITS: Final = frozenset({"Wh", "kWh", "W", "kW", "VA", "kVA", "var", "kvar", "varh", "kvarh"})


# ---- names -------------------------------------------------------------------------------------------------------


def snake(name: str) -> str:
    """evSupportedDERControl → ev_supported_der_control"""
    for word, one_word in ONE_WORD.items():
        name = name.replace(word, one_word)
    parted = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", parted).lower()


def camel(name: str) -> str:
    """As msgspec renames."""
    first, *others = name.split("_")
    return first + "".join(other[:1].upper() + other[1:] for other in others)


def member(value: str) -> str:
    name = (value if value in UNITS else re.sub(r"\W", "_", snake(value))).upper()
    return f"_{name}" if name[0].isdigit() else name


# ---- from schema to model ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Property:
    name: str
    type: str
    required: bool


@dataclass
class Model:
    """The classes of one version, each after what it is made of."""

    enums: dict[str, list[str]] = field(default_factory=dict)
    structs: dict[str, list[Property]] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    messages: dict[str, dict[str, str]] = field(default_factory=dict)
    seen: dict[str, Schema] = field(default_factory=dict)


def rules_only(schema: Schema, *, names: bool = False) -> Schema:
    """The schema without its prose, to tell whether two definitions are the same.

    names   the keys of `schema` are names, not keywords: a property may be called `title`
    """
    return {
        key: rules_only(cast("Schema", item), names=key == "properties" and not names)
        if isinstance(item, dict)
        else item
        for key, item in schema.items()
        if names or key not in NOT_RULES | {"definitions"}
    }


class Reader:
    """Reads the schema files of one version into a Model."""

    def __init__(self, version: Version) -> None:
        self.version = version
        self.model = Model()

    def read(self) -> Model:
        for path in sorted((SCHEMAS / self.version.folder / "schemas").glob("*.json")):
            action, role = self.message(path.stem)
            schema = json.loads(path.read_text(encoding="utf-8-sig"))
            name = action if role == "Send" else action + role
            self.struct(name, schema, schema.get("definitions", {}), name)
            self.model.messages.setdefault(action, {})[role] = name
        return self.model

    def message(self, stem: str) -> tuple[str, str]:
        for role in ("Request", "Response"):
            if stem.endswith(role):
                return stem.removesuffix(role), role
        return (stem, "Request") if self.version.folder == "v16" else (stem, "Send")

    def struct(self, name: str, schema: Schema, definitions: Mapping[str, Schema], place: str) -> str:
        schema = softened(name, schema)
        if self.is_known(name, schema):
            return name
        properties = [
            Property(key, self.type_of(item, definitions, f"{place}/{key}"), key in schema.get("required", ()))
            for key, item in schema.get("properties", {}).items()
        ]
        self.model.structs[name] = properties
        return name

    def enum(self, name: str, schema: Schema) -> str:
        if name in WIDENED_16 and self.version.folder == "v16":
            values = self.model.enums.setdefault(name, [])
            values.extend(value for value in schema["enum"] if value not in values)
        elif not self.is_known(name, {"enum": sorted(schema["enum"])}):
            self.model.enums[name] = schema["enum"]
        return name

    def is_known(self, name: str, schema: Schema) -> bool:
        """False the first time. One name must mean one thing throughout a version."""
        rules = without_widened(rules_only(schema))
        if name not in self.model.seen:
            self.model.seen[name] = rules
            return False
        if self.model.seen[name] != rules:
            sys.exit(f"OCPP {self.version.name}: two different definitions of {name}; give one of them another name")
        return True

    def type_of(self, schema: Schema, definitions: Mapping[str, Schema], place: str) -> str:
        if "$ref" in schema:
            key = schema["$ref"].removeprefix("#/definitions/")
            if key == "CustomDataType":
                return "CustomData"
            return self.named(key.removesuffix("Type"), definitions[key], definitions)
        if not set(schema) - NOT_RULES:  # the data of a DataTransfer: any JSON
            return "object"
        if "enum" in schema or schema["type"] == "object":
            return self.named(self.name_16(place), schema, definitions, place)
        match schema["type"]:
            case "array":
                item = self.type_of(schema["items"], definitions, place)
                meta = {"min_length": schema.get("minItems"), "max_length": schema.get("maxItems")}
                return annotated(f"list[{item}]", meta)
            case "string" if schema.get("format") == "date-time":
                return "DateTime"
            case "string" if set(schema) <= {"type", "format", "maxLength", *NOT_RULES}:
                return self.text(schema.get("maxLength"))
            case "integer" | "number" as kind:
                meta = {"ge": schema.get("minimum"), "le": schema.get("maximum")}
                return annotated("int" if kind == "integer" else "float", meta)
            case "boolean":
                return "bool"
            case _:
                sys.exit(f"OCPP {self.version.name}: no type for {place}: {rules_only(schema)}")

    def named(self, name: str, schema: Schema, definitions: Mapping[str, Schema], place: str = "") -> str:
        if "enum" in schema:
            return self.enum(name, schema)
        return self.struct(name, schema, definitions, place or name)

    def text(self, max_length: int | None) -> str:
        if max_length is None:
            return "str"
        alias = f"Text{max_length}"
        self.model.aliases[alias] = f"Annotated[str, Meta(max_length={max_length})]"
        return alias

    def name_16(self, place: str) -> str:
        message, *_, parent, key = ("", *place.split("/"))
        for candidate in (f"{parent}/{key}", f"{message}/{key}", key):
            if candidate in PLACES_16:
                return PLACES_16[candidate]
        sys.exit(f"OCPP {self.version.name}: PLACES_16 has no name for {place}")


def softened(name: str, schema: Schema) -> Schema:
    """The schema of `name` without the rules that READ_KINDLY lifts."""
    schema = {**schema, "properties": dict(schema.get("properties", {})), "required": list(schema.get("required", ()))}
    for (owner, key), rule in READ_KINDLY.items():
        if owner != name or key not in schema["properties"]:
            continue
        LIFTED.add((owner, key))
        if rule == "required":
            schema["required"] = [item for item in schema["required"] if item != key]
        else:
            schema["properties"][key] = {k: item for k, item in schema["properties"][key].items() if k != rule}
    return schema


def without_widened(rules: Schema) -> Schema:
    """The rules with the enumerations of WIDENED_16 blanked, which differ from place to place."""
    places = {key for key, name in PLACES_16.items() if name in WIDENED_16}
    return {
        key: None
        if key in places and "enum" in item
        else without_widened(cast("Schema", item))
        if isinstance(item, dict)
        else item
        for key, item in rules.items()
    }


def annotated(type_: str, meta: Mapping[str, float | None]) -> str:
    rules = [f"{key}={number(value)}" for key, value in meta.items() if value is not None]
    return f"Annotated[{type_}, Meta({', '.join(rules)})]" if rules else type_


def number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else str(value)


# ---- from model to text ------------------------------------------------------------------------------------------


def lines_of(version: Version, model: Model) -> Iterator[str]:
    yield f'"""The messages of OCPP {version.name}. GENERATED by tools/generate_ocpp.py: change that instead."""'
    yield ""
    yield "from enum import StrEnum"
    yield "from typing import Annotated, Final, TypeAlias"
    yield ""
    yield "from msgspec import Meta, field"
    yield ""
    names = ["Action", "DateTime", "Sender", "Wire"] + (["CustomData"] if version.folder != "v16" else [])
    yield f"from voltloom.protocols.ocpp.wire import {', '.join(sorted(names))}"
    yield ""
    for alias in sorted(model.aliases, key=lambda name: int(name.removeprefix("Text"))):
        yield f"{alias}: TypeAlias = {model.aliases[alias]}"
    for name in sorted(model.enums):
        yield from enum_lines(name, model.enums[name])
    for name, properties in model.structs.items():  # a part is read before the whole that names it
        yield from struct_lines(name, properties, taken=set(model.structs) | set(model.enums))
    yield from table_lines(model)


def enum_lines(name: str, values: list[str]) -> Iterator[str]:
    members = {member(value): value for value in values}
    if len(members) != len(values) or not all(key.isidentifier() for key in members):
        sys.exit(f"{name}: its members need other names: {values}")
    yield from ("", "", f"class {name}(StrEnum):")
    yield from (f'    {key} = "{value}"' for key, value in members.items())


def struct_lines(name: str, properties: list[Property], taken: set[str]) -> Iterator[str]:
    yield from ("", "", f"class {name}(Wire, kw_only=True):")
    if not properties:
        yield "    pass"
    for item in properties:
        attribute = snake(item.name)
        if keyword.iskeyword(attribute) or attribute in taken | {"int", "float", "str", "bool", "list", "field"}:
            sys.exit(f"{name}.{item.name}: {attribute} cannot be an attribute's name")
        type_ = item.type if item.required or item.type == "object" else f"{item.type} | None"
        exact = camel(attribute) == item.name
        match item.required, exact:
            case True, True:
                default = ""
            case False, True:
                default = " = None"
            case True, False:
                default = f' = field(name="{item.name}")'
            case _:
                default = f' = field(name="{item.name}", default=None)'
        yield f"    {attribute}: {type_}{default}"


def table_lines(model: Model) -> Iterator[str]:
    yield from ("", "", "ACTIONS: Final = {", "    action.name: action", "    for action in (")
    for action, messages in sorted(model.messages.items()):
        sender = "BOTH" if action in BEGUN_BY_EITHER else "STATION" if action in BEGUN_BY_STATION else "CSMS"
        request = messages.get("Send") or messages["Request"]
        response = None if "Send" in messages else messages["Response"]
        row = f'        Action("{action}", Sender.{sender}, {request}, {response}),'
        if len(row) <= MARGIN:
            yield row
        else:
            yield "        Action("
            yield f'            "{action}",'
            yield f"            Sender.{sender},"
            yield f"            {request},"
            yield f"            {response},"
            yield "        ),"
    yield from ("    )", "}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the OCPP message types from the JSON schemas.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file is stale")
    check = parser.parse_args().check
    stale = 0
    actions: set[str] = set()
    for version in VERSIONS:
        model = Reader(version).read()
        actions |= set(model.messages)
        text = "\n".join(lines_of(version, model)) + "\n"
        target = TARGET / version.target
        if target.exists() and target.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        if check:
            print(f"{target} is stale: run python tools/generate_ocpp.py", file=sys.stderr)
        else:
            target.write_text(text, encoding="utf-8")
            print(f"{target}: {len(model.messages)} actions, {len(model.structs)} objects")
    if unknown := (BEGUN_BY_STATION | BEGUN_BY_EITHER) - actions:
        sys.exit(f"No version has these actions: {', '.join(sorted(unknown))}")
    if needless := set(READ_KINDLY) - LIFTED:
        sys.exit(f"READ_KINDLY names what no schema has: {sorted(needless)}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
