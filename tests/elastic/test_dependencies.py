"""What the package imports it also asks for: a library that only another one brings may be gone with its next version."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OWN = {"busybody", "busybody_elastic"}


def imported() -> Iterator[str]:
    """The top names of all that is imported, at the head of a file or lazily."""
    for path in (ROOT / "elastic" / "busybody_elastic").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                yield node.module.partition(".")[0]


def name_of(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found is not None
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def libraries() -> set[str]:
    """The distributions behind the imports."""
    distributions = packages_distributions()
    tops = set(imported()) - OWN - sys.stdlib_module_names
    assert tops <= distributions.keys(), "what is imported is installed here"
    return {name_of(distributions[top][0]) for top in tops}


def test_what_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "elastic" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [one for some in project["optional-dependencies"].values() for one in some]
    declared = {name_of(one) for one in [*project["dependencies"], *extras]}
    assert libraries() - declared == set()


def test_what_is_imported_is_pinned_for_development() -> None:
    lines = [
        line
        for name in ("develop", "elastic", "test")
        for line in (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        if line[:1].isalpha()
    ]
    assert libraries() - {name_of(line) for line in lines} == set()
