"""A log lived through: every sign-in with what was known of its person when it came, as scoring will see it."""

from __future__ import annotations

from typing import Callable, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from ..fields.intake import Intake
from ..places import Locator
from ..policy import Policy
from ..population import Population
from ..profile import known
from ..scorer import DAY, Scorer
from ..signin import Assessment, SignIn
from ..stores import open as open_store
from ..stream.entries import Broken, Entry, Parser
from ..stream.order import sorted_by_time
from ..stream.source import Block, File, expand
from ..trained.features import Case

Complain = Callable[[str, int, Broken], None]


class Lived(NamedTuple):
    """One successful sign-in, not learned yet."""

    case: Case
    key: str  # the person, as the store names them
    assessment: Assessment
    settled: bool  # the person is no longer new


def live(signins: Iterable[SignIn], policy: Policy) -> Iterator[Lived]:
    """Score and learn the sign-ins in their order, in memory; yields each success of somebody with a past.

    Read what `case` holds before the next is asked for: the profile in it goes on to learn.
    """
    with open_store(":memory:") as store:
        scorer = Scorer(policy, store)
        for signin in signins:
            scorer.advance(signin.time)
            assessment = scorer.score(signin)  # settles what is due of this person
            person = scorer.people.get(signin.user)
            if person is not None and person.profile.habits and signin.outcome == "success" and not assessment.late:
                profile, rule = person.profile, policy.learning
                case = Case(signin, profile, known(profile, signin), _population(scorer, signin, profile.era), policy)
                new = profile.is_new(rule.new_person_signins, rule.new_person_days, signin.time)
                yield Lived(case, person.key, assessment, not new)
            scorer.learn(signin, assessment)


def _population(scorer: Scorer, signin: SignIn, era: int) -> Population:
    day, decay, organisation = int(signin.time // DAY), scorer.decay, scorer.organisation
    return Population(
        organisation, scorer.evidence.about(signin), decay.weight(day, era or decay.era(day)),
        decay.weight(day, organisation.era or decay.era(day)), day,
    )  # fmt: skip


def signins(
    paths: Sequence[str], policy: Policy, now: float, complain: Complain, *, container: Optional[str] = None,
    source: Optional[str] = None,
) -> Iterator[SignIn]:  # fmt: skip
    """All sign-ins of these logs, by time. Raises InputError for what cannot be read at all."""
    for _, _, payload in sorted_by_time(_entries(paths, policy, now, complain, container, source)):
        if type(payload) is SignIn:
            yield payload


def _entries(
    paths: Sequence[str],
    policy: Policy,
    now: float,
    complain: Complain,
    container: Optional[str],
    source: Optional[str],
) -> Iterator[Entry]:
    parser = Parser(Intake(policy, Locator(policy), source=source), now + DAY)
    files: List[File] = []
    try:
        files += [File(path, container) for path in expand(paths)]
        for file in files:
            for part in file.parts(parser):
                entries = parser.block(file.name, part.first, part.lines) if isinstance(part, Block) else part
                for entry in entries:
                    _complain(entry, complain)
                    yield entry
    finally:
        for file in files:
            file.close()


def _complain(entry: Tuple[str, int, object], complain: Complain) -> None:
    file, line, payload = entry
    if isinstance(payload, Broken):
        complain(file, line, payload)
