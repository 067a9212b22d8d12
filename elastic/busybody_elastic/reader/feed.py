"""From a page to the scorer: identity, what is known already, whether it may page anybody; and what became of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Protocol

from ..documents import moment
from ..errors import Lost
from ..identity import identity_of
from ..records import GATEWAY, READER, SCORED, UNSCORED, Answer, Incoming, Router
from .lane import Found
from .wanted import is_own

PAUSE, LONGEST_PAUSE = 0.5, 15.0  # seconds before people without an owner are asked for again
Known = Callable[[Sequence[str], "float | None"], "set[str]"]


class Stopped(Exception):
    """The service is to stop; what was not fed comes again at the next start."""


class Notes(Router, Protocol):
    """What the reader needs of the router besides scoring."""

    @property
    def leads(self) -> bool:
        """Whether this instance is the one that reads: of several, one does."""

    def notes(self) -> Mapping[str, str]:
        """The notes of the last commit."""


@dataclass
class Stats:
    """Since the start of the process. Times in UTC epoch seconds."""

    scored: int = 0
    known: int = 0
    skipped: int = 0
    broken: int = 0
    unscored: int = 0  # answers that had to be asked for again
    position: float = 0.0  # time of the latest document that was fed
    lag_seconds: float = 0.0  # its age while there is more to read, 0 at the head

    @property
    def read(self) -> int:
        return self.scored + self.known + self.skipped + self.broken


class Feeder:
    """Feeds documents to the router until every one of them has an answer."""

    def __init__(
        self,
        router: Notes,
        known: Known,
        stop: threading.Event,
        now: Callable[[], float] = time.time,
        quiet_after: float = inf,
    ) -> None:
        """`known` says which of some identities have a result (`results.Results.known`); what happened longer ago than
        `quiet_after` seconds pages nobody."""
        self._router, self._known, self._stop, self._now = router, known, stop, now
        self.stats, self._quiet_after = Stats(), quiet_after
        self.sure = 0.0  # results from before this time (epoch seconds) are learned: no need to feed them again

    def feed(self, found: Iterable[Found], *, quiet_before: float = 0.0, look_up: bool = False) -> list[Answer]:
        """Score them in order; the answers. Waits for people who have no owner: raises Stopped where the service is to
        stop meanwhile, and Lost where another instance leads.

        What arrived before `quiet_before` (epoch seconds), or happened long ago, never pages anybody. With `look_up`,
        what has a result that was surely learned is left out.
        """
        old = self._now() - self._quiet_after
        incoming = [self._incoming(one, quiet_before, old) for one in found if not is_own(one.hit.index)]
        if look_up and incoming:
            done = self._known([one.identity for one in incoming], self.sure)
            self.stats.known += sum(one.identity in done for one in incoming)
            incoming = [one for one in incoming if one.identity not in done]
        answers: list[Answer] = []
        pause = PAUSE
        while incoming:
            batch = self._router.score(incoming).answers
            answers += [answer for answer in batch if answer.status != UNSCORED]
            incoming = [one for one, answer in zip(incoming, batch, strict=True) if answer.status == UNSCORED]
            if incoming:
                self.stats.unscored += len(incoming)
                if not self._router.leads:  # the one that does reads them
                    raise Lost("another instance leads now.")
                if self._stop.wait(pause):
                    raise Stopped
                pause = min(pause * 2, LONGEST_PAUSE)
        self._tally(answers)
        return answers

    def unvouched(self, found: Sequence[Found]) -> list[Found]:
        """Those of them that did not come through the gateway, which scored them then."""
        left = [one for one in found if not self._router.stamps.vouched(one.hit.source)]
        self.stats.known += len(found) - len(left)
        return left

    def identity(self, one: Found) -> str:
        """The one that the gateway stamped, else that of the document where it lies."""
        hit = one.hit
        return self._router.stamps.identity(hit.source) or identity_of(hit.source, hit.index, hit.id)

    def missing(self, found: Sequence[Found]) -> list[Found]:
        """Those of them that have no result at all."""
        named = [(one, self.identity(one)) for one in found]
        known = self._known([name for _, name in named], None)
        return [one for one, name in named if name not in known]

    def _incoming(self, one: Found, quiet_before: float, old: float) -> Incoming:
        hit = one.hit
        entrance = GATEWAY if self._router.stamps.vouched(hit.source) else READER
        quiet = one.value < quiet_before * 1000 or happened(hit.source) < old
        return Incoming(hit.source, self.identity(one), entrance, hit.index, hit.id, quiet)

    def _tally(self, answers: Sequence[Answer]) -> None:
        for answer in answers:
            setattr(self.stats, answer.status, getattr(self.stats, answer.status) + 1)

    @staticmethod
    def scored(answers: Sequence[Answer]) -> int:
        return sum(answer.status == SCORED for answer in answers)


def happened(document: Mapping[str, Any]) -> float:
    """When the sign-in happened by its `@timestamp` (epoch seconds); infinity where that cannot be read here."""
    return moment(document.get("@timestamp"), inf)
