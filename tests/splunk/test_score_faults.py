"""What can go wrong with busyscore: one ERROR says what to do, every row passes marked, and the model stays as it was."""

from __future__ import annotations

import re
from itertools import count
from typing import Any, Callable, Dict, List, Tuple

import driver
import pytest
from busybody_splunk.columns import SAID
from busybody_splunk.frames import Fatal
from driver import Outcome
from fake_splunkd import LIMITED_KEY
from searching import Event, Head, event, habit, head, simulated

__all__ = ["head"]
Setting = Callable[[Head], None]
EVENTS = [event(day=15), event("bo", day=15)]


def one_error(outcome: Outcome, events: List[Event], prefix: str = "busy_") -> str:
    """The message, after it is made sure that all rows passed, marked with it and with nothing else."""
    (error,) = outcome.said("ERROR")
    assert outcome.error is None
    assert len(outcome.rows) == len(events)
    for row, given in zip(outcome.rows, events):
        added = {name: value for name, value in row.items() if name not in given}
        assert list(added) == [prefix + "error"]
        assert added[prefix + "error"] in error
    assert {*SAID} >= {"error"}
    return error


def broken_profile(head: Head) -> None:
    for row in head.fake.kv.collections["busybody_profiles"].values():
        row["text"] = "{not json"


def broken_population(head: Head) -> None:
    for row in head.fake.kv.collections["busybody_population"].values():
        row["text"] = "gone"


def kv_store_down(head: Head) -> None:
    head.fake.kv.down = "KV Store initialization has not been completed yet."


def session_over(head: Head) -> None:
    head.session_key = "a session that has ended"


def bad_policy(head: Head) -> None:
    head.fake.conf.set("local", "busybody", "policy:default", {"alerts.budget": "many"})


def no_right(head: Head) -> None:
    head.session_key = LIMITED_KEY


def another_writer(head: Head) -> None:
    head.model().writer("| busytrain of bo (search 7)", 600.0).close()  # the connection; the lease goes on


def nothing(head: Head) -> None:
    pass


CASES: Dict[str, Tuple[Setting, Tuple[str, ...], str]] = {
    "an unknown option": (nothing, ("updat=true",), "Did you mean update?"),
    "a bad value": (nothing, ("update=perhaps",), "update='perhaps' is not true or false."),
    "no risk": (nothing, ("min_risk=101",), "a number from 0 to 100"),
    "an unknown map": (nothing, ("fields=badges",), "there is no field map 'badges'. Known are: "),
    "an unknown policy": (nothing, ("policy=nope",), "has no policy 'nope'"),
    "an unknown lookup": (nothing, ("model=nope.csv",), "does not exist. Upload the lookup"),
    "a lookup to write": (nothing, ("model=usual.csv", "update=true"), "is a lookup, which is only read"),
    "the KV store": (kv_store_down, (), "the KV store is not available"),
    "the session": (session_over, (), "The session has ended. Run the search again."),
    "a bad policy": (bad_policy, (), "alerts.budget"),
    "a damaged profile": (broken_profile, (), "ana"),
    "a damaged organisation": (broken_population, (), "the population is damaged"),
    "no right": (no_right, ("update=true",), "needs the capability busybody_write"),
    "another writer": (another_writer, ("update=true",), "is being written by | busytrain of bo (search 7)"),
    "the KV store, to write": (kv_store_down, ("update=true",), "the KV store is not available"),
}


@pytest.fixture
def known(head: Head) -> Head:
    head.run("busytrain", [*habit("ana"), *habit("bo")])
    return head


@pytest.mark.parametrize("name", CASES)
def test_one_error_says_what_to_do_and_rows_pass_marked(known: Head, name: str) -> None:
    prepare, args, words = CASES[name]
    before = known.content()
    key = known.session_key
    prepare(known)
    events = [dict(row) for row in EVENTS]
    outcome = known.run("busyscore", events, *args, size=1)
    error = one_error(outcome, events)
    assert words in error
    assert key not in error
    assert known.session_key not in error
    known.session_key, known.fake.kv.down = key, None
    if not prepare.__name__.startswith("broken"):
        assert known.content() == before


def test_the_script_says_the_same(known: Head) -> None:
    kv_store_down(known)
    outcome = known.script("busyscore", EVENTS, "update=true")
    assert "the KV store is not available" in one_error(outcome, EVENTS)
    assert outcome.exit_code == 0
    assert "Traceback" not in outcome.log


def test_newest_first_is_refused_when_it_would_learn(known: Head) -> None:
    events = list(simulated()[:400])[::-1]
    before = known.content()
    error = one_error(known.run("busyscore", events, "update=true"), events)
    assert "| sort 0 _time" in error
    with pytest.raises(Fatal, match=re.escape("| sort 0 _time")):  # found out when some of it is scored
        known.run("busyscore", events, "update=true", size=7)
    assert known.content() == before
    assert known.run("busyscore", events).said("ERROR") == []


@pytest.mark.slow
def test_a_store_that_fails_in_the_middle_leaves_the_model_as_it_was(known: Head) -> None:
    """Whichever request it is: the model is the old one and no score can be written, or it is the new one."""
    events = [*(event("ana", 15 + day) for day in range(3)), *(event("cy", 15 + day) for day in range(3))]
    before, ways = known.content(), set()
    for number in count():
        known.fake.fail(400, times=1, after=number)
        try:
            outcome = known.run("busyscore", events, "update=true", size=2)
            failed, way = outcome.said("ERROR"), "marked"
            assert len(outcome.rows) == len(events)
            assert not failed or not any("busy_new" in row for row in outcome.rows)
        except Fatal as error:
            failed, way = [str(error)], "ended"
        known.fake._faults = []
        if not failed:
            break  # only tidying up was disturbed
        ways.add(way)
        known.expire_leases()
        assert "Nothing was learned" in failed[0]
        assert known.content() == before
    assert ways == {"marked", "ended"}
    assert set(known.content()["profiles"]) == {"ana", "bo", "cy"}


def test_a_commit_that_is_refused_ends_the_search(known: Head) -> None:
    """It comes with the last chunk, after every row has gone out with its score."""
    before, down = known.content(), "KV Store is shutting down."
    script = driver.Script(driver.BIN / "busyscore.py", environment={"SPLUNK_HOME": str(known.home)})
    with driver.Process(script) as process:
        told = process.getinfo(args=["update=true"], **known.told("busyscore"))
        assert told is not None
        columns = [*told.metadata["required_fields"], "_chunked_idx"]
        scored = process.execute(driver.body_of(columns, EVENTS), finished=False)
        assert scored is not None
        known.fake.kv.down = down
        last = process.execute(b"", finished=True)
        assert last is not None
        assert "the KV store is not available" in last.metadata["error"]
        assert "nothing may be written" in last.metadata["error"]
    known.fake.kv.down = None
    assert known.content() == before


def test_a_search_is_cancelled_in_peace_while_the_kv_store_is_down(known: Head) -> None:
    """The lease ends by itself."""
    from busybody_splunk.chunks import Chunk
    from busybody_splunk.commands import score
    from busybody_splunk.protocol import Messages

    command, messages = score.command(), Messages()
    command.begin(known.search("busyscore", ["update=true"]), messages)
    command.take(Chunk(driver.body_of(list(EVENTS[0]), EVENTS), finished=False))
    known.fake.kv.down = "KV Store is shutting down."
    command.close()
    command.close()


def test_a_preview_learns_nothing(known: Head) -> None:
    before = known.content()
    rows = known.run("busyscore", EVENTS, "update=true", preview=True).rows
    assert all("busy_risk" in row for row in rows)
    assert known.content() == before
    assert not [line for line in known.audit() if 'action="score"' in line]


def test_a_search_that_is_cancelled_learns_nothing_and_leaves_no_lease(known: Head) -> None:
    before = known.content()
    events = [event("ana", 15 + day) for day in range(6)]
    for stop in (1, 2, 3):
        known.run("busyscore", events, "update=true", size=2, stop=stop)
        assert known.content() == before
    assert known.run("busyscore", events, "update=true").said("ERROR") == []


def test_a_search_that_is_killed_leaves_the_model_as_it_was(known: Head, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that dies at once gives nothing up: the next writer waits for its lease, then goes on without it."""
    before = known.content()
    events = [event("ana", 15 + day) for day in range(4)]
    script = driver.Script(driver.BIN / "busyscore.py", environment={"SPLUNK_HOME": str(known.home)})
    with driver.Process(script) as process:
        told = process.getinfo(args=["update=true"], **known.told("busyscore"))
        assert told is not None
        columns = [*told.metadata["required_fields"], "_chunked_idx"]
        assert process.execute(driver.body_of(columns, events), finished=False) is not None
        process.kill()
    assert known.content() == before
    held = known.run("busyscore", events, "update=true").said("ERROR")[0]
    assert "is being written by | busyscore of admin" in held
    known.expire_leases()
    assert known.run("busyscore", events, "update=true").said("ERROR") == []
    assert known.content() != before


def test_messages_name_the_first_broken_rows_alone(head: Head) -> None:
    events: List[Any] = [{**event(), "_time": f"never {number}"} for number in range(10)]
    (warning,) = head.run("busyscore", events).said("WARN")
    assert warning.count("row ") == 3
    assert warning.endswith(" ...")
