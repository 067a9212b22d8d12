"""Answers: added by anybody entitled, each applied by exactly one commit."""

from __future__ import annotations

import pytest
from busybody.errors import StoreError
from busybody.signin import SignIn
from busybody.verdict import Verdict
from busybody_splunk.model import KVModel
from busybody_splunk.verdicts import VERDICTS, Verdicts
from direct import Direct
from fake_splunkd import Instance
from interleaved import Program

SIGNIN = SignIn("e1", 5.0, "ana", "success", ip="192.0.2.1", flags=("vpn",), lat=1.5, extra={"a": 1})
BENIGN = Verdict("ana", "e1", "benign", 10.0, verified=True)


@pytest.fixture
def instance() -> Instance:
    return Instance()


@pytest.fixture
def verdicts(instance: Instance) -> Verdicts:
    return Verdicts(Direct(instance))


def test_answer_comes_back_as_it_was_given(verdicts: Verdicts, instance: Instance) -> None:
    given = BENIGN._replace(signin=SIGNIN, analyst=True)
    assert verdicts.add(given, "admin")
    (pending,) = verdicts.pending()
    assert pending.verdict == given
    (row,) = instance.kv.collections[VERDICTS].values()
    assert (row["flags"], row["given_by"], row["given_at"], row["applied"]) == ("verified,analyst", "admin", 10.0, 0)


def test_same_answer_again_is_known(verdicts: Verdicts) -> None:
    assert verdicts.add(BENIGN)
    assert not verdicts.add(BENIGN._replace(time=11.0))
    assert verdicts.add(BENIGN._replace(event_id="e2"))
    assert verdicts.add(BENIGN._replace(user="bob"))
    assert len(verdicts.pending()) == 3


def test_changed_mind_comes_after_the_first(verdicts: Verdicts) -> None:
    answers = [BENIGN, BENIGN._replace(answer="malicious"), BENIGN, BENIGN._replace(verified=False)]
    assert [verdicts.add(each) for each in answers] == [True] * 4
    assert [each.verdict for each in verdicts.pending()] == answers
    assert not verdicts.add(answers[-1])


def test_answer_over_a_broken_connection_is_ours(verdicts: Verdicts, instance: Instance) -> None:
    instance.fail(cut=True, late=True)
    assert verdicts.add(BENIGN, "admin")
    assert len(verdicts.pending()) == 1
    assert not verdicts.add(BENIGN, "somebody else")


def test_what_is_no_answer_is_refused(verdicts: Verdicts) -> None:
    with pytest.raises(StoreError, match="'maybe' is no verdict. Say one of: benign, malicious, closed."):
        verdicts.add(BENIGN._replace(answer="maybe"))


def test_answers_go_with_the_commit(verdicts: Verdicts, instance: Instance) -> None:
    model = KVModel(Direct(instance))
    verdicts.add(BENIGN)
    with model.writer("gives up", 60) as writer:
        verdicts.applied(writer, verdicts.pending())
    assert len(verdicts.pending()) == 1
    with model.writer("me", 60) as writer:
        verdicts.applied(writer, verdicts.pending())
        verdicts.add(BENIGN._replace(event_id="later"))
        writer.commit()
    assert [each.verdict.event_id for each in verdicts.pending()] == ["later"]
    assert sorted(row["applied"] for row in instance.kv.collections[VERDICTS].values()) == [0, 2]


def test_models_have_their_own_answers(instance: Instance, verdicts: Verdicts) -> None:
    verdicts.add(BENIGN)
    assert Verdicts(Direct(instance), "lab").add(BENIGN)
    assert len(verdicts.pending()) == 1


def test_spoiled_answer_is_named(instance: Instance, verdicts: Verdicts) -> None:
    verdicts.add(BENIGN)
    (row,) = instance.kv.collections[VERDICTS].values()
    del row["answer"]
    with pytest.raises(StoreError, match=r"a verdict is damaged \(KeyError\('answer'\)\)\. Delete that document"):
        verdicts.pending()


def test_of_two_equal_answers_at_once_one_gets_in() -> None:
    for one_first in range(4):
        for other_then in range(4):
            instance = Instance()
            one, two = (
                Program(instance, lambda splunkd: Verdicts(splunkd).add(BENIGN)),
                Program(instance, lambda splunkd: Verdicts(splunkd).add(BENIGN)),
            )
            for _ in range(one_first):
                one.step()
            for _ in range(other_then):
                two.step()
            assert sorted([one.run().result, two.run().result]) == [False, True]
            assert len(Verdicts(Direct(instance)).pending()) == 1
