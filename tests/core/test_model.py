"""The model can be taken apart and put together: cut per person, merged, written and read without loss."""

from __future__ import annotations

import io
import json
from pathlib import Path
from random import Random
from typing import Any, Dict, List, Set, Tuple

import pytest
from busybody.decay import Decay
from busybody.errors import ModelError
from busybody.model import Part, State, cut, forget, merge, population_of, put, states
from busybody.model_file import dump, load, take_in
from busybody.model_schema import SCHEMA, fault
from busybody.policy import Policy
from busybody.population import Organisation as Tables
from busybody.population.delta import Delta
from busybody.scorer import Scorer
from busybody.signin import SignIn
from busybody.simulate import Organisation, generate
from busybody.stores.memory import MemoryStore
from hypothesis import given, settings
from hypothesis import strategies as st


def learned(events: List[SignIn]) -> MemoryStore:
    store = MemoryStore()
    scorer = Scorer(Policy.default(), store)
    for event in events:
        scorer.process(event)
    scorer.save()
    return store


EVENTS = [event.signin for event in generate(Organisation(people=20, days=14, seed=11, warmup=4))]
HALF = len(EVENTS) // 2
STORE = learned(EVENTS)
USERS = sorted(STORE.users())


def copied(store: MemoryStore) -> MemoryStore:
    copy = MemoryStore()
    put(cut(store, store.users()), copy)
    return copy


def content(store: MemoryStore) -> Tuple[Any, ...]:
    return list(states(store)), population_of(store)


def exported(store: MemoryStore) -> bytes:
    return b"".join(dump(population_of(store)[0], states(store)))


def imported(text: bytes, store: MemoryStore) -> int:
    with load(io.BytesIO(text), "model.jsonl") as loaded:
        return take_in(loaded, store)


def test_a_model_in_another_store_scores_the_same() -> None:
    first = learned(EVENTS[:HALF])
    second = MemoryStore()
    imported(exported(first), second)
    assert exported(second) == exported(first)
    one, two = Scorer(Policy.default(), first), Scorer(Policy.default(), second)
    for event in EVENTS[HALF:]:
        before, after = one.process(event), two.process(event)
        assert abs(before.log_odds - after.log_odds) <= 1e-9
        assert before == after
    one.save()
    two.save()
    assert exported(second) == exported(first)


@settings(max_examples=12)
@given(st.lists(st.sampled_from(range(4)), min_size=len(USERS), max_size=len(USERS)), st.randoms(use_true_random=False))
def test_cutting_and_merging_gives_the_whole_again(shards: List[int], random: Random) -> None:
    parts = [cut(STORE, [user for user, at in zip(USERS, shards) if at == shard]) for shard in range(4)]
    random.shuffle(parts)
    store = MemoryStore()
    put(merge([*parts, parts[0]]), store)
    assert exported(store) == exported(STORE)
    assert content(store) == content(STORE)


def test_merging_is_the_same_in_any_grouping() -> None:
    one, two, three = (cut(STORE, USERS[start::3]) for start in range(3))
    assert merge([merge([one, two]), three]) == merge([one, merge([three, two])]) == merge([merge([three, two, one])])
    assert merge([]) == Part(None, {})
    assert cut(STORE, ["nobody"]).people == {}


def test_two_stories_about_one_person_are_refused() -> None:
    part = cut(STORE, USERS[:2])
    other = part.people[USERS[0]]._replace(settles=(1,))
    with pytest.raises(ModelError, match="two parts say different things of this person") as caught:
        merge([part, Part(part.population, {USERS[0]: other})])
    assert caught.value.key == USERS[0]


def test_the_population_of_the_later_hour_is_kept() -> None:
    early, late = cut(learned(EVENTS[:HALF]), USERS[:1]), cut(STORE, USERS[1:2])
    assert merge([early, late]).population == merge([late, early]).population == late.population
    assert merge([early, Part(None, {})]).population == early.population
    other = json.loads(json.dumps(late.population))
    other["organisation"]["people"] += 1
    with pytest.raises(ModelError, match="models of two organisations"):
        merge([late, Part(other, {})])


SIGNINS = st.builds(
    lambda **values: SignIn(**values),  # noqa: PLW0108  st.builds would make up the rest of a NamedTuple
 id=st.text(max_size=3), time=st.integers(1_772_000_000, 1_772_400_000).map(float), user=st.sampled_from("abcdef"),
    network=st.sampled_from(["residential", "hosting", None]), country=st.sampled_from(["PT", "NL", None]),
    asn=st.sampled_from([64500, 64501, None]), device=st.sampled_from(["linux-desktop-firefox", None]),
    subnet=st.sampled_from(["192.0.2.0/24", "198.51.100.0/24", None]), group=st.sampled_from(["sales", None]),
)  # fmt: skip


def taught(events: List[Tuple[SignIn, float]]) -> Delta:
    delta = Delta()
    seen: Set[str] = set()
    for signin, log_odds in events:
        delta.note_values(signin, int(signin.time // 86400), signin.user)
        delta.note_score(log_odds, int(signin.time // 86400))
        delta.people += signin.user not in seen
        seen.add(signin.user)
    return delta


@settings(max_examples=60)
@given(st.lists(st.tuples(SIGNINS, st.floats(-12, 12)), max_size=40), st.integers(1, 4))
def test_deltas_of_several_workers_teach_what_one_worker_does(events: List[Tuple[SignIn, float]], workers: int) -> None:
    epoch = 1_772_500_000 // 86400 + 1
    one, many = Tables(Decay(30.0)), Tables(Decay(30.0))
    one.apply(taught(events), epoch)
    total = Delta()
    for worker in reversed(range(workers)):
        mine = [row for row in events if ord(row[0].user) % workers == worker]
        total.add(Delta.from_json(json.loads(json.dumps(taught(mine).to_json()))))
    many.apply(total, epoch)
    assert many.to_json() == one.to_json()
    many.apply(total, epoch)
    assert many.to_json() == one.to_json()


def test_real_exports_fit_the_published_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema)
    for line in exported(STORE).splitlines():
        assert list(check.iter_errors(json.loads(line))) == []


def places(value: Any, path: Tuple[Any, ...] = ()) -> List[Tuple[Any, ...]]:
    found = [path]
    if isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            found += places(inner, (*path, key))
    return found


LINES = [json.loads(line) for line in exported(STORE).splitlines()]
PERSON = max(
    LINES[1:-1], key=lambda row: len(row["profile"].get("incidents", [])) * 1000 + len(row["profile"].get("window", []))
)
PLACES = places(PERSON)
STRANGE = st.sampled_from([None, True, -1, 3, 2.5, "", "open", [], {}, [1], {"a": 1}, 10**20])


@settings(max_examples=300)
@given(st.data())
def test_our_checker_agrees_with_the_schema_on_damaged_people(data: st.DataObject) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    path = data.draw(st.sampled_from(PLACES[1:]))
    row = json.loads(json.dumps(PERSON))
    inner = row
    for key in path[:-1]:
        inner = inner[key]
    if data.draw(st.booleans()):
        inner[path[-1]] = data.draw(STRANGE)
    else:
        del inner[path[-1]]
    check = jsonschema.Draft202012Validator({**schema, "oneOf": [{"$ref": "#/$defs/person"}]})
    assert (fault("person", row) is None) == check.is_valid(row)


@settings(max_examples=200)
@given(st.data())
def test_a_damaged_file_is_refused_or_good_and_never_half_taken_in(data: st.DataObject) -> None:
    text = bytearray(exported(STORE))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(text) - 1))
        text[place] = data.draw(st.integers(0, 255))
    store = MemoryStore()
    try:
        imported(bytes(text), store)
    except ModelError as error:
        assert error.source == "model.jsonl"  # noqa: PT017  some damages are none
        assert store.count() == 0
        assert store.population() is None
    else:
        assert bytes(text) == exported(STORE)


def test_an_import_that_fails_half_way_writes_nothing(tmp_path: Path) -> None:
    from busybody.stores import open as open_store

    with open_store(str(tmp_path / "store.db")) as store, load(io.BytesIO(exported(STORE)), "m") as loaded:
        loaded._file.seek(0, 2)
        loaded._file.write(b'["torn')  # as after a full disk
        with pytest.raises(ValueError):  # noqa: PT011  of json
            take_in(loaded, store)
        assert store.count() == 0
        assert store.population() is None


def test_forgetting_is_complete_and_leaves_the_rest() -> None:
    store = copied(STORE)
    gone = forget(store, USERS[0])
    assert gone[0].startswith("the profile (")
    assert USERS[0] not in (store.population() or "")
    assert list(states(store)) == [state for state in states(STORE) if state.user != USERS[0]]
    Scorer(Policy.default(), store).process(EVENTS[-1]._replace(time=EVENTS[-1].time + 90000.0))


def test_memory_is_flat_however_many_people(tmp_path: Path) -> None:
    import tracemalloc

    from busybody.stores import open as open_store

    pattern = next(states(STORE, USERS[:1]))

    def crowd(number: int) -> List[State]:
        return [pattern._replace(user=f"person-{place:06d}", settles=()) for place in range(number)]

    peaks: Dict[int, int] = {}
    for number in (150, 650):
        path = tmp_path / f"{number}.jsonl"
        with path.open("wb") as file:
            file.writelines(dump(None, crowd(number)))
        tracemalloc.start()
        with path.open("rb") as file, load(file, "m") as loaded, open_store(str(tmp_path / f"{number}.db")) as store:
            assert take_in(loaded, store) == number
            for _ in dump(None, states(store)):
                pass
        peaks[number] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peaks[650] - peaks[150] < 400 * 500  # bytes: the names, not the profiles
