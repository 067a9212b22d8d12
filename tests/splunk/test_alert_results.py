"""The payload and the rows of an alert, as splunkd writes them and as damage leaves them."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any, Dict, List

import pytest
from alerting import alert, dispatch, write_results
from busybody.errors import InputError
from busybody_splunk.alerts.payload import Alert, read_alert
from busybody_splunk.alerts.results import Results, read_results, text, values
from hypothesis import given
from hypothesis import strategies as st

# What CSV can carry: a lone surrogate is no UTF-8, a NUL is dropped, a carriage return is a line break to splunkd.
CELLS = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0\r"), max_size=30)


def payload(path: Path, more: Any = None, **settings: str) -> Dict[str, Any]:
    return alert("https://127.0.0.1:8089", path, None, settings, "key-of-a-session", more)


def read(path: Path, more: Any = None) -> Results:
    return read_results(read_alert(io.BytesIO(json.dumps(payload(path, more)).encode())))


def test_all_rows_are_read_with_their_multivalue_fields(tmp_path: Path) -> None:
    rows = [{"user": "alice", "busy_findings": ["new_country", "costs $5"]}, {"user": "bob", "busy_findings": ""}]
    found = read(write_results(dispatch(tmp_path) / "results.csv.gz", rows))
    assert found.rows == [
        {"user": "alice", "busy_findings": ["new_country", "costs $5"], "rid": "0"},
        {"user": "bob", "busy_findings": "", "rid": "1"},
    ]
    assert found.warnings == []


def test_a_row_keeps_the_id_that_enterprise_security_gave_it(tmp_path: Path) -> None:
    assert read(write_results(dispatch(tmp_path) / "r.csv.gz", [{"user": "a", "rid": "17"}])).rows[0]["rid"] == "17"


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["user", "src", "x y", "_time"]), CELLS | st.lists(CELLS, min_size=2), min_size=1
        ),
        min_size=1,
        max_size=5,
    )
)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, rows: List[Dict[str, Any]]) -> None:
    path = write_results(dispatch(tmp_path_factory.mktemp("rows")) / "r.csv.gz", rows)
    names = list(dict.fromkeys(name for row in rows for name in row))
    want = [{name: row.get(name, "") for name in names} for row in rows]
    assert [{name: row[name] for name in names} for row in read(path).rows] == want


def test_only_the_results_of_the_search_itself_are_read(tmp_path: Path) -> None:
    own = write_results(dispatch(tmp_path) / "r.csv.gz", [{"user": "alice"}])
    others = tmp_path / "dispatch" / "admin__of_somebody_else"
    others.mkdir()
    write_results(others / "r.csv.gz", [{"user": "secret"}])
    (own.parent / "link.csv.gz").symlink_to(others / "r.csv.gz")
    (own.parent / "per_result_alert").mkdir()
    each = write_results(own.parent / "per_result_alert" / "tmp_0.csv.gz", [{"user": "bob"}])
    assert read(each).rows == [{"user": "bob", "rid": "0"}]
    elsewhere = tmp_path / own.parent.name
    elsewhere.mkdir()
    outside = write_results(elsewhere / "r.csv.gz", [{"user": "secret"}])
    strange = [outside, others / "r.csv.gz", own.parent / ".." / others.name / "r.csv.gz", own.parent / "link.csv.gz"]
    for path in strange:
        assert read(path) == Results(
            [], ["The results file is not in the dispatch folder of this search; it is not read."]
        )
    assert read(own, {"sid": ""}).rows == []


def test_a_dispatch_folder_on_another_disk_is_found(tmp_path: Path) -> None:
    own = write_results(dispatch(tmp_path) / "r.csv.gz", [{"user": "alice"}])
    (tmp_path / "dispatch").rename(tmp_path / "fast-disk")
    (tmp_path / "dispatch").symlink_to(tmp_path / "fast-disk")
    assert read(own).rows == [{"user": "alice", "rid": "0"}]


def test_bytes_that_are_no_utf_8_cost_only_themselves(tmp_path: Path) -> None:
    path = dispatch(tmp_path) / "r.csv.gz"
    path.write_bytes(gzip.compress(b"user,src\nal\xffice,203.0.113.7\nb\0ob,\n"))
    assert [row["user"] for row in read(path).rows] == ["al\ufffdice", "bob"]


def test_a_file_cut_off_in_the_middle_gives_its_rows_up_to_there(tmp_path: Path) -> None:
    whole = write_results(
        dispatch(tmp_path) / "r.csv.gz", [{"user": f"user-{n}", "x": f"{n * 7919:x}" * 9} for n in range(4000)]
    )
    whole.write_bytes(whole.read_bytes()[:-2000])
    found = read(whole)
    assert 0 < len(found.rows) < 4000
    assert [row["user"] for row in found.rows[:2]] == ["user-0", "user-1"]
    assert "cannot be read (EOFError)" in found.warnings[0]


@pytest.mark.parametrize("damage", [b"\x1f\x8bno gzip at all", None])
def test_without_a_readable_file_the_first_row_is_used(tmp_path: Path, damage: Any) -> None:
    path = dispatch(tmp_path) / "r.csv.gz"
    if damage is not None:
        path.write_bytes(damage)
    found = read(path, {"result": {"user": "alice", "n": 3, "gone": None, "many": ["a", "b"], "__mv_user": ""}})
    assert found.rows == [{"user": "alice", "n": "3", "gone": "", "many": ["a", "b"], "rid": "0"}]
    assert "The first row is used" in found.warnings[0]


def test_an_alert_without_rows_has_none(tmp_path: Path) -> None:
    assert read(write_results(dispatch(tmp_path) / "r.csv.gz", [])) == Results([], [])
    assert read(dispatch(tmp_path) / "none", {"results_file": None}).warnings == [
        "The payload names no results file; only its first row is there."
    ]


def test_ragged_rows_lose_only_what_is_missing(tmp_path: Path) -> None:
    (dispatch(tmp_path) / "r.csv.gz").write_bytes(gzip.compress(b"user,src,user\nalice\n\nbob,1,2,3\n"))
    assert read(dispatch(tmp_path) / "r.csv.gz").rows == [
        {"user": "alice", "rid": "0"},
        {"user": "bob", "src": "1", "rid": "1"},
    ]


def test_a_field_of_a_megabyte_is_read(tmp_path: Path) -> None:
    assert (
        len(str(read(write_results(dispatch(tmp_path) / "r.csv.gz", [{"_raw": "x" * (1 << 20)}])).rows[0]["_raw"]))
        == 1 << 20
    )


def test_the_first_field_that_says_something_counts() -> None:
    row = {"user": "  ", "src_user": ["a", "b"], "dest": "c"}
    assert text(row, "nothing", "user", "src_user", "dest") == "a, b"
    assert values({"x": "a\n\nb "}, "x") == ["a", "b"]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "is no JSON"),
        (b"<alert/>", "payload_format = json"),
        (b"[1]", "not an object"),
        (b"{}", "server_uri"),
        (b'{"server_uri": "x", "session_key": 3}', "session_key"),
        (b"[" * 100_000, "is no JSON"),
    ],
)
def test_what_is_no_payload_is_refused_with_a_reason(raw: bytes, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_alert(io.BytesIO(raw))


def test_what_sendalert_leaves_out_is_empty(tmp_path: Path) -> None:
    found = read_alert(io.BytesIO(json.dumps(payload(tmp_path, {"search_name": None, "owner": None})).encode()))
    assert (found.search_name, found.owner, found.first_row, found.setting("channel", "none")) == ("", "", {}, "none")


def test_an_alert_in_a_traceback_shows_no_session_key(tmp_path: Path) -> None:
    found = read_alert(io.BytesIO(json.dumps(payload(tmp_path)).encode()))
    assert isinstance(found, Alert)
    assert "key-of-a-session" not in repr(found) + str(found)
