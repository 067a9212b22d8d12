"""What the doors count, for Prometheus. Labels are words of ours alone: nothing that a caller or a document says."""

from __future__ import annotations

import re
from typing import Any, Callable, Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily

from .records import Answer

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
Status = Callable[[], Mapping[str, Any]]


class Metrics:
    """One set for each application, so that several can live in one process."""

    def __init__(self, status: Status) -> None:
        """`status()` says how the service is; the numbers in it are shown as gauges."""
        self.registry = registry = CollectorRegistry()
        self.requests = Counter("busybody_requests", "Requests answered", ["door", "status"], registry=registry)
        self.seconds = Histogram(
            "busybody_request_seconds", "Time to answer", ["door"], buckets=SECONDS, registry=registry
        )
        self.documents = Counter(
            "busybody_documents", "Documents by what became of them", ["door", "status"], registry=registry
        )
        self.unscored = Counter(
            "busybody_unscored", "Sign-ins let through unscored", ["door", "reason"], registry=registry
        )
        self.refused_fields = Counter(
            "busybody_refused_fields",
            "Documents sent again without our fields, which their index refuses",
            registry=registry,
        )
        self.rolled_back = Counter(
            "busybody_rolled_back", "Sign-ins that the cluster did not accept", registry=registry
        )
        self.redirected = Counter("busybody_failure_store", "Documents that went to a failure store", registry=registry)
        self.upstream_errors = Counter(
            "busybody_upstream_errors", "Requests that got no answer", ["kind"], registry=registry
        )
        self.commits = Counter("busybody_commits", "Commits asked for by the doors", ["result"], registry=registry)
        registry.register(_Gauges(status))

    def count(self, door: str, answers: Iterable[Answer]) -> None:
        """What became of the documents of one request."""
        found: dict[str, int] = {}
        for answer in answers:
            found[answer.status] = found.get(answer.status, 0) + 1
        for status, number in found.items():
            self.documents.labels(door, status).inc(number)

    def let_through(self) -> int:
        """How many sign-ins went through unscored since the start, for whatever reason."""
        samples = (sample for metric in self.unscored.collect() for sample in metric.samples)
        return int(sum(sample.value for sample in samples if sample.name == "busybody_unscored_total"))

    def page(self) -> bytes:
        """What Prometheus reads."""
        return generate_latest(self.registry)


class _Gauges:
    """The numbers of `status()`, asked for at each reading."""

    def __init__(self, status: Status) -> None:
        self._status = status

    def describe(self) -> Iterable[Any]:
        return ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for key, value in self._status().items():
            if isinstance(value, (bool, int, float)):
                name = "busybody_" + re.sub(r"\W", "_", key)
                yield GaugeMetricFamily(name, f"{key} as the service reports it", value=float(value))
