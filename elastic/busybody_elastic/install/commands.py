"""The verbs install, upgrade, uninstall, status and api-key on the command line."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Callable

from ..cluster import connect
from ..config import Config
from . import run as install
from .keys import ROLES, create

HELP = {
    "install": "put templates, lifecycles, watches, dashboards and rules into the cluster and Kibana",
    "upgrade": "bring what is installed to this version; run it before the instances are upgraded",
    "uninstall": "take out what was installed; data stays",
    "status": "say of each asset whether it is there",
    "api-key": "make an API key that may do what one role needs, and nothing else",
}


def add(parser: argparse.ArgumentParser, verb: str) -> None:
    """The arguments of a verb."""
    parser.description = HELP[verb][0].upper() + HELP[verb][1:] + "."
    if verb == "api-key":
        parser.add_argument("role", choices=ROLES)
        parser.add_argument("--days", type=int, help="how long it is valid; for good without it")
        parser.add_argument("--file", type=Path, help="write the key to this new file, for its owner alone to read")
        return
    parser.add_argument("--space", help="Kibana's space; kibana.space of the configuration without it")
    parser.add_argument("--json", action="store_true", help="one JSON object for each asset")
    if verb != "status":
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and change nothing")
    if verb == "uninstall":
        parser.add_argument("--data", action="store_true", help="delete this namespace's data and state, too")


def run(verb: str, config: Config, arguments: argparse.Namespace) -> int:
    """Exit code 0 where nothing failed, else 1. Raises BusybodyError."""
    cluster = connect(config.cluster)
    try:
        if verb == "api-key":
            _hand_over(
                lambda: create(cluster, arguments.role, config.namespace, days=arguments.days, reads=_read_by(config)),
                arguments.file,
            )
            return 0
        dry_run, data = getattr(arguments, "dry_run", False), getattr(arguments, "data", False)
        report = install(verb, config, cluster, dry_run=dry_run, space=arguments.space, data=data)
    finally:
        cluster.close()
    if arguments.json:
        for line in report.lines:
            sys.stdout.write(json.dumps(line._asdict()) + "\n")
    else:
        sys.stdout.write(report.text() + "\n")
    return 0 if report.ok else 1


def _read_by(config: Config) -> tuple[str, ...]:
    return config.reader.indices if config.reader.enabled else ()


def _hand_over(made: Callable[[], str], path: Path | None) -> None:
    """The file comes first: a key that nobody can be given shall not be made."""
    if path is None:
        sys.stdout.write(made() + "\n")
        return
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        try:
            key = made()
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        file.write(key + "\n")
