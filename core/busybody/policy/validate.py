"""A mapping against the schema: the full policy as plain values, or every problem at once."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, Optional, Sequence

from ..errors import PolicyError, shown
from .check import ItemErrors, check
from .keys import expanded
from .problems import InvalidPolicy, Path, dotted
from .schema import Key, Schema, schema
from .suggest import nearest

SOURCE_NAME = re.compile(r"[A-Za-z0-9_*][A-Za-z0-9_.:/*-]{0,199}", re.ASCII)
Plain = Dict[str, Any]
Lines = Mapping[Path, int]


def validate(mapping: Mapping[str, Any], source: Optional[str] = None, lines: Optional[Lines] = None) -> Plain:
    """Every key of the policy with its value or default, nested by section. Raises InvalidPolicy."""
    return _Validation(schema(), source, lines or {}).run(mapping)


def defaults(keys: Sequence[Key]) -> Plain:
    """Leaf -> default, in values of their own."""
    return {key.leaf: _copy(key.default) for key in keys}


def _copy(default: Any) -> Any:
    return type(default)(default) if isinstance(default, (list, dict)) else default


class _Validation:
    """One run over one mapping; collects what is wrong."""

    def __init__(self, rules: Schema, source: Optional[str], lines: Lines) -> None:
        self.rules = rules
        self.source = source
        self.lines = lines
        self.problems: List[PolicyError] = []

    def run(self, mapping: Mapping[str, Any]) -> Plain:
        twice: Dict[Path, None] = {}
        mapping = expanded(mapping, twice)
        for path in twice:
            self.problem(path, "stands there twice, once by its dotted name. Keep one of the two")
        top = self.rules.of_section("")
        result = self.keys((), top, {k: v for k, v in mapping.items() if k not in self.rules.sections})
        for section in self.rules.sections:
            given = self.section((section,), mapping.get(section))
            if section == "sources":
                result[section] = self.sources(given)
            else:
                result[section] = self.keys((section,), self.rules.of_section(section), given)
        self.together(result)
        if self.problems:
            raise InvalidPolicy(sorted(self.problems, key=lambda problem: problem.line or 0))
        return result

    def problem(self, path: Path, message: str) -> None:
        line = next((self.lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self.lines), None)
        end = "" if message.endswith(("?", ".")) else "."
        self.problems.append(PolicyError(message + end, source=self.source, line=line, key=dotted(path)))

    def section(self, path: Path, given: Any) -> Mapping[str, Any]:
        if given is None:
            return {}  # `travel:` with nothing below it but comments
        if isinstance(given, Mapping):
            return given
        self.problem(path, f"{shown(given)} is no section. Put its keys below it")
        return {}

    def sources(self, given: Mapping[str, Any]) -> Plain:
        result: Plain = {}
        for name, settings in given.items():
            path = ("sources", str(name))
            if not isinstance(name, str) or not SOURCE_NAME.fullmatch(name):
                self.problem(path, "is no name of a source. Use letters, digits and . : / _ - *, such as okta.system")
                continue
            result[name] = self.keys(path, self.rules.source_keys, self.section(path, settings))
        return result

    def keys(self, path: Path, keys: Sequence[Key], given: Mapping[str, Any]) -> Plain:
        result = defaults(keys)
        known = {key.leaf: key for key in keys}
        for leaf, value in given.items():
            if leaf in known:
                self.value((*path, leaf), known[leaf], value, result)
            else:
                self.unknown((*path, str(leaf)), list(known), top=not path)
        return result

    def value(self, path: Path, key: Key, value: Any, result: Plain) -> None:
        try:
            result[key.leaf] = check(key, value)
        except ItemErrors as error:
            for item, message in error.items.items():
                self.problem((*path, item), message)
        except ValueError as error:
            self.problem(path, str(error))

    def unknown(self, path: Path, known: Sequence[str], top: bool) -> None:
        """The key is not in the schema: name the nearest one, here or in another section."""
        everywhere = {key.key: key for key in self.rules.keys}
        hint = nearest(path[-1], [*known, *self.rules.sections, *everywhere] if top else known)
        if not hint:
            elsewhere = [key.key for key in everywhere.values() if key.leaf == path[-1].rpartition(".")[2]]
            names = [*known, *self.rules.sections] if top else known
            hint = f" Did you mean {elsewhere[0]!r}?" if elsewhere else f" Known here: {', '.join(names)}"
        self.problem(path, f"is no key of a policy.{hint}")

    def together(self, policy: Plain) -> None:
        """What two keys must agree on."""
        identity, travel, learning = policy["identity"], policy["travel"], policy["learning"]
        if identity["pseudonym_key_file"] is not None and identity["pseudonym_key_env"] is not None:
            self.problem(("identity", "pseudonym_key_env"), "stands beside pseudonym_key_file. Keep one of the two")
        if travel["ground_kmh"] > travel["jet_kmh"]:
            self.problem(
                ("travel", "ground_kmh"), f"{travel['ground_kmh']:g} is more than jet_kmh. Give a smaller speed"
            )
        if learning["half_life_days"] > learning["forget_days"]:
            told = f"{learning['half_life_days']:g} is more than forget_days. Give a smaller one, or more forget_days"
            self.problem(("learning", "half_life_days"), told)
