"""How often and how long: bounded tries inside the time that splunkd leaves an alert action.

    delay before try n + 1 = Retry-After, or FIRST · 2^(n-1) · (0.5 … 1.5), in seconds

Clock, sleep and randomness are given, so that tests neither wait nor guess.
"""

from __future__ import annotations

from typing import Callable, NamedTuple

from .outcome import LATER, Outcome

MOST = 3  # tries after failures; waiting that the other side asked for is bounded by the time alone
FIRST = 1.0  # seconds before the second try
LEAST = 1.0  # seconds that a Retry-After of 0 still costs


class Clock(NamedTuple):
    """Monotonic seconds, a way to wait, and a random number in [0, 1)."""

    now: Callable[[], float]
    sleep: Callable[[float], None]
    random: Callable[[], float]


class Budget:
    """The seconds that a run may take, from its construction on."""

    def __init__(self, seconds: float, clock: Clock) -> None:
        self.clock = clock
        self._end = clock.now() + seconds

    def left(self) -> float:
        """Seconds left; below zero once they are used up."""
        return self._end - self.clock.now()

    def wait(self, seconds: float) -> bool:
        """Wait, unless nothing could be done afterwards: then False, at once."""
        if seconds >= self.left():
            return False
        self.clock.sleep(seconds)
        return True


def deliver(attempt: Callable[[], Outcome], budget: Budget) -> Outcome:
    """Attempt until it is sent, refused, tried often enough or out of time. Returns the last outcome."""
    failures = 0
    while budget.left() > 0:
        outcome = attempt()
        if outcome.kind != LATER:
            return outcome
        if outcome.wait is None:
            failures += 1
            if failures == MOST:
                return outcome._replace(error=f"{outcome.error} Tried {MOST} times.")
        if not budget.wait(_delay(outcome, failures, budget.clock)):
            return outcome._replace(error=f"{outcome.error} No time is left to try again.")
    return Outcome(LATER, "The time of the alert action is used up.")


def _delay(outcome: Outcome, failures: int, clock: Clock) -> float:
    if outcome.wait is not None:
        return max(LEAST, outcome.wait) + clock.random()  # not all alerts at the same moment
    return float(FIRST * 2.0 ** (failures - 1) * (0.5 + clock.random()))
