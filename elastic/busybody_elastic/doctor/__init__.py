"""`busybody-elastic doctor`: look at everything that goes wrong in practice, and say what to do. It changes nothing."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Callable, Iterator

from busybody.errors import BusybodyError

from ..cluster import Cluster, connect
from ..errors import ClusterError
from . import cluster as of_cluster
from . import ours, privileges, sources
from .findings import FAILED, OK, SKIPPED, WARNING, Check, Patient, Report

if TYPE_CHECKING:
    import argparse

    from ..config import Config

__all__ = ["FAILED", "OK", "SKIPPED", "WARNING", "Check", "Report", "add", "examine", "run"]

CHECKS: dict[str, Callable[[Patient], Iterator[Check]]] = {
    "connection": of_cluster.connection,
    "versions": of_cluster.versions,
    "health": of_cluster.health,
    "clocks": of_cluster.clocks,
    "licence": of_cluster.licence,
    "privileges": privileges.privileges,
    "templates": ours.templates,
    "mappings": ours.mappings,
    "service": ours.service,
    "sniffing": of_cluster.sniffing,
}
OF_READER: dict[str, Callable[[Patient], Iterator[Check]]] = {
    "indices": sources.patterns,
    "shards": sources.shards,
    "sign-ins": sources.signins_seen,
    "own results": sources.copies,
    "times": sources.date_types,
    "event.ingested": sources.without_times,
    "refresh": sources.refresh,
}


def examine(config: Config, cluster: Cluster | None = None, now: Callable[[], float] = time.time) -> Report:
    """Every check, one after the other; what cannot be looked at is a check that says so."""
    own = cluster is None
    if cluster is None:
        try:
            cluster = connect(config.cluster)
        except ClusterError as error:
            return Report([Check("connection", FAILED, str(error), "Nothing else can be looked at before that.")])
    try:
        patient = Patient(config, cluster, now)
        checks = {**CHECKS, **(OF_READER if config.reader.enabled else {})}
        return Report([found for name, check in checks.items() for found in _checked(name, check, patient)])
    finally:
        if own:
            cluster.close()


def _checked(name: str, check: Callable[[Patient], Iterator[Check]], patient: Patient) -> list[Check]:
    try:
        return list(check(patient))
    except ClusterError as error:
        return [of_cluster.unseen(name, error)]
    except BusybodyError as error:
        return [Check(name, FAILED, str(error))]


def add(parser: argparse.ArgumentParser, verb: str) -> None:  # noqa: ARG001 - the same for all verbs
    """The arguments of the command."""
    parser.description = "Look at connection, privileges, mappings, clocks, sources and lag, and say what to do."
    parser.add_argument("--json", action="store_true", help="one JSON object for each check")


def run(verb: str, config: Config, arguments: argparse.Namespace) -> int:  # noqa: ARG001 - likewise
    """Exit code 1 where a check failed, else 0; warnings are no failure."""
    report = examine(config)
    sys.stdout.write((report.lines() if arguments.json else report.text()) + "\n")
    return 0 if report.ok else 1
