"""What needs somebody, as pure functions say it."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from stations_by_hand import NOW
from voltloom.domain.ids import StationId, TransactionId
from voltloom.features.overview.fleet import Row
from voltloom.features.overview.troubles import MOST_NAMED, Kind, Place, Severity, Trouble, find_troubles
from voltloom.features.stations import KnockReason, Refusal
from voltloom.features.transactions import Suspect

MINUTE = timedelta(minutes=1)
PLACES = [Place("lyon", "Lyon Harbour", 100_000.0), Place("oslo", "Oslo P+R")]


def row(id_: str, state: str = "Available", site_id: str | None = "lyon", **more: object) -> Row:
    values: dict[str, object] = {
        "id": id_,
        "name": "",
        "site_id": site_id,
        "state": state,
        "state_since": NOW,
        "power_w": 0.0,
        "power_limit_w": None,
        "connected": True,
        "last_seen": NOW,
        "vendor": "Kestrel",
        "model": "Talon",
        "serial": "",
        "firmware": "2.4.11",
        "protocol": "ocpp1.6",
        "security_profile": 1,
        "faults": 0,
        "fault": "",
        "connectors": {},
        "transactions_open": 0,
        "uptime_30d": None,
        "disconnect_reason": "",
        "enabled": True,
        "registration": "Accepted",
    }
    return Row(**(values | more))  # type: ignore[arg-type]


def found(*rows: Row, refusals: tuple[Refusal, ...] = (), suspects: tuple[Suspect, ...] = ()) -> list[Trouble]:
    return find_troubles(rows, PLACES, refusals, suspects, NOW)


def test_a_network_that_is_well_needs_nobody():
    assert found(row("A"), row("B", "Charging"), row("C", "Disabled"), row("D", "Unavailable")) == []


def test_the_same_fault_at_one_site_is_one_trouble_with_what_the_stations_share():
    faulted = [
        row(f"L-{n}", "Faulted", fault="ConnectorLockFailure", state_since=NOW - n * MINUTE, faults=1) for n in range(4)
    ]
    (trouble,) = found(*faulted, row("L-9"))
    assert (trouble.kind, trouble.severity, trouble.count) == (Kind.FAULT, Severity.WARNING, 4)
    assert (trouble.site_name, trouble.code, trouble.firmware) == ("Lyon Harbour", "ConnectorLockFailure", "2.4.11")
    assert trouble.model == "Kestrel Talon"
    assert trouble.since == NOW - 3 * MINUTE
    assert trouble.station_ids == ("L-0", "L-1", "L-2", "L-3")


def test_firmware_is_named_only_where_all_have_it():
    (trouble,) = found(
        row("A", "Faulted", fault="OtherError", firmware="1"), row("B", "Faulted", fault="OtherError", firmware="2")
    )
    assert (trouble.count, trouble.firmware, trouble.model) == (2, "", "Kestrel Talon")


def test_a_dangerous_fault_comes_first_and_is_critical():
    many = [row(f"A-{n}", "Faulted", fault="ReaderFailure") for n in range(5)]
    first, second = found(*many, row("B", "Faulted", fault="GroundFailure"))
    assert (first.severity, first.code, second.count) == (Severity.CRITICAL, "GroundFailure", 5)


def test_the_same_fault_of_one_firmware_all_over_the_country_is_one_trouble():
    faulted = [row(f"S-{n}", "Faulted", f"site{n}", fault="InternalError") for n in range(3)]
    (trouble,) = found(*faulted)
    assert (trouble.count, trouble.site_id, trouble.firmware) == (3, None, "2.4.11")
    assert len(found(*faulted[:2])) == 2


def test_stations_lost_together_at_a_site_are_one_trouble():
    lost = [
        row(f"O-{n}", "Offline", "oslo", state_since=NOW + n * 4 * MINUTE, disconnect_reason="silent for 90 s")
        for n in range(5)
    ]
    later = row("O-9", "Offline", "oslo", state_since=NOW + 60 * MINUTE, disconnect_reason="closed by station (1000)")
    first, second = found(*lost, later, row("O-10", site_id="oslo"))
    assert (first.kind, first.count, first.site_name) == (Kind.OFFLINE, 5, "Oslo P+R")
    assert (first.reason, first.together, first.since) == ("silent for 90 s", True, NOW)
    assert (second.count, second.together, second.reason) == (1, False, "closed by station (1000)")


def test_a_site_that_is_lost_as_a_whole_is_critical():
    (trouble,) = found(*(row(f"O-{n}", "Offline", "oslo") for n in range(3)))
    assert (trouble.severity, trouble.count) == (Severity.CRITICAL, 3)


def test_stations_lost_alone_at_many_sites_at_once_are_one_trouble():
    lost = [row(f"S-{n}", "Offline", f"site{n}", disconnect_reason="silent for 90 s") for n in range(4)]
    (trouble,) = found(*lost, *(row(f"T-{n}", site_id=f"site{n}") for n in range(4)))
    assert (trouble.count, trouble.site_id, trouble.together) == (4, None, True)


def test_a_site_above_its_limit_is_told_with_both_figures():
    (trouble,) = found(row("A", "Charging", power_w=60_000.0), row("B", "Charging", power_w=60_000.0))
    assert (trouble.kind, trouble.power_w, trouble.limit_w) == (Kind.OVER_LIMIT, 120_000, 100_000)
    assert found(row("A", "Charging", power_w=100_000.0)) == []


def test_those_who_wait_are_noticed_and_the_newly_registered_are_left_in_peace():
    told = found(
        row("A", "Pending"),
        row("B", "Rejected"),
        row("C", "NeverSeen", state_since=NOW - 5 * MINUTE),
        row("D", "NeverSeen", state_since=NOW - 61 * MINUTE),
    )
    assert [(each.kind, each.station_ids) for each in told] == [
        (Kind.REJECTED, ("B",)),
        (Kind.PENDING, ("A",)),
        (Kind.NEVER_SEEN, ("D",)),
    ]


def knock(identity: str, reason: KnockReason, *, known: bool = True, address: str = "192.0.2.1") -> Refusal:
    return Refusal(1, identity, reason, address, NOW - MINUTE, NOW, 3, known, "lyon" if known else None)


def test_those_who_were_refused_are_grouped_by_why():
    told = found(
        refusals=(
            knock("A", KnockReason.WRONG_PASSWORD),
            knock("A", KnockReason.WRONG_PASSWORD, address="192.0.2.2"),
            knock("B", KnockReason.WRONG_PASSWORD),
            knock("X", KnockReason.UNKNOWN_ID, known=False),
            knock("", KnockReason.BAD_REQUEST, known=False),
            knock("robots.txt", KnockReason.BAD_REQUEST, known=False),
        )
    )
    assert [(each.code, each.severity, each.count, each.site_name) for each in told] == [
        ("wrong_password", Severity.WARNING, 2, "Lyon Harbour"),
        ("unknown_id", Severity.NOTICE, 1, ""),
    ]


def test_suspect_transactions_are_named():
    suspects = (
        Suspect(StationId("A"), TransactionId("t1"), NOW, None, ""),
        Suspect(StationId("A"), TransactionId("t2"), NOW, NOW, ""),
        Suspect(StationId("B"), TransactionId("t3"), NOW - MINUTE, NOW, ""),
    )
    ended, running = found(suspects=suspects)
    assert (running.code, running.transactions) == ("open", (("A", "t1"),))
    assert (ended.code, ended.count, ended.since, ended.station_ids) == ("ended", 2, NOW - MINUTE, ("A", "B"))


STATES = st.sampled_from(["Offline", "Faulted", "Pending", "Rejected", "NeverSeen", "Available", "Charging"])


@given(
    st.lists(
        st.tuples(STATES, st.sampled_from(["a", "b", None]), st.sampled_from(["X", "Y"]), st.integers(0, 600)),
        max_size=80,
    )
)
def test_every_station_in_trouble_is_in_exactly_one_group(drawn: list[tuple[str, str | None, str, int]]):
    rows = [
        row(f"S{n}", state, site, fault=code, disconnect_reason=code, state_since=NOW - timedelta(hours=2, minutes=ago))
        for n, (state, site, code, ago) in enumerate(drawn)
    ]
    told = found(*rows)
    in_trouble = [each.id for each in rows if each.state not in ("Available", "Charging")]
    assert sum(each.count for each in told) == len(in_trouble)
    named = [id_ for each in told for id_ in each.station_ids]
    assert len(named) == len(set(named))
    assert set(named) <= set(in_trouble)
    assert all(len(each.station_ids) <= MOST_NAMED for each in told)
