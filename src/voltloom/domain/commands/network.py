"""Where a station finds us, and over what."""

from dataclasses import dataclass, field

from voltloom.domain.commands.base import Answer, Command


@dataclass(frozen=True, slots=True)
class MobileAccess:
    """The access point of a mobile network. authentication: "PAP", "CHAP", "NONE" or "AUTO"."""

    name: str
    authentication: str
    user: str = ""
    password: str = field(default="", repr=False)
    sim_pin: int | None = field(default=None, repr=False)
    preferred_network: str = ""
    only_preferred: bool = False


@dataclass(frozen=True, slots=True)
class PrivateNetwork:
    """kind: "IKEv2", "IPSec", "L2TP" or "PPTP"."""

    server: str
    kind: str
    user: str
    group: str = ""
    password: str = field(default="", repr=False)
    shared_secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class NetworkProfile:
    """interface   "Wired0" … "Wired3", "Wireless0" … "Wireless3", "Any" (2.1)
    version     "OCPP16", "OCPP20", "OCPP201" (2.1), "OCPP21" (2.1); "" (2.1 only): whatever both speak
    identity, password   2.1: by which it proves itself there
    """

    url: str
    security_profile: int
    interface: str
    message_timeout_s: int
    version: str = ""
    identity: str = ""
    password: str = field(default="", repr=False)
    mobile: MobileAccess | None = None
    private: PrivateNetwork | None = None


@dataclass(frozen=True, slots=True)
class SetNetworkProfile(Command[Answer]):
    """Put it in a slot. It is used once the slot stands in `OCPPCommCtrlr.NetworkConfigurationPriority`. 2.x only."""

    slot: int
    profile: NetworkProfile
