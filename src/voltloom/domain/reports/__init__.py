"""What stations tell us, past tense. Each report has exactly one feature that answers it, with its own reply type.

Times are what the station claims, aware and in UTC; None where it did not say or it cannot be read. When we heard
it is the handler's `now`.

Everything is here by name; the files have a subject each.
"""

from voltloom.domain.reports.base import NOTED, Noted, ReplyT, Report
from voltloom.domain.reports.battery import BatterySwapReported
from voltloom.domain.reports.certificates import (
    CertificateRequested,
    ChainStatusAsked,
    ChainStatusReply,
    ContractPresented,
    ContractReply,
    EvCertificateAction,
    EvCertificateAsked,
    EvCertificateReply,
    OcspAsked,
    OcspReply,
    RequestReply,
)
from voltloom.domain.reports.charging import (
    AuthorizationReported,
    SamplesReported,
    TransactionReply,
    TransactionReported,
)
from voltloom.domain.reports.der import DerAlarmReported, DerControlsReported, DerControlSwitched, HeldControl
from voltloom.domain.reports.display import MessagesReported
from voltloom.domain.reports.firmware import FirmwareReported, FirmwareStatus, PublishReported, PublishStatus
from voltloom.domain.reports.link import LinkClosed, LinkOpened
from voltloom.domain.reports.logs import LogReported, LogStatus
from voltloom.domain.reports.monitoring import (
    CustomerInformationReported,
    EventsReported,
    MonitorsReported,
    StreamClosed,
    StreamOpened,
    StreamReply,
    StreamReported,
)
from voltloom.domain.reports.payments import (
    Company,
    SettlementReply,
    SettlementReported,
    SettlementStatus,
    VatNumberReported,
    VatReply,
)
from voltloom.domain.reports.provisioning import (
    BootReply,
    BootReported,
    ConnectorStatusReported,
    DataReply,
    DataReported,
    FaultReported,
    HeartbeatReply,
    HeartbeatReported,
    SecurityReported,
    SettingsReported,
    Untranslated,
)
from voltloom.domain.reports.reservations import ReservationEnd, ReservationReported
from voltloom.domain.reports.smart_charging import (
    ChargingLimitCleared,
    ChargingLimitReported,
    ChargingNeedsReported,
    ChargingProfilesReported,
    DynamicUpdateAsked,
    DynamicUpdateReply,
    EvScheduleReported,
    NeedsAnswer,
    NeedsReply,
    PriorityChargingReported,
)

__all__ = [
    "NOTED",
    "AuthorizationReported",
    "BatterySwapReported",
    "BootReply",
    "BootReported",
    "CertificateRequested",
    "ChainStatusAsked",
    "ChainStatusReply",
    "ChargingLimitCleared",
    "ChargingLimitReported",
    "ChargingNeedsReported",
    "ChargingProfilesReported",
    "Company",
    "ConnectorStatusReported",
    "ContractPresented",
    "ContractReply",
    "CustomerInformationReported",
    "DataReply",
    "DataReported",
    "DerAlarmReported",
    "DerControlSwitched",
    "DerControlsReported",
    "DynamicUpdateAsked",
    "DynamicUpdateReply",
    "EvCertificateAction",
    "EvCertificateAsked",
    "EvCertificateReply",
    "EvScheduleReported",
    "EventsReported",
    "FaultReported",
    "FirmwareReported",
    "FirmwareStatus",
    "HeartbeatReply",
    "HeartbeatReported",
    "HeldControl",
    "LinkClosed",
    "LinkOpened",
    "LogReported",
    "LogStatus",
    "MessagesReported",
    "MonitorsReported",
    "NeedsAnswer",
    "NeedsReply",
    "Noted",
    "OcspAsked",
    "OcspReply",
    "PriorityChargingReported",
    "PublishReported",
    "PublishStatus",
    "ReplyT",
    "Report",
    "RequestReply",
    "ReservationEnd",
    "ReservationReported",
    "SamplesReported",
    "SecurityReported",
    "SettingsReported",
    "SettlementReply",
    "SettlementReported",
    "SettlementStatus",
    "StreamClosed",
    "StreamOpened",
    "StreamReply",
    "StreamReported",
    "TransactionReply",
    "TransactionReported",
    "Untranslated",
    "VatNumberReported",
    "VatReply",
]
