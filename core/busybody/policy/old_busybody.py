"""The configuration file of busybody 1.0 -> a policy, and what of it has no place there, line by line."""

from __future__ import annotations

from math import ceil
from typing import Any, Dict, List, Mapping

from ..errors import shown
from .imported import Imported, Note, as_number
from .json_text import Document
from .problems import Path

SECTIONS = ("pollers", "persistence", "analysis", "notifiers")
SOURCES = {"slack": "slack.access", "gsuite": "google_workspace.login"}  # what its pollers fetched, by our data sets
NO_MODULES = ("geoip", "history_limit", "enabled")
DAY = 86400.0
FOREVER = 3650  # days
POLLER = (
    "not carried over: Busybody reads logs and asks no service for them. See docs/sources.md. The secret is not copied."
)
NOTIFIER = "not carried over: alerts go where the scores go. The secret is not copied."
STORE = "not carried over: say --store FOLDER when scoring; the old logs can be scored again from the beginning."


def converted(document: Document) -> Imported:
    """The policy of an old configuration."""
    return _Conversion(document).run()


class _Conversion:
    def __init__(self, document: Document) -> None:
        self.old, self.lines = document.mapping, document.lines
        self.policy: Dict[str, Any] = {"name": "imported"}
        self.notes: List[Note] = []

    def run(self) -> Imported:
        for section, value in self.old.items():
            if section == "analysis":
                self.analysis(self.section(("analysis",), value))
            elif section == "history_limit":
                self.history(("history_limit",), value)
            elif section == "pollers":
                self.all_of((section,), value, POLLER)
            elif section == "notifiers":
                self.all_of((section,), value, NOTIFIER)
            elif section == "persistence":
                self.all_of((section,), value, STORE)
            else:
                self.note((str(section),), "not carried over: busybody 1.0 did not read it either.")
        return Imported(self.policy, self.notes)

    def note(self, path: Path, text: str) -> None:
        line = next((self.lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self.lines), None)
        self.notes.append(Note(line, path, text))

    def section(self, path: Path, value: Any) -> Mapping[str, Any]:
        if isinstance(value, Mapping):
            return value
        if value is not None:
            self.note(path, f"not carried over: {shown(value)} is no section.")
        return {}

    def all_of(self, path: Path, value: Any, text: str) -> None:
        """One note for each line: its key is named, its value, which may be a secret, is not."""
        if isinstance(value, Mapping) and value:
            for key, inner in value.items():
                self.all_of((*path, str(key)), inner, text)
        else:
            self.note(path, text)

    def analysis(self, analysis: Mapping[str, Any]) -> None:
        for name, value in analysis.items():
            path = ("analysis", str(name))
            if name == "history_limit":
                self.history(path, value)
            elif name == "geoip":
                self.geoip(path, self.section(path, value))
            else:
                self.module(path, self.section(path, value))

    def module(self, path: Path, settings: Mapping[str, Any]) -> None:
        source = SOURCES.get(path[1], path[1])
        kept: Dict[str, Any] = {}
        for key, value in settings.items():
            if key == "user_map" and isinstance(value, Mapping):
                kept["user_map"] = {str(name): str(person) for name, person in value.items()}
            elif key == "user_domain" and value:
                kept["user_domain"] = str(value).lstrip("@")
            elif key != "enabled":  # it only kept the section from being empty
                self.note((*path, str(key)), "not carried over: no key of busybody 1.0.")
        if kept:
            self.policy.setdefault("sources", {})[source] = kept
            if path[1] not in SOURCES:
                told = (
                    f"became sources.{source}. Name the data set as your log does, or give a field map for it (maps)."
                )
                self.note(path, told)

    def geoip(self, path: Path, settings: Mapping[str, Any]) -> None:
        names = {"city_db": "city_mmdb", "asn_db": "asn_mmdb"}
        for key, value in settings.items():
            if key in names and value:
                self.policy.setdefault("geo", {})[names[key]] = str(value)
            else:
                self.note((*path, str(key)), "not carried over: no key of busybody 1.0, or empty.")

    def history(self, path: Path, value: Any) -> None:
        seconds = as_number(value)
        if seconds is None or seconds <= 0.0:
            self.note(path, f"not carried over: {shown(value)} is no number of seconds.")
            return
        days = min(max(ceil(seconds / DAY), 1), FOREVER)
        learning = {"forget_days": days}
        if days < 30:
            learning["half_life_days"] = days
            self.note(
                path, f"became learning.forget_days and learning.half_life_days {days}: habits are forgotten by and by."
            )
        self.policy["learning"] = learning
