"""What the gateway counts, as plain numbers: a message costs two additions, not a metrics library's locks."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(slots=True)
class Tally:
    """Since the start.

    refused      calls answered with an error, by code
    bad          frames that were none, by code
    dropped      frames passed over, by kind
    failed       calls that we could not handle or keep
    knocks       handshakes refused, by reason
    turned_away  connections cut before they had asked, by reason
    lost         connections given up as dead
    took         answers by how long they took, as in BUCKETS_S, and beyond
    """

    messages_in: int = 0
    messages_out: int = 0
    accepted: int = 0
    admitted: int = 0
    replaced: int = 0
    lost: int = 0
    failed: int = 0
    replayed: int = 0
    throttled: int = 0
    calls: int = 0
    timed_out: int = 0
    refused: Counter[str] = field(default_factory=Counter[str])
    bad: Counter[str] = field(default_factory=Counter[str])
    dropped: Counter[str] = field(default_factory=Counter[str])
    knocks: Counter[str] = field(default_factory=Counter[str])
    turned_away: Counter[str] = field(default_factory=Counter[str])
    took: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_S) + 1))
    took_s: float = 0.0

    def observe(self, took_s: float) -> None:
        self.took[bisect_left(BUCKETS_S, took_s)] += 1
        self.took_s += took_s


_PLAIN = {
    "messages_in": "Messages received from stations",
    "messages_out": "Messages sent to stations",
    "accepted": "Connections taken from the listening sockets",
    "admitted": "Stations let in",
    "replaced": "Connections ended by a newer one of the same station",
    "lost": "Connections given up as dead",
    "failed": "Calls of stations that could not be handled or kept",
    "replayed": "Calls of stations that were answered as before",
    "throttled": "Times that a station was made to wait for sending too fast",
    "calls": "Calls sent to stations",
    "timed_out": "Calls that a station did not answer in time",
}
_LABELLED = {
    "refused": ("code", "Calls of stations answered with an error"),
    "bad": ("code", "Frames of stations that were no message"),
    "dropped": ("kind", "Frames of stations that were passed over"),
    "knocks": ("reason", "Handshakes that were refused"),
    "turned_away": ("reason", "Connections cut before they had asked for anything"),
}


class GatewayMetrics(Collector):
    """The tally for Prometheus. connections: how many stand now."""

    def __init__(self, tally: Tally, connections: Callable[[], int]) -> None:
        self._tally = tally
        self._connections = connections

    def collect(self) -> Iterator[Metric]:
        tally = self._tally
        yield GaugeMetricFamily("voltloom_connections", "Stations connected to this node", self._connections())
        for name, about in _PLAIN.items():
            yield CounterMetricFamily(f"voltloom_gateway_{name}", about, getattr(tally, name))
        for name, (label, about) in _LABELLED.items():
            family = CounterMetricFamily(f"voltloom_gateway_{name}", about, labels=[label])
            counts: Mapping[str, int] = getattr(tally, name)
            for value, count in counts.items():
                family.add_metric([value], count)
            yield family
        yield _histogram(tally)


def _histogram(tally: Tally) -> HistogramMetricFamily:
    family = HistogramMetricFamily(
        "voltloom_gateway_answer_seconds", "From hearing a call to answering it, with what it says on disk"
    )
    total = 0
    buckets: list[tuple[str, float]] = []
    for bound, count in zip((*map(str, BUCKETS_S), "+Inf"), tally.took, strict=True):
        total += count
        buckets.append((bound, total))
    family.add_metric([], buckets, tally.took_s)
    return family
