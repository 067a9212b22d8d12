"""Rows in, rows out: the fast way through the text gives what parsing and writing everything gives."""

from __future__ import annotations

import csv
import io
import sys
from typing import Dict, List, Sequence, Tuple

import pytest
from busybody_splunk import chunks
from busybody_splunk.cells import decoded, encoded
from busybody_splunk.chunks import EMPTY, Chunk, table
from busybody_splunk.protocol import Fatal
from driver import Value, body_of, rows_of
from hypothesis import given, settings
from hypothesis import strategies as st

TEXT = st.text(st.one_of(st.sampled_from('$;,"\n\r\0 _.é\u2028\U0001f600'), st.characters(codec="utf-8")), max_size=8)
VALUE = st.one_of(TEXT, st.just(""), st.lists(TEXT, min_size=2, max_size=3))
NAMES = st.lists(
    st.sampled_from(["user", "src", "_time", "busy_risk", "busy_findings", "_raw", "a,b", 'q"q', "ü"]),
    min_size=1,
    max_size=6,
    unique=True,
)


@st.composite
def events(draw: st.DrawFn) -> Tuple[List[str], List[Dict[str, Value]]]:
    """Column names and the rows under them."""
    names = draw(NAMES)
    rows = draw(st.lists(st.fixed_dictionaries(dict.fromkeys(names, VALUE)), max_size=5))
    return names, rows


def body(data: chunks.Body) -> bytes:
    return b"".join(data.pieces)


def seen(data: chunks.Body) -> List[Dict[str, Value]]:
    return list(rows_of(body(data).decode("utf-8")))


def known(rows: Sequence[Dict[str, Value]]) -> List[Dict[str, Value]]:
    """As splunkd keeps rows: without empty fields."""
    return [{name: value for name, value in row.items() if value and value != [""]} for row in rows]


# --- reading --------------------------------------------------------------------------------------------------------


@settings(max_examples=50)
@given(events())
def test_every_value_is_read_as_splunkd_wrote_it(given_: Tuple[List[str], List[Dict[str, Value]]]) -> None:
    names, rows = given_
    chunk = Chunk(body_of(names, rows))
    assert (chunk.columns, len(chunk)) == (tuple(names), len(rows))
    for row, cells in zip(rows, chunk.rows):
        for name in names:
            value = row[name]
            assert cells[chunk.index[name]] == (value if isinstance(value, str) else "\n".join(value))
            assert chunk.values(cells, name) == ([value] if isinstance(value, str) and value else [*value])
    assert len(list(chunk.rows)) == len(rows)


@given(st.binary(max_size=60), st.sampled_from([b"user,src\n", b'"_raw"\n', b"a,__mv_a\n"]))
def test_any_bytes_are_read_or_refused_in_words(data: bytes, header: bytes) -> None:
    try:
        chunk = Chunk(header + data)
        rows = list(chunk.rows)
    except Fatal:
        return
    assert len(rows) == len(chunk)
    body(chunk.extended(("mark",), [["x"]] * len(chunk)))
    body(chunk.extended(("src",), [["x"]] * len(chunk)))


@given(st.lists(TEXT, min_size=2))
def test_a_multivalue_cell_comes_back(values: List[str]) -> None:
    assert decoded(encoded(values)) == values


@pytest.mark.parametrize("text", ["alice", "$", "a$", "$a", ""])
def test_a_cell_that_is_not_written_as_multivalue_is_one_value(text: str) -> None:
    assert decoded(text) == [text]


def test_a_header_alone_and_no_body_have_no_rows() -> None:
    assert [len(Chunk(data)) for data in (b"", b"user,src\n", b"user,src")] == [0, 0, 0]
    assert Chunk(b"user,src\n").columns == ("user", "src")
    assert Chunk(b"").columns == ()


def test_columns_and_multivalue_columns_may_alternate() -> None:
    chunk = Chunk(b'user,__mv_user,src,__mv_src\nalice,,1,\n"a\nb",$a$;$b$,2,\n')
    assert chunk.columns == ("user", "src")
    rows = list(chunk.rows)
    assert [row[:2] for row in rows] == [["alice", "1"], ["a\nb", "2"]]
    assert [chunk.values(row, "user") for row in rows] == [["alice"], ["a", "b"]]
    assert seen(chunk.extended(("src",), [["x"], ["y"]])) == [
        {"user": "alice", "src": "x"},
        {"user": ["a", "b"], "src": "y"},
    ]


def test_of_two_columns_with_one_name_the_first_counts() -> None:
    chunk = Chunk(b"user,src,user\nalice,1,bob\n")
    assert [row[chunk.index["user"]] for row in chunk.rows] == ["alice"]
    assert seen(chunk.extended(("mark",), [["x"]])) == [{"user": "alice", "src": "1", "mark": "x"}]


def test_a_missing_column_has_no_values() -> None:
    chunk = Chunk(b"user\nalice\n")
    assert [chunk.values(row, "src") for row in chunk.rows] == [[]]


def test_one_column_may_be_empty_in_any_row() -> None:
    assert list(Chunk(b"user\n\nalice\n\n").rows) == [[""], ["alice"], [""]]


def test_line_ends_of_windows_are_line_ends() -> None:
    chunk = Chunk(b'user,src\r\nalice,1\r\n"b\r\nc",2\r\n')
    assert list(chunk.rows) == [["alice", "1"], ["b\r\nc", "2"]]


def test_bytes_that_are_no_utf8_are_marked_and_pass_unchanged() -> None:
    chunk = Chunk(b"user,src\nal\xffice,1\n")
    assert list(chunk.rows) == [["al\udcffice", "1"]]
    answer = body(chunk.extended(("mark", "more"), [["x\udcff", "half \ud83d"]]))
    assert answer == b"user,src,mark,more,__mv_mark,__mv_more\nal\xffice,1,x\xff,half \xef\xbf\xbd,,\n"


def test_a_cell_of_ten_megabytes_passes() -> None:
    long = "x," * (5 << 20)
    chunk = Chunk(body_of(["_raw", "user"], [{"_raw": long, "user": ["a", "b"]}]))
    assert [row[0] == long for row in chunk.rows] == [True]
    assert [row["_raw"] == long for row in seen(chunk.extended(("mark",), [["y"]]))] == [True]


@pytest.mark.parametrize(
    "data",
    [b'user,src\nalice,"1\n', b"user,src\nalice\n", b"user,src\nalice,1,2\n", b'user,src\nx"y,"open\na"b,"c\n'],
    ids=["open quote", "short row", "long row", "quotes astray"],
)
def test_what_is_no_csv_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(Fatal, match="splunkd's chunk"):
        list(Chunk(data).rows)


@pytest.mark.parametrize("size", [1, 7, 100])
def test_a_chunk_may_come_in_pieces(size: int) -> None:
    rows: List[Dict[str, Value]] = [{"user": f"é{number}", "src": "a\nb" * (number % 3)} for number in range(50)]
    data = body_of(["user", "src"], rows)
    chunk = Chunk(data[start : start + size] for start in range(0, len(data), size))
    assert [row[:2] for row in chunk.rows] == [[row["user"], row["src"]] for row in rows]


# --- answering ------------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(events(), NAMES, st.data())
def test_added_and_replaced_columns_are_as_if_all_had_been_written_anew(
    given_: Tuple[List[str], List[Dict[str, Value]]], added: List[str], data: st.DataObject
) -> None:
    names, rows = given_
    cells = [data.draw(st.lists(VALUE, min_size=len(added), max_size=len(added))) for _ in rows]
    answer = Chunk(body_of(names, rows)).extended(added, cells)
    expected = [{**row, **dict(zip(added, values))} for row, values in zip(rows, cells)]
    if "\\x00" in repr(expected) and sys.version_info < (3, 11):
        return  # the csv module, which reads the answer here, knows no NUL
    assert seen(answer) == known(expected)


@given(st.lists(st.sampled_from(["", "", "old", "o,ld", ["a", "b"]]), min_size=4, max_size=4), st.booleans())
def test_empty_columns_are_filled_where_they_stand(old: List[Value], indexed: bool) -> None:
    names = ["user", "agent", "busy_risk", "busy_level", "_chunked_idx"][: 5 if indexed else 4]
    rows: List[Dict[str, Value]] = [
        {
            "user": "ana",
            "agent": 'KHTML, "like"',
            "busy_risk": old[place],
            "busy_level": old[-1],
            "_chunked_idx": str(place),
        }
        for place in range(3)
    ]
    rows = [{name: row[name] for name in names} for row in rows]
    answer = Chunk(body_of(names, rows)).extended(("busy_risk", "busy_level"), [["7", ["x", "y"]]] * 3)
    assert seen(answer) == [{**row, "busy_risk": "7", "busy_level": ["x", "y"]} for row in rows]


def test_the_text_that_came_is_not_touched() -> None:
    chunk = Chunk(b'"_raw",user,"__mv__raw","__mv_user"\n"a ""b"", c",x,,\n')
    answer = body(chunk.extended(("mark",), [["1"]]))
    assert answer == b'_raw,user,__mv__raw,__mv_user,mark,__mv_mark\n"a ""b"", c",x,,,1,\n'


def test_no_rows_are_answered_with_no_body() -> None:
    assert Chunk(b"user,src\n").extended(("mark",), []) == EMPTY


def test_a_row_is_never_lost_nor_made_up() -> None:
    for cells in ([["1"]], [["1"]] * 3):
        with pytest.raises(ValueError, match="(fewer|more) rows than it was given"):
            Chunk(b"user\na\nb\n").extended(("mark",), cells)
    with pytest.raises(ValueError, match="cells for"):
        Chunk(b"user\na\n").extended(("mark",), [["1", "2"]])


def test_a_row_that_cannot_be_cut_must_be_whole_too() -> None:
    with pytest.raises(Fatal, match="a row of splunkd's chunk has 2 cells, its header names 3"):
        Chunk(b"user,risk,src\na,1\n").extended(("risk",), [["1"]])


def test_an_answered_chunk_has_let_go_of_its_rows() -> None:
    chunk = Chunk(b"user\na\nb\n")
    answer = chunk.extended(("mark",), ([row[0]] for row in chunk.rows))
    assert [row["mark"] for row in seen(answer)] == ["a", "b"]
    assert (len(chunk), list(chunk.rows)) == (0, [])


def test_every_column_may_be_replaced() -> None:
    assert seen(Chunk(b"user,__mv_user\na,\n").extended(("user",), [["b"]])) == [{"user": "b"}]


@settings(max_examples=50)
@given(events())
def test_a_table_holds_the_rows(given_: Tuple[List[str], List[Dict[str, Value]]]) -> None:
    names, rows = given_
    answer = table(names, [[row[name] for name in names] for row in rows])
    if "\\x00" in repr(rows) and sys.version_info < (3, 11):
        return
    assert seen(answer) == known(rows)
    assert next(csv.reader(io.StringIO(body(answer).decode(), newline="")))[: len(names)] == names


def test_a_table_without_rows_still_names_its_columns() -> None:
    assert body(table(("user", "risk"), [])) == b"user,risk,__mv_user,__mv_risk\n"
