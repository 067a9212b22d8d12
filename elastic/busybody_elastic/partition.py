"""Partition: one scorer and everything of its people.

Order of writes: results, alerts, incidents, people's risk, and last the state with the reader's cursor in its notes.
Learning is idempotent by event id, so what was scored but not committed when a process died is taken in again by the
next one, while the result that it wrote then holds.

All methods may be called from any thread. A commit works on a snapshot, so that scoring goes on meanwhile. What costs
most of it is to write down everybody who was met; so it comes seldom, and `publish` brings results out before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from threading import Lock
from typing import Any, TypeVar

from busybody.errors import ModelError
from busybody.policy import Policy
from busybody.scorer import Scorer
from busybody.stores import Store
from busybody.verdict import Verdict

from .errors import Lost
from .flight import Ahead
from .model import Item, Model, late
from .people_risk import DECAY
from .provisional import EXPIRES, Gate, Ticket
from .records import Answer, Batch
from .results import Results

T = TypeVar("T")
FEW, YIELD = 32, 0.0005  # people written down in one go, some milliseconds; seconds in which others get their turn
WAITS = 0.6  # of a deadline may be spent on waiting for others


class Partition:
    def __init__(
        self, number: int, policy: Policy, store: Store, results: Results, *, clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic, expires: float = EXPIRES,
    ) -> None:  # fmt: skip
        """Opens the model in `store`. `clock`: UTC epoch seconds; `expires`: see `provisional`."""
        self.number, self.policy, self.store, self.results = number, policy, store, results
        self._clock, self._monotonic = clock, monotonic
        self._lease = getattr(store, "lease", None)
        self._ahead = Ahead(store, serial=self._lease is None)
        since = clock() if results.exist() else float("-inf")
        self._model = Model(policy, self._ahead, results.documents, since)
        self._gate = Gate(monotonic, expires, number)
        self._gate.expired = lambda name: self._settle(name, ())
        self._turn, self._commits = self._gate.turn, Lock()
        self.scored, self.last_scored = 0, 0.0

    def score(
        self, items: Sequence[Item], *, learn: bool = True, provisional: bool = False, deadline: float | None = None
    ) -> Batch:
        """See `records.Router.score`; of items without an Incoming only is heard, and they have no answer.

        Raises Lost, and StoreError or ClusterError where nothing can be read.
        """
        start, over, patience = self._monotonic(), None, None
        if deadline is not None:
            limit, patience = start + deadline, start + WAITS * deadline
            over = lambda: self._monotonic() > limit  # noqa: E731
        users = {signin.user for item, signin in items if item is not None}
        with self._turn:
            self._gate.check()
            doubtful, missing = self._model.doubtful(items) if learn else [], self._model.missing(users)
        before = self.results.known(doubtful) if doubtful else set()
        fetched = self._ahead.fetch(missing)
        with self._turn:
            hold = provisional and learn
            self._gate.wait(lambda: self._gate.lets_in(() if hold else users, provisional), patience)
            fits = self._ahead.use(fetched)
            try:
                if over is not None and missing and fits and over():
                    self._model.meet(users)
                if not self._gate.lets_in((), provisional):
                    return Batch(late(items))
                if hold:
                    return self._hold(items, users, before, over, patience)
                return Batch(
                    self._model.batch(
                        items, learn=learn, ticket=None, held=self._gate.held, before=before, now=self._clock(),
                        is_over=over,
                    )
                )  # fmt: skip
            except Lost as error:
                self._gate.lose(error)
                raise
            finally:
                self._ahead.use(None)

    def _hold(
        self, items: Sequence[Item], users: set[str], before: set[str], over: Callable[[], bool] | None,
        patience: float | None,
    ) -> Batch:  # fmt: skip
        """Score provisionally. Who is in an older batch that is not settled comes last, when that is."""
        gate = self._gate
        name, ticket = gate.open(users)
        try:
            busy = gate.before(ticket)
            answers, places = self._provisional(items, ticket, lambda user: user not in busy, (), before, over)
            if busy:
                self._ahead.use(None)  # others come in meanwhile
                gate.wait(lambda: not gate.before(ticket), patience)
                rest, last = self._provisional(
                    items, ticket, lambda user: user in busy, gate.before(ticket), before, over
                )
                answers.update(rest)
                places += last
                ticket.put_in_order(places)
        except BaseException:
            if gate.lost is None and name in gate.tickets:
                self._settle(name, ())
            raise
        return Batch([answers[place] for place in sorted(answers)], gate.done(name, ticket))

    def _provisional(
        self, items: Sequence[Item], ticket: Ticket, which: Callable[[str], bool], held: Collection[str],
        before: set[str], over: Callable[[], bool] | None,
    ) -> tuple[dict[int, Answer], list[int]]:  # fmt: skip
        """Score those; the answers by place, and the places in the order in which they were taken."""
        places = [place for place, (item, signin) in enumerate(items) if which(signin.user if item else "")]
        chosen = [items[place] for place in places]
        answers = self._model.batch(
            chosen, learn=True, ticket=ticket, held=held, before=before, now=self._clock(), is_over=over
        )
        asked = [place for place, (item, _) in zip(places, chosen, strict=True) if item is not None]
        return dict(zip(asked, answers, strict=True)), places

    def settle(self, ticket: str, accepted: Sequence[bool]) -> None:
        """See `records.Router.settle`. A ticket that was settled or has expired changes nothing."""
        with self._turn:
            self._gate.check()
            self._settle(ticket, accepted)

    def _settle(self, name: str, accepted: Sequence[bool]) -> None:
        ticket = self._gate.release(name)
        if ticket is not None:
            self._model.take_back(ticket.refused(accepted))

    def run(self, operation: Callable[[Scorer], T], *, settled: bool = False) -> T:
        """Do something to the scorer that it is to do again where it has to be built anew.

        `settled` waits until no ticket is open, so that nothing of it depends on what may still be taken back.
        """
        with self._turn:
            self._gate.wait(lambda: not self._gate.alone and not (settled and self._gate.tickets))
            return self._model.run(operation)

    def feedback(self, verdict: Verdict, mark: str, told: Mapping[str, Any]) -> str:
        """Take a verdict, once: `mark` names it. `told` is {answer, verified, channel, by, time} as it is to be shown.

        Returns what it did, in words. It is for good with the next commit.
        """
        with self._turn:
            self._gate.wait(lambda: self._gate.lets_in((verdict.user,), False))
            return self._model.feedback(verdict, mark, told, self._clock())

    # Commit -------------------------------------------------------------------------------------------------

    @property
    def wants_commit(self) -> bool:
        """Whether it is time to commit, so that memory stays flat."""
        return self._model.wants_commit

    def commit(self, notes: Mapping[str, str] | None = None, *, done: bool = False) -> None:
        """Results, then state, are durable once this returns. `done`: the back-fill is, and is digested.

        Waits for open tickets. Raises ClusterError or StoreError where it has to be tried again, and Lost.
        """
        with self._commits:
            self._land(again=True)
            self._write_down()
            self._take_off(notes or {}, done=done)
            ended = self._ahead.flight is not None and self._ahead.flight.outcome.digest is not None
            self._land()
        if ended:  # what the back-fill wrote is as of then
            self.refresh_risk()

    def publish(self) -> None:
        """Write the results of what cannot be refused any more; the state follows with the next commit.

        Raises as `commit` does.
        """
        with self._commits:
            self._land(again=True)
            with self._turn:
                self._gate.check()
                self._ahead.flight = self._model.publish(self._gate.earliest, self._clock())
            self._land()

    def _write_down(self) -> None:
        """Write down most people a few at a time, so that others have their turn in between."""
        for _ in range(0, self._model.unwritten, FEW):
            with self._turn:
                self._gate.check()
                self._model.write_down(FEW)
            time.sleep(YIELD)

    def _take_off(self, notes: Mapping[str, str], *, done: bool = False, alone: bool = False) -> None:
        """Take what is to be written, where there is anything; with `alone` nobody is let in until `let_in`."""
        gate = self._gate
        with self._turn:
            gate.closed = True
            try:
                gate.wait(lambda: not gate.tickets)
                gate.alone = alone or self._model.scorer.people.is_full()
                self._ahead.flight = self._model.pack(notes, done, self._clock())
            finally:
                gate.closed = False
                self._turn.notify_all()

    def _land(self, *, again: bool = False, stay: bool = False) -> None:
        """Write the flight, if there is one. Where that fails it stays, for the next commit."""
        flight = self._ahead.flight
        try:
            if flight is None:
                return
            if self._lease is not None:
                self._lease.check()
            self.results.write(flight.outcome, doubtful=again)
            self._ahead.land()
            with self._turn:
                self._ahead.landed()
                self.scored += len(flight.outcome.scored)
                self.last_scored = flight.outcome.now
                if self._gate.alone:
                    self._model.scorer.people.let_go()
        except Lost as error:
            self.drop(error)
            raise
        finally:
            if not stay:
                self._gate.let_in()

    def drop(self, error: Lost | None = None) -> None:
        """Somebody else owns the people: everything is dropped, and who waits here hears it."""
        with self._turn:
            self._gate.lose(error or Lost("the people of this partition belong to another instance now"))
            self._model.drop()

    # Forget, look -------------------------------------------------------------------------------------------

    def forget(self, user: str) -> list[str]:
        """Erase a person from the state. Says what went, in words; their documents are for `forget.forget`."""
        from .forget import forget_in

        with self._commits:
            try:
                self._land(again=True, stay=True)
                self._take_off({}, alone=True)
                self._land(stay=True)
                with self._turn:
                    self._gate.check()
                    gone = forget_in(self.store, self.policy, user, self._clock())
                    self._ahead.landed()
                    self._model.reread()
                    return gone
            finally:
                self._gate.let_in()

    def refresh_risk(self, owns: Callable[[str], bool] = lambda _: True) -> int:
        """Write the risk of people with open incidents as it has decayed; of those that `owns` names. Hourly."""
        now, standings = self._clock(), []
        for user in filter(owns, self.results.at_risk()):
            with self._turn:
                self._gate.wait(lambda: not self._gate.alone)
                try:
                    found = self._model.standing(user, now)
                except ModelError:  # nothing is known of a damaged person; the others are told of
                    found = None
            if found is not None:
                standings.append((user, found, now, DECAY))
        return self.results.write_risk(standings)

    def status(self) -> dict[str, Any]:
        """For the heartbeat and metrics. Times are epoch seconds; 0.0 for never."""
        with self._turn:
            model = self._model
            return {
                "partition": self.number, "scored": self.scored, "uncommitted": model.entries,
                "tickets": len(self._gate.tickets), "last_signin": model.last_signin, "last_scored": self.last_scored,
                "epoch": model.scorer.organisation.epoch, "lost": self._gate.lost is not None,
            }  # fmt: skip
