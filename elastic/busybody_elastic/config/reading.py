"""A mapping and the environment against the sections: the whole configuration, or every problem at once."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Iterator, Mapping, TypeVar, get_type_hints

from busybody.errors import BusybodyError, Several, shown
from busybody.policy import InvalidPolicy, Policy
from busybody.policy.problems import Path as Keys
from busybody.policy.problems import dotted
from busybody.policy.suggest import nearest

from ..errors import ConfigError
from .kinds import DIGEST, LONGEST_SECRET, Kind, Secret

PREFIX = "BUSYBODY_ELASTIC_"
FILE = "_file"  # behind the name of a secret: where it lies
LITERAL = "A secret does not belong into this file: write {{file: /run/secrets/{0}}} or {{env: NAME}}"
S = TypeVar("S")


class InvalidConfig(Several, ConfigError):
    """A configuration that cannot be used."""


@dataclass(frozen=True)
class FromEnvironment:
    """The text of an environment variable, where a value of the file might stand."""

    name: str
    text: str


def overlaid(mapping: Mapping[str, Any], environment: Mapping[str, str], leave: str) -> dict[str, Any]:
    """The mapping with BUSYBODY_ELASTIC_A__B=text as a.b; the environment wins. `leave` is a name that is no key."""
    result = dict(mapping)
    for name in sorted(environment):
        if not name.startswith(PREFIX) or name == leave:
            continue
        inner = result
        *sections, last = name[len(PREFIX) :].lower().split("__")
        for part in sections:
            below = inner.get(part)
            inner[part] = dict(below) if isinstance(below, Mapping) else {}
            inner = inner[part]
        if last + FILE in inner and not last.endswith(FILE):
            del inner[last + FILE]  # password in the environment over password_file in the file
        elif last.endswith(FILE):
            inner.pop(last.removesuffix(FILE), None)
        inner[last] = FromEnvironment(name, environment[name])
    return result


class Reading:
    """One run over one mapping."""

    def __init__(self, source: str | None, lines: Mapping[Keys, int], environment: Mapping[str, str]) -> None:
        self.source = source
        self.lines = lines
        self.environment = environment
        self.problems: list[ConfigError] = []

    def problem(self, path: Keys, message: str, given: Any = None) -> None:
        """Remember it, with the place where it stands."""
        end = "" if message.endswith(("?", ".")) else "."
        if isinstance(given, FromEnvironment):
            error = ConfigError(message + end, source=given.name, key=dotted(path))
        else:
            line = next((self.lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self.lines), None)
            error = ConfigError(message + end, source=self.source, line=line, key=dotted(path))
        self.problems.append(error)

    def section(self, of: type[S], given: Any, path: Keys = ()) -> S:
        """The section with every key that is right; what is wrong goes to `problems`."""
        if given is None:
            given = {}
        if not isinstance(given, Mapping):
            self.problem(path, f"{_told(given)} is no section. Put its keys below it", given)
            return of()
        hints = get_type_hints(of)
        known = {one.name: one for one in fields(of)}  # type: ignore[arg-type]
        spare = {f"{name}{FILE}" for name, one in known.items() if _kind(one).secret}
        values: dict[str, Any] = {}
        for name, value in given.items():
            here = (*path, str(name))
            if name in spare:
                base = name.removesuffix(FILE)
                if given.get(base) is not None:
                    self.problem(here, f"stands beside {base}. Keep one of the two", value)
                else:
                    name_of_file = value.text if isinstance(value, FromEnvironment) else value
                    values[base] = self.secret(_kind(known[base]), {"file": name_of_file}, here)
            elif name not in known:
                self.problem(here, f"is no key here.{nearest(str(name), known)} There are: {', '.join(known)}", value)
            elif name == "policy" and not path:
                values[name] = self.policy(value)
            elif _kind(known[name]).check is None:
                values[name] = self.section(_section(hints[name]), value, here)
            elif _kind(known[name]).secret:
                values[name] = self.secret(_kind(known[name]), value, here)
            else:
                kind = _kind(known[name])
                try:
                    text = kind.from_text(value.text) if isinstance(value, FromEnvironment) else value
                    values[name] = kind.check(text)
                except ValueError as error:
                    self.problem(here, str(error), value)
        return of(**values)

    # --- secrets --------------------------------------------------------------------------------------------------

    def secret(self, kind: Kind, given: Any, path: Keys) -> Any:
        """A Secret, or a tuple of them."""
        if not kind.many:
            found = list(self._secrets(given, path))
            if len(found) > 1:
                self.problem(path, "its file has more than one line. Keep one secret in a file", given)
            return found[0] if found else Secret()
        if isinstance(given, FromEnvironment):
            return tuple(Secret(part.strip()) for part in given.text.split(",") if part.strip())
        entries = given if isinstance(given, list) else [] if given is None else [given]
        return tuple(one for place, entry in enumerate(entries) for one in self._secrets(entry, (*path, f"[{place}]")))

    def _secrets(self, given: Any, path: Keys) -> Iterator[Secret]:
        if isinstance(given, FromEnvironment):
            yield Secret(given.text.strip())
        elif isinstance(given, str) and DIGEST.fullmatch(given):
            yield Secret(given.lower())
        elif not isinstance(given, Mapping) or len(given) != 1 or not set(given) <= {"file", "env"}:
            if given not in (None, ""):
                self.problem(path, LITERAL.format(path[-1].strip("[]")))
        elif "env" in given:
            text = self.environment.get(given["env"], "").strip() if isinstance(given["env"], str) else ""
            if text:
                yield Secret(text)
            else:
                self.problem(path, f"the environment has no {shown(given['env'])}, or it is empty. Set it")
        else:
            yield from self._in_file(given["file"], path)

    def _in_file(self, name: Any, path: Keys) -> Iterator[Secret]:
        try:
            text = Path(name).expanduser().read_text(encoding="utf-8")[:LONGEST_SECRET]
        except (OSError, TypeError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text file"
            self.problem(path, f"{shown(name)} cannot be read: {reason}. Check the path and who may read it")
            return
        found = [Secret(line.strip()) for line in text.splitlines() if line.strip()]
        if not found:
            self.problem(path, f"{shown(name)} is empty. Write the secret into it")
        yield from found

    # --- the core's policy ----------------------------------------------------------------------------------------

    def policy(self, given: Any) -> Policy:
        """From a path, or from its keys in place."""
        given = given.text if isinstance(given, FromEnvironment) else given
        try:
            if given is None or given == "":
                return Policy.default()
            if isinstance(given, str):
                return Policy.load(given)
            if not isinstance(given, Mapping):
                self.problem(("policy",), f"{shown(given)} is no policy. Give a path, or its keys below it")
                return Policy.default()
            lines = {path[1:]: line for path, line in self.lines.items() if path[:1] == ("policy",) and path[1:]}
            return Policy.from_mapping(_plain(given), source=self.source, lines=lines)
        except InvalidPolicy as error:
            for one in error.problems:
                self._of_policy(one)
        except BusybodyError as error:
            self._of_policy(error)
        return Policy.default()

    def _of_policy(self, error: BusybodyError) -> None:
        name = ".".join(part for part in ("policy", error.key) if part)
        self.problems.append(ConfigError(error.message, source=error.source, line=error.line, key=name))


def _kind(one: Any) -> Any:
    """The kind of a field; of a section, one that checks nothing."""
    return one.metadata.get("kind") or _SECTION


_SECTION = Kind(None)  # type: ignore[arg-type]


def _section(hint: Any) -> type[Any]:
    """The class of a section that may also be None."""
    return next(
        one for one in (hint, *getattr(hint, "__args__", ())) if isinstance(one, type) and one is not type(None)
    )


def _told(given: Any) -> str:
    return "text" if isinstance(given, (str, FromEnvironment)) else shown(given)


def _plain(given: Any) -> Any:
    """Environment variables below `policy` as values: what JSON reads as such, else text."""
    import json

    if isinstance(given, Mapping):
        return {name: _plain(value) for name, value in given.items()}
    if not isinstance(given, FromEnvironment):
        return given
    try:
        return json.loads(given.text)
    except ValueError:
        return given.text
