"""Cold start: how much of an attack is found when little is known of its victim.

The victims' histories are cut to their last n sign-ins before the attack; everybody else keeps theirs, and so does
the cut, which comes from the whole log.
"""

from __future__ import annotations

from typing import Callable, Dict, List

from ..simulate.config import Event
from .incidents import incidents
from .replay import Method, Split, replay
from .timing import KNOWN_BEFORE


def shortened(events: List[Event], known: int) -> List[Event]:
    """The events without what their attacks' victims did before their last `known` successes ahead of the attack."""
    successes: Dict[str, List[float]] = {}
    begins: Dict[str, float] = {}
    for signin, truth in events:
        if signin.outcome != "success" or signin.user in begins:
            continue
        if truth.victim:
            before = successes.get(signin.user, [])
            begins[signin.user] = before[-known] if 0 < known <= len(before) else signin.time if not known else 0.0
        else:
            successes.setdefault(signin.user, []).append(signin.time)
    return [event for event in events if event.signin.time >= begins.get(event.signin.user, 0.0)]


def cold_start(make: Callable[[], Method], events: List[Event], when: Split, cut: float) -> Dict[str, Dict[str, int]]:
    """For each length of history the attack incidents, those above `cut` and those alerted."""
    answer = {}
    for known in KNOWN_BEFORE:
        run = replay(make(), shortened(events, known), when)
        attacks = [one for one in incidents(run.tested, when) if one.attack]
        above, alerts = sum(one.score > cut for one in attacks), sum(one.alert for one in attacks)
        answer[str(known)] = {"attacks": len(attacks), "above_cut": above, "alerts": alerts}
    return answer
