"""Splunk's .conf files for tests: strict, so that a key that stands twice or a line that says nothing is an error."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, Tuple

Stanzas = Dict[str, Dict[str, str]]


def read(path: Path) -> Stanzas:
    """Stanza -> key -> value; a value that goes over several lines has them joined by a newline."""
    stanzas: Stanzas = {}
    current: Dict[str, str] = {}
    for number, line in logical_lines(path.read_text(encoding="utf-8")):
        where = f"{path.name}:{number}"
        if line.startswith("["):
            assert line.endswith("]"), f"{where}: {line!r} does not end"
            name = line[1:-1]
            assert name not in stanzas, f"{where}: [{name}] stands there twice"
            current = stanzas.setdefault(name, {})
            continue
        key, sign, value = line.partition("=")
        key = key.strip()
        assert sign, f"{where}: {line!r} is no key = value"
        assert stanzas, f"{where}: {key} stands before the first stanza"
        assert key not in current, f"{where}: {key} stands there twice"
        current[key] = value.strip()
    return stanzas


def logical_lines(text: str) -> List[Tuple[int, str]]:
    """Lines that say something, those that end with a backslash joined with the next."""
    found, pending, start = [], [], 0
    for number, line in enumerate(text.splitlines(), 1):
        if not pending:
            start = number
            if not line.strip() or line.lstrip().startswith("#"):
                continue
        if line.endswith("\\"):
            pending.append(line[:-1].rstrip())
            continue
        found.append((start, "\n".join([*pending, line.rstrip()]).strip()))
        pending = []
    assert not pending, f"line {start} goes on after the end of the file"
    return found


def is_true(value: str) -> bool:
    """As Splunk reads it."""
    return value.strip().lower() in ("1", "true", "t", "yes", "y", "enabled")
