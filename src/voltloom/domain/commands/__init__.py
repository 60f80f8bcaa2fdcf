"""What we ask stations to do, imperative. Each command has its own outcome type.

An outcome is what the station itself said. That it could not be asked (not connected, timed out, not in its
version, answered with an error) is raised: see `errors`.

Everything is here by name; the files have a subject each.
"""

from voltloom.domain.commands.anything import DataAnswer, RawAnswer, RawCall, SendData
from voltloom.domain.commands.base import Accepted, Answer, Command, OutcomeT
from voltloom.domain.commands.battery import RequestBatterySwap
from voltloom.domain.commands.certificates import (
    DeleteCertificate,
    InstallCertificate,
    InstalledAnswer,
    ListCertificates,
    SendSignedCertificate,
)
from voltloom.domain.commands.charging import (
    AllowEnergyTransfer,
    ClearChargingProfiles,
    CompositeAnswer,
    GetChargingProfiles,
    GetCompositeSchedule,
    SendAfrrSignal,
    SetChargingProfile,
    UpdateDynamicSchedule,
    UsePriorityCharging,
)
from voltloom.domain.commands.customer import AskCustomerInformation, CertificateHash
from voltloom.domain.commands.der import ClearDerControls, DerAnswer, GetDerControls, SetDerControl
from voltloom.domain.commands.display import ClearMessage, ReportMessages, ShowMessage
from voltloom.domain.commands.firmware import FirmwareAnswer, PublishFirmware, UnpublishFirmware, UpdateFirmware
from voltloom.domain.commands.lists import (
    ClearCache,
    GetLocalListVersion,
    ListAnswer,
    ListEntry,
    ListStatus,
    ListUpdate,
    ListVersion,
    SendLocalList,
)
from voltloom.domain.commands.logs import GetLog, LogAnswer, LogKind
from voltloom.domain.commands.monitoring import (
    AdjustStream,
    ClearMonitors,
    MonitorAnswer,
    NewMonitor,
    ReadStreams,
    ReportMonitors,
    SetMonitoringBase,
    SetMonitoringLevel,
    SetMonitors,
)
from voltloom.domain.commands.network import MobileAccess, NetworkProfile, PrivateNetwork, SetNetworkProfile
from voltloom.domain.commands.reservations import CancelReservation, Reserve
from voltloom.domain.commands.settings import (
    ChangeSettings,
    GetSettings,
    NewValue,
    Part,
    PartCriterion,
    ReportBase,
    ReportSettings,
    ReportSome,
    SettingAnswer,
    SettingStatus,
)
from voltloom.domain.commands.station import ChangeAvailability, Reset, ResetKind, Trigger, Triggerable, Unlock
from voltloom.domain.commands.transactions import (
    GetTransactionStatus,
    RequestStart,
    RequestStop,
    StartAnswer,
    TransactionStatus,
)

__all__ = [
    "Accepted",
    "AdjustStream",
    "AllowEnergyTransfer",
    "Answer",
    "AskCustomerInformation",
    "CancelReservation",
    "CertificateHash",
    "ChangeAvailability",
    "ChangeSettings",
    "ClearCache",
    "ClearChargingProfiles",
    "ClearDerControls",
    "ClearMessage",
    "ClearMonitors",
    "Command",
    "CompositeAnswer",
    "DataAnswer",
    "DeleteCertificate",
    "DerAnswer",
    "FirmwareAnswer",
    "GetChargingProfiles",
    "GetCompositeSchedule",
    "GetDerControls",
    "GetLocalListVersion",
    "GetLog",
    "GetSettings",
    "GetTransactionStatus",
    "InstallCertificate",
    "InstalledAnswer",
    "ListAnswer",
    "ListCertificates",
    "ListEntry",
    "ListStatus",
    "ListUpdate",
    "ListVersion",
    "LogAnswer",
    "LogKind",
    "MobileAccess",
    "MonitorAnswer",
    "NetworkProfile",
    "NewMonitor",
    "NewValue",
    "OutcomeT",
    "Part",
    "PartCriterion",
    "PrivateNetwork",
    "PublishFirmware",
    "RawAnswer",
    "RawCall",
    "ReadStreams",
    "ReportBase",
    "ReportMessages",
    "ReportMonitors",
    "ReportSettings",
    "ReportSome",
    "RequestBatterySwap",
    "RequestStart",
    "RequestStop",
    "Reserve",
    "Reset",
    "ResetKind",
    "SendAfrrSignal",
    "SendData",
    "SendLocalList",
    "SendSignedCertificate",
    "SetChargingProfile",
    "SetDerControl",
    "SetMonitoringBase",
    "SetMonitoringLevel",
    "SetMonitors",
    "SetNetworkProfile",
    "SettingAnswer",
    "SettingStatus",
    "ShowMessage",
    "StartAnswer",
    "TransactionStatus",
    "Trigger",
    "Triggerable",
    "Unlock",
    "UnpublishFirmware",
    "UpdateDynamicSchedule",
    "UpdateFirmware",
    "UsePriorityCharging",
]
