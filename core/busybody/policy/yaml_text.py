"""YAML as a policy may be written: the core schema of YAML 1.2, in which NO is Norway and not false.

Duplicate keys, tags, anchors and further documents are refused. Writing needs no package.
"""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional

from ..errors import MissingExtra, shown
from .json_text import Document
from .problems import InvalidPolicy, Path, dotted, invalid

TAG = "tag:yaml.org,2002:"
PLAIN_TAGS = {TAG + name for name in ("str", "int", "float", "bool", "null", "timestamp", "merge", "value")}
NULL = re.compile(r"~|null|Null|NULL|")
BOOLEAN = re.compile(r"true|True|TRUE|false|False|FALSE")
INTEGER = re.compile(r"[-+]?[0-9]+")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


def read(text: str, source: Optional[str] = None) -> Document:
    """The mapping that the text holds; an empty text holds an empty one. Raises InvalidPolicy, MissingExtra."""
    try:
        import yaml
    except ImportError as error:
        raise MissingExtra("PyYAML", "yaml", "Reading a policy in YAML") from error

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        reader = _Reader(source)
        value = reader.value(root, ()) if root is not None else {}
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        told = f"is no YAML: {error.problem}. Mind the indentation and quote text that holds : or #."
        raise invalid(told, source=source, line=mark.line + 1 if mark else None) from error
    except yaml.YAMLError as error:
        raise invalid(f"is no YAML: {shown(str(error))}. Remove the character.", source=source) from error
    except RecursionError as error:
        raise invalid("is nested too deep. Put maps into files of their own.", source=source) from error
    if value is None:
        value = {}
    if not isinstance(value, dict):
        raise invalid(
            f"{shown(value)} is no policy. Write keys and values, such as name: office.", source=source, line=1
        )
    return Document(value, reader.lines)


class _Reader:
    """Nodes of one document into plain values. The nodes know their lines; PyYAML's own values do not."""

    def __init__(self, source: Optional[str]) -> None:
        self.source = source
        self.lines: Dict[Path, int] = {}
        self.seen: Dict[int, Path] = {}

    def error(self, message: str, node: Any, path: Path, line: Optional[int] = None) -> InvalidPolicy:
        line = line or node.start_mark.line + 1
        return invalid(f"{message}.", source=self.source, line=line, key=dotted(path) or None)

    def value(self, node: Any, path: Path) -> Any:
        if id(node) in self.seen:
            told = f"is an alias of {dotted(self.seen[id(node)]) or 'the whole'}. Write the value out"
            raise self.error(told, node, path, self.lines.get(path))  # its own mark is that of the anchor
        self.seen[id(node)] = path
        if node.id == "mapping" and node.tag == TAG + "map":
            return self.mapping(node, path)
        if node.id == "sequence" and node.tag == TAG + "seq":
            return self.sequence(node, path)
        if node.id == "scalar":
            return self.scalar(node, path)
        raise self.error(f"the tag {shown(node.tag)} is not read here. Remove it", node, path)

    def mapping(self, node: Any, path: Path) -> Dict[str, Any]:
        result: Dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.id != "scalar":
                raise self.error("a key is no text. Write it between quotes", key_node, path)
            key = str(key_node.value)
            here = (*path, key)
            if key in result:
                told = f"stands there twice, first on line {self.lines[here]}. Keep one of the two"
                raise self.error(told, key_node, here)
            self.lines[here] = key_node.start_mark.line + 1
            result[key] = self.value(value_node, here)
        return result

    def sequence(self, node: Any, path: Path) -> List[Any]:
        result: List[Any] = []
        for position, entry in enumerate(node.value):
            here = (*path, f"[{position}]")
            self.lines[here] = entry.start_mark.line + 1
            result.append(self.value(entry, here))
        return result

    def scalar(self, node: Any, path: Path) -> Any:
        """A plain scalar by what it looks like, a quoted one as text. PyYAML's own reading (YAML 1.1) is not asked."""
        text = str(node.value)
        if node.style is not None:
            if node.tag != TAG + "str":
                raise self.error(f"the tag {shown(node.tag)} is not read here. Remove it", node, path)
            return text
        if node.tag not in PLAIN_TAGS:
            raise self.error(f"the tag {shown(node.tag)} is not read here. Remove it", node, path)
        if NULL.fullmatch(text):
            return None
        if BOOLEAN.fullmatch(text):
            return text.lower() == "true"
        try:
            if INTEGER.fullmatch(text):
                return int(text)
            if FLOAT.fullmatch(text):
                return float(text)
        except ValueError:
            raise self.error(f"{shown(text)} is no number. Give fewer digits", node, path) from None
        return text
