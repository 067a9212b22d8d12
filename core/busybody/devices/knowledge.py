"""What is known of user agents: families.json, read once, when the first one is parsed."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from typing import Any, Dict, FrozenSet, List, Mapping, NamedTuple, Tuple


class Knowledge(NamedTuple):
    products: Mapping[str, Tuple[str, float]]  # product in lower case -> family and rank
    names: List[Tuple[str, str]]  # names in running text -> family, longest first
    ignored: FrozenSet[str]  # products that tell an engine, a library or a build, never a client
    titles: Mapping[str, str]
    kinds: Mapping[str, str]  # families whose kind does not depend on the system
    systems: Mapping[str, Mapping[str, Any]]
    marks: List[Tuple[str, str]]
    disguised: List[Tuple[str, str]]  # words in a remark or between products that tell a browser posing as another
    windows_nt: Mapping[str, str]
    buffalogs: Mapping[str, Any]
    distributions: List[str]


@lru_cache(maxsize=1)
def knowledge() -> Knowledge:
    """The table; the same object on every call. Treat it as read-only."""
    with open(os.path.join(os.path.dirname(__file__), "families.json"), encoding="utf-8") as file:
        data = json.load(file)
    families: Dict[str, Any] = data["families"]
    names = [(name, key) for key, family in families.items() for name in family.get("names", ())]
    return Knowledge(
        products={
            product: (key, float(family.get("rank", 3)))
            for key, family in families.items()
            for product in family["products"]
        },
        names=sorted(names, key=lambda pair: -len(pair[0])),
        ignored=frozenset(data["ignored"].split()),
        titles={key: family["title"] for key, family in families.items()},
        kinds={key: family["kind"] for key, family in families.items() if "kind" in family},
        systems=data["systems"],
        marks=[(mark, system) for mark, system in data["marks"]],
        disguised=[(mark, family) for mark, family in data["disguised"]],
        windows_nt=data["windows_nt"],
        buffalogs=data["buffalogs"],
        distributions=data["distributions"],
    )
