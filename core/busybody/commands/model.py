"""`busybody model`: what was learned as a file, to move, to keep, to look into."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from typing import Any, Iterable, Iterator, List, Optional

from ..named import key_of
from .files import open_input
from .opening import existing
from .options import add_policy, add_store, load_policy, store_path
from .person import UNKNOWN, unknown

DESCRIPTION = """\
Writes what was learned as portable JSON Lines, whole or of some people, and takes it into another store. The same
model gives the same bytes; scores after an import are those before the export. docs/model.md describes the file.
"""
EPILOG = """\
examples:
  busybody model export --output model.jsonl
  busybody model export --people ana@example.com --no-population --output ana.jsonl
  busybody model import model.jsonl --store other.db
  busybody model info model.jsonl

exit codes: 0 done · 1 nobody of that name is known · 2 usage or policy · 3 the store or the file cannot be read or written
"""


def add(subparsers: Any) -> None:
    """The parser of the command."""
    kind = argparse.RawDescriptionHelpFormatter
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "model", help="export or import what was learned", description=DESCRIPTION, epilog=EPILOG, formatter_class=kind
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    out = verbs.add_parser(
        "export", help="write the model to a file", description="Writes the model, or that of some people, as JSON Lines. It holds names, addresses and habits: keep it as you keep the logs.",
        epilog="example: busybody model export --output model.jsonl",
    )  # fmt: skip
    add_store(out)
    out.add_argument(
        "--output", default="-", metavar="FILE", help="where to, whole or not at all; - is standard output (-)"
    )
    out.add_argument("--people", nargs="+", metavar="PERSON", help="only these")
    out.add_argument(
        "--no-population",
        action="store_true",
        help="without the organisation's tables: for a copy of one person's data",
    )
    add_policy(out)
    into = verbs.add_parser(
        "import", help="take a model into a store",
        description="Takes a model into a store, which is begun where there is none. The file is checked whole before anything is written, and all of it is written or nothing.",
        epilog="example: busybody model import model.jsonl --store other.db",
    )  # fmt: skip
    into.add_argument("file", metavar="FILE", help="an exported model; - is standard input")
    into.add_argument(
        "--replace",
        action="store_true",
        help="the file wins where the store says something else of a person or the organisation",
    )
    add_store(into)
    info = verbs.add_parser(
        "info", help="say what is in a file, and whether it is whole", description="Checks a model and says what is in it.",
        epilog="example: busybody model info model.jsonl",
    )  # fmt: skip
    info.add_argument("file", metavar="FILE", help="an exported model; - is standard input")
    info.add_argument("--output", choices=("table", "json"), default="table", help="default: table")


def run(arguments: argparse.Namespace) -> int:
    """Do what the verb says."""
    return {"export": _export, "import": _import, "info": _info}[arguments.verb](arguments)


def _export(arguments: argparse.Namespace) -> int:
    from ..model import population_of, states
    from ..model_file import dump
    from .tables import note

    policy = load_policy(arguments)
    with existing(store_path(arguments)) as store:
        keys: Optional[List[str]] = None
        if arguments.people:
            keys = []
            for name in arguments.people:
                key = key_of(store, policy, name)
                if key is None:
                    note("busybody: " + unknown(store, policy, name))
                    return UNKNOWN
                keys.append(key)
        population, settles = population_of(store)
        lines = dump(None if arguments.no_population else population, states(store, keys, settles))
        _write(arguments.output, lines)
    return 0


def _write(path: str, lines: Iterable[bytes]) -> None:
    from .files import write_whole
    from .tables import note

    if path == "-":
        sys.stdout.buffer.writelines(lines)
        return
    number = 0

    def counted() -> Iterator[bytes]:
        nonlocal number
        for line in lines:
            number += 1
            yield line

    write_whole(path, counted(), private=True)
    note(f"{path}: {number - 2:,} people written.")


def _import(arguments: argparse.Namespace) -> int:
    from ..model_file import load, take_in
    from ..stores import open as open_store
    from .tables import say

    with ExitStack() as stack:
        loaded = stack.enter_context(load(open_input(arguments.file, stack), arguments.file))
        path = store_path(arguments)
        store = stack.enter_context(open_store(path))
        changed = take_in(loaded, store, replace=arguments.replace)
        say(f"{path}: {loaded.people:,} people taken in, {changed:,} of them new or changed; {store.count():,} in all.")
    return 0


def _info(arguments: argparse.Namespace) -> int:
    from ..model_file import FORMAT, VERSION, load
    from ..moments import minute
    from .tables import say, say_json

    with ExitStack() as stack:
        loaded = stack.enter_context(load(open_input(arguments.file, stack), arguments.file))
        seen = (one.last_seen for one in loaded.rows())
        last_seen = max(seen, default=None)
        epoch: Optional[int] = loaded.population["hour"] if loaded.population else None
    if arguments.output == "json":
        known = {
            "format": FORMAT, "version": VERSION, "people": loaded.people, "last_seen": last_seen,
            "waiting": len(loaded.settles), "population": epoch is not None, "epoch": epoch,
        }  # fmt: skip
        say_json(known, indent=2)
        return 0
    say(f"{arguments.file}: whole; {FORMAT}, version {VERSION}")
    waiting = f"{len(loaded.settles):,} with sign-ins that wait to be learned"
    say(f"  {loaded.people:,} people, last seen {minute(last_seen)} UTC; {waiting}")
    tables = (
        "without the tables of an organisation"
        if epoch is None
        else f"tables of the organisation until {minute(epoch * 3600.0)} UTC"
    )
    say(f"  {tables}")
    return 0
