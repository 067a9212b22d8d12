"""A profile as text: whole, compact, refused when damaged, and never above its bound."""

from __future__ import annotations

import json
from random import Random
from typing import Any, List

import pytest
from builders import (
    DAY,
    DEVICES,
    HOME,
    LAPTOP,
    MANAGED,
    OFFICE,
    PHONE,
    PHONE_NET,
    PLACES,
    adversarial,
    at,
    live,
    model,
    profile_of,
    settled,
    signin,
)
from busybody.errors import ModelError
from busybody.profile import Profile
from busybody.profile.codec import VERSION, decode, encode
from busybody.profile.journal import Journal
from busybody.profile.profile import ANCHORS, PAIRS, ROWS, SUBNETS
from busybody.scorer import Scorer

WORST_BYTES = 16_000  # of the worst account, without what waits in the last hour and without the journal
USUAL_BYTES = 3_000


@pytest.mark.parametrize("seed", range(8))
def test_profile_comes_back_whole(seed: int) -> None:
    scorer = model()
    for number, event in enumerate(adversarial(seed, odd=0.4)):
        scorer.process(event)
        if number % 40 == 0:
            for user in ("user0", "user1", "user2"):
                person = scorer.people.get(user)
                if person is not None:
                    text = encode(person.profile)
                    assert encode(decode(text)) == text


@pytest.mark.parametrize("seed", range(4))
def test_journal_comes_back_whole(seed: int) -> None:
    scorer = model()
    for event in adversarial(seed, odd=0.4):
        scorer.process(event)
    for user in ("user0", "user1", "user2"):
        person = scorer.people.get(user)
        assert person is not None
        text = scorer.people.journal(person).encode()
        assert Journal.decode(text).encode() == text


def test_empty_profile_is_nearly_nothing() -> None:
    assert len(encode(Profile())) < 80
    assert encode(decode(encode(Profile()))) == encode(Profile())


def test_profile_is_one_line_of_json() -> None:
    scorer = model()
    live(scorer, 20)
    text = encode(profile_of(scorer))
    assert "\n" not in text
    assert json.loads(text)["v"] == VERSION


def test_profile_of_version_1_which_spelled_devices_out_is_read_as_the_same_one() -> None:
    scorer = model()
    for event in adversarial(3, odd=0.4):
        scorer.process(event)
    text = encode(profile_of(scorer, "user0"))
    row = json.loads(text)
    devices = row.pop("devices")

    def spelled(values: List[Any], place: int) -> None:
        if values[place] is not None:
            values[place] = devices[values[place]]

    for name, place in (("habits", 3), ("sessions", 3), ("anchors", 10)):
        assert row[name], "or this tests nothing"
        for values in row[name]:
            spelled(values, place)
    if "previous" in row:
        spelled(row["previous"], 10)
    assert row["incidents"], "or this tests nothing"
    for values in row["incidents"]:
        values[10] = values[10] or values[9]
        spelled(values[12], 3)
    assert encode(decode(json.dumps({**row, "v": 1}))) == text


def damaged() -> List[Any]:
    scorer = model()
    live(scorer, 20)
    text = encode(profile_of(settled(scorer, at(20))))
    row = json.loads(text)
    return [
        "", "nonsense", "[]", "null", "{}", text[:-1], text[: len(text) // 2],
        json.dumps({**row, "novelty": 1}), json.dumps({**row, "habits": [[1, 2]]}), json.dumps({**row, "habits": 7}),
        json.dumps({**row, "anchors": [[1]]}), json.dumps({**row, "pending": [["a"]]}), json.dumps({**row, "window": [[]]}),
        json.dumps({**row, "devices": []}), json.dumps({**row, "devices": [7]}), json.dumps({**row, "devices": "abc"}),
    ]  # fmt: skip


@pytest.mark.parametrize("text", damaged())
def test_damaged_profile_is_one_clear_error_that_names_the_person(text: str) -> None:
    with pytest.raises(ModelError, match="ana"):
        decode(text, "ana")


def test_profile_of_a_newer_version_says_to_upgrade() -> None:
    with pytest.raises(ModelError, match="Upgrade Busybody"):
        decode('{"v":3}', "ana")


@pytest.mark.parametrize("text", ["", "nonsense", "7", "[1]", "[[[1]]]"])
def test_damaged_journal_is_one_clear_error(text: str) -> None:
    with pytest.raises(ModelError):
        Journal.decode(text, "ana")


def hyperactive(days: int = 120) -> Scorer:
    """An account that is everywhere, with everything, at any hour, and trusted in all of it."""
    random, scorer = Random(7), model()
    names = "Immoderately Long Name Of A Telecommunications Enterprise Ltd"
    for day in range(days):
        for _ in range(12):
            number = random.randrange(60)
            place = {
                **random.choice(PLACES[:9]), "asn": 65000 + number, "subnet": f"10.{number}.{random.randrange(250)}.0/24",
                "country": f"{chr(65 + number % 26)}X", "as_org": names, "city": names, "ip": f"10.{number}.0.{random.randrange(250)}",
            }  # fmt: skip
            fields = {
                **random.choice(DEVICES), **MANAGED, "device": f"windows-desktop-browser-number-{number}", "device_id": "A-17", "mfa": "passed",
            }  # fmt: skip
            scorer.process(
                signin(time=at(day) + random.random() * DAY, app=names, source=f"s{number % 20}", **{**place, **fields})
            )
    return scorer


def test_profile_of_a_hyperactive_account_stays_bounded() -> None:
    scorer = hyperactive()
    profile = profile_of(scorer)
    assert len(profile.habits) == ROWS, "or this tests nothing"
    assert max(len(habit.subnets) for habit in profile.habits.values()) <= SUBNETS
    assert len(profile.anchors) <= ANCHORS
    assert len(profile.pairs) <= PAIRS
    settled(scorer, at(130))
    profile.window.clear()
    assert len(encode(profile).encode()) <= WORST_BYTES


def test_memory_of_a_machine_that_signs_in_every_second_stays_bounded() -> None:
    scorer = model()
    longest = 0
    for number in range(12_000):
        scorer.process(signin(time=at(0) + number * 0.9, id=f"{number:06d}", **HOME, **LAPTOP))
        longest = max(longest, len(profile_of(scorer).window))
    assert longest < 1000
    person = scorer.people.get("ana")
    assert person is not None
    assert len(scorer.people.journal(person).encode()) < 20_000


def test_machine_that_signs_in_every_second_is_still_learned_once() -> None:
    scorer = model()
    events = [signin(time=at(0) + number * 0.9, id=f"{number:06d}", **HOME, **LAPTOP) for number in range(6000)]
    for event in events:
        scorer.process(event)
    settled(scorer, at(1))
    count = profile_of(scorer).count
    assert count == len(events)
    for event in events:
        assert scorer.process(event).learned == "withheld"
    assert profile_of(settled(scorer, at(1))).count == count


def test_profile_of_a_usual_person_is_three_kilobytes_at_most() -> None:
    scorer = model()
    for day in range(90):
        for number, (place, device) in enumerate(((HOME, LAPTOP), (OFFICE, LAPTOP), (PHONE_NET, PHONE))):
            subnet = f"10.{number}.{day % 9}.0/24"
            scorer.process(signin(day, 8 + 3 * number, **{**place, **device, "subnet": subnet}))
    settled(scorer, at(90))
    assert len(encode(profile_of(scorer)).encode()) <= USUAL_BYTES


def test_number_of_sources_is_bounded_and_a_forgotten_one_teaches_nothing_twice() -> None:
    scorer = model()
    first = [signin(0, 9 + number / 10, source="first", id=f"f{number}", **HOME, **LAPTOP) for number in range(3)]
    for event in first:
        scorer.process(event)
    for number in range(40):
        scorer.process(signin(1, 9 + number / 100.0, source=f"s{number}", **HOME, **LAPTOP))
    settled(scorer, at(2))
    profile = profile_of(scorer)
    count = profile.count
    assert len(profile.sources) <= 20
    for event in first:
        assert scorer.process(event).learned == "withheld"
    assert profile_of(settled(scorer, at(2))).count == count


def test_what_was_not_used_for_half_a_year_is_forgotten() -> None:
    scorer = model()
    live(scorer, 40, **OFFICE)
    live(scorer, 200, first=40)
    settled(scorer, at(240))
    assert {key[2] for key in profile_of(scorer).habits} == {HOME["asn"]}


def test_a_new_era_keeps_what_the_person_is_known_for() -> None:
    """Ten half-lives on, counts are shifted; the same life must look the same the day before and after."""
    scorer = model()
    before = scorer.decay.era(int(at(400) // DAY))
    era_begins = int(before - at(0) // DAY)
    live(scorer, 100, first=era_begins - 100)
    old = scorer.score(signin(era_begins - 1, 20, **PHONE_NET, **PHONE))
    live(scorer, 3, first=era_begins)
    settled(scorer, at(era_begins + 3))
    assert profile_of(scorer).era == before
    new = scorer.score(signin(era_begins + 4, 20, **PHONE_NET, **PHONE))
    assert new.log_odds == pytest.approx(old.log_odds, abs=0.4)
    assert scorer.score(signin(era_begins + 4, 8, **HOME, **LAPTOP)).findings == ()
    assert scorer.score(signin(era_begins + 4, 8, **HOME, **LAPTOP)).habitual
