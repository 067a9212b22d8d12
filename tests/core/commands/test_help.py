"""Every command and verb teaches itself with an example, and every shell completes them."""

from __future__ import annotations

import argparse
import shutil
import subprocess
from pathlib import Path
from typing import Iterator, List, Tuple

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


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_are_good_and_name_everything(busybody: Busybody, shell: str, tmp_path: Path) -> None:
    ran = busybody("completion", shell)
    assert ran.code == 0
    for word in (*COMMANDS, "init", "forget", "min-risk", "older-than", "malicious", "cim"):
        assert word in ran.out
    program = shutil.which(shell)
    if program is not None:
        (tmp_path / "script").write_text(ran.out, encoding="utf-8")
        subprocess.run([program, "-n", str(tmp_path / "script")], check=True, timeout=20)


def completed(script: Path, *words: str) -> List[str]:
    code = f'source "{script}"; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); COMPREPLY=(); _busybody; printf "%s\\n" "${{COMPREPLY[@]}}"'
    done = subprocess.run(
        ["bash", "-c", code, "bash", "busybody", *words], capture_output=True, text=True, check=True, timeout=20
    )
    return done.stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here; its completion is NOT tested")
def test_bash_completes_commands_verbs_options_and_values(busybody: Busybody, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(busybody("completion", "bash").out, encoding="utf-8")
    assert completed(script, "sim") == ["simulate"]
    assert completed(script, "policy", "") == ["init", "check", "show"]
    assert completed(script, "policy", "show", "--spelling", "") == ["yaml", "json", "conf"]
    assert completed(script, "score", "--min") == ["--min-risk"]
    assert completed(script, "verdict", "ana", "e1", "m") == ["malicious"]
    assert completed(script, "store", "prune", "--older-than", "") == []
    assert "okta" in completed(script, "simulate", "--format", "")


def test_an_unknown_shell_is_refused(busybody: Busybody) -> None:
    assert busybody("completion", "cmd").code == 2
