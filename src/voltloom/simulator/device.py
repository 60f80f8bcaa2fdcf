"""A station's settings: one table, read as 2.x components and variables or as 1.6 configuration keys."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from voltloom.simulator.fleet import StationPlan
from voltloom.simulator.meter import FULL, FULL_DC, TEMPERATURE


class SetResult(Enum):
    ACCEPTED = "Accepted"
    REBOOT_REQUIRED = "RebootRequired"
    REJECTED = "Rejected"
    READ_ONLY = "ReadOnly"
    UNKNOWN_COMPONENT = "UnknownComponent"
    UNKNOWN_VARIABLE = "UnknownVariable"


@dataclass(slots=True)
class Variable:
    """One setting. key: its name in 1.6, "" where it has none there; component "": 1.6 only.

    access   "rw", "ro" or "wo"
    limits   minimum and maximum of numbers; characters for texts
    choice   what its values, or the members of its list, are taken from
    """

    component: str
    variable: str
    key: str
    value: str
    kind: str = "string"
    access: str = "rw"
    unit: str = ""
    instance: str = ""
    evse: int = 0
    connector: int = 0
    limits: tuple[float, float] | None = None
    choice: tuple[str, ...] = ()
    reboot: bool = False

    def why_not(self, value: str) -> str:
        """What is wrong with a new value; "" for nothing."""
        match self.kind:
            case "integer" | "decimal":
                try:
                    number = int(value) if self.kind == "integer" else float(value)
                except ValueError:
                    return "not a number"
                if self.limits and not self.limits[0] <= number <= self.limits[1]:
                    return f"not between {self.limits[0]:g} and {self.limits[1]:g}"
            case "boolean":
                return "" if value.lower() in ("true", "false") else "neither true nor false"
            case "OptionList" if value not in self.choice:
                return f"none of {', '.join(self.choice)}"
            case "MemberList" | "SequenceList" if self.choice:
                # A measurand may name one phase, as in "Voltage.L1".
                items = [item[:-3] if item[-3:] in (".L1", ".L2", ".L3") else item for item in value.split(",")]
                unknown = [item for item in items if item and item not in self.choice]
                return f"unknown: {', '.join(unknown)}" if unknown else ""
            case _:
                if self.limits and not self.limits[0] <= len(value) <= self.limits[1]:
                    return "too short or too long"
        return ""


class Device:
    """All settings of one station."""

    def __init__(self, plan: StationPlan) -> None:
        self.variables = list(_variables(plan))
        self._by_key = {v.key.lower(): v for v in self.variables if v.key}
        self._by_name = {
            (v.component.lower(), v.variable.lower(), v.instance.lower(), v.evse, v.connector): v
            for v in self.variables
            if v.component
        }
        self._components = {v.component.lower() for v in self.variables}

    # ---- as the station itself reads them

    def text(self, component: str, variable: str, instance: str = "", evse: int = 0) -> str:
        return self._by_name[component.lower(), variable.lower(), instance.lower(), evse, 0].value

    def number(self, component: str, variable: str, instance: str = "") -> int:
        return int(self.text(component, variable, instance) or 0)

    def flag(self, component: str, variable: str) -> bool:
        return self.text(component, variable).lower() == "true"

    def measurands(self, component: str, variable: str) -> tuple[str, ...]:
        return tuple(filter(None, self.text(component, variable).split(",")))

    def put(self, component: str, variable: str, value: str, evse: int = 0, connector: int = 0) -> None:
        """The station's own knowledge: read-only or not."""
        self._by_name[component.lower(), variable.lower(), "", evse, connector].value = value

    # ---- as it is asked

    def by_key(self, key: str) -> Variable | None:
        return self._by_key.get(key.lower())

    def configuration(self) -> Iterator[Variable]:
        return (v for v in self.variables if v.key)

    def find(
        self, component: str, variable: str, instance: str = "", evse: int = 0, connector: int = 0
    ) -> Variable | SetResult:
        """2.x names are compared without case."""
        found = self._by_name.get((component.lower(), variable.lower(), instance.lower(), evse, connector))
        if found is not None:
            return found
        known = component.lower() in self._components
        return SetResult.UNKNOWN_VARIABLE if known else SetResult.UNKNOWN_COMPONENT

    def change(self, variable: Variable, value: str) -> tuple[SetResult, str]:
        """Set it, or say why not."""
        if variable.access == "ro":
            return SetResult.READ_ONLY, "read-only"
        why = variable.why_not(value)
        if why:
            return SetResult.REJECTED, why
        variable.value = value.lower() if variable.kind == "boolean" else value
        return (SetResult.REBOOT_REQUIRED if variable.reboot else SetResult.ACCEPTED), ""

    def inventory(self, configuration_only: bool = False) -> Iterator[Variable]:
        """What a base report holds: everything, or what can be set."""
        return (v for v in self.variables if v.component and (v.access != "ro" or not configuration_only))


def _variables(plan: StationPlan) -> Iterator[Variable]:
    known = FULL_DC if plan.outlets[0].phases == 0 else FULL
    known = (*known, TEMPERATURE) if plan.version == "1.6" else known
    sampled, register = ",".join(plan.measurands), "Energy.Active.Import.Register"
    for v in (*_CONTROLLERS, *_ONLY_16):
        match v.value:
            case "{sampled}":
                yield replace(v, value=sampled, choice=known)
            case "{register}":
                yield replace(v, value=register, choice=known)
            case "{interval}":
                yield replace(v, value=str(plan.sample_interval_s))
            case "{identity}":
                yield replace(v, value=plan.id)
            case "{profile}":
                yield replace(v, value=str(plan.profile))
            case "{outlets}":
                yield replace(v, value=str(len(plan.outlets)))
            case "{start}":
                yield replace(v, value="EVConnected" if plan.quirks.starts_on_plug else "PowerPathClosed")
            case "{stop}":
                yield replace(v, value="EVConnected" if plan.quirks.starts_on_plug else "PowerPathClosed")
            case _:
                yield replace(v)
    yield from _hardware(plan)


def _hardware(plan: StationPlan) -> Iterator[Variable]:
    for name, value in (
        ("Model", plan.model),
        ("VendorName", plan.vendor),
        ("SerialNumber", plan.serial),
        ("FirmwareVersion", plan.firmware),
    ):
        yield Variable("ChargingStation", name, "", value, access="ro")
    yield Variable("ChargingStation", "Available", "", "true", "boolean", "ro")
    states = ("Available", "Occupied", "Reserved", "Unavailable", "Faulted")
    yield Variable("ChargingStation", "AvailabilityState", "", "Available", "OptionList", "ro", choice=states)
    yield Variable("ChargingStation", "SupplyPhases", "", "3", "integer", "ro")
    yield Variable("TemperatureSensor", "Temperature", "", "21", "decimal", "ro", "Celsius", limits=(-40, 120))
    for number, outlet in enumerate(plan.outlets, 1):
        phases = str(outlet.phases)
        for variable in (
            Variable("EVSE", "Available", "", "true", "boolean", "ro"),
            Variable("EVSE", "AvailabilityState", "", "Available", "OptionList", "ro", choice=states),
            Variable("EVSE", "SupplyPhases", "", phases, "integer", "ro"),
            Variable("EVSE", "Power", "", "0", "decimal", "ro", "W", limits=(0, outlet.max_w)),
            Variable("Connector", "Available", "", "true", "boolean", "ro", connector=1),
            Variable("Connector", "AvailabilityState", "", "Available", "OptionList", "ro", choice=states, connector=1),
            Variable("Connector", "ConnectorType", "", outlet.connector_type, access="ro", connector=1),
            Variable("Connector", "SupplyPhases", "", phases, "integer", "ro", connector=1),
        ):
            yield replace(variable, evse=number)


def _flag(component: str, variable: str, key: str, value: bool, access: str = "rw") -> Variable:
    return Variable(component, variable, key, str(value).lower(), "boolean", access)


def _count(
    component: str, variable: str, key: str, value: str | int, unit: str = "", access: str = "rw", instance: str = "",
    limits: tuple[float, float] = (0, 1_000_000), reboot: bool = False,
) -> Variable:  # fmt: skip
    return Variable(
        component, variable, key, str(value), "integer", access, unit, instance, limits=limits, reboot=reboot
    )


def _list(
    component: str, variable: str, key: str, value: str, choice: tuple[str, ...] = (), access: str = "rw"
) -> Variable:
    return Variable(component, variable, key, value, "MemberList", access, choice=choice)


_POINTS = ("ParkingBayOccupancy", "EVConnected", "Authorized", "DataSigned", "PowerPathClosed", "EnergyTransfer")

_CONTROLLERS = (
    _flag("AlignedDataCtrlr", "Enabled", "", True, "ro"),
    _count("AlignedDataCtrlr", "Interval", "ClockAlignedDataInterval", 0, "s"),
    _list("AlignedDataCtrlr", "Measurands", "MeterValuesAlignedData", "{register}"),
    _flag("AlignedDataCtrlr", "SendDuringIdle", "", True),
    _count("AlignedDataCtrlr", "TxEndedInterval", "", 0, "s"),
    _list("AlignedDataCtrlr", "TxEndedMeasurands", "StopTxnAlignedData", ""),
    _flag("AuthCacheCtrlr", "Enabled", "AuthorizationCacheEnabled", True),
    _count("AuthCacheCtrlr", "LifeTime", "", 86_400, "s"),
    _flag("AuthCtrlr", "Enabled", "", True, "ro"),
    _flag("AuthCtrlr", "AuthorizeRemoteStart", "AuthorizeRemoteTxRequests", False),
    _flag("AuthCtrlr", "LocalAuthorizeOffline", "LocalAuthorizeOffline", True),
    _flag("AuthCtrlr", "LocalPreAuthorize", "LocalPreAuthorize", False),
    _flag("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "AllowOfflineTxForUnknownId", True),
    Variable("ClockCtrlr", "DateTime", "", "", "dateTime", "ro"),
    Variable("ClockCtrlr", "TimeSource", "", "Heartbeat", "SequenceList", choice=("Heartbeat", "NTP")),
    Variable("ClockCtrlr", "TimeZone", "", "Europe/Amsterdam", limits=(0, 50)),
    _count("DeviceDataCtrlr", "ItemsPerMessage", "", 20, access="ro", instance="GetReport"),
    _count("DeviceDataCtrlr", "ItemsPerMessage", "", 50, access="ro", instance="GetVariables"),
    _count("DeviceDataCtrlr", "ItemsPerMessage", "", 20, access="ro", instance="SetVariables"),
    _count("DeviceDataCtrlr", "BytesPerMessage", "", 65_000, access="ro", instance="GetReport"),
    _count("DeviceDataCtrlr", "BytesPerMessage", "", 65_000, access="ro", instance="GetVariables"),
    _flag("LocalAuthListCtrlr", "Enabled", "LocalAuthListEnabled", True),
    _count("LocalAuthListCtrlr", "Entries", "", 0, access="ro"),
    _count("LocalAuthListCtrlr", "ItemsPerMessage", "SendLocalListMaxLength", 200, access="ro"),
    _count("LocalAuthListCtrlr", "BytesPerMessage", "", 65_000, access="ro"),
    _count("OCPPCommCtrlr", "ActiveNetworkProfile", "", 1, access="ro"),
    _list("OCPPCommCtrlr", "FileTransferProtocols", "SupportedFileTransferProtocols", "HTTPS", access="ro"),
    _count("OCPPCommCtrlr", "HeartbeatInterval", "HeartbeatInterval", 300, "s", limits=(0, 86_400)),
    _count("OCPPCommCtrlr", "MessageTimeout", "", 30, "s", instance="Default", limits=(1, 600)),
    _count(
        "OCPPCommCtrlr", "MessageAttempts", "TransactionMessageAttempts", 5, instance="TransactionEvent", limits=(1, 50)
    ),
    _count(
        "OCPPCommCtrlr", "MessageAttemptInterval", "TransactionMessageRetryInterval", 20, "s",
        instance="TransactionEvent", limits=(0, 3600),
    ),
    Variable("OCPPCommCtrlr", "NetworkConfigurationPriority", "", "1", "SequenceList"),
    _count("OCPPCommCtrlr", "NetworkProfileConnectionAttempts", "", 3),
    _count("OCPPCommCtrlr", "OfflineThreshold", "", 60, "s"),
    _flag("OCPPCommCtrlr", "QueueAllMessages", "", False),
    _count("OCPPCommCtrlr", "ResetRetries", "ResetRetries", 1),
    _count("OCPPCommCtrlr", "RetryBackOffRandomRange", "", 3, "s"),
    _count("OCPPCommCtrlr", "RetryBackOffRepeatTimes", "", 5),
    _count("OCPPCommCtrlr", "RetryBackOffWaitMinimum", "", 1, "s"),
    _flag("OCPPCommCtrlr", "UnlockOnEVSideDisconnect", "UnlockConnectorOnEVSideDisconnect", True),
    _count("OCPPCommCtrlr", "WebSocketPingInterval", "WebSocketPingInterval", 0, "s", limits=(0, 86_400)),
    _flag("MonitoringCtrlr", "Enabled", "", True),
    _count("MonitoringCtrlr", "ItemsPerMessage", "", 50, access="ro", instance="SetVariableMonitoring"),
    _count("MonitoringCtrlr", "BytesPerMessage", "", 65_000, access="ro", instance="SetVariableMonitoring"),
    _count("MonitoringCtrlr", "ItemsPerMessage", "", 50, access="ro", instance="ClearVariableMonitoring"),
    _flag("ReservationCtrlr", "Enabled", "", True),
    _flag("SampledDataCtrlr", "Enabled", "", True, "ro"),
    _list("SampledDataCtrlr", "TxStartedMeasurands", "", "{register}"),
    _list("SampledDataCtrlr", "TxUpdatedMeasurands", "MeterValuesSampledData", "{sampled}"),
    _count("SampledDataCtrlr", "TxUpdatedInterval", "MeterValueSampleInterval", "{interval}", "s", limits=(0, 86_400)),
    _list("SampledDataCtrlr", "TxEndedMeasurands", "StopTxnSampledData", "{register}"),
    _count("SampledDataCtrlr", "TxEndedInterval", "", 0, "s"),
    Variable(
        "SecurityCtrlr", "BasicAuthPassword", "AuthorizationKey", "", access="wo", limits=(16, 40), reboot=True
    ),
    Variable("SecurityCtrlr", "Identity", "", "{identity}", access="ro"),
    Variable("SecurityCtrlr", "OrganizationName", "CpoName", "voltloom"),
    _count("SecurityCtrlr", "CertificateEntries", "", 0, access="ro"),
    _count("SecurityCtrlr", "SecurityProfile", "SecurityProfile", "{profile}", access="ro", limits=(0, 3)),
    _flag("SmartChargingCtrlr", "Enabled", "", True),
    _count(
        "SmartChargingCtrlr", "Entries", "MaxChargingProfilesInstalled", 16, access="ro", instance="ChargingProfiles"
    ),
    _count("SmartChargingCtrlr", "ProfileStackLevel", "ChargeProfileMaxStackLevel", 8, access="ro"),
    _list("SmartChargingCtrlr", "RateUnit", "ChargingScheduleAllowedChargingRateUnit", "A,W", access="ro"),
    _count("SmartChargingCtrlr", "PeriodsPerSchedule", "ChargingScheduleMaxPeriods", 24, access="ro"),
    Variable("TariffCostCtrlr", "Enabled", "", "true", "boolean", "ro", instance="Cost"),
    Variable("TariffCostCtrlr", "Enabled", "", "true", "boolean", "ro", instance="Tariff"),
    Variable("TariffCostCtrlr", "ConditionsSupported", "", "false", "boolean", "ro", instance="Tariff"),
    Variable("TariffCostCtrlr", "Interval", "", "60", "integer", "rw", "s", "Cost", limits=(0, 86_400)),
    Variable("TariffCostCtrlr", "Currency", "", "EUR", limits=(3, 3)),
    Variable("WebPaymentsCtrlr", "Enabled", "", "false", "boolean"),
    Variable("WebPaymentsCtrlr", "URLTemplate", "", "", limits=(0, 2000)),
    Variable("WebPaymentsCtrlr", "SharedSecret", "", "", access="wo", limits=(0, 255)),
    Variable("WebPaymentsCtrlr", "TOTPVersion", "", "v1", access="ro"),
    Variable("WebPaymentsCtrlr", "ValidityTime", "", "60", "integer", "rw", "s", limits=(6, 3600)),
    Variable("WebPaymentsCtrlr", "Length", "", "8", "integer", limits=(6, 32)),
    Variable("TxCtrlr", "SupportedLimits", "", "MaxEnergy,MaxTime,MaxCost,MaxSoC", access="ro"),
    _count("TxCtrlr", "EVConnectionTimeOut", "ConnectionTimeOut", 60, "s", limits=(1, 3600)),
    _count("TxCtrlr", "MaxEnergyOnInvalidId", "MaxEnergyOnInvalidId", 0, "Wh"),
    _flag("TxCtrlr", "StopTxOnEVSideDisconnect", "StopTransactionOnEVSideDisconnect", True),
    _flag("TxCtrlr", "StopTxOnInvalidId", "StopTransactionOnInvalidId", True),
    _flag("TxCtrlr", "TxBeforeAcceptedEnabled", "", False),
    _list("TxCtrlr", "TxStartPoint", "", "{start}", _POINTS, "ro"),
    _list("TxCtrlr", "TxStopPoint", "", "{stop}", _POINTS, "ro"),
)  # fmt: skip

_ONLY_16 = (
    _count("", "", "NumberOfConnectors", "{outlets}", access="ro"),
    _count("", "", "GetConfigurationMaxKeys", 100, access="ro"),
    _list(
        "", "", "SupportedFeatureProfiles",
        "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger", access="ro",
    ),
    _count("", "", "MeterValuesSampledDataMaxLength", 8, access="ro"),
    _count("", "", "LocalAuthListMaxLength", 1000, access="ro"),
    _count("", "", "MinimumStatusDuration", 0, "s"),
    _count("", "", "BlinkRepeat", 3),
    _count("", "", "LightIntensity", 80, "Percent", limits=(0, 100)),
    Variable("", "", "ConnectorPhaseRotation", "NotApplicable"),
    _flag("", "", "ConnectorSwitch3to1PhaseSupported", False, "ro"),
    _flag("", "", "CustomDisplayCostAndPrice", True, "ro"),
    _flag("", "", "ReserveConnectorZeroSupported", False, "ro"),
)  # fmt: skip
