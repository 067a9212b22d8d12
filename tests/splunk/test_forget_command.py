"""busyforget: a person is erased wherever the app keeps something of them, at once or not at all."""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from typing import Any, List

import pytest
from busybody.errors import BusybodyError
from busybody_splunk.audit import person as hashed
from busybody_splunk.commands.draft import SUFFIX
from busybody_splunk.frames import Fatal
from busybody_splunk.model import Held
from busybody_splunk.rest import SplunkdError
from fake_splunkd import LIMITED_KEY
from searching import FAR, Head, event, habit, head

__all__ = ["head"]
ANA, BO = "ana.ruiz@example.com", "bo.lind@example.com"
KEY = "a key of the tests, long enough"


def traces(head: Head, *words: str) -> List[str]:
    """Collections that hold one of the words somewhere."""
    kept = head.fake.kv.collections
    return sorted(name for name, rows in kept.items() if any(word in json.dumps(rows) for word in words))


def numbered(*events: Any) -> List[Any]:
    """With ids that name nobody, as logs have them."""
    return [{**each, "event_hash": f"e{float(each['_time']):.0f}-{each['user'][:2]}"} for each in events]


def learn(head: Head) -> Any:
    (odd,) = numbered(event(ANA, day=14, hour=11.0, **FAR))
    head.run("busytrain", numbered(*habit(ANA), *habit(BO)))
    head.run("busyscore", [odd], "update=true")
    head.run("busyverdict", (), f"user={ANA}", f"event_id={odd['event_hash']}", "verdict=malicious")
    head.run("busyscore", numbered(event(BO, 18)), "update=true")
    return odd


@pytest.fixture
def known(head: Head) -> Head:
    head.fake.conf.set("local", "busybody", "policy:default", {"alerts.threshold": "60"})
    learn(head)
    return head


def test_nothing_is_left_of_the_person_and_everything_of_the_others(known: Head) -> None:
    others = known.content()["profiles"][BO]
    assert traces(known, ANA) == [
        "busybody_incidents", "busybody_journals", "busybody_population", "busybody_profiles", "busybody_verdicts",
    ]  # fmt: skip
    number = known.number()
    outcome = known.run("busyforget", (), f"user={ANA}")
    assert [row["user"] for row in outcome.rows] == [ANA] * len(outcome.rows)
    erased = [str(row["erased"]) for row in outcome.rows]
    assert erased[0].startswith("the profile (")
    assert erased[1] == "the journal"
    assert erased[-2:] == ["1 incident", "1 answer"]
    assert "exported lookups, other models and backups are elsewhere" in outcome.said("INFO")[0]
    assert traces(known, ANA) == []
    assert known.number() == number + 1
    assert known.content()["profiles"] == {BO: others}
    assert known.run("busyprofile", (), f"user={ANA}").rows == []


def test_what_an_ended_training_kept_goes_too(known: Head) -> None:
    with known.model("default" + SUFFIX) as model, model.writer("| busytrain", 60.0) as writer:
        from busybody.stores import Row

        writer.commit({ANA: Row("{}", 1.0)}, {ANA: "{}"}, ANA)
    known.run("busyforget", (), f"user={ANA}")
    assert traces(known, ANA, SUFFIX) == []


def test_only_the_model_that_is_named_forgets(known: Head) -> None:
    known.run("busytrain", habit(ANA), "model=other")
    known.run("busyforget", (), f"user={ANA}", "model=other")
    assert ANA in known.content()["profiles"]
    assert known.content("other")["profiles"] == {}
    assert "busybody_verdicts" in traces(known, ANA)


def test_a_person_is_found_under_a_pseudonym_and_no_name_was_ever_kept(
    head: Head, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUSYBODY_TEST_KEY", KEY)
    private = {"alerts.threshold": "60", "identity.pseudonym_key_env": "BUSYBODY_TEST_KEY"}
    head.fake.conf.set("local", "busybody", "policy:default", private)
    learn(head)
    assert traces(head, ANA, "ana.ruiz") == []
    (row,) = head.fake.kv.collections["busybody_verdicts"].values()
    (key,) = [user for user in head.content()["profiles"] if user == row["user"]]
    assert row["applied"] > 0
    assert [row["status"] for row in head.fake.kv.collections["busybody_incidents"].values()] == ["malicious"]
    assert head.run("busyrisk", (), f"user={ANA}", "all=true").rows[0]["status"] == "malicious"
    erased = [row["erased"] for row in head.run("busyforget", (), f"user={ANA}").rows]
    assert erased[-2:] == ["1 incident", "1 answer"]
    assert traces(head, key) == []


def test_whoever_is_not_known_is_told_who_may_be_meant(known: Head) -> None:
    before = known.content()
    outcome = known.run("busyforget", (), "user=anna.ruiz@example.com")
    assert outcome.rows == []
    assert (
        f"Nothing was erased: nobody of the name 'anna.ruiz@example.com' is known. Is it '{ANA}'"
        in outcome.said("INFO")[0]
    )
    assert known.content() == before
    assert not [line for line in known.audit() if 'action="forget"' in line]


def test_a_line_of_audit_names_the_person_as_a_hash_alone(known: Head) -> None:
    known.run("busyforget", (), f"user={ANA}")
    (line,) = [line for line in known.audit() if 'action="forget"' in line]
    assert f'person="{hashed(ANA)}"' in line
    assert ANA not in line


def test_without_the_right_or_the_lease_nothing_is_erased(known: Head) -> None:
    before = known.content()
    with known.model() as model, model.writer("| busytrain of bo", 600.0), pytest.raises(Held, match="busytrain of bo"):
        known.run("busyforget", (), f"user={ANA}")
    with pytest.raises(Fatal, match="user= is missing"):
        known.run("busyforget")
    known.session_key = LIMITED_KEY
    with pytest.raises(SplunkdError, match="needs the capability busybody_write"):
        known.run("busyforget", (), f"user={ANA}")
    assert known.content() == before


def test_wherever_it_is_ended_it_erased_everything_or_nothing_and_once_more_ends_it(known: Head) -> None:
    kept, before, fake = copy.deepcopy(known.fake.kv.collections), known.content()["profiles"], known.fake
    fake.requests.clear()
    known.run("busyforget", (), f"user={ANA}")
    total, seen = len(fake.requests), set()
    assert total < 60
    for after in range(total):
        fake.kv.collections.clear()
        fake.kv.collections.update(copy.deepcopy(kept))
        fake.fail(400, after=after)
        with suppress(BusybodyError):  # after the commit some of it may be left to the next writer
            known.run("busyforget", (), f"user={ANA}")
        left = known.content()["profiles"]
        assert left in (before, {BO: before[BO]})
        seen.add(len(left))
        known.expire_leases()
        known.run("busyforget", (), f"user={ANA.upper()}")
        assert traces(known, ANA, ANA.upper()) == []
    assert seen == {1, 2}


def test_the_script_says_the_same(known: Head) -> None:
    outcome = known.script("busyforget", (), f"user={ANA}")
    assert (outcome.error, outcome.configuration["generating"]) == (None, True)
    assert outcome.rows[1] == {"user": ANA, "erased": "the journal"}
    assert traces(known, ANA) == []
