"""Outlier models of an organisation or of single people, from a log."""

from __future__ import annotations

from collections import deque
from typing import Any, Collection, Deque, Dict, Iterable, Mapping, NamedTuple, Optional, Set, Tuple

from ..contracts import iso
from ..errors import ModelError
from ..policy import Policy
from ..signin import SignIn
from ..trained.features import NAMES, Vector, vector
from ..trained.file import FORMAT, VERSION
from ..trained.model import ORGANISATION
from .fit import Settings, fit, trained_with
from .history import live

FEWEST = 5  # sign-ins that say anything of what is usual
MOST = 200_000  # the latest sign-ins that a part is trained on


class Request(NamedTuple):
    """What to train."""

    settings: Settings = Settings()
    features: Tuple[str, ...] = NAMES
    scope: str = ORGANISATION
    people: Optional[Collection[str]] = None  # only these, as the store names them; None: everybody


def train(signins: Iterable[SignIn], policy: Policy, request: Request, trained: float) -> Dict[str, Any]:
    """The document of a trained model. `trained` is the time that it bears, epoch seconds.

    The organisation's part is trained on people who are no longer new; a person's on all of theirs. Raises
    ModelError where there is too little to train on, MissingExtra.
    """
    rows, seen = _rows(signins, policy, request)
    enough = {key: vectors for key, vectors in sorted(rows.items()) if len(vectors) >= FEWEST}
    if not enough:
        most = max(map(len, rows.values()), default=0)
        told = f"there are {most} sign-ins of people with a past to train on, and {FEWEST} are the least. Give a longer log."
        raise ModelError(told)
    parts = {key: fit(vectors, request.features, request.settings) for key, vectors in enough.items()}
    return {
        "format": FORMAT, "version": VERSION, "algorithm": request.settings.algorithm, "features": list(request.features),
        "scope": request.scope, "provenance": _provenance(enough, seen, request, trained), "parts": parts,
    }  # fmt: skip


class _Seen:
    """Who and when, for the provenance."""

    def __init__(self) -> None:
        self.people: Dict[str, Set[str]] = {}
        self.since, self.until = float("inf"), float("-inf")

    def take(self, part: str, key: str, time: float) -> None:
        self.people.setdefault(part, set()).add(key)
        self.since, self.until = min(self.since, time), max(self.until, time)


def _rows(signins: Iterable[SignIn], policy: Policy, request: Request) -> Tuple[Dict[str, Deque[Vector]], _Seen]:
    rows: Dict[str, Deque[Vector]] = {}
    seen, whole = _Seen(), request.scope == ORGANISATION
    for lived in live(signins, policy):
        if (request.people is not None and lived.key not in request.people) or (whole and not lived.settled):
            continue
        part = ORGANISATION if whole else lived.key
        rows.setdefault(part, deque(maxlen=MOST)).append(vector(lived.case, request.features))
        seen.take(part, lived.key, lived.case.signin.time)
    return rows, seen


def _provenance(
    rows: Mapping[str, Collection[Vector]], seen: _Seen, request: Request, trained: float
) -> Dict[str, Any]:
    return {
        "trained": iso(trained), "signins": sum(map(len, rows.values())), "people": sum(len(seen.people[part]) for part in rows),
        "since": iso(seen.since), "until": iso(seen.until), "libraries": trained_with(request.settings.algorithm),
        "settings": request.settings._asdict(),
    }  # fmt: skip
