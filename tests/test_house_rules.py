"""The rules of the house that a machine can hold us to: imports, safety, size, paths, versions."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Iterable, Iterator, List, Tuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
CORE = ROOT / "core"
LONGEST_FILE = 600  # lines; beyond it nobody reads a file in one sitting
# Each of these costs milliseconds, or a shared library that a stripped Python lacks; imported where it is used.
COSTLY = {
    "sqlite3",
    "csv",
    "ssl",
    "zoneinfo",
    "http",
    "asyncio",
    "multiprocessing",
    "argparse",
    "unittest",
    "urllib.request",
}
OPTIONAL = {"yaml", "zstandard", "maxminddb", "geoip2", "orjson", "numpy", "sklearn", "ua_parser"}
DANGEROUS_CALLS = {"eval", "exec", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load"}
DANGEROUS_MODULES = {"pickle", "marshal", "shelve", "dill", "jsonpickle", "cloudpickle"}


WINGS = {  # what wraps the core -> the packages that it brings along
    "addon": {"busybody_splunk"},
    "bin": {"busybody_splunk"},
    "elastic": {"busybody_elastic"},
}
if sys.version_info < (3, 11):  # the service is written in the grammar of 3.11
    WINGS.pop("elastic")


def modules() -> List[Path]:
    return sorted((CORE / "busybody").rglob("*.py"))


def shipped() -> List[Path]:
    """The modules of the core and of everything that wraps it."""
    return modules() + sorted(path for wing in WINGS for path in (ROOT / wing).rglob("*.py"))


def is_command_line(path: Path) -> bool:
    """The one place that prints, exits and reads arguments."""
    return "commands" in path.relative_to(CORE).parts or path.stem in ("cli", "__main__")


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tracked() -> List[Path]:
    """The files that git knows; without git (an unpacked source archive) there is nothing to hold to account."""
    try:
        listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this tree is no git checkout")
    paths = (ROOT / name for name in listing.stdout.decode().split("\0") if name)
    return [path for path in paths if path.is_file()]


def at_import(nodes: Iterable[ast.AST]) -> Iterator[ast.stmt]:
    """The import statements that run when the module is imported: all but those in functions and for type checkers."""
    for node in nodes:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            yield from at_import(node.orelse)
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from at_import(ast.iter_child_nodes(node))


def imported(nodes: Iterable[ast.stmt]) -> Iterator[Tuple[str, int]]:
    for node in at_import(nodes):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or "", node.lineno


@pytest.mark.skipif(sys.version_info < (3, 10), reason="Python 3.9 does not list its standard library")
def test_the_core_imports_only_the_standard_library() -> None:
    allowed = set(sys.stdlib_module_names) | {"busybody"}  # type: ignore[attr-defined,unused-ignore]
    breaches = [
        f"{name_of(path)}:{line}: {name}"
        for path in modules()
        for name, line in imported(tree_of(path).body)
        if name.split(".")[0] not in allowed
    ]
    assert breaches == []


def test_costly_modules_are_imported_where_they_are_used() -> None:
    breaches = []
    for path in modules():
        command_line = is_command_line(path)
        for name, line in imported(tree_of(path).body):
            costly = name in COSTLY or name.split(".")[0] in COSTLY
            if costly and not (command_line and name == "argparse"):
                breaches.append(f"{name_of(path)}:{line}: {name}")
    assert breaches == []


def test_importing_the_package_loads_nothing_costly() -> None:
    code = "import sys; sys.path.insert(0, sys.argv[1]); import busybody; print(*sys.modules)"
    command = [sys.executable, "-I", "-S", "-c", code, str(CORE)]
    loaded = set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    assert loaded & (COSTLY | OPTIONAL) == set()


def test_wings_never_meet() -> None:
    breaches = []
    for wing, own in WINGS.items():
        others = {"busybody_splunk", "busybody_elastic"} - own
        for path in (ROOT / wing).rglob("*.py"):
            names = [node for node in ast.walk(tree_of(path)) if isinstance(node, (ast.Import, ast.ImportFrom))]
            for node in names:
                for name in [getattr(node, "module", None) or "", *[alias.name for alias in node.names]]:
                    if name.split(".")[0] in others:
                        breaches.append(f"{name_of(path)}:{node.lineno}: {name}")
    assert breaches == []


def test_nothing_that_ships_runs_what_it_reads() -> None:
    breaches = []
    for path in shipped():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call):
                if ast.unparse(node.func) in DANGEROUS_CALLS:
                    breaches.append(f"{name_of(path)}:{node.lineno}: {ast.unparse(node.func)}")
                for keyword in node.keywords:
                    if keyword.arg == "shell" and not (
                        isinstance(keyword.value, ast.Constant) and not keyword.value.value
                    ):
                        breaches.append(f"{name_of(path)}:{node.lineno}: shell=")
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
                breaches += [f"{name_of(path)}:{node.lineno}: {name}" for name in names if name in DANGEROUS_MODULES]
    assert breaches == []


def test_the_core_is_written_in_the_grammar_of_python_3_9() -> None:
    for path in modules():
        ast.parse(path.read_text(encoding="utf-8"), name_of(path), feature_version=(3, 9))


def test_only_the_command_line_prints_or_exits() -> None:
    breaches = []
    for path in modules():
        if is_command_line(path):
            continue
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "sys.exit", "exit", "quit"):
                breaches.append(f"{name_of(path)}:{node.lineno}: {ast.unparse(node.func)}")
    assert breaches == []


def test_files_can_be_read_in_one_sitting() -> None:
    code = [
        path for path in tracked() if path.suffix in (".py", ".sh") and "tests" not in path.relative_to(ROOT).parts[:1]
    ]
    long = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in code}
    assert {name: count for name, count in long.items() if count > LONGEST_FILE} == {}


def test_no_file_names_a_machine_or_a_private_registry() -> None:
    pattern = re.compile(
        rb"(?<![\w.*/-])/(?:work|tmp|root|Users)/[\w.]"
        rb"|index[-_]url\s*[=:]|--extra[-]index|artifact"
        rb"ory|jfr"
        rb"og|code"
        rb"artifact",  # split: this file, too
        re.IGNORECASE,
    )
    breaches = []
    for path in tracked():
        content = path.read_bytes()
        if b"\0" in content[:8192]:
            continue
        for match in pattern.finditer(content):
            line = content.count(b"\n", 0, match.start()) + 1
            breaches.append(f"{name_of(path)}:{line}: {match.group()!r}")
    assert breaches == []


def test_every_folder_of_the_package_is_a_package() -> None:
    folders = {path.parent for path in modules()}
    assert [name_of(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_versions_agree() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    build = (ROOT / "build.py").read_text(encoding="utf-8")
    import busybody

    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+)?", busybody.__version__)
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## Unreleased" in changes or f"## {busybody.__version__}" in changes
    assert 'requires-python = ">=3.9"' in project
    assert 'target-version = "py39"' in project
    assert 'python_version = "3.9"' in project
    assert 'PYTHONS = ("3.9",' in build


def test_requirements_are_exact() -> None:
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            plain = line.split(";")[0].strip()
            assert not plain or plain.startswith(("#", "-r ")) or re.fullmatch(r"[\w.-]+==[\w.]+", plain), (
                path.name,
                line,
            )
