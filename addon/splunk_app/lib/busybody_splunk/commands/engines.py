"""Who scores for busyscore: the reader, which leaves the model as it is; the learner is in `learner`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterable, List, Protocol, Sequence, Set, Tuple

from busybody.people import KEPT, Keeper
from busybody.risk import level_of
from busybody.scorer import Scorer
from busybody.signin import Assessment, SignIn

from .opening import Opened
from .seen import all_new

if TYPE_CHECKING:
    from busybody.policy import Policy

    from ..chunks import Chunk
    from ..protocol import Messages
    from ..signins import SignIns
    from .seen import Marks

LEVELS = ("none", "low", "medium", "high", "critical")
Assessed = Tuple[Assessment, str, bool]  # the sentence, and whether somebody is to hear of it now


class Engine(Protocol):
    """Scores what one search reads."""

    signins: SignIns
    scorer: Scorer

    def assess(self, signins: Sequence[SignIn]) -> List[Assessed]:
        """The assessment of each, in their order."""

    def marks(self, chunk: Chunk, ours: Sequence[str]) -> Marks:
        """What says of the chunk's rows, in their order, whether they are new; `ours` are the columns we add."""

    def finish(self) -> None:
        """The last chunk was assessed."""

    def tell(self, messages: Messages) -> None:
        """What there is to say at the end."""

    def close(self) -> None:
        """Let go of whatever is held. Never raises; closing twice does nothing."""


class Reader:
    """Scores against the model as it is: any order and any chunks give the same answers."""

    def __init__(self, opened: Opened, policy: Policy, signins: SignIns, model: str, least: float) -> None:
        """Below the risk `least` nobody reads the sentence, and none is made."""
        self.signins = signins
        self._least = least
        store = opened.model(model)
        self.scorer = Scorer(policy, store)
        self._prefetch = Prefetch(self.scorer.people, store)

    def assess(self, signins: Sequence[SignIn]) -> List[Assessed]:
        self._prefetch(signins)
        return [self._assessed(signin) for signin in signins]

    def _assessed(self, signin: SignIn) -> Assessed:
        found = self.scorer.score(signin)
        if not found.findings or found.risk < self._least:
            return found, "", False
        return found, self.scorer.describe(signin, found), found.alert and self._is_new(found)

    def _is_new(self, assessment: Assessment) -> bool:
        """Whether it opens an incident, or raises the level of one that the model knows."""
        person = self.scorer.people.get(assessment.user)
        rows = person.incidents if person is not None else []
        known = next((row["risk"] for row in rows if row["id"] == assessment.incident), None)
        return known is None or rank(assessment.risk) > rank(known)

    def marks(self, chunk: Chunk, ours: Sequence[str]) -> Marks:  # noqa: ARG002  every engine has these
        """Who only reads keeps no account: every row is new."""
        return all_new

    def finish(self) -> None:
        """Nothing is kept."""

    def tell(self, messages: Messages) -> None:
        """Nothing was changed."""

    def close(self) -> None:
        """The model's connection is closed by who opened it."""


class Prefetch:
    """Reads the people of a chunk together, each once: the scorer keeps them."""

    def __init__(self, people: Keeper, model: Prefetching) -> None:
        self._people, self._model = people, model
        self._asked: Set[str] = set()

    def __call__(self, signins: Iterable[SignIn]) -> None:
        key = self._people.key
        wanted = set(map(key, {signin.user for signin in signins})) - self._asked
        if wanted:
            if len(self._asked) > KEPT:
                self._asked.clear()
            self._asked |= wanted
            self._model.prefetch(wanted)

    def forget(self) -> None:
        """The scorer has let go of people."""
        self._asked.clear()


class Prefetching(Protocol):
    """A model that reads people together."""

    def prefetch(self, users: Iterable[str]) -> None:
        """What is read waits for one call of `profile`."""


def rank(risk: float) -> int:
    """Levels as numbers, to compare."""
    return LEVELS.index(level_of(risk))
