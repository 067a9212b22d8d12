"""The commands in the documentation are ones that the parsers accept."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Iterator, List, Tuple

import pytest
from busybody.cli import COMMANDS, parser_of

DOCS = Path(__file__).resolve().parents[3] / "docs"
BREAKS = {"|", ">", "<", "&&", ";"}


def commands() -> Iterator[Tuple[str, str]]:
    for name in ("command-line.md", "model.md", "policy.md"):
        path = DOCS / name
        for block in re.findall(r"^```\n(.*?)^```", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
            for line in block.splitlines():
                for command in re.findall(r"busybody [^|&]*", line.split(" #")[0]):
                    yield name, command.strip()


@pytest.mark.parametrize(("name", "command"), sorted(set(commands())))
def test_what_is_written_can_be_typed(name: str, command: str) -> None:
    words: List[str] = []
    for word in shlex.split(command)[1:]:
        if word in BREAKS:
            break
        words.append(word)
    arguments = parser_of(tuple(COMMANDS)).parse_args(words)
    assert arguments.command == words[0]
