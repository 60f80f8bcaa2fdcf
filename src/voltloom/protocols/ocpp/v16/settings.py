"""The configuration keys of 1.6 that the 2.x device model has a variable for, both ways.

A key is here only where the variable has the same values: `ChargingScheduleAllowedChargingRateUnit` ("Current,Power")
is not `SmartChargingCtrlr.RateUnit` ("A,W"), and the ...MaxLength keys are no variables in 2.x, but characteristics of
them. Whatever is not here is component `OCPP16`, variable = the key.
"""

from typing import Final

from voltloom.domain.station import SettingName

OTHER_COMPONENT: Final = "OCPP16"

NAMES: Final = {
    # core
    "AllowOfflineTxForUnknownId": SettingName("AuthCtrlr", "OfflineTxForUnknownIdEnabled"),
    "AuthorizationCacheEnabled": SettingName("AuthCacheCtrlr", "Enabled"),
    "AuthorizeRemoteTxRequests": SettingName("AuthCtrlr", "AuthorizeRemoteStart"),
    "ClockAlignedDataInterval": SettingName("AlignedDataCtrlr", "Interval"),
    "ConnectionTimeOut": SettingName("TxCtrlr", "EVConnectionTimeOut"),
    "GetConfigurationMaxKeys": SettingName("DeviceDataCtrlr", "ItemsPerMessage", variable_instance="GetVariables"),
    "HeartbeatInterval": SettingName("OCPPCommCtrlr", "HeartbeatInterval"),
    "LocalAuthorizeOffline": SettingName("AuthCtrlr", "LocalAuthorizeOffline"),
    "LocalPreAuthorize": SettingName("AuthCtrlr", "LocalPreAuthorize"),
    "MaxEnergyOnInvalidId": SettingName("TxCtrlr", "MaxEnergyOnInvalidId"),
    "MeterValuesAlignedData": SettingName("AlignedDataCtrlr", "Measurands"),
    "MeterValuesSampledData": SettingName("SampledDataCtrlr", "TxUpdatedMeasurands"),
    "MeterValueSampleInterval": SettingName("SampledDataCtrlr", "TxUpdatedInterval"),
    "ResetRetries": SettingName("OCPPCommCtrlr", "ResetRetries"),
    "StopTransactionOnEVSideDisconnect": SettingName("TxCtrlr", "StopTxOnEVSideDisconnect"),
    "StopTransactionOnInvalidId": SettingName("TxCtrlr", "StopTxOnInvalidId"),
    "StopTxnAlignedData": SettingName("AlignedDataCtrlr", "TxEndedMeasurands"),
    "StopTxnSampledData": SettingName("SampledDataCtrlr", "TxEndedMeasurands"),
    "TransactionMessageAttempts": SettingName("OCPPCommCtrlr", "MessageAttempts", variable_instance="TransactionEvent"),
    "TransactionMessageRetryInterval": SettingName(
        "OCPPCommCtrlr", "MessageAttemptInterval", variable_instance="TransactionEvent"
    ),
    "UnlockConnectorOnEVSideDisconnect": SettingName("OCPPCommCtrlr", "UnlockOnEVSideDisconnect"),
    "WebSocketPingInterval": SettingName("OCPPCommCtrlr", "WebSocketPingInterval"),
    "SupportedFileTransferProtocols": SettingName("OCPPCommCtrlr", "FileTransferProtocols"),
    # local authorization lists, reservations, smart charging
    "LocalAuthListEnabled": SettingName("LocalAuthListCtrlr", "Enabled"),
    "SendLocalListMaxLength": SettingName("LocalAuthListCtrlr", "ItemsPerMessage"),
    "ReserveConnectorZeroSupported": SettingName("ReservationCtrlr", "NonEvseSpecific"),
    "ChargeProfileMaxStackLevel": SettingName("SmartChargingCtrlr", "ProfileStackLevel"),
    "ChargingScheduleMaxPeriods": SettingName("SmartChargingCtrlr", "PeriodsPerSchedule"),
    "ConnectorSwitch3to1PhaseSupported": SettingName("SmartChargingCtrlr", "Phases3to1"),
    # the security extension
    "AdditionalRootCertificateCheck": SettingName("SecurityCtrlr", "AdditionalRootCertificateCheck"),
    "AuthorizationKey": SettingName("SecurityCtrlr", "BasicAuthPassword"),
    "CertificateSignedMaxChainSize": SettingName("SecurityCtrlr", "MaxCertificateChainSize"),
    "CertSigningRepeatTimes": SettingName("SecurityCtrlr", "CertSigningRepeatTimes"),
    "CertSigningWaitMinimum": SettingName("SecurityCtrlr", "CertSigningWaitMinimum"),
    "CpoName": SettingName("SecurityCtrlr", "OrganizationName"),
    "SecurityProfile": SettingName("SecurityCtrlr", "SecurityProfile"),
    # plug and charge with 1.6
    "CentralContractValidationAllowed": SettingName("ISO15118Ctrlr", "CentralContractValidationAllowed"),
    "ContractValidationOffline": SettingName("ISO15118Ctrlr", "ContractValidationOffline"),
    "ISO15118PnCEnabled": SettingName("ISO15118Ctrlr", "PnCEnabled"),
}

_NAMES_BY_FOLDED_KEY: Final = {key.casefold(): name for key, name in NAMES.items()}
_KEYS: Final = {name: key for key, name in NAMES.items()}


def name_of(key: str) -> SettingName:
    """Standard keys are known in any case: they are a CiString."""
    return _NAMES_BY_FOLDED_KEY.get(key.casefold()) or SettingName(OTHER_COMPONENT, key)


def key_of(name: SettingName) -> str | None:
    """None where 1.6 has no key for it."""
    if name in _KEYS:
        return _KEYS[name]
    return name.variable if name == SettingName(OTHER_COMPONENT, name.variable) else None
