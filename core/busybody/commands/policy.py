"""`busybody policy`: write one, check it, show what holds, take over an old configuration."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Any, Iterator, List, Optional

from ..errors import BusybodyError, PolicyError
from . import policy_alerts

if TYPE_CHECKING:
    from ..policy import Policy

WRONG = 2  # exit code
SPELLINGS = ("yaml", "json", "conf")
DESCRIPTION = """\
The policy says when to alert, whom to watch and what is normal here. Without one, defaults hold.
docs/policy.md explains every key.
"""
EPILOG = """\
examples:
  busybody policy init policy.yaml          every key, with its default and what it means
  busybody policy check policy.yaml         everything that is wrong with it, by file, line and key
  busybody policy show policy.yaml --changed
  busybody policy show policy.yaml --spelling conf > busybody_policy.conf
  busybody policy import config.yml -o policy.yaml    from busybody 1.0 or BuffaLogs
  busybody policy alerts logins.jsonl       what BuffaLogs' rules would alert on

exit codes: 0 fine · 2 usage, or the policy is wrong · 3 a file cannot be written
"""


def add(subparsers: Any) -> None:
    """The parser of the command."""
    kind = argparse.RawDescriptionHelpFormatter
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "policy",
        help="write, check, show or import the policy: init, check, show, import, alerts",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=kind,
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    init = verbs.add_parser(
        "init", help="write a policy to begin with", description="Writes a policy with every key, its default and what it means (JSON cannot hold the meaning).",
        epilog="example: busybody policy init policy.yaml",
    )  # fmt: skip
    init.add_argument(
        "file", nargs="?", metavar="FILE", help="where to; - or nothing is standard output. An existing file stays"
    )
    init.add_argument("--output", metavar="FILE", help="the same as FILE")
    init.add_argument(
        "--spelling",
        choices=SPELLINGS,
        help="default: by the ending of FILE, else yaml where PyYAML is installed, else json",
    )
    check = verbs.add_parser(
        "check", help="say everything that is wrong with policies", description="Checks policies whole: keys, values, field maps, identity rules. Nothing is changed.",
        epilog="example: busybody policy check policy.yaml local/*.conf",
    )  # fmt: skip
    check.add_argument(
        "files", nargs="+", metavar="FILE", help="policies in YAML, JSON or .conf; of a .conf every stanza"
    )
    show = verbs.add_parser(
        "show", help="show what holds", description="Shows a whole policy, defaults included; without FILE the defaults.",
        epilog="example: busybody policy show policy.yaml --changed --spelling json",
    )  # fmt: skip
    show.add_argument("file", nargs="?", metavar="FILE", help="policy in YAML, JSON or .conf")
    show.add_argument("--name", metavar="NAME", help="which policy of a .conf with several stanzas")
    show.add_argument("--spelling", choices=SPELLINGS, help="default: that of the file, else yaml")
    show.add_argument("--changed", action="store_true", help="only what is not the default")
    imported = verbs.add_parser(
        "import", help="make a policy of an old configuration",
        description="Makes a policy of the configuration of busybody 1.0 or BuffaLogs. What cannot be carried over is said line by line on standard error; a secret is never copied or shown. docs/migration.md says what became what.",
        epilog="example: busybody policy import config.yml -o policy.yaml",
    )  # fmt: skip
    imported.add_argument("old", metavar="OLD", help="configuration in YAML or JSON")
    imported.add_argument(
        "-o", "--output", metavar="NEW", help="where to; - or nothing is standard output. An existing file stays"
    )
    imported.add_argument("--spelling", choices=SPELLINGS, help="default: by the ending of NEW, else as in init")
    policy_alerts.add(verbs)


def run(arguments: argparse.Namespace) -> int:
    """Do what the verb says."""
    return {"init": _init, "check": _check, "show": _show, "import": _import, "alerts": policy_alerts.run}[
        arguments.verb
    ](arguments)


def _init(arguments: argparse.Namespace) -> int:
    from ..policy.render import starter

    path: Optional[str] = arguments.output or arguments.file
    if arguments.output and arguments.file and arguments.output != arguments.file:
        raise PolicyError("says another file than FILE. Give one of them.", key="--output")
    _write(path, starter(_spelling(arguments.spelling, path)))
    return 0


def _import(arguments: argparse.Namespace) -> int:
    from ..policy import Policy
    from ..policy.imported import load
    from ..policy.spellings import dumps
    from .tables import note

    found = load(arguments.old)
    policy = Policy.from_mapping(found.policy, source=arguments.old)
    text = dumps(policy, _spelling(arguments.spelling, arguments.output), changed=True)
    for one in found.notes:
        note(str(one.at(arguments.old)))
    _write(arguments.output, text)
    return 0


def _spelling(asked: Optional[str], path: Optional[str]) -> str:
    """The spelling that was asked for, else that of the file, else the usual one."""
    from ..policy.spellings import spelling_of

    return asked or (spelling_of(path) if path is not None and path != "-" else _usual())


def _write(path: Optional[str], text: str) -> None:
    """To a file that is not there yet, or to standard output."""
    from .tables import note, say

    if path is None or path == "-":
        say(text.rstrip("\n"))
        return
    try:
        with open(path, "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise PolicyError(
            "is there already and stays as it is. Choose another name, or remove it first.", source=path
        ) from None
    note(f"{path}: written. Change what you want, then: busybody policy check {path}")


def _usual() -> str:
    from importlib.util import find_spec

    return "yaml" if find_spec("yaml") else "json"


def _check(arguments: argparse.Namespace) -> int:
    from ..policy import InvalidPolicy
    from .tables import note, say

    wrong = 0
    for path in arguments.files:
        problems: List[BusybodyError] = []
        names: List[str] = []
        try:
            for policy in _policies(path):
                names.append(policy.name)
                problems += _used(policy, path)
        except InvalidPolicy as error:
            problems += error.problems
        except BusybodyError as error:  # PyYAML is not there, or a map file cannot be read
            problems.append(error)
        for problem in problems:
            note(str(problem))
        wrong += len(problems)
        if not problems:
            say(f"{path}: fine ({', '.join(names)})")
    if wrong:
        note(f"busybody: {wrong} problem{'s' if wrong > 1 else ''}. docs/policy.md has every key.")
    return WRONG if wrong else 0


def _policies(path: str) -> Iterator[Policy]:
    """Every policy of a file: a .conf may have many."""
    from ..policy import Policy, conf
    from ..policy.spellings import load, spelling_of

    if spelling_of(path) != "conf" or not os.path.isfile(path):  # noqa: PTH113  pathlib costs a tenth of the start-up budget
        yield load(path)
        return
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError):
        yield load(path)  # says what is wrong
        return
    for document in conf.read(text, path).values():
        yield Policy.from_mapping(document.mapping, source=path, lines=document.lines)


def _used(policy: Policy, path: str) -> Iterator[BusybodyError]:
    """What turns out only in use: field maps that cannot be compiled, names that stand for two people, keys of pseudonyms."""
    from ..fields.intake import Intake
    from ..identity import Identity

    try:
        Intake(policy, None)
    except PolicyError as error:
        yield PolicyError(
            error.message, source=f"{path}: {error.source}" if error.source else path, line=error.line, key=error.key
        )
    identity = Identity(policy)
    for source in policy.sources:
        try:
            identity.resolve("x", source)
        except PolicyError as error:
            yield PolicyError(error.message, source=path, key=error.key)
    try:
        identity.pseudonym("x")
    except PolicyError as error:
        yield PolicyError(error.message, source=path, key=error.key)


def _show(arguments: argparse.Namespace) -> int:
    from ..policy import Policy
    from ..policy.spellings import dumps, spelling_of
    from .tables import say

    path: Optional[str] = arguments.file
    policy = Policy.default() if path is None else Policy.load(path, arguments.name)
    spelling = arguments.spelling or ("yaml" if path is None else spelling_of(path))
    say(dumps(policy, spelling, changed=arguments.changed).rstrip("\n"))
    return 0
