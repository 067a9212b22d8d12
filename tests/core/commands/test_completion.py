"""Every shell completes commands, verbs, options and values: the scripts run in the shells themselves."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Callable, Dict, List, Sequence

import pytest
from busybody.cli import COMMANDS

from .conftest import Busybody

Completed = Callable[..., List[str]]

# A shell inside a shell: one key completes, writes down what `compadd` was given, and ends it. The line is typed when
# the editor says that it listens: what comes before may be lost.
ZSH = r"""
zmodload zsh/zpty
zpty inner zsh -f -i
zpty -w inner "PROMPT=; unsetopt zle_bracketed_paste; autoload -Uz compinit; compinit -u -D; source $1"
zpty -w inner 'compadd() {
  if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then local -a hits; builtin compadd -O hits "$@"; print -rl -- $hits >> found; fi
  builtin compadd "$@"
}
once() { zle complete-word; exit }; zle -N once; bindkey "^O" once
zle-line-init() { print "rea""dy" }; zle -N zle-line-init'
zpty -r inner told '*ready*'
zpty -n -w inner "$2"$'\x0f'
while zpty -r inner told; do :; done
"""


def in_bash(script: Path, words: Sequence[str]) -> List[str]:
    code = f'source "{script}"; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); COMPREPLY=(); _busybody; printf "%s\\n" "${{COMPREPLY[@]}}"'
    return told("bash", "-c", code, "bash", "busybody", *words)


def in_zsh(script: Path, words: Sequence[str]) -> List[str]:
    found = script.parent / "found"
    found.write_text("")
    told("zsh", "-f", "-c", ZSH, "zsh", str(script), " ".join(("busybody", *words)), folder=script.parent)
    return found.read_text().split()


def in_fish(script: Path, words: Sequence[str]) -> List[str]:
    line = " ".join(("busybody", *words))
    code = f"source {script}; complete -C '{line}'"
    out = told("fish", "--no-config", "-c", code, folder=script.parent, lines=True)
    return [row.split("\t")[0] for row in out]


def told(*command: str, folder: Path = Path("/"), lines: bool = False) -> List[str]:
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=30)
    assert ran.stderr == ""
    return ran.stdout.splitlines() if lines else ran.stdout.split()


SHELLS: Dict[str, Callable[[Path, Sequence[str]], List[str]]] = {"bash": in_bash, "zsh": in_zsh, "fish": in_fish}
here = pytest.mark.parametrize(
    "shell",
    [
        pytest.param(shell, marks=pytest.mark.skipif(not shutil.which(shell), reason=f"{shell} is not installed here"))
        for shell in SHELLS
    ],
)


@pytest.fixture
def completed(busybody: Busybody, shell: str, tmp_path: Path) -> Completed:
    """What the shell offers for the last of these words."""
    script = tmp_path / "script"
    script.write_text(busybody("completion", shell).out, encoding="utf-8")
    (tmp_path / "policy").touch()
    (tmp_path / "okta.json").touch()
    return lambda *words: sorted(SHELLS[shell](script, words))


@here
def test_commands_verbs_and_values_are_offered(completed: Completed) -> None:
    assert completed("") == sorted(COMMANDS)
    assert completed("policy", "") == ["alerts", "check", "import", "init", "show"]
    assert completed("policy", "show", "--spelling", "") == ["conf", "json", "yaml"]
    assert completed("verdict", "ana", "e1", "") == ["benign", "closed", "malicious"]
    assert "okta" in completed("simulate", "--format", "")


@here
def test_options_of_a_verb_are_offered_after_a_dash_and_only_then(completed: Completed) -> None:
    offered = completed("store", "forget", "--")
    assert {"--policy", "--store", "--yes"} <= set(offered)
    assert "--older-than" not in offered
    assert not any(word.startswith("-") for word in completed("store", "info", ""))


@here
def test_files_are_offered_where_a_file_is_meant(completed: Completed, shell: str) -> None:
    if shell != "bash":  # there, files come from the shell's own default
        assert "okta.json" in completed("score", "")
        assert "okta.json" in completed("risk", "--policy", "")
    assert completed("profile", "") == []
    assert completed("store", "prune", "--older-than", "") == []


@here
def test_a_file_called_like_a_command_is_no_command(completed: Completed) -> None:
    assert "init" not in completed("score", "policy", "")
    assert "--min-risk" in completed("score", "policy", "--")


@here
def test_an_answer_is_no_verb(completed: Completed) -> None:
    assert "--verified" in completed("verdict", "ana", "e1", "benign", "--")


@pytest.mark.parametrize("shell", list(SHELLS))
def test_scripts_name_every_command_and_quote_their_words(busybody: Busybody, shell: str) -> None:
    script = busybody("completion", shell).out
    for word in (*COMMANDS, "init", "forget", "min-risk", "older-than", "malicious", "cim"):
        assert word in script
    if shell != "bash":
        assert "program's version" in script.replace("'\\''", "'").replace("\\'", "'")


def test_an_unknown_shell_is_refused(busybody: Busybody) -> None:
    assert busybody("completion", "cmd").code == 2
