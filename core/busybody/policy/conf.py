"""Splunk's .conf as a policy may be written: one stanza [policy:<name>], dotted keys, lists and maps as JSON.

    [policy:office]
    travel.max_speed_kmh = 500
    people.vip = ["ceo@example.com", \\
        "cfo@example.com"]

A backslash at the end of a line goes on with the next one; a line that starts with # is a comment. Keys before the
first stanza and in [default] hold for every policy of the file.
"""

from __future__ import annotations

import json
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from ..errors import BusybodyError, PolicyError, shown
from .json_text import Document, flow, read_value
from .keys import key_at, path_of
from .problems import InvalidPolicy, Path

STANZA = "policy:"
TRUE, FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")  # as Splunk reads them
JSON_TYPES = (
    "text_map", "people", "networks", "countries", "couples", "texts", "detectors", "maps", "profiles",
)  # fmt: skip
WIDEST = 100  # characters of a list on one line


class Setting(NamedTuple):
    """One `key = value`, and the line it starts on."""

    key: str
    text: str
    line: int


def read(text: str, source: Optional[str] = None) -> Dict[str, Document]:
    """Name of the policy -> what its stanza says. Raises InvalidPolicy with everything that is wrong."""
    return _Reader(source).run(text)


def logical_lines(text: str) -> Iterator[Tuple[int, str]]:
    """Line number and text, with continued lines joined by a newline. Only \\n and \\r\\n end a line."""
    pending: List[str] = []
    start = 1
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.removesuffix("\r")
        if not pending:
            start = number
            if line.lstrip(" \t").startswith("#"):
                continue  # a backslash at the end of a comment continues nothing
        if line.endswith("\\"):
            pending.append(line[:-1])
            continue
        yield start, "\n".join([*pending, line])
        pending = []
    if pending:
        yield start, "\n".join(pending)


class _Reader:
    """One pass over one file."""

    def __init__(self, source: Optional[str]) -> None:
        self.source = source
        self.problems: List[BusybodyError] = []

    def problem(self, message: str, line: int, key: Optional[str] = None) -> None:
        self.problems.append(PolicyError(message, source=self.source, line=line, key=key))

    def run(self, text: str) -> Dict[str, Document]:
        common: Dict[str, Setting] = {}
        stanzas: Dict[str, Dict[str, Setting]] = {}
        current: Optional[Dict[str, Setting]] = common
        first_line: Dict[str, int] = {}
        for line, content in logical_lines(text):
            stripped = content.strip(" \t\n")
            if stripped.startswith("[") and stripped.endswith("]"):
                name = stripped[1:-1]
                current = self.stanza(name, line, first_line, common, stanzas)
            elif stripped:
                self.setting(stripped, line, current)
        documents = {name: self.document(name, {**common, **own}) for name, own in stanzas.items()}
        if not stanzas and not self.problems:
            self.problem("has no stanza [policy:<name>]. Begin the policy with one, such as [policy:default].", 1)
        if self.problems:
            raise InvalidPolicy(sorted(self.problems, key=lambda problem: problem.line or 0))
        return documents

    def stanza(
        self,
        name: str,
        line: int,
        first_line: Dict[str, int],
        common: Dict[str, Setting],
        stanzas: Dict[str, Dict[str, Setting]],
    ) -> Optional[Dict[str, Setting]]:
        """Where the settings that follow belong; None where they belong nowhere."""
        if name == "default":
            return common
        if not name.startswith(STANZA):
            self.problem(f"the stanza {shown(name)} is none of a policy. Write [policy:<name>].", line)
            return None
        if name in first_line:
            self.problem(f"stands there twice, first on line {first_line[name]}. Join the two.", line, f"[{name}]")
            return None
        first_line[name] = line
        return stanzas.setdefault(name[len(STANZA) :], {})

    def setting(self, content: str, line: int, current: Optional[Dict[str, Setting]]) -> None:
        key, equals, text = content.partition("=")
        key, text = key.strip(" \t"), text.strip(" \t\n")
        if not equals or not key:
            self.problem(f"{shown(content)} is neither [stanza] nor key = value. Write one of the two.", line)
        elif current is not None and key in current:
            self.problem(f"stands there twice, first on line {current[key].line}. Keep one of the two.", line, key)
        elif current is not None:
            current[key] = Setting(key, text, line)

    def document(self, name: str, settings: Mapping[str, Setting]) -> Document:
        mapping: Dict[str, Any] = {"name": name}
        lines: Dict[Path, int] = {}
        for setting in settings.values():
            if setting.key == "name" and setting.text != name:
                self.problem(
                    f"{shown(setting.text)} is not the name in [policy:{name}]. Remove it.", setting.line, "name"
                )
                continue
            if setting.key == "name":
                continue
            path = path_of(setting.key)
            lines[path] = setting.line
            try:
                if not place(mapping, path, self.value(setting)):
                    told = "stands there twice, on its own and within a map. Keep one of the two."
                    self.problem(told, setting.line, setting.key)
            except InvalidPolicy as error:
                self.problems.extend(error.problems)
        return Document(mapping, lines)

    def value(self, setting: Setting) -> Any:
        """The text by the type that the schema has for its key; what fits no type stays text, for validation to name."""
        key, text = key_at(path_of(setting.key)), setting.text
        if key is None:
            return read_value(text, self.source, setting.line, setting.key) if text.startswith("{") else text
        if key.null and text in ("", "null"):
            return None
        if key.type in JSON_TYPES:
            return read_value(text, self.source, setting.line, setting.key) if text else type(key.default)()
        if text.startswith('"'):
            return read_value(text, self.source, setting.line, setting.key)
        if key.type == "boolean":
            return True if text.lower() in TRUE else False if text.lower() in FALSE else text
        if key.type in ("number", "integer"):
            return _number(text)
        return text


def _number(text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, (int, float)) else text


def place(mapping: Dict[str, Any], path: Path, value: Any) -> bool:
    """Sets the value at the path, making the sections on the way; False where something stands there already."""
    for part in path[:-1]:
        inner = mapping.setdefault(part, {})
        if not isinstance(inner, dict):
            return False
        mapping = inner
    there = mapping.get(path[-1])
    if isinstance(there, dict) and isinstance(value, dict):
        placed = [place(there, (name,), entry) for name, entry in value.items()]
        return all(placed)
    return mapping.setdefault(path[-1], value) is value


def spelled(value: Any) -> str:
    """The value as it stands after `key = `; long lists go over several lines."""
    if isinstance(value, str):
        return value if plain_text(value) else flow(value)
    text = flow(value)
    if not isinstance(value, list) or len(text) <= WIDEST:
        return text
    return "[" + ", \\\n    ".join(flow(entry) for entry in value) + "]"


def plain_text(text: str) -> bool:
    """Whether the text says the same without quotes."""
    if not text or text != text.strip() or not text.isprintable() or text == "null":
        return False
    return not text.startswith('"') and not text.endswith("\\")
