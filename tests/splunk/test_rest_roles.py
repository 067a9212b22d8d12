"""Commands in the hands of each role: what they may is done, what they may not is refused with the role that may."""

from __future__ import annotations

from typing import Any, Dict, Tuple

import pytest
from busybody.errors import BusybodyError
from content import conf
from searching import FAR, Head, event, habit, head

__all__ = ["head"]
ODD = event(day=14, hour=11.0, **FAR)
READS: Dict[str, Tuple[Any, ...]] = {
    "busyscore": ([event(day=16)],),
    "busyprofile": ((), "user=ana"),
    "busyrisk": ((), "all=true"),
    "busycursor": ((),),
    "busypolicy": ((),),
}
WRITES: Dict[str, Tuple[Any, ...]] = {
    "busyscore": ([event(day=16)], "update=true"),
    "busytrain": (habit("cleo"),),
    "busyverdict": ((), "user=ana", f"event_id={ODD['event_hash']}", "verdict=benign"),
    "busyforget": ((), "user=ana"),
}
EVERYBODY = "busypolicy"  # reads the policy alone


@pytest.fixture
def known(head: Head) -> Head:
    for name, stanza in conf("busybody").items():
        head.fake.conf.set("default", "busybody", name, stanza)
    head.run("busytrain", [*habit("ana"), *habit("bo")])
    head.run("busyscore", [ODD], "update=true")
    return head


def run(head: Head, role: str, command: str, args: Tuple[Any, ...]) -> str:
    """The refusal, in words; empty where there was none."""
    head.session_key = head.fake.login(role)
    try:
        outcome = head.run(command, *args)
    except BusybodyError as error:
        return str(error)
    finally:
        head.session_key = head.fake.session_key
    return " ".join(outcome.said("ERROR"))


@pytest.mark.parametrize("role", ["busybody_user", "busybody_sender", "busybody_admin", "admin"])
def test_our_roles_read(known: Head, role: str) -> None:
    assert {command: run(known, role, command, args) for command, args in READS.items()} == dict.fromkeys(READS, "")


@pytest.mark.parametrize("role", ["user", "power"])
def test_others_see_the_policy_alone(known: Head, role: str) -> None:
    for command, args in READS.items():
        told = run(known, role, command, args)
        assert ("busybody_user reads" in told) is (command != EVERYBODY), f"{command}: {told}"


@pytest.mark.parametrize("role", ["user", "busybody_user", "busybody_sender"])
def test_who_may_not_teach_changes_nothing(known: Head, role: str) -> None:
    before = known.content()
    for command, args in WRITES.items():
        assert "busybody_admin" in run(known, role, command, args), command
    assert known.content() == before


@pytest.mark.parametrize("role", ["busybody_admin", "admin"])
def test_who_may_teach_teaches(known: Head, role: str) -> None:
    assert {command: run(known, role, command, args) for command, args in WRITES.items()} == dict.fromkeys(WRITES, "")
    assert sorted(known.content()["profiles"]) == ["bo", "cleo"]
