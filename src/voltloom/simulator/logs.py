"""What a station has written down, as a file that it really uploads."""

from collections.abc import Callable
from datetime import UTC, datetime

from voltloom.simulator.station import Station
from voltloom.simulator.web import is_http

Tell = Callable[[str], None]


class Uploader:
    """One upload at a time: another one takes its place."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._number = 0
        self._busy = False

    def take(self, location: str, kind: str, as_form: bool, tell: Tell) -> tuple[str, str]:
        """What to answer, and the name of the file; no name where it cannot upload to such an address."""
        if not is_http(location) or self._station.web is None:
            return "Rejected", ""
        answer = "AcceptedCanceled" if self._busy else "Accepted"
        self._number += 1
        self._busy = True
        number, station = self._number, self._station
        name = f"{station.plan.id}-{kind}-{int(station.now)}.log"

        def begin() -> None:
            if self._number != number or station.web is None:
                return
            tell("Uploading")
            station.web.send(location, name, log_of(station, kind), as_form, over)

        def over(sent: bool) -> None:
            if self._number == number:
                self._busy = False
                tell("Uploaded" if sent else "UploadFailure")

        station.while_up(0.5, begin)
        return answer, name


def log_of(station: Station, kind: str) -> bytes:
    lines = [
        f"{_stamp(station.now)} {kind} of {station.plan.id}: {station.plan.vendor} {station.plan.model}, "
        f"firmware {station.device.text('ChargingStation', 'FirmwareVersion')}"
    ]
    if kind == "SecurityLog":
        lines += [f"{_stamp(at)} {event}" for at, event in station.security_events]
        return ("\n".join(lines) + "\n").encode()
    lines += [f"{name}: {count}" for name, count in sorted(station.tally.items())]
    for tx in station.transactions:
        ended = _stamp(tx.ended_at) if tx.ended_at is not None else "goes on"
        lines.append(f"{_stamp(tx.started_at)} EVSE {tx.evse.number} transaction {tx.id or 'unnamed'}: {ended}")
    for evse in station.evses:
        lines.append(f"EVSE {evse.number}: {evse.status.value}, register {evse.meter.register_wh:.0f} Wh")
    return ("\n".join(lines) + "\n").encode()


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
