"""Every wrapping gives the same records, and what is broken is one error among good ones."""

from __future__ import annotations

import builtins
import gzip
import io
import json
import os
from typing import Any, Dict, List, Optional, Tuple

import pytest
from busybody.errors import InputError, MissingExtra
from busybody.fields import json_text
from busybody.fields.containers import Record, records
from hypothesis import given
from hypothesis import strategies as st

ROWS: List[Dict[str, Any]] = [{"a": 1, "t": "é"}, {"a": 2}, {"a": 3}]


class Pipe(io.RawIOBase):
    """What cannot be sought, in small pieces."""

    def __init__(self, content: bytes, piece: int = 7) -> None:
        self._content, self._piece = io.BytesIO(content), piece

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        part = self._content.read(min(len(into), self._piece))
        into[: len(part)] = part
        return len(part)


def read(content: bytes, form: Optional[str] = None) -> List[Record]:
    found = list(records(io.BytesIO(content), "log", form))
    piped = list(records(Pipe(content, max(7, len(content) // 1000)), "log", form))  # type: ignore[arg-type]
    assert [(r.line, r.value, str(r.error)) for r in piped] == [(r.line, r.value, str(r.error)) for r in found]
    return found


def values(content: bytes, form: Optional[str] = None) -> List[Any]:
    found = read(content, form)
    assert [record.error for record in found] == [None] * len(found)
    return [record.value for record in found]


def lines(*rows: Any) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def outcome(content: bytes, form: Optional[str] = None) -> List[Tuple[int, Any]]:
    return [(found.line, found.error.message if found.error else found.value) for found in read(content, form)]


@pytest.mark.parametrize(
    "content",
    [
        lines(*ROWS),
        lines(*ROWS).replace(b"\n", b"\r\n"),
        lines(*ROWS)[:-1],
        b"\n\n" + lines(*ROWS).replace(b"\n", b"\n \n"),
        json.dumps(ROWS).encode(),
        json.dumps(ROWS, indent=2).encode(),
        lines(ROWS),
        b"".join(json.dumps(row, indent=1).encode() + b"\n" for row in ROWS),
        json.dumps({"Records": ROWS}).encode(),
        json.dumps({"@odata.context": "x", "value": ROWS, "n": 1}, indent=2).encode(),
        json.dumps({"items": ROWS, "kind": "x"}).encode(),
        json.dumps({"stat": "OK", "response": {"authlogs": ROWS, "metadata": {}}}).encode(),
        json.dumps({"_embedded": {"activities": ROWS}, "_links": {}}, indent=1).encode(),
        lines({"Records": ROWS[:2]}, {"Records": ROWS[2:]}),
        lines(*({"preview": False, "offset": n, "result": row} for n, row in enumerate(ROWS))),
        lines(*(part for row in ROWS for part in ({"index": {"_index": "x", "pipeline": "p"}}, row))),
        b"\xef\xbb\xbf" + lines(*ROWS),
        "".join(json.dumps(row) + "\n" for row in ROWS).encode("utf-16"),
        b"\xfe\xff" + "".join(json.dumps(row) + "\n" for row in ROWS).encode("utf-16-be"),
        pytest.param(packed(lines(*ROWS)), id="gzip"),
        pytest.param(packed(lines(ROWS[0])) + packed(lines(*ROWS[1:])), id="gzip, two members"),
        pytest.param(packed(packed(lines(*ROWS))), id="gzip, packed twice"),
    ],
)
def test_every_wrapping_gives_the_records(content: bytes) -> None:
    assert values(content) == ROWS


def test_hits_keep_their_id() -> None:
    hits = [{"_index": "i", "_id": str(row["a"]), "_source": row} for row in ROWS]
    wanted = [{"_index": "i", "_id": str(row["a"]), **row} for row in ROWS]
    assert values(json.dumps({"took": 1, "hits": {"total": {"value": 3}, "hits": hits}}).encode()) == wanted
    assert values(lines(*hits)) == wanted


def test_objects_that_only_look_like_envelopes_are_records() -> None:
    rows: List[Any] = [
        {"a": 1, "data": []},
        {"value": [1, 2]},
        {"hits": {"x": 1}},
        {"response": {"code": 5}},
        {"result": {}},
    ]
    assert values(lines(*rows)) == rows
    assert values(b"".join(json.dumps(row, indent=1).encode() for row in rows)) == rows


def test_zstd_where_a_package_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    zstandard = pytest.importorskip("zstandard")
    packed = zstandard.compress(lines(*ROWS[:1])) + zstandard.compress(lines(*ROWS[1:]))
    assert values(packed) == ROWS
    true_import = builtins.__import__

    def absent(name: str, *rest: Any, **more: Any) -> Any:
        if name in ("zstandard", "compression"):
            raise ImportError(name)
        return true_import(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(MissingExtra, match=r"busybody\[zstd\]"):
        list(records(io.BytesIO(packed), "log"))


@pytest.mark.parametrize("cut", [5, 20, -4])
def test_a_cut_off_gzip_keeps_what_came_before(cut: int) -> None:
    noise = [{"n": n, "x": os.urandom(16).hex()} for n in range(3000)]
    content = packed(lines(*noise))
    found = read(content[:cut] if cut < 0 else content[: len(content) // 2 + cut])
    assert len(found) > 100
    assert [record.value for record in found[:-2]] == noise[: len(found) - 2]
    assert found[-1].error is not None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"a": tru', "no JSON at character 7"),
        (b'{"a": 1', "ends too early"),
        (b'{"a": NaN}', "NaN is no JSON value"),
        (b'{"a": -Infinity}', "-Infinity is no JSON value"),
        (b'{"a": "\xff"}', "byte 8 is no valid UTF-8"),
        (b'{"a": "\xed\xa0\x80"}', "no valid UTF-8"),
        (b'{"a": "\x00"}', "no JSON at character 8"),
        (b"garbage", "no JSON at character 1"),
        (b"17", "not an object"),
        (b"[1]", "not an object"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
    ],
)
def test_a_broken_line_is_one_error_and_the_next_ones_go_on(line: bytes, message: str) -> None:
    content = lines(ROWS[0]) + line + b"\n" + lines(ROWS[1])
    first, broken, last = outcome(content)
    assert (first, last) == ((1, ROWS[0]), (3, ROWS[1]))
    assert broken[0] == 2
    assert message in broken[1]
    assert len(broken[1]) < 200


def test_strange_but_valid_lines() -> None:
    assert values(b'{"a": 1, "a": 2}\n') == [{"a": 2}]
    assert values(b'{"a": "\\ud800"}\n{"a": "\\u0000"}\n') == [{"a": "\ud800"}, {"a": "\0"}]
    big = {"a": "x" * 10_000_000}
    assert values(lines(big, ROWS[1])) == [big, ROWS[1]]
    assert values(b'{"a": 1e400}\n{"a": 18446744073709551615}\n') == [{"a": float("inf")}, {"a": 2**64 - 1}]
    assert values(b"") == values(b"\n \n") == []


@pytest.mark.parametrize("quick", [True, False])
def test_integers_beyond_64_bits_are_floats_with_every_library(monkeypatch: pytest.MonkeyPatch, quick: bool) -> None:
    if not quick:
        monkeypatch.setattr(json_text, "fastest", lambda: json_text.loads)
    assert values(b'{"a": 123456789012345678901234, "b": -9223372036854775808}\n') == [
        {"a": 1.2345678901234568e23, "b": -(2**63)}
    ]
    assert json_text.loads(b"1" * 5000) == float("inf")


@given(st.binary(max_size=60) | st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda i: st.lists(i, max_size=3) | st.dictionaries(st.text(), i, max_size=3)).map(lambda v: json.dumps(v).encode()))  # fmt: skip
def test_both_libraries_say_the_same(text: bytes) -> None:
    pytest.importorskip("orjson")

    def said(loads: Any) -> Any:
        try:
            return repr(loads(text))
        except ValueError as error:
            return str(error)

    assert said(json_text.fastest()) == said(json_text.loads)


def test_a_broken_element_of_a_list_is_one_error() -> None:
    assert outcome(b'[{"a": 1}, {"b": }, {"a": 2}, 5, {"a": 3}]') == [
        (1, {"a": 1}),
        (2, 'no JSON at character 7: expecting value, found \'}, {"a": 2}, 5, {"a"\'.'),
        (3, {"a": 2}),
        (4, "the record is a number, not an object with fields."),
        (5, {"a": 3}),
    ]
    assert outcome(b'[{"a": 1}, {"a": 2}')[-1] == (3, "the JSON text ends inside a list.")
    assert outcome(b'{"Records": [{"a": 1}, {"a"')[0] == (1, {"a": 1})


def test_values_of_a_list_that_are_no_records_are_one_error_each() -> None:
    expected = [
        (1, ROWS[0]),
        (2, "Infinity is no JSON value."),
        (3, "the record is a number, not an object with fields."),
        (4, "the record is null, not an object with fields."),
        (5, ROWS[1]),
    ]
    one, other = (json.dumps(row).encode() for row in ROWS[:2])
    for odd in (b'{"a":Infinity}', b'{"a": {"b": [1, Infinity]}, "c": "%s"}' % (b"x" * 70_000), b"Infinity"):
        assert outcome(b"[" + b", ".join((one, odd, b"5", b"null", other)) + b"]") == expected
        assert outcome(b"[\n " + b",\n ".join((one, odd, b"5", b"null", other)) + b"\n]\n") == expected


GOOD = {"user": "ana", "ok": 1}
NUMBER = "the record is a number, not an object with fields."


def test_a_damaged_or_odd_first_line_swallows_nothing_behind_it() -> None:
    deep, *rest = outcome(b"[" * 100_000 + b"\n" + lines(GOOD, GOOD))
    assert deep[1] == "is nested too deeply."
    assert rest == [(2, GOOD), (3, GOOD)]
    assert outcome(b'1\n"x"\nnull\n[]\n{}\n' + lines(GOOD)) == [
        (1, NUMBER),
        (2, "the record is text, not an object with fields."),
        (3, "the record is null, not an object with fields."),
        (4, {}),
        (5, {}),
        (6, GOOD),
    ]
    assert outcome(b"[]\n" + lines(GOOD)) == [(1, {}), (2, GOOD)]
    assert outcome(b"[1]\n" + lines(GOOD)) == [(1, NUMBER), (2, GOOD)]
    assert outcome(b"[]\n") == []
    for damaged in (b"{broken", b'{"a": 1,', b'{"a": {"b": 1}', b'{"a": "x'):
        first, *rest = outcome(damaged + b"\n" + lines(GOOD, GOOD))
        assert isinstance(first[1], str)
        assert rest == [(2, GOOD), (3, GOOD)], damaged
    for opened in (
        b"[[[",
        b"[[{",
        b'[{"a":',
        b'{"a":',
        b'{"a"',
        b'{"a": {',
        b'{"a": [',
        b'{"a": 1',
        b"{a",
        b'["a": {"b": 1}}',
        b'["a": 1,',
        b'[{"a" 1}',
    ):
        for end in (b"\n", b"\r\n", b"\n\n"):
            first, *rest = outcome(opened + end + lines(GOOD))
            assert (first[0], rest) == (1, [(1 + end.count(b"\n"), GOOD)]), opened
            assert outcome(opened + end + lines(GOOD, GOOD, GOOD))[1:] == [
                (n + end.count(b"\n"), GOOD) for n in (1, 2, 3)
            ]


def test_a_long_json_text_is_not_taken_for_broken_lines() -> None:
    for text in (
        b'{"a":\n{"b": 1}\n}',
        b'{"a":\n{"b": 1},\n"c": 2}\n{"a":\n{"b": 1}}',
        b'[[{"a": 1}\n]]',
        b'{"Records": [\n{"a": 2}\n]}',
        b'{"Records":\n[\n{"a": 2},\n{"a": 2}\n]\n}\n',
        b'[\n{"a": 2}\n,\n{"a": 2}\n]\n',
        b'{"hits": {"hits": [\n{"a": 2}\n,{"a": 3}]}}',
    ):
        assert all(isinstance(value, dict) for _, value in outcome(text)), text


def test_values_between_objects_are_one_error_each() -> None:
    content = json.dumps([ROWS[1]], indent=1).encode() + b'\n17\n{"a": 3}\n"x"'
    assert outcome(content) == [
        (1, ROWS[1]),
        (2, NUMBER),
        (3, ROWS[2]),
        (4, "the record is text, not an object with fields."),
    ]


def test_an_envelope_that_is_cut_off_keeps_what_came_before() -> None:
    for cut in (b'{"Records":[{"a": 2}\n,{trunc', b'{"Records":[{"a": 2}\n', b'{"Records":[{"a": 2},\n{"a": "x'):
        first, broken = outcome(cut)
        assert first == (1, ROWS[1])
        assert isinstance(broken[1], str), cut


def test_a_long_list_is_not_loaded() -> None:
    class Endless(io.RawIOBase):
        given_out = 0

        def readable(self) -> bool:
            return True

        def readinto(self, into: Any) -> int:
            piece = (b"[" if not self.given_out else b"") + b'{"a": 1},' * 1000
            part = piece[: len(into) // 9 * 9 + 1 if not self.given_out else len(into) // 9 * 9]
            Endless.given_out += len(part)
            into[: len(part)] = part
            return len(part)

    stream = records(Endless(), "endless")  # type: ignore[arg-type]
    assert [next(stream).line for _ in range(5000)] == list(range(1, 5001))
    assert Endless.given_out < 2_000_000


CSV = b"""_time,user,src,_raw,__mv_user\r
1740989700,ana,81.2.69.142,"two
lines",\r
1740989701,"ana
bob",,x,"$ana$;$b$$ob$"\r
1740989702,short\r
1740989703,carl,"a,b",x,\r
"""


def test_csv_with_multivalues_as_splunk_exports_it() -> None:
    assert outcome(CSV) == [
        (2, {"_time": "1740989700", "user": "ana", "src": "81.2.69.142", "_raw": "two\nlines"}),
        (4, {"_time": "1740989701", "user": ["ana", "b$ob"], "_raw": "x"}),
        (6, "the row has 2 cells, the header 5."),
        (7, {"_time": "1740989703", "user": "carl", "src": "a,b", "_raw": "x"}),
    ]
    assert values(b"a;b\n1;2\n") == values(b"a\tb\n1\t2\n") == [{"a": "1", "b": "2"}]
    assert values(b'a,b\n"x\ny",2\n') == [{"a": ["x", "y"], "b": "2"}]


def test_csv_that_is_broken() -> None:
    assert outcome(b"a,b\n1,\xff\n1,2\n") == [(2, "the row is no valid UTF-8."), (3, {"a": "1", "b": "2"})]
    assert values(b"a,b\n1,x\x00y\n") == [{"a": "1", "b": "x\ufffdy"}]
    with pytest.raises(InputError, match="'a' stands twice"):
        read(b"a,b,a\n1,2,3\n")


OLD = b"Nov  3 10:11:12 web1 sshd[4711]: Accepted password for ana from 81.2.69.142 port 50022 ssh2\n"


def test_syslog_of_every_kind() -> None:
    reference = 1764547200.0  # 2025-12-01
    wanted = {"host": "web1", "program": "sshd", "pid": "4711", "message": "hello: [x]"}
    for line in (
        b"Nov  3 10:11:12 web1 sshd[4711]: hello: [x]\n",
        b"<38>Nov  3 10:11:12 web1 sshd[4711]: hello: [x]\n",
        b"2025-11-03T10:11:12.000000 web1 sshd[4711]: hello: [x]\n",
        b'<38>1 2025-11-03T10:11:12.000000 web1 sshd 4711 - [m@1 a="]\\""] hello: [x]\n'.replace(b']\\"', b"\\]"),
    ):
        (found,) = records(io.BytesIO(line), "log", reference_time=reference)
        assert found.value == {"timestamp": "2025-11-03T10:11:12.000000", **wanted}
    later = list(records(io.BytesIO(OLD + b"  continued\n\xff\n" + OLD), "log", reference_time=reference))
    assert [found.line for found in later] == [1, 2, 3, 4]
    assert later[1].value == {"message": "  continued"}
    assert later[2].error is not None


def test_syslog_is_dated_by_when_the_file_was_written(tmp_path: Any) -> None:
    path = tmp_path / "auth.log"
    path.write_bytes(OLD)
    os.utime(path, (1700000000, 1700000000))  # 2023-11-14
    with path.open("rb") as stream:
        (found,) = records(stream, "auth.log")
    assert found.value is not None
    assert found.value["timestamp"].startswith("2023-11-03T10:11:12")


def test_what_cannot_be_recognised_names_the_option() -> None:
    with pytest.raises(InputError, match="--format"):
        read(b"hello\nworld\n")
    with pytest.raises(InputError, match="unknown format"):
        read(b"{}", "xml")
    assert outcome(b"garbage\n" + lines(ROWS[0]))[1] == (2, ROWS[0])
    assert values(b"a\n1\n", "csv") == [{"a": "1"}]


@pytest.mark.parametrize(
    "start", [b"\x89PNG\r\n\x1a\n\0\0,", b"PK\x03\x04\x14\0,;a\rb\n", b"\x7fELF\x02\x01", bytes(range(256))]
)
def test_what_is_binary_is_called_so(start: bytes) -> None:
    with pytest.raises(InputError, match="log: looks binary and is no log"):
        read(start + b"\0\xff," * 500)


@given(st.binary(max_size=300), st.sampled_from([None, "json", "jsonl", "csv", "syslog"]))
def test_any_bytes_give_records_or_errors(content: bytes, form: Optional[str]) -> None:
    try:
        for found in records(io.BytesIO(content), "log", form):
            assert (found.value is None) != (found.error is None)
            assert found.line >= 1
    except InputError:
        return


@given(st.lists(st.dictionaries(st.text(), st.integers(-9, 9) | st.text(), min_size=1, max_size=3), max_size=5), st.integers(1, 40))  # fmt: skip
def test_lists_come_whole_in_pieces_of_any_size(rows: List[Dict[str, Any]], piece: int) -> None:
    content = json.dumps([{"x": row} for row in rows], indent=piece % 3).encode()
    assert [found.value for found in records(Pipe(content, piece), "log")] == [{"x": row} for row in rows]  # type: ignore[arg-type]
