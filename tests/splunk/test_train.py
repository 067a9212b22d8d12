"""busytrain: any order, flat memory, all or nothing; a long one that was ended goes on where it was."""

from __future__ import annotations

import random
from itertools import count
from pathlib import Path
from typing import Any, Dict, List

import pytest
from busybody.signin import SignIn
from busybody_splunk.commands import training
from busybody_splunk.commands.spool import Spool
from busybody_splunk.frames import Fatal
from busybody_splunk.lookup_model import COLUMNS as LOOKUP_COLUMNS
from busybody_splunk.model import Held
from busybody_splunk.rest import SplunkdError
from fake_splunkd import LIMITED_KEY
from searching import FAR, Head, csv_file, event, habit, head, simulated

__all__ = ["head"]


def shuffled(events: Any, seed: int = 3) -> List[Dict[str, str]]:
    mixed = list(events)
    random.Random(seed).shuffle(mixed)
    return mixed


def test_the_order_of_the_rows_does_not_matter(head: Head) -> None:
    events = simulated()[:700]
    head.run("busytrain", events, "model=sorted")
    head.run("busytrain", events[::-1], "model=newest", size=99)
    head.run("busytrain", shuffled(events), "model=mixed", size=50)
    assert head.content("newest") == head.content("sorted") == head.content("mixed")


def test_training_is_what_scoring_with_update_learns(head: Head) -> None:
    events = simulated()[:700]
    head.run("busytrain", shuffled(events), "model=trained")
    head.run("busyscore", events, "update=true", "model=scored", size=100)
    assert head.content("trained") == head.content("scored")


def test_the_summary_says_what_was_taken_in_and_what_not(head: Head) -> None:
    usual = habit("ana")
    events = [
        *usual, {**usual[3], "action": "logoff"}, {**usual[3], "_time": "never"}, {"_time": "1773000000", "host": "x"},
        event("bo", day=3, action="failure"), usual[7],
    ]  # fmt: skip
    outcome = head.run("busytrain", events[::-1], size=4)
    (row,) = outcome.rows
    reasons = row.pop("reasons")
    size = int(row.pop("bytes"))
    assert row == {
        "model": "default", "people": "1", "signins": "17", "taught": "15", "late": "0", "rows": "20", "skipped": "2",
        "broken": "1", "first": usual[0]["_time"], "last": usual[-1]["_time"], "resumed": "0",
    }  # fmt: skip
    assert any("a session ended" in reason for reason in reasons)
    assert 500 < size < 5_000
    assert outcome.said("INFO")[0].startswith("Read 4 rows")
    assert len(outcome.said("INFO")) == 5
    assert "1 rows could not be read, such as: time:" in outcome.said("WARN")[0]


def test_learning_goes_on_from_what_is_known(head: Head) -> None:
    events = simulated()[:700]
    head.run("busytrain", events, "model=whole")
    head.run("busytrain", events[:300], "model=parts")
    (row,) = head.run("busytrain", events[250:], "model=parts").rows
    assert int(row["signins"]) == 450
    assert head.content("parts")["profiles"] == head.content("whole")["profiles"]


def test_nothing_shows_before_the_end_and_nothing_remains_of_a_search_that_was_ended(head: Head) -> None:
    head.run("busytrain", habit("ana"))
    before = head.content()
    events = [event("bo", day) for day in range(9)]
    for stop in (0, 1, 3):
        assert head.run("busytrain", events, size=3, stop=stop).rows == []
        assert head.content() == before
    assert head.run("busytrain", events, size=3).rows[0]["people"] == "2"


@pytest.mark.slow
def test_whichever_request_fails_the_model_is_the_old_one_or_the_new_one(head: Head) -> None:
    head.run("busytrain", habit("ana"))
    before = head.content()
    events = [event("bo", day) for day in range(9)]
    for number in count():
        head.fake.fail(400, times=1, after=number)
        try:
            head.run("busytrain", events)
        except SplunkdError:
            head.fake._faults = []
            head.expire_leases()  # it may not even have been able to give its own up
            assert head.content() == before
        else:
            break  # only tidying up was disturbed: the new model is there
    head.fake._faults = []
    assert set(head.content()["profiles"]) == {"ana", "bo"}


def test_a_preview_trains_nothing(head: Head) -> None:
    assert head.run("busytrain", habit(), preview=True).rows == []
    assert head.content()["profiles"] == {}


def test_verdicts_that_wait_are_applied_first(head: Head) -> None:
    odd = event(day=14, hour=11.0, **FAR)
    head.run("busytrain", [*habit("ana"), *habit("bo")])
    head.run("busyscore", [odd], "update=true")
    head.run("busyverdict", (), "user=ana", f"event_id={odd['event_hash']}", "verdict=malicious")
    head.run("busytrain", [event("ana", day) for day in range(16, 19)])
    (risk,) = head.run("busyrisk", (), "user=ana").rows
    assert risk["status"] == "malicious"
    profile = head.run("busyprofile", (), "user=ana").rows
    assert "frozen" in [row.get("item") for row in profile]


def test_where_nothing_is_a_sign_in_an_error_says_what_is_needed(head: Head) -> None:
    outcome = head.run("busytrain", [{"_time": "1773000000", "host": "x"}])
    assert outcome.rows[0]["signins"] == "0"
    (error,) = outcome.said("ERROR")
    assert "None of 1 rows is a sign-in (no map knows this format)." in error
    assert "needs _time, user, action and src" in error


# --- who may, and when ------------------------------------------------------------------------------------------------


def test_without_the_right_nothing_is_even_read(head: Head) -> None:
    head.session_key = LIMITED_KEY
    with pytest.raises(SplunkdError, match="busytrain, which writes, needs the capability busybody_write"):
        head.run("busytrain", habit(), size=1)
    assert len(head.fake.requests) == 1


def test_two_at_once_are_refused(head: Head) -> None:
    head.model().writer("| busyscore of bo (search 7)", 600.0).close()
    with pytest.raises(Held, match="busyscore of bo"):
        head.run("busytrain", habit())


@pytest.mark.parametrize("args", [("outptu=model",), ("output=all",), ("help",), ("model=x.csv",)])
def test_a_search_that_cannot_be_meant_ends_with_words(head: Head, args: Any) -> None:
    outcome = head.script("busytrain", habit(), *args)
    assert outcome.exit_code == 1
    assert outcome.error
    assert outcome.said("ERROR") == [outcome.error]
    assert "Traceback" not in outcome.log


def test_one_audit_line(head: Head) -> None:
    head.run("busytrain", habit())
    (line,) = head.audit()
    assert 'action="train" actor="ana.admin" model="default"' in line
    assert "signins=15" in line
    assert "ana@" not in line


# --- as a lookup ------------------------------------------------------------------------------------------------------


def test_a_model_as_a_lookup_scores_as_the_model_does(head: Head) -> None:
    events, following = simulated()[:700], simulated()[700:900]
    head.run("busytrain", events)
    head.session_key = LIMITED_KEY  # it writes nothing: everybody may
    rows = head.run("busytrain", shuffled(events), "output=model").rows
    folder = head.home / "etc" / "apps" / "busybody" / "lookups"
    folder.mkdir(parents=True)
    csv_file(folder / "usual.csv", [{name: row.get(name, "") for name in LOOKUP_COLUMNS} for row in rows])
    head.session_key = head.fake.session_key
    expected = head.run("busyscore", following).rows
    head.fake.kv.down = "KV store is gone"
    assert head.run("busyscore", following, "model=usual.csv").rows == expected


# --- a long history ---------------------------------------------------------------------------------------------------


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred sign-ins are a long history."""
    monkeypatch.setattr(training, "CHECKPOINT", 100)
    monkeypatch.setattr(training, "STAGED", 40)


def ended(head: Head, events: Any, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """A training that is ended when it has learned so many."""
    counting = training.Tally.count

    def counted(self: Any, time: float) -> None:
        if self.signins >= after:
            raise KeyboardInterrupt
        counting(self, time)

    with monkeypatch.context() as patched:
        patched.setattr(training.Tally, "count", counted)
        with pytest.raises(KeyboardInterrupt):
            head.run("busytrain", events)


@pytest.mark.slow
@pytest.mark.usefixtures("short")
def test_a_long_history_is_learned_as_a_short_one(head: Head, monkeypatch: pytest.MonkeyPatch) -> None:
    events = simulated()[:600]
    head.run("busytrain", events[:50], "model=long")
    head.run("busytrain", events, "model=long")
    assert {row["model"] for row in head.fake.kv.collections["busybody_profiles"].values()} == {
        "long"
    }  # no draft is left
    monkeypatch.setattr(training, "CHECKPOINT", 10_000)
    head.run("busytrain", events[:50], "model=plain")
    head.run("busytrain", events, "model=plain")
    assert head.content("long") == head.content("plain")


@pytest.mark.usefixtures("short")
def test_a_training_that_was_ended_goes_on_where_it_was(head: Head, monkeypatch: pytest.MonkeyPatch) -> None:
    events = simulated()[:600]
    head.run("busytrain", events, "model=whole")
    before = head.content()
    ended(head, shuffled(events), monkeypatch, after=450)
    assert head.content() == before
    (row,) = head.run("busytrain", shuffled(events, seed=4)).rows
    assert (row["resumed"], row["signins"]) == ("360", "600")
    assert head.content() == head.content("whole")


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("change", ["events", "model", "verdict"])
def test_a_draft_of_something_else_is_begun_anew(head: Head, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    events = list(simulated()[:600])
    head.run("busytrain", events[:99])
    ended(head, events, monkeypatch, after=450)
    if change == "events":
        del events[30]
    elif change == "model":
        head.run("busyscore", events[99:120], "update=true")
    else:
        head.run("busyverdict", (), f"user={events[0]['user']}", "event_id=x", "verdict=closed", "anyway=true")
    (row,) = head.run("busytrain", events).rows
    assert row["resumed"] == "0"


# --- the spool --------------------------------------------------------------------------------------------------------


def test_the_spool_stands_with_the_search_and_gives_time_order(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path))
    signins = [SignIn(id=f"e{number}", time=1e9 + number * 7919 % 1000, user="ana") for number in range(300)]
    for signin in signins:
        spool.add(signin)
    assert list(spool.in_time()) == sorted(signins, key=lambda signin: signin.time)
    spool.close()
    assert list(tmp_path.iterdir()) == []


def test_where_the_search_has_no_folder_the_system_has_one() -> None:
    spool = Spool("/nowhere/at/all")
    spool.add(SignIn(id="e", time=1e9, user="ana"))
    assert [signin.user for signin in spool.in_time()] == ["ana"]
    spool.close()


def test_the_script_trains(head: Head) -> None:
    outcome = head.script("busytrain", [*habit("ana"), *habit("bo")], size=7)
    assert outcome.rows[0]["people"] == "2"
    assert outcome.configuration["type"] == "reporting"
    with pytest.raises(Fatal):
        head.run("busytrain", (), "nothing")
