"""What the app's Python may import and call: only what is in the app, nothing that runs what it reads."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Dict, Iterator, List, Set, Tuple

import pytest
from packaged import ROOT, tool

contents = tool("contents")
NOWHERE = {"splunk"}  # of Splunk's own, present where splunkd starts a persistent handler
# Optional packages that the core imports inside the function that needs them; without them it says so or does without.
OPTIONAL = {"yaml", "zstandard", "maxminddb", "orjson", "numpy", "sklearn", "pyod", "certifi", "compression"}
DANGEROUS_MODULES = {
    "pickle",
    "marshal",
    "shelve",
    "dill",
    "ctypes",
    "subprocess",
    "multiprocessing",
    "imp",
    "cgi",
    "distutils",
    "telnetlib",
}
DANGEROUS_CALLS = {
    "eval",
    "exec",
    "os.system",
    "os.popen",
    "os.fork",
    "ssl._create_unverified_context",
    "yaml.load",
}


def sources() -> Dict[str, ast.Module]:
    """Name in the app -> tree of each Python file."""
    return {
        entry.name: ast.parse(entry.data.decode("utf-8"), entry.name)
        for entry in contents.entries()
        if entry.name.endswith(".py")
    }


@pytest.fixture(scope="module")
def trees() -> Dict[str, ast.Module]:
    return sources()


def module_of(name: str) -> str:
    """lib/busybody/risk.py -> busybody.risk"""
    return (
        name[len("lib/") : -len(".py")].replace("/", ".").removesuffix(".__init__") if name.startswith("lib/") else ""
    )


def imported(name: str, tree: ast.Module) -> Iterator[Tuple[str, int]]:
    """Every module that a file imports anywhere; for `from x import y` both x and x.y, of which one may be a name."""
    package = module_of(name) if name.endswith("__init__.py") else module_of(name).rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([base] if base else [])])
            yield base, node.lineno


def test_the_app_holds_every_module_of_its_own_that_it_imports(trees: Dict[str, ast.Module]) -> None:
    there: Set[str] = {module_of(name) for name in trees}
    missing = [
        f"{name}:{line}: {module}"
        for name, tree in trees.items()
        for module, line in imported(name, tree)
        if module.split(".")[0] in ("busybody", "busybody_splunk") and module not in there
    ]
    assert missing == []


@pytest.mark.skipif(sys.version_info < (3, 10), reason="Python 3.9 does not list its standard library")
def test_everything_else_is_of_the_standard_library(trees: Dict[str, ast.Module]) -> None:
    known = set(sys.stdlib_module_names) | {"busybody", "busybody_splunk"} | NOWHERE | OPTIONAL  # type: ignore[attr-defined,unused-ignore]
    strange = [
        f"{name}:{line}: {module}"
        for name, tree in trees.items()
        for module, line in imported(name, tree)
        if module.split(".")[0] not in known
    ]
    assert strange == []


def test_nothing_runs_what_it_reads_or_starts_a_program(trees: Dict[str, ast.Module]) -> None:
    breaches: List[str] = []
    for name, tree in trees.items():
        breaches += [
            f"{name}:{line}: {module}"
            for module, line in imported(name, tree)
            if module.split(".")[0] in DANGEROUS_MODULES
        ]
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                if called in DANGEROUS_CALLS or called.startswith(("os.exec", "os.spawn", "os.posix_spawn")):
                    breaches.append(f"{name}:{node.lineno}: {called}")
    assert breaches == []


def test_tls_is_always_verified(trees: Dict[str, ast.Module]) -> None:
    """The host name alone is not compared, and only in the one place that says why: loopback, with Splunk's own certificate."""
    breaches = []
    for name, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in ("CERT_NONE", "CERT_OPTIONAL"):
                breaches.append(f"{name}:{node.lineno}: {node.attr}")
            if isinstance(node, ast.keyword) and node.arg == "verify":
                breaches.append(f"{name}:{node.value.lineno}: verify=")
            if isinstance(node, ast.Assign) and any(
                ast.unparse(target).endswith("check_hostname") for target in node.targets
            ):
                breaches.append(f"{name}: check_hostname")
    assert breaches == ["lib/busybody_splunk/trust.py: check_hostname"]


def test_the_grammar_is_that_of_python_3_9() -> None:
    for entry in contents.entries():
        if entry.name.endswith(".py"):
            ast.parse(entry.data.decode("utf-8"), entry.name, feature_version=(3, 9))


def test_the_door_can_be_read_by_older_pythons() -> None:
    """An old Splunk gets one clear sentence, not a SyntaxError."""
    door = ROOT / "addon" / "splunk_app" / "lib" / "busybody_splunk" / "launch.py"
    for path in [door, *sorted((ROOT / "bin").glob("*.py"))]:
        tree = ast.parse(path.read_text(encoding="utf-8"), path.name, feature_version=(3, 4))
        told = [
            node.lineno for node in ast.walk(tree) if isinstance(node, (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr))
        ]
        assert told == [], f"{path.name}: newer than Python 2.7"


def test_every_file_says_what_it_is(trees: Dict[str, ast.Module]) -> None:
    own = {name: tree for name, tree in trees.items() if name.startswith(("bin/", "lib/busybody_splunk/"))}
    assert [name for name, tree in own.items() if not ast.get_docstring(tree)] == []


def test_scripts_are_a_few_lines() -> None:
    long = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in Path(ROOT, "bin").glob("*.py")}
    assert {name: count for name, count in long.items() if count > 30} == {}
