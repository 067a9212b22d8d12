"""What the guide quotes of messages is what the code says: somebody searches the page for the words in front of them."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from typing import Iterator, List, Tuple

import pytest
from packaged import ROOT

PAGE = ROOT / "docs" / "splunk.md"
FOLDERS = (ROOT / "addon" / "splunk_app" / "lib", ROOT / "core" / "busybody")
GAP = "…"  # in a quote what differs from case to case; in a message what is put in
PUT_IN = {"busybody_write": GAP}  # names that the code puts into a message


@lru_cache(maxsize=1)
def messages() -> List[str]:
    """Every text in the code, with gaps where something is put in; parts that follow each other are one text for Python."""
    return list(texts())


def texts() -> Iterator[str]:
    for folder in FOLDERS:
        for path in sorted(folder.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    parts = (part.value if isinstance(part, ast.Constant) else GAP for part in node.values)
                    yield "".join(map(str, parts))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def quotes() -> List[Tuple[int, str]]:
    """Line and words of what stands in quotation marks in the left column of the table."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    first = lines.index("## Troubleshooting")
    rows = [(number, line) for number, line in enumerate(lines[first:], first + 1) if line.startswith("| ")]
    end = next(number for number, line in enumerate(lines[first + 1 :], first + 2) if line.startswith("## "))
    return [(row, quote) for row, line in rows if row < end for quote in re.findall(r'"([^"]+)"', line.split(" | ")[0])]


def is_said(quote: str, said: List[str]) -> bool:
    """Whether one text has all the parts of the quote, in their order."""
    for name, gap in PUT_IN.items():
        quote = quote.replace(name, gap)
    pattern = re.compile(".*".join(re.escape(part.strip()) for part in quote.split(GAP)), re.DOTALL)
    return any(pattern.search(text) for text in said)


def test_there_are_quotes_to_look_at() -> None:
    assert len(quotes()) >= 8


@pytest.mark.parametrize(("line", "quote"), quotes(), ids=[quote for _, quote in quotes()])
def test_a_message_in_the_table_is_one_of_the_code(line: int, quote: str) -> None:
    assert is_said(quote, messages()), f"splunk.md:{line}: nobody says {quote!r}"


def test_what_nobody_says_is_found_out() -> None:
    said = ["what needs the capability … of you", "the model … ends"]
    assert is_said("needs the capability busybody_write", said)
    assert not is_said("lacks the capability busybody_write", said)
    assert not is_said("ends … the model", said)
