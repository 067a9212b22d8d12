"""`busybody profile` shows what is known of a person."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Dict

from busybody.commands.profile import in_words, whole

from .conftest import Busybody


def test_the_page_has_all_that_an_analyst_asks(busybody: Busybody, month: Path, taken: Dict[str, Any]) -> None:
    ran = busybody("profile", taken["user"], "--store", month / "store.db")
    assert ran.code == 0
    for word in (
        "sign-ins learned since 2026-03-",
        "networks",
        "countries",
        "devices",
        "hours (UTC)",
        "recent places",
        "incidents",
        "not trusted yet",
    ):
        assert word in ran.out
    assert taken["incidents"][0]["sentence"].rstrip() in ran.out
    assert taken["incidents"][0]["event"] in ran.out
    assert "(AS" in ran.out
    assert (
        sum(line.startswith("  ") and line[2:4].isdigit() and line[4:6] in ("", "  ") for line in ran.out.splitlines())
        >= 24
    )


def test_json_has_shares_that_add_up(busybody: Busybody, month: Path, taken: Dict[str, Any]) -> None:
    ran = busybody("profile", taken["user"], "--store", month / "store.db", "--output", "json")
    known = json.loads(ran.out)
    assert known["user"] == known["key"] == taken["user"]
    assert [row["id"] for row in known["incidents"] if row["status"] == "open"] != []
    assert abs(sum(known["hours"]) - 1) < 0.01
    assert abs(sum(row["share"] for row in known["networks"]) - 1) < 0.01
    assert known["places"][0]["time"] >= known["places"][-1]["time"]
    assert known["frozen"] is False


def test_an_unknown_person_gets_near_names(busybody: Busybody, month: Path, taken: Dict[str, Any]) -> None:
    first = taken["user"].partition("@")[0]
    for name in (first, taken["user"].replace("example", "exmaple"), first.upper()):
        ran = busybody("profile", name, "--store", month / "store.db")
        assert (ran.code, ran.out) == (1, "")
        assert taken["user"] in ran.err
    stranger = busybody("profile", "qqqqqqqq", "--store", month / "store.db")
    assert stranger.code == 1
    assert "nobody of the name 'qqqqqqqq' is known. `busybody risk --all --min 0` lists everybody." in stranger.err


def test_case_and_composition_of_a_name_do_not_matter(busybody: Busybody, month: Path, taken: Dict[str, Any]) -> None:
    assert busybody("profile", f" {taken['user'].upper()} ", "--store", month / "store.db").code == 0


def test_frozen_and_disowned_are_shown(busybody: Busybody, store: Path, taken: Dict[str, Any]) -> None:
    assert busybody("verdict", taken["user"], taken["incidents"][0]["id"], "malicious", "--store", store).code == 0
    page = busybody("profile", taken["user"], "--store", store).out
    assert "LEARNING IS FROZEN" in page
    assert "disowned\n  " in page
    assert "\n  malicious, risk 100," in page


def test_devices_are_named_in_words(busybody: Busybody, store: Path, taken: Dict[str, Any]) -> None:
    assert busybody("verdict", taken["user"], taken["incidents"][0]["id"], "malicious", "--store", store).code == 0
    page = busybody("profile", taken["user"], "--store", store).out
    assert re.search(r"\d%  \w+ on (Windows|macOS|Linux|iPhone|iPad|Android)", page)
    assert not re.search(r"-(desktop|mobile|tablet|tool)-|(device|asn):", page)


def test_what_a_profile_names_is_said_in_words() -> None:
    words = {
        "device:windows-desktop-edge": "device Edge on Windows",
        "asn:203.0.113.0/24": "network 203.0.113.0/24",
        "country:PT": "country PT",
        "id:7F3": "device id 7F3",
        "else\x1b": "else⟨U+001B⟩",
    }
    assert {value: in_words(value) for value in words} == words


def test_operators_go_by_the_name_that_the_log_has(busybody: Busybody, tmp_path: Path) -> None:
    place = {
        "ip": "198.51.100.7",
        "as": {"number": 64500, "organization": {"name": "Example Fibre"}},
        "geo": {"country_iso_code": "PT", "location": {"lat": 38.7, "lon": -9.1}},
    }
    rows = [
        {"@timestamp": f"2026-03-{day:02d}T09:00:00Z", "event": {"category": ["authentication"], "outcome": "success"}, "user": {"name": "ana"}, "source": place}
        for day in range(1, 9)
    ]  # fmt: skip
    log = "".join(json.dumps(row) + "\n" for row in rows).encode()
    assert busybody("learn", "-", "--store", "a.db", given=log).code == 0
    assert "Example Fibre (AS64500)" in busybody("profile", "ana", "--store", "a.db").out
    assert in_words("asn:64500") == "network AS64500"


def test_a_sentence_that_was_cut_says_so() -> None:
    assert whole("first sign-in from JP.") == "first sign-in from JP."
    assert whole("after 4 failu") == "after 4 failu…"


def test_people_are_found_under_their_pseudonym(
    busybody: Busybody, month: Path, tmp_path: Path, taken: Dict[str, Any]
) -> None:
    (tmp_path / "key").write_text("0123456789abcdef0123456789abcdef", encoding="utf-8")
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps({"identity": {"pseudonym_key_file": str(tmp_path / "key")}}), encoding="utf-8")
    private = ("--store", "private.db", "--policy", policy)
    assert busybody("learn", month / "month.jsonl", *private).code == 0
    known = json.loads(busybody("profile", taken["user"], *private, "--output", "json").out)
    assert known["user"] == taken["user"]
    assert known["key"] != taken["user"]
    assert busybody("profile", known["key"], "--store", "private.db").code == 0
    unknown = busybody("profile", "nobody", *private)
    assert unknown.code == 1
    assert "keeps people under pseudonyms" in unknown.err


def test_names_never_command_the_terminal(busybody: Busybody, evil: Path) -> None:
    user = busybody("risk", "--store", evil, "--all", "--min", 0, "--output", "json").rows[0]["user"]
    for output in ("table", "json"):
        ran = busybody("profile", user, "--store", evil, "--output", output)
        assert ran.code == 0
        assert not set("\x1b\x9b\u202e") & set(ran.out)


def test_a_damaged_store_is_named(busybody: Busybody, tmp_path: Path) -> None:
    (tmp_path / "not.db").write_bytes(b"no store" * 1000)
    ran = busybody("profile", "ana", "--store", "not.db")
    assert ran.code == 3
    assert "not.db: is no store" in ran.err
