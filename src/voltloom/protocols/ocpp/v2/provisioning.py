"""Reports of some settings, and network profiles, in 2.x."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final, TypeVar

from voltloom.domain.commands import (
    Answer,
    Command,
    MobileAccess,
    NetworkProfile,
    PrivateNetwork,
    ReportSome,
    SetNetworkProfile,
)
from voltloom.domain.errors import NotInThisVersion
from voltloom.protocols.ocpp.exchange import Conversation
from voltloom.protocols.ocpp.v2 import messages_21 as m
from voltloom.protocols.ocpp.v2.gate import Gate
from voltloom.protocols.ocpp.v2.naming import parts_of
from voltloom.protocols.ocpp.v2.said import answer_of
from voltloom.protocols.ocpp.version import Version

WordT = TypeVar("WordT", bound=StrEnum)


def report_some(gate: Gate, command: ReportSome) -> Conversation[Answer]:
    request = m.GetReportRequest(
        request_id=command.report_id,
        component_criteria=[m.ComponentCriterionEnum(each.value) for each in command.criteria] or None,
        component_variable=parts_of(command.parts),
    )
    answer = yield from gate.ask("GetReport", request, m.GetReportResponse)
    return answer_of(answer.status, answer.status_info)


def set_network_profile(gate: Gate, command: SetNetworkProfile) -> Conversation[Answer]:
    """2.0.1 requires the version, and says OCPP20 for itself."""
    request = m.SetNetworkProfileRequest(
        configuration_slot=command.slot, connection_data=_profile(gate, command.profile)
    )
    answer = yield from gate.ask("SetNetworkProfile", request, m.SetNetworkProfileResponse)
    return answer_of(answer.status, answer.status_info)


def _profile(gate: Gate, profile: NetworkProfile) -> m.NetworkConnectionProfile:
    version = profile.version or ("OCPP20" if gate.version is Version.V201 else "")
    return m.NetworkConnectionProfile(
        ocpp_version=_word(m.OCPPVersionEnum, version) if version else None,
        ocpp_interface=_word(m.OCPPInterfaceEnum, profile.interface),
        ocpp_transport=m.OCPPTransportEnum.JSON,
        message_timeout=profile.message_timeout_s,
        ocpp_csms_url=profile.url,
        security_profile=profile.security_profile,
        identity=profile.identity or None,
        basic_auth_password=profile.password or None,
        apn=None if profile.mobile is None else _apn(profile.mobile),
        vpn=None if profile.private is None else _vpn(profile.private),
    )


def _apn(mobile: MobileAccess) -> m.APN:
    return m.APN(
        apn=mobile.name,
        apn_authentication=_word(m.APNAuthenticationEnum, mobile.authentication),
        apn_user_name=mobile.user or None,
        apn_password=mobile.password or None,
        sim_pin=mobile.sim_pin,
        preferred_network=mobile.preferred_network or None,
        use_only_preferred_network=mobile.only_preferred or None,
    )


def _vpn(private: PrivateNetwork) -> m.VPN:
    return m.VPN(
        server=private.server,
        user=private.user,
        group=private.group or None,
        password=private.password,
        key=private.shared_secret,
        type=_word(m.VPNEnum, private.kind),
    )


def _word(words: type[WordT], said: str) -> WordT:
    try:
        return words(said)
    except ValueError:
        raise NotInThisVersion(f"no version of OCPP has {said!r}: {', '.join(words)}") from None


SPEAKERS: Final[Mapping[type[Command[Any]], Callable[[Gate, Any], Conversation[Any]]]] = {
    ReportSome: report_some,
    SetNetworkProfile: set_network_profile,
}
