"""What comes of another product's configuration: a policy, and notes on what could not be carried over."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional

from ..errors import PolicyError
from .problems import Path, dotted, invalid
from .spellings import text_of


class Note(NamedTuple):
    """What became of one key, where that has to be said."""

    line: Optional[int]
    path: Path
    text: str

    def at(self, source: str) -> PolicyError:
        """The note as it is printed, behind file and line."""
        return PolicyError(self.text, source=source, line=self.line, key=dotted(self.path))


class Imported(NamedTuple):
    """A policy as plain values, and the notes in the order of their lines."""

    policy: Dict[str, Any]
    notes: List[Note]


def load(path: str) -> Imported:
    """The configuration of busybody 1.0 (YAML) or of BuffaLogs (JSON or YAML) in a file.

    Raises InvalidPolicy for a file that is neither, MissingExtra for YAML without PyYAML.
    """
    from . import json_text, old_buffalogs, old_busybody, yaml_text

    text = text_of(path)
    read = json_text.read if text.lstrip().startswith("{") else yaml_text.read
    document = read(text, path)
    if any(section in document.mapping for section in old_busybody.SECTIONS):
        found = old_busybody.converted(document)
    elif any(field in document.mapping for field in old_buffalogs.FIELDS):
        found = old_buffalogs.converted(document)
    else:
        told = f"is no configuration of busybody (it has {', '.join(old_busybody.SECTIONS)}) or of BuffaLogs. Check the file."
        raise invalid(told, source=path)
    return found._replace(notes=sorted(found.notes, key=lambda note: note.line or 0))


def as_number(value: Any) -> Optional[float]:
    """A number, also where it was written as text."""
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
