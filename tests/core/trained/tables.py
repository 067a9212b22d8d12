"""Tables of numbers as training may meet them: repeated values, constant columns, single and double precision."""

from __future__ import annotations

from typing import Any, List, Tuple

from hypothesis import strategies as st

Rows = List[List[float]]
FEW = (0.0, 1.0, 2.0, 0.1, 3.3, -7.0)  # values that repeat


def _column(size: int) -> st.SearchStrategy[List[float]]:
    anything = st.floats(-1e6, 1e6, allow_nan=False, width=64)
    surprisals = st.floats(0.0, 8.0, allow_nan=False)
    repeated = st.sampled_from(FEW)
    exact = {"min_size": size, "max_size": size}
    return st.one_of(
        st.lists(surprisals, **exact), st.lists(anything, **exact), st.lists(repeated, **exact),  # type: ignore[arg-type]
        repeated.map(lambda value: [value] * size),
    )  # fmt: skip


@st.composite
def tables(draw: Any, least: int = 2, most: int = 40) -> Tuple[Rows, Rows]:
    """Rows to train on, and rows to ask about: some of those, some beside them, some far out."""
    size, width = draw(st.integers(least, most)), draw(st.integers(1, 4))
    columns = [draw(_column(size)) for _ in range(width)]
    rows = [list(row) for row in zip(*columns)]
    asked = [draw(st.sampled_from(rows)) for _ in range(3)]
    near = [
        [draw(st.sampled_from(column)) + draw(st.sampled_from((0.0, 1e-9, -1e-9, 0.3, -2.0))) for column in columns]
        for _ in range(3)
    ]
    far = [[draw(st.floats(-1e9, 1e9, allow_nan=False)) for _ in columns] for _ in range(2)]
    return rows, [*asked, *near, *far]
