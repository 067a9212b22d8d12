"""Elastic's own published model of its API, and a walker that holds request bodies against it.

The model is `dist/schema.json` of the npm package @elastic/request-converter (Apache-2.0). It is fetched once into
the cache outside the tree. `model()` in a test: where it cannot be had the test is skipped aloud, and fails in CI.

    model().flaws("watcher.put_watch", body)   ->   ["actions.slack.mesage: unknown; ..."], empty where all is well
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, Iterator, Mapping, NoReturn

import pytest

PACKAGE, SHA256 = "@elastic/request-converter@9.5.0", "aca6be2593f4d23252b40c6d142a11d82d1d13b3c5c2b6d62b50ed50d97a7e03"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "busybody" / "elastic-api"
IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")

Name = tuple[str, str]  # namespace and name
Type = Mapping[str, Any]
Bound = Mapping[Name, tuple[Type, Any]]  # a generic's name -> what it stands for, and in what it is bound itself

BUILTIN: dict[str, tuple[type, ...]] = {
    "string": (str,), "boolean": (bool,), "number": (int, float), "null": (type(None),), "void": (type(None),),
    "binary": (str,), "object": (dict,),
}  # fmt: skip
# Where the model is stricter or poorer than the product and its documentation.
OPTIONAL = {
    ("watcher._types", "SlackMessage"): {"attachments", "from"},
    ("watcher._types", "SlackAttachment"): {"author_name", "title"},
    ("watcher._types", "SearchInputRequestDefinition"): {"indices"},
}
CLOSED = {("security._types", "ClusterPrivilege"), ("security._types", "IndexPrivilege")}  # we name no raw actions
INSTEAD = {("watcher._types", "SearchInputRequestBody"): ("_global.search", "Request")}  # it knows `query` alone


class Model:
    """The types and endpoints of the model."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._types: dict[Name, dict[str, Any]] = {name_of(row["name"]): row for row in schema["types"]}
        self._requests = {row["name"]: name_of(row["request"]) for row in schema["endpoints"] if row["request"]}

    def flaws(self, endpoint: str, body: Any) -> list[str]:
        """What is wrong with the body of a request, each with its path."""
        return list(self._request(self._types[self._requests[endpoint]], body, ""))

    def _request(self, row: Mapping[str, Any], body: Any, path: str) -> Iterator[str]:
        if row["body"]["kind"] == "value":
            yield from self._type(row["body"]["value"], body, path, {})
        elif isinstance(body, dict):
            own: list[tuple[Any, Bound]] = [(each, {}) for each in row["body"].get("properties", [])]
            yield from self._object(row, own, body, path, {})
        else:
            yield f"{path or 'body'}: no object"

    def _type(self, kind: Type, value: Any, path: str, bound: Bound) -> Iterator[str]:
        match kind["kind"]:
            case "instance_of":
                yield from self._instance(kind, value, path, bound)
            case "array_of":  # one alone may stand for a list of one
                for place, item in enumerate(value if isinstance(value, list) else [value]):
                    yield from self._type(kind["value"], item, f"{path}[{place}]", bound)
            case "dictionary_of":
                if not isinstance(value, dict):
                    yield f"{path}: no object"
                    return
                if kind.get("singleKey") and len(value) != 1:
                    yield f"{path}: needs exactly one key"
                for key, item in value.items():
                    yield from self._type(kind["key"], key, f"{path}.{key}", bound)
                    yield from self._type(kind["value"], item, f"{path}.{key}", bound)
            case "union_of":
                yield from self._best(kind["items"], value, path, bound)
            case "literal_value":
                if value != kind["value"] or isinstance(value, bool) != isinstance(kind["value"], bool):
                    yield f"{path}: {value!r} is not {kind['value']!r}"
            case "user_defined_value":
                return
            case other:
                raise NotImplementedError(other)

    def _instance(self, kind: Type, value: Any, path: str, bound: Bound) -> Iterator[str]:
        name = name_of(kind["type"])
        if name in bound:
            stands_for, within = bound[name]
            yield from self._type(stands_for, value, path, within)
            return
        if name[0] == "_builtins":
            wanted = BUILTIN[name[1]]
            if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
                yield f"{path}: {str(value)[:60]!r} is no {name[1]}"
            return
        row = self._types[INSTEAD.get(name, name)]
        inner = {
            name_of(own): (given, bound)
            for own, given in zip(row.get("generics", ()), kind.get("generics", ()), strict=False)
        }
        match row["kind"]:
            case "request":
                yield from self._request(row, value, path)
            case "enum":
                yield from _member(row, value, path)
            case "type_alias":
                variants = row.get("variants", {})
                if variants.get("kind") == "internal_tag" and isinstance(value, dict):
                    yield from self._tagged(row, variants, value, path, inner)
                else:
                    yield from self._type(row["type"], value, path, inner)
            case _:
                yield from self._interface(row, value, path, inner)

    def _interface(self, row: Mapping[str, Any], value: Any, path: str, bound: Bound) -> Iterator[str]:
        properties = list(self._properties(row, bound))
        short = next((each["shortcutProperty"] for each, _ in self._line(row, bound) if "shortcutProperty" in each), "")
        if isinstance(value, dict):
            yield from self._object(row, properties, value, path, bound)
        elif short:
            each, within = next(one for one in properties if one[0]["name"] == short)
            yield from self._type(each["type"], value, path, within)
        else:
            yield f"{path}: {str(value)[:60]!r} is no object"

    def _object(
        self,
        row: Mapping[str, Any],
        properties: list[tuple[Any, Bound]],
        value: Mapping[str, Any],
        path: str,
        bound: Bound,
    ) -> Iterator[str]:
        known = {name: one for one in properties for name in (one[0]["name"], *one[0].get("aliases", ()))}
        optional = OPTIONAL.get(name_of(row["name"]), set())
        for each, _ in properties:
            names = {each["name"], *each.get("aliases", ())}
            if each["required"] and not names & value.keys() and each["name"] not in optional:
                yield f"{path}.{each['name']}: missing".lstrip(".")
        extra = self._additional(row, bound)
        for key, item in value.items():
            where = f"{path}.{key}".lstrip(".")
            if key in known:
                yield from self._type(known[key][0]["type"], item, where, known[key][1])
            elif extra is not None:
                yield from self._type(extra[0], item, where, extra[1])
            else:
                yield f"{where}: unknown; there are {', '.join(sorted(known)) or 'none'}"
        variants = row.get("variants", {})
        if variants.get("kind") == "container":
            own = {each["name"]: each for each in row["properties"]}  # what is inherited goes with any of them
            chosen = [key for key in value if key in own and not own[key].get("containerProperty")]
            if len(chosen) > 1:
                yield f"{path}: {' and '.join(chosen)} exclude each other"

    def _tagged(
        self, row: Mapping[str, Any], variants: Mapping[str, Any], value: Mapping[str, Any], path: str, bound: Bound
    ) -> Iterator[str]:
        """A union whose members are told apart by one key, such as the `type` of a field."""
        tag = variants["tag"]
        wanted = value.get(tag, variants.get("defaultTag"))
        tags = []
        for item in row["type"]["items"]:
            properties = self._properties(self._types[name_of(item["type"])], {})
            tags.append(next(each["type"].get("value") for each, _ in properties if each["name"] == tag))
            if tags[-1] == wanted:
                yield from self._type(item, value, path, bound)
                return
        yield f"{path}.{tag}: {wanted!r} is none of {', '.join(sorted(map(str, tags)))}"

    def _best(self, items: list[Type], value: Any, path: str, bound: Bound) -> list[str]:
        """The flaws under the member of a union that fits best: fewest, and those found deepest."""
        tried = [list(self._type(item, value, path, bound)) for item in items]
        return min(tried, key=lambda flaws: (bool(flaws), -max(map(_depth, flaws), default=0), len(flaws)))

    def _line(self, row: Mapping[str, Any], bound: Bound) -> Iterator[tuple[Mapping[str, Any], Bound]]:
        """A type and those that it builds on, each with what its generics stand for."""
        yield row, bound
        parents = [row["inherits"]] if "inherits" in row else []
        parents += [each["generics"][0] for each in row.get("behaviors", ()) if each["type"]["name"] == "OverloadOf"]
        for parent in parents:
            above = self._types[name_of(parent["type"])]
            given = zip(above.get("generics", ()), parent.get("generics", ()), strict=False)
            yield from self._line(above, {name_of(own): (kind, bound) for own, kind in given})

    def _properties(self, row: Mapping[str, Any], bound: Bound) -> Iterator[tuple[Any, Bound]]:
        seen: set[str] = set()
        for each, within in self._line(row, bound):
            for one in each.get("properties", ()):
                if one["name"] not in seen:
                    seen.add(one["name"])
                    yield one, within

    def _additional(self, row: Mapping[str, Any], bound: Bound) -> tuple[Type, Bound] | None:
        for each, within in self._line(row, bound):
            for behaviour in each.get("behaviors", ()):
                if behaviour["type"]["name"] in ("AdditionalProperties", "AdditionalProperty"):
                    return behaviour["generics"][1], within
        return None


def name_of(row: Mapping[str, Any]) -> Name:
    return row["namespace"], row["name"]


def _member(row: Mapping[str, Any], value: Any, path: str) -> Iterator[str]:
    given = json.dumps(value) if isinstance(value, bool) else value
    members = [name for each in row["members"] for name in (each["name"], *each.get("aliases", ()))]
    is_open = row.get("isOpen") and name_of(row["name"]) not in CLOSED
    if not isinstance(given, str) or (given not in members and not is_open):
        yield f"{path}: {value!r} is none of {', '.join(members)}"


def _depth(flaw: str) -> int:
    path = flaw.partition(":")[0]
    return path.count(".") + path.count("[")


@cache
def model() -> Model:
    """The model, fetched where it is not there yet."""
    path = CACHE / f"{PACKAGE.rsplit('@', 1)[1]}.json"
    if not path.is_file():
        _fetch(path)
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        path.unlink()
        _absent("the model that was fetched is another than the one that these tests know")
    return Model(json.loads(data))


def _fetch(path: Path) -> None:
    if shutil.which("npm") is None:
        _absent("npm is not installed")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        command = ["npm", "pack", PACKAGE, "--silent", "--ignore-scripts", "--pack-destination", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
        archives = list(Path(folder).glob("*.tgz"))
        if done.returncode or not archives:
            _absent(f"npm cannot fetch {PACKAGE}: {done.stderr.strip()[-200:]}")
        with tarfile.open(archives[0]) as archive:
            member = archive.extractfile("package/dist/schema.json")
            assert member is not None
            (Path(folder) / "schema.json").write_bytes(member.read())
        (Path(folder) / "schema.json").replace(path)


def _absent(reason: str) -> NoReturn:
    text = f"Elastic's API model cannot be had ({reason}); bodies are NOT checked against it"
    if IN_CI:
        pytest.fail(text)
    pytest.skip(text)
