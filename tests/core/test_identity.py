"""Which person a name stands for: map, then domain, never chained."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Any

import pytest
from busybody.errors import PolicyError
from busybody.identity import Identity
from busybody.policy import Policy
from hypothesis import given
from hypothesis import strategies as st


def identity(user_map: Any = None, domain: Any = None, **section: Any) -> Identity:
    source = {"user_map": user_map or {}, "user_domain": domain}
    return Identity(Policy.from_mapping({"sources": {"s": source}, "identity": section}))


def test_the_name_of_the_source_is_asked_first() -> None:
    people = identity({"ana": "a.smith@example.com", "ana@example.org": "wrong"}, "example.org")
    assert people.resolve("ana", "s") == "a.smith@example.com"


def test_a_miss_is_qualified_and_asked_once_more() -> None:
    people = identity({"bob@example.org": "robert@example.com"}, "example.org")
    assert people.resolve("bob", "s") == "robert@example.com"
    assert people.resolve("carl", "s") == "carl@example.org"
    assert people.resolve("carl@example.net", "s") == "carl@example.net"


def test_hits_are_never_chained() -> None:
    assert identity({"a": "b", "b": "c"}).resolve("a", "s") == "b"
    assert identity({"a": "b", "b@d": "c"}, "d").resolve("a", "s") == "b"


def test_case_is_folded_unless_the_policy_says_not() -> None:
    assert identity({"ANA": "Ana.Smith"}).resolve(" Ana ", "s") == "ana.smith"
    assert identity(case_fold=False).resolve("Ana", "s") == "Ana"
    assert identity().resolve("STRASSE", "s") == identity().resolve("straße", "s")
    assert identity().resolve("ame\u0301lie", "s") == identity().resolve("amélie", "s")


def test_rules_are_those_of_the_source() -> None:
    assert identity({"ana": "x"}, "example.org").resolve("ana", "other") == "ana"
    assert Identity().resolve("Ana") == "ana"


def test_two_spellings_of_one_name_for_two_people_are_refused() -> None:
    with pytest.raises(PolicyError) as caught:
        identity({"ana": "x", "ANA": "y"}).resolve("ana", "s")
    assert caught.value.key == "sources.s.user_map"


@given(st.text(min_size=1))
def test_a_person_stays_that_person(name: str) -> None:
    people = identity()
    once = people.resolve(name, "s")
    assert people.resolve(once, "s") == once


def test_pseudonyms_are_keyed_and_the_same_everywhere(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(b"0123456789abcdef0123456789abcdef\n")
    people = identity(pseudonym_key_file=str(key))
    wanted = hmac.new(b"0123456789abcdef0123456789abcdef", b"ana@example.com", hashlib.sha256).hexdigest()[:32]
    assert people.pseudonym("Ana@example.com") == people.pseudonym("ana@example.com") == wanted
    assert identity().pseudonym("ana@example.com") == "ana@example.com"
    assert not identity().has_pseudonyms


def test_a_key_that_is_absent_or_short_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PolicyError, match="pseudonym_key_file"):
        identity(pseudonym_key_file=str(tmp_path / "absent")).pseudonym("ana")
    monkeypatch.setenv("BUSYBODY_TEST_KEY", "short")
    with pytest.raises(PolicyError, match="at least 16"):
        identity(pseudonym_key_env="BUSYBODY_TEST_KEY").pseudonym("ana")
    monkeypatch.setenv("BUSYBODY_TEST_KEY", "x" * 32)
    assert len(identity(pseudonym_key_env="BUSYBODY_TEST_KEY").pseudonym("ana")) == 32
