"""The protocol through the driver: what splunkd sees of a command, and what it is told when something is wrong."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import pytest
from busybody_splunk.chunks import Body, Chunk, table
from busybody_splunk.frames import Cancelled, read_frame, write_frame
from busybody_splunk.protocol import EMPTY, Fatal, Messages, Search, serve
from driver import Event, Process, Script, body_of, getinfo, read_reply, search
from hypothesis import given
from hypothesis import strategies as st

MARKER = Script(Path(__file__).with_name("marker.py"))
EVENTS: List[Event] = [
    {"user": "ana", "src_ip": "198.51.100.7", "app": "okta"},
    {"user": "bo", "src_ip": "203.0.113.9"},
]
HEADER = b'user,"src_ip","_chunked_idx","__mv_user","__mv_src_ip","__mv__chunked_idx"\n'

# --- a search as it should be ---------------------------------------------------------------------------------------


def test_rows_come_back_with_the_columns_added() -> None:
    outcome = search(MARKER, EVENTS, args=["fields=user,src_ip"])
    assert outcome.configuration == {"type": "stateful", "required_fields": ["user", "src_ip"]}
    assert outcome.rows == [
        {**EVENTS[0], "mark": "0", "marks": ["ana", "198.51.100.7", "$"]},
        {**EVENTS[1], "mark": "1", "marks": ["bo", "203.0.113.9", "$"]},
    ]
    assert outcome.metrics == {"rows": [2]}
    assert (outcome.error, outcome.exit_code, outcome.messages) == (None, 0, [])


def test_a_transcript_of_splunkd_is_answered_byte_by_byte() -> None:
    with Process(MARKER) as process:
        assert process.getinfo(args=["fields=user,src_ip,user"]) == (
            {"type": "stateful", "required_fields": ["user", "src_ip"]},
            b"",
        )
        first = process.execute(HEADER + b'ana,"198.51.100.7",0,,,\n', finished=False)
        assert first == (
            {"inspector": {"metric.rows": [1]}, "finished": False},
            HEADER.replace(b'"', b"")[:-1]
            + b",mark,marks,__mv_mark,__mv_marks\n"
            + b'ana,"198.51.100.7",0,,,,0,"ana\n198.51.100.7\n$",,$ana$;$198.51.100.7$;$$$$\n',
        )  # fmt: skip
        between = process.execute(HEADER, finished=False)
        assert between == ({"inspector": {"metric.rows": [1]}, "finished": False}, b"")
        without = process.execute(b"", finished=False)
        assert without == ({"inspector": {"metric.rows": [1]}, "finished": False}, b"")
        last = process.execute(HEADER, finished=True)
        assert last == ({"inspector": {"metric.rows": [1]}, "finished": True}, b"")
        assert process.close() == 0


@pytest.mark.parametrize("size", [1, 2, 50_000])
@pytest.mark.parametrize("kind", ["streaming", "stateful", "events"])
def test_every_size_of_chunk_gives_the_same_rows(kind: str, size: int) -> None:
    outcome = search(MARKER, EVENTS, args=[f"kind={kind}", "fields=user,src_ip"], size=size)
    assert [row["user"] for row in outcome.rows] == ["ana", "bo"]
    assert [row["marks"] for row in outcome.rows] == [["ana", "198.51.100.7", "$"], ["bo", "203.0.113.9", "$"]]
    assert outcome.rows[0]["app"] == "okta"


@pytest.mark.parametrize("size", [1, 50_000])
def test_a_reporting_command_answers_at_the_end(size: int) -> None:
    outcome = search(MARKER, EVENTS, args=["kind=reporting", "fields=user"], size=size)
    assert outcome.rows == [{"seen": "2"}]


def test_a_generating_command_gets_one_chunk_without_rows() -> None:
    outcome = search(MARKER, args=["generating=1", "fields=name,values"])
    assert outcome.configuration["generating"] is True
    assert outcome.rows == [{"name": "a", "values": ["1", "2$"]}, {"name": "b"}]
    assert [reply.metadata["finished"] for reply in outcome.replies[1:]] == [True]


def test_messages_and_metrics_reach_the_job_inspector() -> None:
    outcome = search(MARKER, EVENTS, args=["say=naïve \u2028 words"], size=1)
    assert outcome.said("INFO") == ["naïve \u2028 words"] * 3
    assert outcome.metrics == {"rows": [2]}


def test_starts_that_see_only_getinfo_end_well() -> None:
    with Process(MARKER) as process:
        assert process.getinfo() is not None
        assert process.close() == 0
        assert process.log == "INFO closed\n"
    with Process(MARKER) as process:
        assert process.close() == 0


def test_a_search_cancelled_in_mid_stream_closes_the_command() -> None:
    with Process(MARKER) as process:
        process.getinfo()
        process.execute(HEADER + b"ana,1,0,,,\n", finished=False)
        assert process.close() == 0
        assert process.log == "a stray print\nINFO closed\n"


def test_a_killed_process_has_answered_what_it_was_asked() -> None:
    with Process(MARKER) as process:
        process.getinfo()
        assert process.execute(HEADER + b"ana,1,0,,,\n", finished=False) is not None
        process.kill()
        assert process.execute(HEADER, finished=True) is None
        assert process.close() != 0


# --- what getinfo tells ---------------------------------------------------------------------------------------------


class Recorder:
    """Keeps what it was given; answers `bodies` one by one."""

    kind = "events"

    def __init__(self, *bodies: Body) -> None:
        self.bodies = list(bodies)
        self.generating = bool(bodies)
        self.searches: List[Search] = []
        self.chunks: List[Chunk] = []
        self.closed = 0

    def begin(self, search: Search, messages: Messages) -> Optional[Sequence[str]]:
        self.searches.append(search)
        return None

    def take(self, chunk: Chunk) -> Body:
        self.chunks.append(chunk)
        return self.bodies.pop(0) if self.bodies else EMPTY

    def close(self) -> None:
        self.closed += 1


def frame(metadata: object, body: bytes = b"") -> bytes:
    told = json.dumps(metadata).encode()
    return b"chunked 1.0,%d,%d\n%s%s" % (len(told), len(body), told, body)


def served(command: Recorder, *requests: bytes) -> List[Dict[str, Any]]:
    """The metadata of each reply."""
    out = io.BytesIO()
    assert serve(command, io.BytesIO(b"".join(requests)), out, io.StringIO()) in (0, 1)
    assert command.closed == 1
    out.seek(0)
    replies = list(iter(lambda: read_reply(out), None))
    return [reply.metadata for reply in replies]


def test_a_command_is_told_about_its_search() -> None:
    command = Recorder()
    served(command, frame(getinfo(["a=b c"], preview=True, sid=17, latest_time="1700000000.5", dispatch_dir=None)))
    assert command.searches == [
        Search(
            args=("a=b c",), sid="17", app="busybody", owner="admin", username="admin",
            session_key="not-a-real-session-key", splunkd_uri="https://127.0.0.1:8089", dispatch_dir="", earliest="0",
            latest="1700000000.5", command="busyscore", search="search%20index%3Dauth", splunk_version="10.2.0",
            preview=True,
        )
    ]  # fmt: skip


def test_preview_is_told_with_getinfo_or_with_the_chunk() -> None:
    chunk, marked = frame({"action": "execute"}), frame({"action": "execute", "preview": True})
    command = Recorder()
    served(command, frame(getinfo()), chunk, marked)
    assert [one.preview for one in command.chunks] == [False, True]
    command = Recorder()
    served(command, frame(getinfo(preview=True)), chunk)
    assert [one.preview for one in command.chunks] == [True]


def test_a_generating_command_may_have_more_rows_than_one_chunk_holds() -> None:
    command = Recorder(table(["n"], [["1"]], more=True), table(["n"], [["2"]]))
    chunk = frame({"action": "execute", "finished": True})
    assert served(command, frame(getinfo()), chunk, chunk)[1:] == [{"finished": False}, {"finished": True}]


def test_nothing_is_taken_after_the_last_chunk_and_the_process_waits_for_the_end_of_the_input() -> None:
    command = Recorder()
    last = frame({"action": "execute", "finished": True}, b"user\nana\n")
    assert served(command, frame(getinfo()), last, last)[1:] == [{"finished": True}, {"finished": True}]
    assert len(command.chunks) == 1


# --- what goes wrong ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("where", "told"), [("begin", "no start. Try again."), ("take", "no more. Try again.")])
def test_a_fatal_error_is_told_and_ends_the_process(where: str, told: str) -> None:
    outcome = search(MARKER, EVENTS, args=[f"fail={where}"])
    assert (outcome.error, outcome.exit_code, outcome.rows) == (told, 1, [])
    assert outcome.replies[-1].metadata == {
        "inspector": {"messages": [["ERROR", told]]},
        "finished": True,
        "error": told,
    }
    assert list(outcome.replies[-1].metadata) == ["inspector", "finished", "error"]
    assert outcome.log.endswith("INFO closed\n")


def test_an_error_that_nobody_foresaw_leaves_its_way_in_the_log() -> None:
    outcome = search(MARKER, EVENTS, args=["fail=surprise"])
    assert outcome.error == "unexpected KeyError: 'nobody knows'. Its traceback is in search.log; please report it."
    assert outcome.exit_code == 1
    lines = outcome.log.splitlines()
    assert lines[0] == "ERROR Traceback (most recent call last):"
    assert lines[-2:] == ["ERROR KeyError: 'nobody knows'", "INFO closed"]
    assert all(line.startswith("ERROR ") for line in lines[:-1])


BROKEN = {
    "no frame": (b"GET / HTTP/1.1\n", "splunkd's stream is not chunked 1.0: a frame starts with b'GET / HTTP/1.1\\n'."),
    "another version": (b"chunked 2.0,2,0\n{}", "splunkd's stream is not chunked 1.0: a frame starts with b'chunked 2.0,2,0\\n'."),
    "no numbers": (b"chunked 1.0,two,0\n{}", "splunkd's stream is not chunked 1.0: a frame starts with b'chunked 1.0,two,0\\n'."),
    "a negative length": (b"chunked 1.0,2,-1\n{}", "splunkd's stream is not chunked 1.0: a frame starts with b'chunked 1.0,2,-1\\n'."),
    "an endless header": (b"chunked 1.0," + b"9" * 99, "splunkd's stream is not chunked 1.0: a frame starts with b'chunked 1.0,9999999999999999999999999999'."),
    "a huge length": (b"chunked 1.0,9999999999,0\n", "splunkd announces a frame of 9999999999 + 0 bytes, which is beyond all bounds."),
    "a cut header": (b"chunked 1.0,2", "splunkd's stream is not chunked 1.0: a frame starts with b'chunked 1.0,2'."),
    "cut metadata": (b'chunked 1.0,20,0\n{"action":', "splunkd's stream ends within the metadata of a frame: 10 of 20 bytes."),
    "a cut body": (b'chunked 1.0,20,9\n{"action":"execute"}user', "splunkd's stream ends within the body of a frame: 4 of 9 bytes."),
    "bad JSON": (b"chunked 1.0,9,0\n{'a': 1}x", "the metadata of splunkd's frame is no JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)."),
    "bad UTF-8": (b'chunked 1.0,7,0\n{"\xff":1}', "the metadata of splunkd's frame is no JSON: 'utf-8' codec can't decode byte 0xff in position 2: invalid start byte."),
    "no object": (b"chunked 1.0,2,0\n[]", "the metadata of splunkd's frame is no JSON object."),
    "another action": (frame({"action": "dance"}), "splunkd asks for the unknown action 'dance'."),
    "a cut chunk": (frame({"action": "execute"}, b'a,b\n1,"2\n'), "splunkd's chunk is no valid CSV: its last cell in quotes does not end."),
    "a short row": (frame({"action": "execute"}, b"a,b\n1,2\n1\n"), "a row of splunkd's chunk has 1 cells, its header names 2."),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_stream_is_told_in_words(name: str) -> None:
    data, told = BROKEN[name]
    with Process(MARKER) as process:
        process.getinfo()
        reply = process.send_last(data)
        assert reply is not None
        assert (reply.metadata["error"], reply.metadata["finished"], reply.body) == (told, True, b"")
        assert reply.messages == [("ERROR", told)]
        assert process.close() == 1


def test_a_command_that_is_not_declared_as_chunked_says_so() -> None:
    command = Recorder()
    replies = served(command, frame({"action": "execute"}))
    assert replies[0]["error"] == (
        "splunkd's first request is no getinfo. Busybody's commands need `chunked = true` in commands.conf."
    )
    assert command.searches == []


@given(st.binary(max_size=80))
def test_any_bytes_are_answered_or_refused(data: bytes) -> None:
    served(Recorder(), frame(getinfo()), data)
    served(Recorder(), data)


@given(
    st.dictionaries(
        st.text(max_size=5), st.none() | st.integers() | st.text(max_size=5) | st.lists(st.text()), max_size=4
    )
)
def test_any_metadata_is_answered_or_refused(metadata: Dict[str, Any]) -> None:
    served(
        Recorder(),
        frame({"action": "getinfo", "searchinfo": metadata, **metadata}),
        frame({"action": "execute", **metadata}),
    )


class Gone(io.BytesIO):
    """A pipe whose reader has gone."""

    def flush(self) -> None:
        raise BrokenPipeError(32, "Broken pipe")


def test_a_reader_that_has_gone_is_no_error() -> None:
    command, log = Recorder(), io.StringIO()
    assert serve(command, io.BytesIO(frame(getinfo())), Gone(), log) == 0
    assert (command.closed, log.getvalue()) == (1, "")
    with pytest.raises(Cancelled):
        write_frame(Gone(), b"{}")


def test_a_broken_pipe_of_the_commands_own_is_one() -> None:
    class Broken(Recorder):
        def take(self, chunk: Chunk) -> Body:
            raise BrokenPipeError(32, "Broken pipe")

    told = served(Broken(), frame(getinfo()), frame({"action": "execute", "finished": True}))
    assert told[-1]["error"].startswith("unexpected BrokenPipeError: ")


def test_an_error_of_the_core_is_told_in_its_own_words() -> None:
    from busybody.errors import PolicyError

    class Strict(Recorder):
        def begin(self, search: Search, messages: Messages) -> Optional[Sequence[str]]:
            raise PolicyError("is not a number. Give one.", key="budget")

    assert served(Strict(), frame(getinfo()))[-1]["error"] == "budget: is not a number. Give one."


def test_half_a_surrogate_pair_in_a_message_does_not_break_the_reply() -> None:
    class Odd(Recorder):
        def begin(self, search: Search, messages: Messages) -> Optional[Sequence[str]]:
            messages.warn("half \ud83d")
            raise Fatal("no \udcff")

    told = served(Odd(), frame(getinfo()))[-1]
    assert (told["error"], told["inspector"]["messages"]) == ("no ?", [["WARN", "half ?"], ["ERROR", "no ?"]])


@given(st.dictionaries(st.text(), st.text()), st.binary())
def test_a_frame_that_was_written_is_read_again(metadata: Dict[str, str], body: bytes) -> None:
    stream = io.BytesIO()
    write_frame(stream, json.dumps(metadata).encode(), [body[:3], body[3:]])
    stream.seek(0)
    found = read_frame(stream)
    assert found is not None
    assert (found.metadata, b"".join(found.body)) == (metadata, body)
    assert read_frame(stream) is None


def test_the_driver_sends_only_the_columns_that_were_asked_for() -> None:
    assert body_of(["user", "_time"], [{"user": "a b", "_time": ["1", "2$"], "x": "y"}]) == (
        b'user,"_time","__mv_user","__mv__time"\n"a b","1\n2$",,"$1$;$2$$$"\n'
    )
