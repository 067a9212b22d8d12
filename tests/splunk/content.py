"""What the app declares, read once for the tests that hold names against each other."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path
from typing import Dict, Iterator, List, Set, Tuple

import conf_files
from busybody_splunk import launch
from conf_files import Stanzas
from packaged import ROOT

DEFAULT = ROOT / "default"
ADDON = ROOT / "addon" / "splunk_app"
VIEWS = DEFAULT / "data" / "ui" / "views"
ALERTS = DEFAULT / "data" / "ui" / "alerts"
OWN_INDEX = "busybody"


@cache
def conf(name: str) -> Stanzas:
    """A .conf file of the app."""
    return conf_files.read(DEFAULT / f"{name}.conf")


@lru_cache(maxsize=1)
def options() -> Dict[str, Set[str]]:
    """Command -> the options that its module declares."""
    return {name: {option.name for option in _module(part).OPTIONS} for name, part in launch.COMMANDS.items()}


def _module(part: str):  # type: ignore[no-untyped-def]  # each has OPTIONS
    return import_module(f"busybody_splunk.commands.{part}")


def searches() -> Iterator[Tuple[str, str]]:
    """Where it stands and what it says: saved searches, macros, event types, examples of the search bar, dashboards."""
    for name, stanza in conf("savedsearches").items():
        yield f"saved search {name}", stanza["search"]
    for name, stanza in conf("macros").items():
        yield f"macro {name}", stanza["definition"]
    for name, stanza in conf("eventtypes").items():
        yield f"event type {name}", stanza["search"]
    for name, stanza in conf("searchbnf").items():
        for key, text in stanza.items():
            if key.startswith("example"):
                yield f"searchbnf {name} {key}", text
    for path in sorted(VIEWS.glob("*.xml")):
        for name, query in queries(path):
            yield f"{path.name} {name}", query


def queries(path: Path) -> List[Tuple[str, str]]:
    """The searches of a dashboard: name of the data source, query."""
    found = definition(path)["dataSources"]
    return [
        (name, source["options"]["query"]) for name, source in found.items() if "query" in source.get("options", {})
    ]


def definition(path: Path):  # type: ignore[no-untyped-def]  # JSON
    import json
    import xml.etree.ElementTree as ET

    text = ET.parse(path).getroot().findtext("definition")
    assert text, f"{path.name} has no definition"
    return json.loads(text)


def fenced(path: Path, language: str) -> List[Tuple[int, str]]:
    """Line and text of each fenced block of a page in that language."""
    text = path.read_text(encoding="utf-8")
    pattern = re.compile(rf"^```{language}\n(.*?)^```", re.MULTILINE | re.DOTALL)
    return [(text.count("\n", 0, found.start()) + 2, found[1]) for found in pattern.finditer(text)]
