"""Lines of output: the template writes what `json.dumps` writes; a cell of CSV is text and nothing else."""

from __future__ import annotations

import csv
import io
import json
from typing import Any, List

from busybody import contracts
from busybody.signin import Assessment, SignIn
from busybody.stream.render import JsonLines, cell
from hypothesis import given
from hypothesis import strategies as st

TEXT = st.text(st.characters(), max_size=8)
MAYBE = st.none() | TEXT
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
SIGNINS = st.builds(
    SignIn, id=TEXT, time=st.floats(0, 4e9), user=TEXT, outcome=st.sampled_from(["success", "failure", "unknown"]), ip=MAYBE,
    network=MAYBE, country=MAYBE, region=MAYBE, city=MAYBE, lat=st.none() | NUMBER, lon=st.none() | NUMBER,
    asn=st.none() | st.integers(0, 2**32), as_org=MAYBE, device=MAYBE, app=MAYBE, method=MAYBE, mfa=TEXT, source=TEXT,
    interactive=st.none(), flags=st.just(()), extra=st.just({}),
)  # fmt: skip


@given(st.lists(st.tuples(SIGNINS, st.floats(0, 100), st.booleans(), TEXT, TEXT), min_size=1, max_size=4))
def test_the_template_of_a_habitual_sign_in_writes_what_json_writes(rows: List[Any]) -> None:
    lines = JsonLines(lambda _, __: "")
    for signin, risk, late, learned, file in rows:
        assessment = Assessment(
            signin.id, signin.time, signin.user, risk, "none", -6.0, -6.0, (), learned, None, "habit-1", None, late
        )
        expected = contracts.line(signin, assessment, "")
        if file:
            expected["file"] = file
        assert lines.signin(signin, assessment, file) == json.dumps(expected, separators=(",", ":")) + "\n"


@given(st.lists(TEXT, min_size=2, max_size=5))
def test_a_cell_is_read_back_as_text_that_no_spreadsheet_runs(texts: List[str]) -> None:
    line = ",".join(map(cell, texts)) + "\r\n"
    (read,) = csv.reader(io.StringIO(line, newline=""))
    assert len(read) == len(texts)
    for written, text in zip(read, texts):
        assert not written.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert written.lstrip("'").isprintable()
        assert len(written) in (len(text), len(text) + 1)
