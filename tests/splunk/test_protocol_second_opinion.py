"""splunk-sdk's own parser reads what we write, and we read what its writer writes."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

import pytest

pytest.importorskip("splunklib", reason="splunk-sdk is not installed (requirements/develop.txt): no second opinion")

from busybody_splunk.chunks import Body, Chunk, table
from driver import Event, Reply, Script, Value, body_of, search
from hypothesis import given, settings
from hypothesis import strategies as st
from splunklib.searchcommands import StreamingCommand
from splunklib.searchcommands.internals import RecordWriterV2
from splunklib.searchcommands.search_command import SearchCommand

MARKER = Script(Path(__file__).with_name("marker.py"))
# NUL and lone carriage returns are left out: the SDK hands the text to csv.reader, which trips over them.
TEXT = st.text(
    st.one_of(st.sampled_from('$;,"\n _é\u2028'), st.characters(codec="utf-8", exclude_characters="\r\0")), max_size=6
)
VALUE = st.one_of(TEXT, st.lists(TEXT, min_size=2, max_size=3))
NAMES = ("user", "_time", "findings")
ROWS = st.lists(st.fixed_dictionaries(dict.fromkeys(NAMES, VALUE)), min_size=1, max_size=4)


def records(body: bytes) -> List[Dict[str, Value]]:
    """What a command of the SDK would be given, without empty fields and their traces."""
    read = StreamingCommand()._read_csv_records(io.StringIO(body.decode("utf-8")))
    return [
        {name: value for name, value in record.items() if value and not name.startswith("__mv_")} for record in read
    ]


def known(rows: Sequence[Dict[str, Value]]) -> List[Dict[str, Value]]:
    return [{name: value for name, value in row.items() if value} for row in rows]


def read(reply: Reply) -> Tuple[Dict[str, Any], List[Dict[str, Value]]]:
    """Metadata and rows of a reply, framed again and read by the SDK's transport."""
    told = json.dumps(reply.metadata).encode()
    stream = io.BytesIO(b"chunked 1.0,%d,%d\n%s%s" % (len(told), len(reply.body), told, reply.body))
    metadata, body = SearchCommand._read_chunk(stream)
    return vars(metadata), records(body.encode("utf-8"))


@settings(max_examples=50)
@given(ROWS, ROWS)
def test_the_sdk_reads_our_rows(rows: List[Dict[str, Value]], added: List[Dict[str, Value]]) -> None:
    def body(data: Body) -> bytes:
        return b"".join(data.pieces)

    assert records(body(table(NAMES, [[row[name] for name in NAMES] for row in rows]))) == known(rows)
    cells = [[added[place % len(added)]["findings"], "1"] for place in range(len(rows))]
    answer = Chunk(body_of(NAMES, rows)).extended(("findings", "risk"), cells)
    expected = [{**row, "findings": mine[0], "risk": "1"} for row, mine in zip(rows, cells)]
    assert records(body(answer)) == known(expected)


@settings(max_examples=50)
@given(ROWS)
def test_we_read_the_rows_of_the_sdk(rows: List[Dict[str, Value]]) -> None:
    stream = io.BytesIO()
    writer = RecordWriterV2(stream)
    writer.write_records(rows)
    writer.write_chunk(finished=True)
    stream.seek(0)
    header = stream.readline().split(b",")
    stream.read(int(header[1]))
    chunk = Chunk(stream.read())
    assert [{name: chunk.values(row, name) for name in NAMES} for row in chunk.rows] == [
        {name: [value] if isinstance(value, str) and value else list(value) for name, value in row.items()}
        for row in rows
    ]


def test_the_sdk_reads_a_whole_search_of_ours() -> None:
    events: List[Event] = [{"user": "ana", "_time": "1700000000.5"}, {"user": ["bo", "b$o"], "_time": "1700000001"}]
    outcome = search(MARKER, events, args=["fields=user,_time", "say=hello"])
    assert read(outcome.replies[0]) == ({"type": "stateful", "required_fields": ["user", "_time"]}, [])
    metadata, rows = read(outcome.replies[1])
    assert vars(metadata["inspector"]) == {"messages": [["INFO", "hello"]], "metric.rows": [2]}
    assert rows == [
        {"user": "ana", "_time": "1700000000.5", "_chunked_idx": "0", "mark": "0", "marks": ["ana", "1700000000.5", "$"]},
        {"user": ["bo", "b$o"], "_time": "1700000001", "_chunked_idx": "1", "mark": "1", "marks": ["bo\nb$o", "1700000001", "$"]},
    ]  # fmt: skip
    assert read(outcome.replies[2])[0]["finished"] is True


SDK = '''"""An empty streaming command of splunk-sdk."""
import sys
from splunklib.searchcommands import Configuration, StreamingCommand, dispatch
@Configuration()
class Empty(StreamingCommand):
    def stream(self, records):
        for record in records:
            record["mark"] = "1"
            yield record
dispatch(Empty, sys.argv, sys.stdin, sys.stdout, "__main__")
'''


def test_the_driver_is_understood_by_a_command_of_the_sdk(tmp_path: Path) -> None:
    script = tmp_path / "empty.py"
    script.write_text(SDK, encoding="utf-8")
    where = Script(script, flags=(), path=())
    events: List[Event] = [{"user": "ana", "_raw": 'a "b",\nc'}, {"user": ["bo", "b$o"]}]
    outcome = search(where, events, dispatch_dir=str(tmp_path))
    assert outcome.configuration == {"type": "streaming"}
    assert outcome.rows == [{**event, "mark": "1"} for event in events]
