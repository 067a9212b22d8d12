"""The real scorer on the model in the KV store: the same answers as on any other store, whoever dies in between."""

from __future__ import annotations

from typing import Any, List, Tuple

import pytest
from busybody.policy import Policy
from busybody.scorer import Scorer
from busybody.signin import SignIn
from busybody.simulate import Organisation, generate
from busybody.stores.memory import MemoryStore
from busybody.verdict import Verdict
from busybody_splunk.lookup_model import LookupModel, rows_of
from busybody_splunk.model import KVModel
from busybody_splunk.verdicts import Verdicts
from busybody_splunk.writer import Writer
from direct import Direct
from fake_splunkd import Instance

LEASE = 300.0
Answers = List[Tuple[str, float, str]]


@pytest.fixture(scope="module")
def month() -> List[SignIn]:
    """Three weeks of a small organisation, attacks among them."""
    events = generate(Organisation(people=25, days=21, seed=11))
    return sorted((event.signin for event in events), key=lambda signin: signin.time)


def answer(scorer: Scorer, signin: SignIn, *, learn: bool) -> Tuple[str, float, str]:
    assessment = scorer.process(signin) if learn else scorer.score(signin)
    return signin.id, assessment.risk, assessment.learned


def prefetched(scorer: Scorer, model: Any, signins: List[SignIn]) -> None:
    model.prefetch({scorer.people.key(signin.user) for signin in signins}, journals=True)


def update(writer: Writer, signins: List[SignIn], verdicts: Verdicts) -> Answers:
    scorer = Scorer(Policy.default(), writer)
    waiting = verdicts.pending()
    for each in waiting:
        scorer.feedback(each.verdict)
    verdicts.applied(writer, waiting)
    prefetched(scorer, writer, signins)
    told = [answer(scorer, signin, learn=True) for signin in signins]
    scorer.save({"until": str(signins[-1].time)})
    return told


def reference(windows: List[List[SignIn]], verdict: Verdict) -> Tuple[Answers, Scorer]:
    """The same on one store in memory."""
    store = MemoryStore()
    told: Answers = []
    for number, window in enumerate(windows):
        scorer = Scorer(Policy.default(), store)
        if number == 2:
            scorer.feedback(verdict)
        told += [answer(scorer, signin, learn=True) for signin in window]
        scorer.save({"until": str(window[-1].time)})
    return told, Scorer(Policy.default(), store)


def test_scorer_is_the_same_on_the_kv_store(month: List[SignIn], tmp_path: Any) -> None:
    third = len(month) // 3
    windows = [month[:third], month[third - 40 : 2 * third], month[2 * third - 40 :]]  # they overlap
    instance, now = Instance(), [0.0]
    splunkd = Direct(instance)
    model, verdicts = KVModel(splunkd, clock=lambda: now[0]), Verdicts(splunkd)
    odd = max(month[: 2 * third], key=lambda signin: signin.time if signin.outcome == "success" else 0.0)
    verdict = Verdict(odd.user, odd.id, "malicious", odd.time + 60.0, analyst=True, signin=odd)
    expected, plain = reference(windows, verdict)

    told: Answers = []
    for number, window in enumerate(windows):
        now[0] = window[-1].time
        if number == 2:
            assert verdicts.add(verdict)
            dies = model.writer("killed before its commit", LEASE)
            learning = Scorer(Policy.default(), dies.staging())
            for each in verdicts.pending():
                learning.feedback(each.verdict)
            prefetched(learning, dies, window)
            for signin in window[:200]:
                learning.process(signin)
            learning.save()
            now[0] += LEASE + 1
        with model.writer("busyscore", LEASE) as writer:
            told += update(writer, window, verdicts)
    assert told == expected
    assert verdicts.pending() == []

    model.refresh()
    assert model.meta() == {"until": str(month[-1].time)}
    rows = tmp_path / "model.csv"
    rows.write_text("kind,key,text\n" + "".join(",".join(map(_cell, row)) + "\n" for row in rows_of(model)), "utf-8")
    reader, lookup = Scorer(Policy.default(), model), Scorer(Policy.default(), LookupModel(str(rows)))
    prefetched(reader, model, month)
    later = [signin._replace(id=f"again-{signin.id}", time=signin.time + 30 * 86400.0) for signin in month[::7]]
    wanted = [answer(plain, signin, learn=False) for signin in later]
    assert [answer(reader, signin, learn=False) for signin in later] == wanted
    assert [answer(lookup, signin, learn=False) for signin in reversed(later)] == wanted[::-1]


def _cell(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def test_training_in_pieces_is_training_at_once(month: List[SignIn]) -> None:
    at_once = KVModel(Direct(Instance()))
    with at_once.writer("busytrain", LEASE) as writer:
        scorer = Scorer(Policy.default(), writer)
        for signin in month:
            scorer.process(signin)
        scorer.save()
    in_pieces = KVModel(Direct(Instance()))
    with in_pieces.writer("busytrain", LEASE) as writer:
        scorer = Scorer(Policy.default(), writer.staging())
        for number, signin in enumerate(month):
            scorer.process(signin)
            if number % 700 == 0:
                scorer.save({"learned": str(number)})
                in_pieces.refresh()
                assert in_pieces.count() == 0  # nothing shows before the commit
        scorer.save()
        assert writer.count() == at_once.count()
        writer.commit()
    in_pieces.refresh()
    users = list(at_once.users())
    assert list(in_pieces.users()) == users
    assert in_pieces.profiles(users) == at_once.profiles(users)
    assert [in_pieces.journal(user) for user in users] == [at_once.journal(user) for user in users]
    assert in_pieces.population() == at_once.population()


def test_new_day_is_settled_in_few_requests() -> None:
    """Everybody who signed in during the day waits until it is over, and is then read by the scorer one by one."""
    events = generate(Organisation(people=150, days=4, seed=3))
    signins = sorted((event.signin for event in events), key=lambda signin: signin.time)
    splunkd = Direct(Instance())
    model = KVModel(splunkd)
    most = 0
    start = signins[0].time // 86400 * 86400 + 86400
    for end in range(int(start) + 3600, int(start) + 2 * 86400, 3600):
        window = [signin for signin in signins if end - 3600 <= signin.time < end]
        before = splunkd.requests
        with model.writer("busyscore", LEASE) as writer:
            scorer = Scorer(Policy.default(), writer.staging())
            prefetched(scorer, writer, window)
            for signin in window:
                scorer.process(signin)
            scorer.save()
            writer.commit()
        most = max(most, splunkd.requests - before)
    assert most < 60
