"""Outlier: a trained model finds the sign-in rare as a whole, though each part of it may have been seen before.

    surprise = ln(RARE / q)      [nats, at most 3]      q: share of the training that scored at least as high

Off unless the policy names a model (trained.model); `busybody train outliers` makes one. It is asked only about what
is odd already: a combination of network, country and device that is no habit of the person. With its weight it adds at
most 1.5 log-odds. Somebody of whom nothing is known yet, or on whom no part was trained, gets no surprise from it.
"""

from __future__ import annotations

from functools import lru_cache
from math import log
from typing import TYPE_CHECKING, Dict, List, NamedTuple, Optional

from ..policy import Policy
from ..policy.sections import Identity as IdentityRules
from ..population import Population
from ..profile import Known, Profile
from ..profile.profile import key_of
from ..signin import SignIn
from .signal import FAMILIAR, Signal

if TYPE_CHECKING:
    from ..identity import Identity
    from ..trained import Trained

RARE = 0.02  # share of the training from which on nothing is rare
HIGHEST = 3.0  # nats


def detect(signin: SignIn, profile: Profile, seen: Known, population: Population, policy: Policy) -> Optional[Signal]:
    if policy.trained.model is None or not profile.habits:
        return None
    habit = profile.habits.get(key_of(signin))
    if habit is not None and habit.count >= FAMILIAR * profile.total:
        return None
    return _judged(policy.trained.model, signin, profile, seen, population, policy)


def _judged(
    path: str, signin: SignIn, profile: Profile, seen: Known, population: Population, policy: Policy
) -> Optional[Signal]:
    from ..trained import features, loaded  # only who names a model pays for reading models

    model = loaded(path)
    part = model.part(_key(signin.user, policy))
    if part is None:
        return None
    values = part.prepared(features.vector(features.Case(signin, profile, seen, population, policy), model.features))
    rarity = part.rarity(part.score(values))
    if rarity >= RARE:
        return None
    causes = part.causes(values)
    if not causes:
        return None
    return Signal(min(log(RARE / rarity), HIGHEST), _evidence(model, causes, rarity))


def _evidence(model: Trained, causes: List[int], rarity: float) -> Dict[str, object]:
    from ..trained.features import FEATURES

    told = " and ".join(FEATURES[model.features[place]].words for place in causes)
    return {"causes": told, "rarity": rarity, "one_in": int(1.0 / rarity), "algorithm": model.algorithm}


class _Rules(NamedTuple):
    """As much of a policy as naming people needs; unlike a whole one it can be told from another quickly."""

    identity: IdentityRules


@lru_cache(maxsize=8)
def _identity(rules: IdentityRules) -> Identity:
    from ..identity import Identity

    return Identity(_Rules(rules))


def _key(user: str, policy: Policy) -> str:
    """The person as the model names them, which is as stores do."""
    from ..profile.codec import clean

    identity = _identity(policy.identity)
    return identity.pseudonym(user) if identity.has_pseudonyms else clean(user)
