"""Options that several commands share: `--store` and `--policy`, their defaults and what they open."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from ..policy import Policy


def add_store(parser: argparse.ArgumentParser) -> None:
    """`--store`: where the profiles are."""
    parser.add_argument(
        "--store",
        metavar="PATH",
        default=None,
        help="SQLite file, or directory (ends in /), that keeps the profiles; ':memory:' keeps nothing. "
        f"Default: {default_store()}",
    )


def add_policy(parser: argparse.ArgumentParser) -> None:
    """`--policy`: the rules."""
    parser.add_argument(
        "--policy",
        metavar="FILE",
        default=None,
        help="policy in YAML, JSON or .conf (`busybody policy init` writes one); default: the built-in rules",
    )


def default_store() -> str:
    """The store in the user's data directory."""
    return os.path.join(data_directory(), "busybody", "profiles.db")


def data_directory() -> str:
    """Where this system keeps the data of a user's programs."""
    home = os.path.expanduser("~")  # noqa: PTH111  pathlib costs a tenth of the start-up budget
    if os.name == "nt":
        return os.environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
    if sys.platform == "darwin":
        return os.path.join(home, "Library", "Application Support")
    chosen = os.environ.get("XDG_DATA_HOME", "")
    return chosen if os.path.isabs(chosen) else os.path.join(home, ".local", "share")  # noqa: PTH117


def store_path(arguments: argparse.Namespace) -> str:
    """The store that was asked for, else the user's."""
    return arguments.store or default_store()


def load_policy(arguments: argparse.Namespace) -> Policy:
    """The policy that was asked for, else the default. Raises PolicyError."""
    from ..policy import Policy

    path: Optional[str] = arguments.policy
    return Policy.default() if path is None else Policy.load(path)
