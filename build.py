#!/usr/bin/env python3
"""Build, test and try Busybody. Needs a Python from 3.9 on and nothing else.

Usage: python3 build.py VERB [options]

  demo    a month of invented sign-ins, scored and drawn as a report in build/demo/ (no network, no installation)
          --open shows the report in the browser
  test    everything that must hold: lint, types, tests on every supported Python found, the wheel, the browser
          --quick stops after lint, types and the fast tests on one Python
  lint    ruff and mypy alone; --fix lets ruff repair what it can
  wheel   the wheel in dist/, built twice and compared byte for byte
  elastic  the bundle for Elasticsearch and OpenSearch in dist/, built twice and compared byte for byte
  splunk  the Splunk app in dist/, built twice and compared byte for byte (only Python needed)
          --inspect lets AppInspect look at it, in .venv-splunk/
  geo     the packaged geography and ASN table, rebuilt from its pinned inputs
  docs    the pages that are generated from data: detector catalogue, policy reference, sources
  evaluate  the published table of docs/evaluation.md, on seeds that nothing was tuned on (within an hour on two cores);
          --quick runs small logs and writes nothing into docs/
  clean   removes what the other verbs made: build/, dist/, caches, virtual environments

The packages of the tests are pinned in requirements/; they go into .venv/, which is made anew when the pins change.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import webbrowser
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

ROOT = Path(__file__).resolve().parent
CORE = ROOT / "core"
ELASTIC = ROOT / "elastic"
WINDOWS = os.name == "nt"
CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")
PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
REQUIRED_IN_CI = ("3.9", "3.13")  # the oldest is Splunk's; between them lies every change that has bitten
OLDEST_FOR_CHECKS = (3, 10)  # of the linters' own packages
ATTEMPTS = ("first", "second")  # of what is built twice
FAST = "not slow and not browser and not node"
LONGEST_TEST = 600  # seconds; what hangs fails, and says where
LONGEST_LINE = 400  # of what pip says; it lists every version there ever was
CHECKED = ("build.py", "core", "bin", "addon", "elastic", "tests", "tools", "benchmarks")
ELSEWHERE = ("tests/core", "tests/splunk", "tests/elastic", "tests/test_house_rules.py")  # run on other Pythons, too
# The script behind a verb; arguments after the verb are handed on to it.
GENERATORS = {"geo": "tools/geo/build_table.py", "docs": "tools/docs/build.py"}


class Failed(Exception):
    """A step did not hold; the message says which and what to do next."""


# --- running things ---------------------------------------------------------------------------------------------


def say(text: str) -> None:
    print(text, flush=True)


def environment(**more: str) -> Dict[str, str]:
    """The caller's environment without what would make a run differ between machines."""
    kept = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP")}
    return {**kept, "PYTHONHASHSEED": kept.get("PYTHONHASHSEED", "random"), "PYTHONUTF8": "1", **more}


def run(command: Sequence[object], *, env: Optional[Mapping[str, str]] = None, cwd: Path = ROOT) -> str:
    """Run, show the output as it comes, and return its last line that is not empty; raise Failed on an exit code."""
    words = [str(word) for word in command]
    last = ""
    with subprocess.Popen(
        words,
        cwd=cwd,
        env=dict(env) if env is not None else environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            last = line.strip() or last
    if process.returncode:
        raise Failed(last or f"{Path(words[0]).name} ended with exit code {process.returncode}")
    return last


def quiet(
    command: Sequence[object], *, env: Optional[Mapping[str, str]] = None, seconds: Optional[float] = None
) -> subprocess.CompletedProcess[str]:
    """Run and keep what it says; the caller looks at the exit code."""
    words = [str(word) for word in command]
    return subprocess.run(words, check=False, capture_output=True, text=True, env=env, timeout=seconds)


# --- interpreters -----------------------------------------------------------------------------------------------


class Interpreter(NamedTuple):
    """A Python on this machine."""

    version: str  # 3.11
    path: Path


def candidates() -> Iterator[Path]:
    """Whatever may be a Python: the running one, those on PATH, those of pyenv."""
    yield Path(sys.executable)
    for version in PYTHONS:
        for folder in os.environ.get("PATH", "").split(os.pathsep):
            found = shutil.which(f"python{version}", path=folder) if folder else None
            if found:
                yield Path(found)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    pattern = "versions/*/python.exe" if WINDOWS else "versions/*/bin/python"
    yield from sorted(pyenv.glob(pattern))


def version_of(path: Path) -> Optional[Tuple[str, Path]]:
    """Version and true path, or None for what does not start (a pyenv shim of an absent version, say)."""
    code = "import sys; print(*sys.version_info[:2], sep='.', end='|'); print(sys.executable)"
    try:
        answer = quiet([path, "-I", "-c", code], seconds=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    version, _, executable = answer.stdout.strip().partition("|")
    return (version, Path(executable)) if answer.returncode == 0 and version in PYTHONS else None


def interpreters() -> Dict[str, Interpreter]:
    """One interpreter for each supported version found; the running one wins for its version."""
    found: Dict[str, Interpreter] = {}
    for path in candidates():
        answer = version_of(path)
        if answer and answer[0] not in found:
            found[answer[0]] = Interpreter(answer[0], answer[1])
    return {version: found[version] for version in PYTHONS if version in found}


def interpreter_for_checks(found: Mapping[str, Interpreter]) -> Interpreter:
    """The running Python when it is new enough for the linters, else the nearest newer one."""
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    if sys.version_info[:2] >= OLDEST_FOR_CHECKS and running in found:
        return found[running]
    for version in PYTHONS[1:]:
        if version in found:
            return found[version]
    raise Failed("the checks need Python 3.10 or newer. Install one, or start build.py with it.")


# --- virtual environments ---------------------------------------------------------------------------------------


def pinned(requirements: Path) -> str:
    """The text of a requirements file and of those that it includes."""
    text = requirements.read_text(encoding="utf-8")
    included = re.findall(r"^-r (\S+)", text, re.MULTILINE)
    return text + "".join(pinned(requirements.parent / name) for name in included)


def python_in(venv: Path) -> Path:
    return venv / ("Scripts/python.exe" if WINDOWS else "bin/python")


def virtualenv(interpreter: Interpreter, folder: Path, requirements: Path) -> Path:
    """The Python of a virtual environment that holds the pinned packages and sees core/ and elastic/; made when it is not current."""
    python = python_in(folder)
    wanted = hashlib.sha256(f"{interpreter.version}\n{ROOT}\n{pinned(requirements)}".encode()).hexdigest()
    stamp = folder / "busybody.stamp"
    if python.exists() and stamp.exists() and stamp.read_text() == wanted:
        return python
    say(f"making {folder.name}/ with Python {interpreter.version} and {requirements.relative_to(ROOT).as_posix()}")
    shutil.rmtree(folder, ignore_errors=True)
    run([interpreter.path, "-m", "venv", folder])
    install(python, "-r", requirements)
    where = quiet([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).stdout.strip()
    (Path(where) / "busybody.pth").write_text(f"{CORE}\n{ELASTIC}\n", encoding="utf-8")
    stamp.write_text(wanted)
    return python


def install(python: Path, *what: object) -> None:
    """pip install, tried again after a hiccup of the network; what pip said is shown when it stays down."""
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "5", *what]
    for attempt in (1, 2, 3):
        answer = quiet(command, env=environment())
        if answer.returncode == 0:
            return
        said = "\n".join(line[:LONGEST_LINE] for line in (answer.stderr.strip() or answer.stdout.strip()).splitlines())
        say(said)
        if not looks_like_network(said):
            raise Failed("pip could not install the pinned packages; its words stand above.")
        if attempt < 3:
            say(f"pip could not reach its index, attempt {attempt} of 3; trying again in {5 * attempt} s")
            time.sleep(5 * attempt)
    raise Failed(
        "pip cannot reach a package index. Check the network and pip's configuration (`pip config list`); "
        "`build.py demo` needs neither."
    )


def looks_like_network(said: str) -> bool:
    """Whether pip failed for want of a connection, and not for what it was asked to install."""
    signs = ("connection", "timed out", "timeout", "temporary failure", "name or service", "max retries", "502", "503")
    lowered = said.lower()
    return any(sign in lowered for sign in signs) or "from versions: none" in lowered


def develop() -> Path:
    """The Python of .venv/, with everything that the checks need."""
    chosen = interpreter_for_checks(interpreters())
    return virtualenv(chosen, ROOT / ".venv", ROOT / "requirements" / "develop.txt")


# --- steps of the test --------------------------------------------------------------------------------------------


def lint(python: Path, fix: bool = False) -> str:
    paths = [path for path in CHECKED if (ROOT / path).exists()]
    if fix:
        run([python, "-m", "ruff", "format", *paths])
    run([python, "-m", "ruff", "check", *(["--fix"] if fix else []), *paths])
    return run([python, "-m", "ruff", "format", "--check", *paths])


def types(python: Path) -> str:
    run([python, "-m", "mypy"])
    said = version_of(python)
    if said and said[0] not in ("3.9", "3.10"):  # which are too old for the service
        run([python, "-m", "mypy", "--python-version", "3.11", "--package", "busybody_elastic"])
    return run([python, "-m", "mypy", "--strict", "build.py"])


def tests(python: Path, *, only: str = "", where: Sequence[str] = ("tests",)) -> str:
    """pytest on all cores, and some more where tests wait for servers; returns its closing line."""
    mark = ["-m", only] if only else []
    workers = (os.cpu_count() or 1) + (0 if only else 1)
    share = [] if only else ["--dist", "loadfile", "--no-loadscope-reorder"]  # a file's nodes are costly to make
    how = ["-n", workers, *share, "--timeout", LONGEST_TEST, "-q", "-rfEsxX", "-p", "no:cacheprovider"]
    return run([python, "-m", "pytest", *where, *how, *mark])


def tests_elsewhere(interpreter: Interpreter) -> str:
    """The tests of what ships, on another Python, with only what they need installed; between the two ends, of the core."""
    python = virtualenv(interpreter, ROOT / f".venv-{interpreter.version}", ROOT / "requirements" / "test.txt")
    return tests(python, only=FAST, where=ELSEWHERE if interpreter.version in REQUIRED_IN_CI else ELSEWHERE[:1])


BARE = """
import importlib, pkgutil, sys, warnings
warnings.simplefilter("error")
sys.path.insert(0, sys.argv[1])
import busybody
names = [m.name for m in pkgutil.walk_packages(busybody.__path__, "busybody.") if not m.name.endswith("__main__")]
for name in names:
    importlib.import_module(name)
print(len(names) + 1, "modules import")
"""


def bare_import(found: Mapping[str, Interpreter]) -> str:
    """Every module of the core imports in an interpreter that has no site-packages at all."""
    said = []
    for interpreter in found.values():
        said.append(f"{interpreter.version}: " + run([interpreter.path, "-I", "-S", "-B", "-c", BARE, CORE]))
    return "; ".join(said)


def wheel(python: Path) -> str:
    """Build twice, compare, leave the wheel in dist/."""
    return twice_the_same([wheel_of(python, ROOT, attempt) for attempt in ATTEMPTS])


def wheel_of(python: Path, project: Path, attempt: str) -> Path:
    folder = ROOT / "build" / "wheel" / (project.name if project != ROOT else "core") / attempt
    shutil.rmtree(folder, ignore_errors=True)
    # Not from the root: there, -m build would find build.py itself.
    run([python, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, project], cwd=CORE)
    return next(folder.glob("*.whl"))


def twice_the_same(built: Sequence[Path]) -> str:
    """Compare two builds of a file and leave it in dist/."""
    first, second = built
    content = first.read_bytes()
    if content != second.read_bytes():
        raise Failed(f"two builds of {first.name} differ; compare {shown(first)} with {shown(second)}")
    (ROOT / "dist").mkdir(exist_ok=True)
    target = ROOT / "dist" / first.name
    target.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return f"{shown(target)}, {len(content) / 1e6:.1f} MB, twice the same, sha256 {digest[:16]}"


def elastic(python: Path) -> str:
    """Build the bundle twice, wheels and all, compare, leave it in dist/."""
    built = []
    for attempt in ATTEMPTS:
        wheels = ROOT / "build" / "elastic" / attempt / "wheels"
        shutil.rmtree(wheels.parent, ignore_errors=True)
        wheels.mkdir(parents=True)
        for project in (ROOT, ELASTIC):
            shutil.copy(wheel_of(python, project, attempt), wheels)
        pack = [sys.executable, ROOT / "tools" / "elastic" / "pack.py", "--wheels", wheels, "--folder", wheels.parent]
        built.append(Path(run(pack)))
    return twice_the_same(built)


def installed(interpreter: Interpreter) -> str:
    """The wheel alone in a fresh virtual environment takes a small month from simulation to report."""
    folder = ROOT / "build" / "installed"
    shutil.rmtree(folder, ignore_errors=True)
    run([interpreter.path, "-m", "venv", folder / "venv"])
    python = python_in(folder / "venv")
    wheels = sorted((ROOT / "dist").glob("*.whl"), key=lambda path: path.stat().st_mtime)
    install(python, "--no-index", "--no-deps", wheels[-1])
    month(python, folder, people=12, days=10, env=environment())
    entry = python.parent / ("busybody.exe" if WINDOWS else "busybody")
    return run([entry, "--version"])


# --- the Splunk app -----------------------------------------------------------------------------------------------


def splunk() -> str:
    """Build the app twice, compare, leave it in dist/."""
    tools = ROOT / "tools" / "splunk"
    run([sys.executable, tools / "generate.py", "--check"], env=environment(PYTHONPATH=str(CORE)))
    target = Path(run([sys.executable, tools / "pack.py"]))
    again = ROOT / "build" / "splunk" / target.name
    run([sys.executable, tools / "pack.py", "--output", again])
    return twice_the_same([target, again])


def splunk_tools() -> str:
    """Make .venv-splunk/ and .venv-contentctl/: what Splunk's own tools pin clashes with the tests' pins and each other's."""
    chosen = interpreter_for_checks(interpreters())
    virtualenv(chosen, ROOT / ".venv-splunk", ROOT / "requirements" / "splunk.txt")
    newer = next((one for one in interpreters().values() if one.version in ("3.11", "3.12", "3.13")), None)
    if newer is not None:  # contentctl takes no other
        virtualenv(newer, ROOT / ".venv-contentctl", ROOT / "requirements" / "contentctl.txt")
    return "AppInspect and the packaging toolkit" + (
        ", contentctl" if newer is not None else "; contentctl needs Python 3.11"
    )


def inspected(python: Path) -> str:
    """What Splunk's own tools say of the app, held against what docs/splunk.md explains."""
    splunk_tools()
    return tests(python, where=("tests/splunk/test_appinspect.py", "tests/splunk/test_appinspect_content.py"))


# --- the month of the demo ----------------------------------------------------------------------------------------


def month(python: Path, folder: Path, *, people: int, days: int, env: Mapping[str, str]) -> Path:
    """Simulate, score with a fresh store and draw the report; returns its path."""
    busybody: List[object] = [python, "-m", "busybody"]
    log, labels, scores = folder / "signins.jsonl", folder / "labels.jsonl", folder / "scores.jsonl"
    page, store = folder / "report.html", folder / "profiles.sqlite"

    def simulate() -> str:
        size = ["--people", people, "--days", days, "--seed", 7]
        run([*busybody, "simulate", *size, "--format", "ecs", "--output", log, "--labels", labels], env=env)
        return f"{lines(log):,} sign-ins of {people} people in {days} days: {shown(log)}"

    def score() -> str:
        with scores.open("wb") as output:
            command = [str(word) for word in [*busybody, "score", log, "--store", store, "--output", "jsonl"]]
            if subprocess.run(command, check=False, stdout=output, env=dict(env), cwd=ROOT).returncode:
                raise Failed("busybody score failed; its words stand above.")
        return f"{lines(scores):,} scored, one line each: {shown(scores)}"

    def report() -> str:
        run([*busybody, "report", scores, "--output", page], env=env)
        return f"{page.stat().st_size / 1e3:,.0f} kB: {shown(page)}"

    timed("simulate  an organisation and some attacks on it", simulate)
    timed("score     every sign-in against what was learned before it", score)
    timed("report    who is at risk, and why", report)
    return page


def lines(path: Path) -> int:
    with path.open("rb") as stream:
        return sum(1 for _ in stream)


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def timed(title: str, step: Callable[[], str]) -> str:
    say(f"· {title}")
    start = time.monotonic()
    answer = step()
    say(f"  {answer} ({time.monotonic() - start:.1f} s)")
    return answer


def riskiest(scores: Path) -> str:
    """The five people with the highest risk, as a table in text."""
    sys.path.insert(0, str(CORE))
    from busybody.report import summary

    with scores.open(encoding="utf-8") as stream:
        people = summary(json.loads(line) for line in stream).people[:5]
    rows = [("risk", "person", "why")]
    rows += [(f"{one.risk:.0f}", one.name, ("; ".join(one.reasons) or one.sentence)[:100]) for one in people]
    wide = max(len(row[1]) for row in rows)
    return "\n".join(f"  {risk:>4}  {name:<{wide}}  {why}" for risk, name, why in rows)


# --- verbs --------------------------------------------------------------------------------------------------------


def do_demo(options: argparse.Namespace) -> None:
    folder = ROOT / "build" / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    start = time.monotonic()
    env = environment(PYTHONPATH=str(CORE))
    page = month(Path(sys.executable), folder, people=options.people, days=options.days, env=env)
    say("\nThe riskiest people:\n" + riskiest(folder / "scores.jsonl"))
    say(f"\n{time.monotonic() - start:.0f} s in all. The report: {page}")
    if options.open:
        webbrowser.open(page.as_uri())


def do_test(options: argparse.Namespace) -> None:
    """Run every step, whatever the ones before it said, and close with all results."""
    found = interpreters()
    say("Python found: " + ", ".join(f"{one.version} ({one.path})" for one in found.values()))
    absent = [version for version in PYTHONS if version not in found]
    if absent:
        say("not found, so not tested: " + ", ".join(absent))
    missing = [version for version in REQUIRED_IN_CI if version not in found]
    if CI and missing:
        raise Failed(f"CI must test on Python {' and '.join(missing)}, and none is on PATH or in pyenv.")
    main = interpreter_for_checks(found)
    python = develop()
    steps: List[Tuple[str, Callable[[], str]]] = [("lint", lambda: lint(python)), ("types", lambda: types(python))]
    if options.quick:
        steps.append((f"tests on {main.version}", lambda: tests(python, only=FAST)))
    else:
        steps += [("Splunk app", splunk), ("Splunk's tools", splunk_tools)]
        steps.append((f"tests on {main.version}", lambda: tests(python)))
        steps.append(("bare interpreters", lambda: bare_import(found)))
        for other in found.values():
            if other.version != main.version:
                steps.append((f"tests on {other.version}", lambda other=other: tests_elsewhere(other)))  # type: ignore[misc]
        steps += [("wheel", lambda: wheel(python)), ("installed wheel", lambda: installed(main))]
        steps.append(("Elastic bundle", lambda: elastic(python)))
    finish(steps)


def finish(steps: Sequence[Tuple[str, Callable[[], str]]]) -> None:
    """Run the steps, print one line each at the end, raise when one failed."""
    results, failed = [], []
    for name, step in steps:
        say(f"\n=== {name}")
        start = time.monotonic()
        try:
            answer, mark = step(), "passed"
        except Failed as error:
            answer, mark = str(error), "FAILED"
            failed.append(name)
        results.append(f"{mark}  {time.monotonic() - start:6.1f} s  {name}: {answer}")
    say("\n" + "\n".join(results))
    if failed:
        raise Failed(f"{len(failed)} of {len(steps)} steps failed: {', '.join(failed)}")
    say(f"all {len(steps)} steps passed")


def do_lint(options: argparse.Namespace) -> None:
    python = develop()
    finish([("lint", lambda: lint(python, fix=options.fix)), ("types", lambda: types(python))])


def do_wheel(options: argparse.Namespace) -> None:
    say(wheel(develop()))


def do_elastic(options: argparse.Namespace) -> None:
    say(elastic(develop()))


def do_splunk(options: argparse.Namespace) -> None:
    say(splunk())
    if options.inspect:
        say(inspected(develop()))


def do_generate(options: argparse.Namespace) -> None:
    script = ROOT / GENERATORS[options.verb]
    if not script.exists():
        raise Failed(f"{GENERATORS[options.verb]} is not in this tree")
    run([develop(), script, *options.rest])


def do_evaluate(options: argparse.Namespace) -> None:
    folder = ROOT / "build" / "evaluate"
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "evaluation.html"
    outputs: List[object] = ["--json", folder / "evaluation.json", "--page", page]
    outputs += ["--quick"] if options.quick else ["--docs", ROOT / "docs" / "evaluation.md"]
    run([develop(), "-m", "busybody.evaluate.published", "--jobs", options.jobs, *outputs])
    say(f"the curves: {page}")


def do_clean(options: argparse.Namespace) -> None:
    doomed = [ROOT / name for name in ("build", "dist", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis")]
    doomed += [path for path in ROOT.glob(".venv*") if (path / "pyvenv.cfg").exists()]
    for tree in ("core", "addon", "bin", "elastic", "tests", "tools", "benchmarks"):
        doomed += (ROOT / tree).rglob("__pycache__")
    for path in doomed:
        if path.exists():
            shutil.rmtree(path)
            say(f"removed {path.relative_to(ROOT).as_posix()}/")


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="build.py", usage="python3 build.py VERB [options]")
    verbs = top.add_subparsers(dest="verb", metavar="VERB")
    demo = verbs.add_parser("demo", help="a scored month and its report")
    demo.add_argument("--open", action="store_true", help="show the report in the browser")
    demo.add_argument("--people", type=int, default=200)
    demo.add_argument("--days", type=int, default=30)
    demo.set_defaults(action=do_demo)
    test = verbs.add_parser("test", help="everything that must hold")
    test.add_argument("--quick", action="store_true", help="lint, types and the fast tests on one Python")
    test.set_defaults(action=do_test)
    linting = verbs.add_parser("lint", help="ruff and mypy")
    linting.add_argument("--fix", action="store_true", help="let ruff repair what it can")
    linting.set_defaults(action=do_lint)
    verbs.add_parser("wheel", help="the wheel, built twice").set_defaults(action=do_wheel)
    bundle = verbs.add_parser("elastic", help="the bundle for Elasticsearch and OpenSearch, built twice")
    bundle.set_defaults(action=do_elastic)
    app = verbs.add_parser("splunk", help="the Splunk app, built twice")
    app.add_argument("--inspect", action="store_true", help="let AppInspect look at it")
    app.set_defaults(action=do_splunk)
    for verb, purpose in (("geo", "the packaged geography"), ("docs", "the generated pages")):
        verbs.add_parser(verb, help=purpose, add_help=False).set_defaults(action=do_generate)
    evaluate = verbs.add_parser("evaluate", help="the published evaluation, run again")
    evaluate.add_argument("--quick", action="store_true", help="small logs: does everything run?")
    evaluate.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    evaluate.set_defaults(action=do_evaluate)
    verbs.add_parser("clean", help="remove what the others made").set_defaults(action=do_clean)
    return top


def main(arguments: Sequence[str]) -> int:
    top = parser()
    options, rest = top.parse_known_args(arguments)
    if rest and options.verb not in GENERATORS:
        top.error(f"unknown: {' '.join(rest)}")
    options.rest = rest
    if options.verb is None:
        say((__doc__ or "").strip())
        return 0
    try:
        options.action(options)
    except Failed as error:
        say(f"build.py {options.verb}: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
