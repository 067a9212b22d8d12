"""A person who was named: the key under which the store has them, or who may have been meant."""

from __future__ import annotations

from heapq import nlargest
from typing import TYPE_CHECKING, Iterable, List, Optional

from .fields.values import clean
from .identity import Identity

if TYPE_CHECKING:
    from .policy import Policy
    from .stores import Store

SUGGESTED = 5
ALIKE = 0.75  # ratio of difflib from which two names are alike


def key_of(store: Store, policy: Policy, name: str) -> Optional[str]:
    """The key of the person: their pseudonym where the policy makes one, their name, or its usual spelling."""
    identity, name = Identity(policy), clean(name)
    names = [identity.pseudonym(name), name, identity.normal(name)]
    return next((key for key in dict.fromkeys(names) if store.profile(key) is not None), None)


def nearest(name: str, users: Iterable[str]) -> List[str]:
    """The most alike of the users, the most alike first; memory does not grow with their number."""
    from difflib import SequenceMatcher

    wanted = name.casefold()
    local = wanted.partition("@")[0]
    matcher = SequenceMatcher(None, "", wanted, autojunk=False)

    def alike(user: str) -> float:
        plain = user.casefold()
        if local == plain.partition("@")[0]:
            return 1.0
        if len(wanted) >= 3 and wanted in plain:
            return 0.9
        matcher.set_seq1(plain)
        if matcher.real_quick_ratio() < ALIKE or matcher.quick_ratio() < ALIKE:
            return 0.0
        return matcher.ratio()

    rated = ((alike(user), user) for user in users)
    best = nlargest(SUGGESTED, (row for row in rated if row[0] >= ALIKE), key=lambda row: row[0])
    return [user for _, user in best]
