"""What the reader asks the cluster for: documents that may be sign-ins, and never our own.

The core's maps decide what is a sign-in. Here they become a query that lets through every document that they would
take, and most of what they would not take stays in the cluster. A condition has two readings: `wide` holds wherever
the condition may hold, `sure` only where it surely does; what a query cannot say is everything or nothing.
An index that does not map a field cannot be asked for it: `reader.filter: all` reads such an index whole.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Iterable, Sequence

from busybody.fields.intake import Intake
from busybody.fields.schema import FieldMap

Query = dict[str, Any]
STAMPS = ("scored", "known")  # `busybody.status` of what need not be scored again
EVERYTHING: Query = {"match_all": {}}
NOTHING: Query = {"match_none": {}}
STREAMS = ("logs-busybody.", "busybody-")  # what every name of ours begins with
_OWN = re.compile(r"(?:.*[:-])?\.(?:ds|fs)-(?:logs-busybody\.|busybody-)|(?:[^:]*:)?(?:logs-busybody\.|busybody-)")
_META = frozenset(("_id", "_index"))  # every document has them; no query may ask whether


@lru_cache(maxsize=1024)
def is_own(index: str) -> bool:
    """Whether it is an index of ours, by whatever name it is reached: behind a stream, restored, in another cluster."""
    return _OWN.match(index) is not None


def not_own() -> Query:
    """Documents that do not lie in an index of ours."""
    spellings = [f"{start}{stream}*" for stream in STREAMS for start in ("", "*:", "*.ds-", "*.fs-")]
    return {"bool": {"must_not": [{"wildcard": {"_index": {"value": spelling}}} for spelling in spellings]}}


def not_in(indices: Iterable[str]) -> Query:
    """The part of a `bool` query that leaves these indices out."""
    names = sorted(indices)
    return {"must_not": [{"terms": {"_index": names}}]} if names else {}


def excluded(index: str) -> str:
    """The same in a list of names, which Elasticsearch does not heed for an index behind a stream."""
    where, colon, name = index.rpartition(":")
    return f"{where}{colon}-{name}"


def stamped() -> Query:
    """Documents that the gateway or the score API has scored on their way in."""
    return {"terms": {"busybody.status": list(STAMPS)}}


def not_stamped() -> Query:
    return _not(stamped())


def owed(scores: str) -> Query:
    """Documents that have a result in the stream of scores, where the gateway writes `scores` (all, risky or none)."""
    if scores == "all":
        return EVERYTHING
    risky = [{"terms": {"busybody.level": ["low", "medium", "high", "critical"]}}] if scores == "risky" else []
    return _any([not_stamped(), *risky])


def unowed(owed: Query) -> Query:
    """Stamped documents of which no result is written."""
    return _all([stamped(), _not(owed)])


def signins(policy: Any) -> Query:
    """Documents that one of the maps, the packaged ones or the policy's own, may take for a sign-in."""
    return _any(_of_map(reader.map) for reader in Intake(policy, None).registry.readers)


def _of_map(fields: FieldMap) -> Query:
    missing = sorted(fields.missing)
    users = _any(_user(entry, missing) for entry in fields.fields["user"])
    skipped = [_sure(rule["when"], missing) for rule in fields.skip]
    taken = EVERYTHING if fields.sign_in is None else _wide(fields.sign_in, missing)
    asked = _all([_wide(fields.detect, missing), users, taken, *[_not(rule) for rule in skipped]])
    # JSON within a text: of what is in there nothing can be asked
    return _any([asked, *[_exists(path) for one in fields.extract if "json" in one for path in _listed(one["from"])]])


def _user(entry: Any, missing: Sequence[str]) -> Query:
    """Where this entry may name somebody."""
    if isinstance(entry, str):
        return _exists(entry)
    if "join" in entry:
        return _any(_exists(path) for path in entry["join"])
    if "path" not in entry:
        return EVERYTHING
    named = _any(_exists(path) for path in _listed(entry["path"]))
    return _all([named, _wide(entry["when"], missing)]) if "when" in entry else named


def _wide(condition: Any, missing: Sequence[str]) -> Query:
    """Holds for every document for which the condition may hold."""
    return _said_of(condition, missing, sure=False)


def _sure(condition: Any, missing: Sequence[str]) -> Query:
    """Holds only for documents for which the condition surely holds."""
    return _said_of(condition, missing, sure=True)


def _said_of(condition: Any, missing: Sequence[str], *, sure: bool) -> Query:
    if isinstance(condition, list):
        return _all(_said_of(part, missing, sure=sure) for part in condition)
    if "all" in condition:
        return _said_of(condition["all"], missing, sure=sure)
    if "any" in condition:
        return _any(_said_of(part, missing, sure=sure) for part in condition["any"])
    if "not" in condition:
        return _not(_said_of(condition["not"], missing, sure=not sure))
    paths = _listed(condition["path"])
    if condition.get("exists") is False:
        return _not(_said_of({"path": paths, "exists": True}, missing, sure=not sure))
    if sure:
        there = condition.get("exists") is True
        return _any(_surely_there(path, missing) for path in paths) if there else NOTHING
    values = condition.get("in", condition.get("equals"))
    if values is None:
        return _any(_exists(path) for path in paths)
    return _any(_equals(path, value) for path in paths for value in _listed(values))


def _exists(path: str) -> Query:
    if path.startswith("$") or path in _META:
        return EVERYTHING
    return {"exists": {"field": path.split("[", maxsplit=1)[0].rstrip(".")}}


def _surely_there(path: str, missing: Sequence[str]) -> Query:
    """It is there, and not a word for nothing."""
    if not path.startswith("event."):
        return NOTHING
    return {"bool": {"filter": [_exists(path)], "must_not": [_equals(path, word) for word in missing if word]}}


def _equals(path: str, value: Any) -> Query:
    """A number is one wherever it is; words are asked for where ECS has keywords: elsewhere one could be refused."""
    text = str(value)
    if text.isdecimal() and "[" not in path and not path.startswith("$"):
        return {"match": {path: {"query": text, "lenient": True}}}
    if path.startswith("event."):
        return {"term": {path: {"value": text, "case_insensitive": True}}}
    return _exists(path)


def _all(queries: Iterable[Query]) -> Query:
    found = [query for query in queries if query != EVERYTHING]
    if NOTHING in found:
        return NOTHING
    return {"bool": {"filter": found}} if len(found) > 1 else found[0] if found else EVERYTHING


def _any(queries: Iterable[Query]) -> Query:
    found = [query for query in queries if query != NOTHING]
    if EVERYTHING in found:
        return EVERYTHING
    return {"bool": {"should": found, "minimum_should_match": 1}} if len(found) > 1 else found[0] if found else NOTHING


def _not(query: Query) -> Query:
    if query == EVERYTHING:
        return NOTHING
    return EVERYTHING if query == NOTHING else {"bool": {"must_not": [query]}}


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]
