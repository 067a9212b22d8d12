"""The packages that train: imported when they are needed, named when they are missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Dict

from .. import __version__
from ..errors import MissingExtra


def library(module: str, package: str, purpose: str) -> Any:
    """The module of an optional package. Raises MissingExtra."""
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingExtra(package, "train", purpose) from error


def versions(*packages: str) -> Dict[str, str]:
    """What was installed while training, Busybody first."""
    from importlib.metadata import version
    from platform import python_version

    found = {"busybody": __version__, "python": python_version()}
    found.update((package, version(package)) for package in packages)
    return found
