"""What is decided of wanted settings: which a station is to have, whether it has them, whether it may be accepted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from hashlib import sha256
from typing import TypeAlias

from voltloom.domain.commands import NewValue, SettingStatus
from voltloom.domain.errors import Invalid
from voltloom.domain.station import Attribute, Setting
from voltloom.features.stations import Aim, Likeness, NameKey, SettingChange, is_secret, name_key


class WhenRefused(Enum):
    """What becomes of a station that does not take what it must have before it is accepted."""

    ACCEPT = "accept"
    HOLD_BACK = "hold_back"


class Standing(Enum):
    HOLDS = "holds"
    DIFFERS = "differs"
    """It has another value, and was not asked to change it since, or changed it back."""
    REFUSED = "refused"
    REBOOT_NEEDED = "reboot_needed"
    """It took it, and will heed it after a reboot."""
    NOT_HEARD = "not_heard"
    """It never said what it has."""


@dataclass(frozen=True, slots=True)
class Template:
    """Settings that all stations of a kind are to have.

    before_accepted   a station is Pending until it has them
    """

    id: str
    name: str
    aim: Aim
    settings: tuple[NewValue, ...]
    before_accepted: bool
    when_refused: WhenRefused
    changed_at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """template_id: "" for what is wanted of this station alone."""

    setting: NewValue
    template_id: str = ""
    before_accepted: bool = False
    when_refused: WhenRefused = WhenRefused.ACCEPT


AllWanted: TypeAlias = Mapping[NameKey, Wanted]


def check(settings: Iterable[NewValue]) -> None:
    """Raises Invalid."""
    seen: set[NameKey] = set()
    for new in settings:
        if is_secret(new.name):
            raise Invalid(f"{new.name} is a secret, and what is wanted lies open: set it on each station instead")
        if new.attribute is not Attribute.ACTUAL:
            raise Invalid(f"of {new.name} only the actual value can be wanted")
        key = name_key(new.name)
        if key in seen:
            raise Invalid(f"{new.name} is wanted twice")
        seen.add(key)


def wanted_of(station: Likeness, templates: Iterable[Template], own: Iterable[NewValue]) -> dict[NameKey, Wanted]:
    """Of two templates that want the same otherwise, the one whose name comes last has its way; what is wanted of the
    station alone has its way over both. What must hold before it is accepted, must whoever says how."""
    found: dict[NameKey, Wanted] = {}
    for template in sorted(templates, key=lambda each: (each.name, each.id)):
        if not template.aim.meets(station):
            continue
        for new in template.settings:
            found[name_key(new.name)] = Wanted(new, template.id, template.before_accepted, template.when_refused)
    for new in own:
        key = name_key(new.name)
        before = found.get(key, Wanted(new))
        found[key] = Wanted(new, "", before.before_accepted, before.when_refused)
    return found


def same(wanted: str, value: str, data_type: str = "") -> bool:
    """Whether a station means the same: numbers, truth and lists are written in more than one way."""
    if wanted.strip() == value.strip():
        return True
    if data_type == "string":
        return False
    one, other = wanted.strip().casefold(), value.strip().casefold()
    if one == other and {one, other} <= {"true", "false"}:
        return True
    try:
        return float(one) == float(other)
    except ValueError:
        pass
    if "," in one or "," in other:
        items, others = ([item.strip() for item in text.split(",")] for text in (wanted, value))
        return sorted(items) == sorted(others) if data_type == "MemberList" else items == others
    return False


def standing_of(
    wanted: Wanted, held: Setting | None, change: SettingChange | None, booted_at: datetime | None
) -> Standing:
    """change: the last time somebody set it."""
    asked = change is not None and change.value is not None and same(wanted.setting.value, change.value)
    if change is not None and asked and change.needs_reboot(booted_at):
        return Standing.REBOOT_NEEDED
    if held is not None and held.value is not None and same(wanted.setting.value, held.value, held.data_type):
        return Standing.HOLDS
    if change is not None and asked:
        if change.status not in {SettingStatus.ACCEPTED, SettingStatus.REBOOT_REQUIRED}:
            return Standing.REFUSED
        if held is None or held.value is None:
            return Standing.HOLDS  # it keeps its value to itself, and took this one
    return Standing.NOT_HEARD if held is None else Standing.DIFFERS


# ---- accepted or not yet


class Verdict(Enum):
    PASSED = "passed"
    ACCEPTED_ANYWAY = "accepted_anyway"
    """It refused some, and templates say that does not matter."""
    HELD_BACK = "held_back"
    WAIVED = "waived"
    """Somebody let it in as it is."""

    @property
    def lets_in(self) -> bool:
        return self is not Verdict.HELD_BACK


def must_have(wanted: AllWanted) -> dict[NameKey, Wanted]:
    return {key: each for key, each in wanted.items() if each.before_accepted}


def fingerprint(must: AllWanted, firmware: str) -> str:
    """What was asked of it: with another value, or another firmware, it is asked anew. "" for nothing."""
    if not must:
        return ""
    told = sorted(f"{key}\0{each.setting.value}\0{each.when_refused.value}" for key, each in must.items())
    return sha256("\n".join((firmware, *told)).encode()).hexdigest()[:32]


def judge(must: AllWanted, standings: Mapping[NameKey, Standing], why: Mapping[NameKey, str]) -> tuple[Verdict, str]:
    """And the reason, for people: which it did not take, and what it said. One that it will heed after a reboot is
    taken."""
    missing = [key for key in must if standings.get(key) not in {Standing.HOLDS, Standing.REBOOT_NEEDED}]
    if not missing:
        return Verdict.PASSED, ""
    told = "; ".join(f"{must[key].setting.name}: {why.get(key) or 'not taken'}" for key in missing[:5])
    more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
    holds_back = any(must[key].when_refused is WhenRefused.HOLD_BACK for key in missing)
    verdict = Verdict.HELD_BACK if holds_back else Verdict.ACCEPTED_ANYWAY
    return verdict, f"settings it must have are not taken: {told}{more}"[:500]
