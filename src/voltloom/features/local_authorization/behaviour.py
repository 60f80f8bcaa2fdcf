"""How a station behaves where it cannot ask, or need not: one document, whatever its version calls the settings."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

from voltloom.domain.commands import ChangeSettings, GetSettings, NewValue
from voltloom.domain.errors import Invalid
from voltloom.domain.station import Attribute, Setting, SettingName


@dataclass(frozen=True, slots=True)
class Behaviour:
    """None: not known; or, where it is to be set, to stay as it is.

    offline_unknown      offline, tokens that nobody knows may charge
    offline_known        offline, those on its list or in its cache may
    without_asking       online as well, those on its list or in its cache may charge before we have answered
    remote_asks          it asks about the token of a remote start as well
    stop_invalid         it ends what turns out not to be allowed
    most_invalid_wh      what may be charged all the same, when it turns out so
    list_enabled, cache_enabled
    cache_lifetime_s     how long it remembers an answer (2.x)
    master_group         the group whose members may end anything (2.x). OCPP 2.0.1 C16
    """

    offline_unknown: bool | None = None
    offline_known: bool | None = None
    without_asking: bool | None = None
    remote_asks: bool | None = None
    stop_invalid: bool | None = None
    most_invalid_wh: int | None = None
    list_enabled: bool | None = None
    cache_enabled: bool | None = None
    cache_lifetime_s: int | None = None
    master_group: str | None = None


NAMES: Final[Mapping[str, SettingName]] = {
    "offline_unknown": SettingName("AuthCtrlr", "OfflineTxForUnknownIdEnabled"),
    "offline_known": SettingName("AuthCtrlr", "LocalAuthorizeOffline"),
    "without_asking": SettingName("AuthCtrlr", "LocalPreAuthorize"),
    "remote_asks": SettingName("AuthCtrlr", "AuthorizeRemoteStart"),
    "stop_invalid": SettingName("TxCtrlr", "StopTxOnInvalidId"),
    "most_invalid_wh": SettingName("TxCtrlr", "MaxEnergyOnInvalidId"),
    "list_enabled": SettingName("LocalAuthListCtrlr", "Enabled"),
    "cache_enabled": SettingName("AuthCacheCtrlr", "Enabled"),
    "cache_lifetime_s": SettingName("AuthCacheCtrlr", "LifeTime"),
    "master_group": SettingName("AuthCtrlr", "MasterPassGroupId"),
}
QUESTION: Final = GetSettings(tuple((name, Attribute.ACTUAL) for name in NAMES.values()))


def change_to(wanted: Behaviour) -> ChangeSettings:
    """Raises Invalid where nothing is to change."""
    said = {each.name: getattr(wanted, each.name) for each in fields(Behaviour)}
    new = tuple(NewValue(NAMES[name], _written(value)) for name, value in said.items() if value is not None)
    if not new:
        raise Invalid("say what is to be otherwise")
    return ChangeSettings(new)


def _written(value: bool | int | str) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def behaviour_of(settings: Mapping[SettingName, Setting]) -> Behaviour:
    """What it told of itself. What cannot be read is not known."""

    def text(name: str) -> str | None:
        setting = settings.get(NAMES[name])
        return None if setting is None or setting.value is None else setting.value.strip()

    def flag(name: str) -> bool | None:
        return {"true": True, "false": False, "1": True, "0": False}.get((text(name) or "").lower())

    def number(name: str) -> int | None:
        said = text(name) or ""
        return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else None

    return Behaviour(
        offline_unknown=flag("offline_unknown"),
        offline_known=flag("offline_known"),
        without_asking=flag("without_asking"),
        remote_asks=flag("remote_asks"),
        stop_invalid=flag("stop_invalid"),
        most_invalid_wh=number("most_invalid_wh"),
        list_enabled=flag("list_enabled"),
        cache_enabled=flag("cache_enabled"),
        cache_lifetime_s=number("cache_lifetime_s"),
        master_group=text("master_group"),
    )
