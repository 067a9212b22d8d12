"""Every command and verb teaches itself with an example."""

from __future__ import annotations

import argparse
from typing import Iterator, Tuple

import pytest
from busybody.cli import COMMANDS, parser_of

from .conftest import Busybody


def paths(parser: argparse.ArgumentParser, path: Tuple[str, ...] = ()) -> Iterator[Tuple[str, ...]]:
    yield path
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                yield from paths(child, (*path, name))


ALL = [path for path in paths(parser_of(tuple(COMMANDS))) if path]


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_help_has_a_description_and_an_example(busybody: Busybody, path: Tuple[str, ...]) -> None:
    ran = busybody(*path, "--help")
    assert ran.code == 0
    assert f"usage: busybody {' '.join(path)}" in ran.out
    assert "example" in ran.out
    assert f"busybody {path[0]}" in ran.out.split("example", 1)[1]


def described(parser: argparse.ArgumentParser) -> Iterator[Tuple[str, argparse.Action]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for child in action.choices.values():
                yield from described(child)
        else:
            yield parser.prog, action


def test_every_option_says_what_it_is_for() -> None:
    silent = [(prog, action.dest) for prog, action in described(parser_of(tuple(COMMANDS))) if not action.help]
    assert silent == []


def test_a_verb_is_needed(busybody: Busybody) -> None:
    for command in ("policy", "model", "geo", "store"):
        ran = busybody(command)
        assert ran.code == 2
        assert "VERB" in ran.err
