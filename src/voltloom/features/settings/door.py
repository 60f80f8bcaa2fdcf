"""Whether a station that boots is accepted yet: decided from memory, as its boot is answered at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from voltloom.domain.commands import NewValue
from voltloom.domain.ids import StationId
from voltloom.domain.reports import BootReported
from voltloom.features.feature import Memory, StationContext
from voltloom.features.settings import rules, store
from voltloom.features.settings.rules import Template, Verdict
from voltloom.features.stations import Likeness, likenesses, plain

UNDER_WAY = "its settings are put right before it is accepted"


@dataclass(slots=True)
class Gate:
    """What a station must have before it is accepted, and what came of asking for it.

    asked   the fingerprint of what it was last asked to have, and `verdict` what came of it
    """

    templates: tuple[Template, ...] = ()
    own: tuple[NewValue, ...] = ()
    site_id: str | None = None
    asked: str = ""
    verdict: Verdict | None = None
    reason: str = ""


def load(connection: Connection, ids: Sequence[StationId]) -> dict[StationId, Gate]:
    """Nothing more than one query where no template must hold before stations are accepted."""
    templates = tuple(store.read_templates(connection, before_accepted=True))
    if not templates:
        return {}
    own = store.read_own(connection, ids)
    results = store.read_provisioning(connection, ids)
    gates: dict[StationId, Gate] = {}
    for start in range(0, len(ids), 1_000):
        for station in likenesses(connection, ids[start : start + 1_000]):
            gate = gates[station.id] = Gate(templates, own.get(station.id, ()), station.site_id)
            if (row := results.get(station.id)) is not None:
                gate.asked, gate.verdict, gate.reason = row["asked"], Verdict(row["verdict"]), row["reason"]
    return gates


remembered = Memory(load, Gate)


def hold_back(ctx: StationContext, report: BootReported) -> str:
    """Why it is not accepted yet; "" where it is."""
    gate = ctx.recall(remembered)
    if not gate.templates:
        return ""
    hardware = report.hardware
    firmware = plain(hardware.firmware, 100).strip()
    station = Likeness(
        ctx.station_id,
        plain(hardware.vendor, 100).strip(),
        plain(hardware.model, 100).strip(),
        firmware,
        gate.site_id,
        connected=True,
        protocol="",
        registration=None,
        policy="",
        booted_at=None,
    )
    must = rules.must_have(rules.wanted_of(station, gate.templates, gate.own))
    asked = rules.fingerprint(must, firmware)
    if not asked:
        return ""
    if gate.asked != asked or gate.verdict is None:
        return UNDER_WAY
    return "" if gate.verdict.lets_in else gate.reason
