"""The three spellings of a policy: YAML, JSON, .conf. Converting between them loses nothing."""

from __future__ import annotations

from typing import Dict, Optional

from ..errors import PolicyError, shown
from . import conf, json_text, yaml_text
from .json_text import Document
from .model import Policy
from .problems import InvalidPolicy, invalid
from .render import spell
from .suggest import nearest

BY_ENDING = {".yaml": "yaml", ".yml": "yaml", ".json": "json", ".conf": "conf"}
SPELLINGS = ("yaml", "json", "conf")


def spelling_of(path: str) -> str:
    """The spelling of a file by its ending. Raises InvalidPolicy for another ending."""
    ending = "." + path.rpartition(".")[2].lower()
    if ending not in BY_ENDING:
        raise invalid(f"the ending {shown(ending)} is none of a policy. Use .yaml, .json or .conf.", source=path)
    return BY_ENDING[ending]


def load(path: str, name: Optional[str] = None) -> Policy:
    """The policy in a file. `name` chooses among the stanzas of a .conf file. Raises InvalidPolicy, MissingExtra."""
    spelling = spelling_of(path)
    return loads(text_of(path), spelling, source=path, name=name)


def text_of(path: str) -> str:
    """The text of a file. Raises InvalidPolicy where there is none."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            return file.read()
    except UnicodeDecodeError as error:
        raise invalid(f"is no UTF-8: byte {error.start} is wrong. Save it as UTF-8.", source=path) from error
    except OSError as error:
        raise invalid(f"cannot be read: {error.strerror}. Check the path and its permissions.", source=path) from error


def loads(text: str, spelling: str, *, source: Optional[str] = None, name: Optional[str] = None) -> Policy:
    """The policy in a text. Raises InvalidPolicy, and MissingExtra for YAML without PyYAML."""
    if spelling == "conf":
        document = _chosen(conf.read(text, source), source, name)
    elif spelling == "yaml":
        document = yaml_text.read(text, source)
    else:
        document = json_text.read(text, source)
    return Policy.from_mapping(document.mapping, source=source, lines=document.lines)


def _chosen(documents: Dict[str, Document], source: Optional[str], name: Optional[str]) -> Document:
    if name is None and len(documents) == 1:
        return next(iter(documents.values()))
    names = ", ".join(documents)
    if name is None:
        raise invalid(f"has {len(documents)} policies. Name the one to use: {names}.", source=source)
    if name not in documents:
        raise invalid(f"has no policy {shown(name)}.{nearest(name, documents)} It has: {names}.", source=source)
    return documents[name]


def dumps(policy: Policy, spelling: str, *, comments: bool = False, changed: bool = False) -> str:
    """The policy as a text that `loads` reads as the same policy.

    `comments` explains each key (JSON has none); `changed` leaves out what is the default anyway.
    """
    return spell(policy.to_mapping(), spelling, comments=comments, changed=changed)


__all__ = ["SPELLINGS", "InvalidPolicy", "PolicyError", "dumps", "load", "loads", "spelling_of"]
