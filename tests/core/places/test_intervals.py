"""The builder's interval arithmetic against a slow reference that colours every number by hand."""

import importlib.util
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

TOOL = Path(__file__).parents[3] / "tools" / "geo" / "intervals.py"
spec = importlib.util.spec_from_file_location("geo_intervals", TOOL)
intervals = importlib.util.module_from_spec(spec)
spec.loader.exec_module(intervals)

BITS = 6
NUMBERS = st.integers(0, (1 << BITS) - 1)
RANGE = st.tuples(NUMBERS, NUMBERS, st.integers(1, 4)).map(lambda row: (min(row[:2]), max(row[:2]), row[2]))
RANGES = st.lists(RANGE, max_size=8)


def disjoint(ranges):
    free, kept = set(range(1 << BITS)), []
    for first, last, value in ranges:
        if free >= set(range(first, last + 1)):
            free -= set(range(first, last + 1))
            kept.append((first, last, value))
    return sorted(kept)


def coloured(ranges):
    return {number: value for first, last, value in ranges for number in range(first, last + 1)}


def starts_at(table):
    return {number: next(value for first, value in reversed(table) if first <= number) for number in range(1 << BITS)}


@given(RANGES)
@example([(0, 9, 1), (3, 5, 2)])
@example([(0, 5, 1), (3, 9, 2)])
def test_flat_ranges_are_disjoint_and_cover_the_same_numbers(ranges):
    flat = intervals.flat(ranges)
    assert all(a[1] < b[0] for a, b in zip(flat, flat[1:]))
    assert set(coloured(flat)) == set(coloured(ranges))


def test_the_inner_of_two_ranges_wins():
    assert intervals.flat([(0, 9, 1), (3, 5, 2)]) == [(0, 2, 1), (3, 5, 2), (6, 9, 1)]


@given(RANGES, RANGES)
def test_starts_hold_until_the_next_and_blocks_win(ranges, blocks):
    ranges, blocks = disjoint(ranges), disjoint(blocks)
    table = intervals.starts(ranges, blocks, BITS)
    expected = {**dict.fromkeys(range(1 << BITS), 0), **coloured(ranges), **coloured(blocks)}
    assert starts_at(table) == expected
    assert table[0][0] == 0
    assert all(a[0] < b[0] and a[1] != b[1] for a, b in zip(table, table[1:]))


@given(RANGES)
@example([(0, 0, 1), (1, 3, 2)])
def test_of_a_torn_block_the_largest_part_has_all(ranges):
    ranges = disjoint(ranges)
    fine, rough = coloured(ranges), coloured(list(intervals.coarse(ranges, 2)))
    for block in range(1 << BITS - 2):
        values = [fine[number] for number in range(4 * block, 4 * block + 4) if number in fine]
        if values:
            assert values.count(rough[block]) == max(map(values.count, values))
        else:
            assert block not in rough
