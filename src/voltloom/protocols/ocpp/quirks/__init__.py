"""How vendors stray from the standard, and what makes up for it: one TOML a vendor, with where each was reported.

    quirks = quirks_of("OpenEVSE", "open_evse", "4.2.1")
    read = dialect.read_call(action, payload, now, quirks)

What any station may do (a time without its zone, `transactionId` -1 for one that began offline, an unknown reason for
stopping) is borne with everywhere: it is listed in `any.toml`, as `[[borne]]`, with where it was reported. The other
files have what would be wrong to assume of others.

A file is a list of `[[quirk]]`. `vendor`, and `model` and `firmware` where only some have it, are patterns as of
`fnmatch`, compared without case; `note` says in a sentence what the station does, `source` where that was seen. Of
several that fit a station, all count. The other fields are those of `Quirks`.
"""

import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

import msgspec


class Quirks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be made up for.

    energy_in_kwh   readings of energy that say Wh, or no unit, are kWh
    registers_in_kwh   likewise `meterStart` and `meterStop` of 1.6
    keys_a_call     GetConfiguration of 1.6 can bear no more, and is not answered at all where it asks for everything
    profile_connector   SetChargingProfile of 1.6 does what it should with this connector alone
    status_connector   StatusNotification of 1.6 for connector 0 tells of this one: it never names another
    words           what it says for a word of the standard: field, its own word, the standard's
    """

    energy_in_kwh: bool = False
    registers_in_kwh: bool = False
    keys_a_call: int | None = None
    profile_connector: int | None = None
    status_connector: int | None = None
    words: Mapping[str, Mapping[str, str]] = {}


class Known(Quirks, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of a file."""

    vendor: str
    model: str = "*"
    firmware: str = "*"
    note: str
    source: str

    def fits(self, vendor: str, model: str, firmware: str) -> bool:
        patterns = (self.vendor, self.model, self.firmware)
        return all(
            fnmatchcase(said.casefold(), pattern.casefold())
            for said, pattern in zip((vendor, model, firmware), patterns, strict=True)
        )


class Borne(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is borne with in every station. what: its name, by which a test shows it. source "": none was found."""

    what: str
    note: str
    source: str


class _File(msgspec.Struct, forbid_unknown_fields=True):
    quirk: list[Known] = []
    borne: list[Borne] = []


NONE: Final = Quirks()
_FIELDS: Final = Quirks.__struct_fields__


@cache
def _read() -> tuple[_File, ...]:
    found = [file for file in files(__name__).iterdir() if file.name.endswith(".toml")]
    return tuple(
        msgspec.convert(tomllib.loads(file.read_text()), _File) for file in sorted(found, key=lambda each: each.name)
    )


@cache
def known() -> tuple[Known, ...]:
    """All of them."""
    return tuple(entry for file in _read() for entry in file.quirk)


@cache
def borne() -> tuple[Borne, ...]:
    return tuple(entry for file in _read() for entry in file.borne)


@lru_cache(1024)
def quirks_of(vendor: str, model: str, firmware: str) -> Quirks:
    """What a station of this make does otherwise; `NONE` itself for nearly all."""
    merged: dict[str, object] = {}
    for entry in known():
        if entry.fits(vendor, model, firmware):
            merged |= {name: value for name in _FIELDS if (value := getattr(entry, name)) != getattr(NONE, name)}
    return msgspec.convert(merged, Quirks) if merged else NONE
