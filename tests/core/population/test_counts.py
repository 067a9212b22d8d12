"""Counts: bounded, exact, the same after JSON, the smallest makes room."""

from __future__ import annotations

import json
from typing import List, Tuple

from busybody.population.counts import Counts
from hypothesis import given
from hypothesis import strategies as st

additions = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 1000), st.integers(0, 100)), max_size=80)


@given(additions)
def test_counts_are_the_sum_of_what_was_added(added: List[Tuple[int, int, int]]) -> None:
    counts, slow = Counts(1000), {}  # type: Tuple[Counts, Dict[int, int]]
    for value, weight, day in added:
        counts.add(value, weight, day)
        slow[value] = slow.get(value, 0) + weight
    assert {value: counts.count(value) for value in slow} == slow
    assert counts.total == sum(slow.values())
    assert counts.count("never seen") == 0


@given(additions, st.integers(1, 10))
def test_number_of_values_is_bounded_and_the_total_is_theirs(added: List[Tuple[int, int, int]], bound: int) -> None:
    counts = Counts(bound)
    for value, weight, day in added:
        counts.add(value, weight, day)
        assert len(counts.values) <= bound
        assert value in counts.values, "the newest is let in"
        assert counts.total == sum(count for count, _ in counts.values.values())


def test_smallest_and_oldest_makes_room() -> None:
    counts = Counts(2)
    counts.add("large", 100, 1)
    counts.add("small", 1, 9)
    counts.add("new", 5, 9)
    assert sorted(counts.values) == ["large", "new"]


@given(additions, st.integers(1, 12))
def test_new_era_keeps_ratios_and_drops_what_is_nothing(added: List[Tuple[int, int, int]], bits: int) -> None:
    counts = Counts(1000)
    for value, weight, day in added:
        counts.add(value, weight, day)
    before = {value: count for value, (count, _) in counts.values.items()}
    counts.shift(bits)
    for value, count in before.items():
        assert abs(counts.count(value) - count / 2**bits) <= 0.5
    assert all(count for count, _ in counts.values.values())
    assert counts.total == sum(count for count, _ in counts.values.values())


@given(additions)
def test_counts_come_back_from_json(added: List[Tuple[int, int, int]]) -> None:
    counts = Counts(1000)
    for value, weight, day in added:
        counts.add(value, weight, day)
    again = Counts.from_json(1000, json.loads(json.dumps(counts.to_json())))
    assert (again.values, again.total) == (counts.values, counts.total)
