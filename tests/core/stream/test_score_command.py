"""`busybody score` and `busybody learn`, as a user meets them."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any, List

import pytest

from .logs import Busybody, contents, environment, signin, spray, written

START = 1.77e9
HOUR, DAY = 3600.0, 86400.0
MEMORY = ("--store", ":memory:", "--output", "jsonl")


def month(users: List[str], days: int = 6) -> List[Any]:
    """Everybody signs in twice a day."""
    rows = [
        signin(place, START + day * DAY + half * 4 * HOUR + place % 7 * 60.0, user)
        for place, (day, half, user) in enumerate(
            (day, half, user) for day in range(days) for half in (0, 1) for user in users
        )
    ]
    return sorted(rows, key=lambda row: row["@timestamp"])


class TestOneLineForEachRecord:
    def test_in_their_order_with_what_was_no_sign_in(self, busybody: Busybody, tmp_path: Path) -> None:
        logout = {**signin(2, START + 60), "event.type": "end"}
        late = {**signin(3, START + 90), "@timestamp": "yesterday"}
        written(tmp_path / "log", [signin(1, START), "{broken", logout, "", late, signin(4, START + 120)])
        ran = busybody("score", "log", *MEMORY)
        assert [row.get("event_id") for row in ran.rows] == ["e1", None, None, None, "e4"]
        assert [row.get("line") for row in ran.rows] == [None, 2, 3, 5, None]
        assert ran.rows[2] == {"skipped": "a session ended", "line": 3}
        assert [row.get("error", False) for row in ran.rows] == [False, True, False, True, False]
        assert ran.code == 1

    def test_a_broken_record_is_named_with_file_line_and_field(self, busybody: Busybody, tmp_path: Path) -> None:
        written(tmp_path / "log", [signin(1, START), {**signin(3, START + 90), "@timestamp": "yesterday"}])
        ran = busybody("score", "log", *MEMORY)
        assert ran.errors.startswith("log:2: time: 'yesterday'")
        assert "1 of 2 records were broken" in ran.errors

    def test_twenty_broken_records_are_shown_and_then_only_counted(self, busybody: Busybody, tmp_path: Path) -> None:
        written(tmp_path / "log", [signin(1, START), *["{"] * 50])
        ran = busybody("score", "log", *MEMORY)
        assert len(ran.rows) == 51
        assert ran.errors.count("log:") == 20
        assert "50 of 51 records were broken" in ran.errors

    def test_strict_stops_at_the_first(self, busybody: Busybody, tmp_path: Path) -> None:
        written(tmp_path / "log", [signin(1, START), "{", signin(2, START + 1), "{"])
        for jobs in (1, 2):
            ran = busybody("score", "log", *MEMORY, "--strict", "--jobs", jobs)
            assert (ran.code, len(ran.rows)) == (1, 2)
            assert "stopped there, as --strict asks" in ran.errors

    def test_several_files_are_merged_by_time_and_named(self, busybody: Busybody, tmp_path: Path) -> None:
        rows = month(["ana", "ben"])
        written(tmp_path / "a.jsonl", rows[::3])
        (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(written(tmp_path / "x", rows[1::3]).read_bytes()))
        (tmp_path / "c.json").write_text(json.dumps({"Records": rows[2::3]}), encoding="utf-8")
        ran = busybody("score", "[a-c].json*", *MEMORY)
        assert [row["event_id"] for row in ran.rows] == [row["event.id"] for row in rows]
        assert {row["file"] for row in ran.rows} == {"a.jsonl", "b.jsonl.gz", "c.json"}
        one = busybody("score", "-", *MEMORY, given=written(tmp_path / "x", rows).read_bytes())
        assert [{**row, "file": ""} for row in one.rows] == [{**row, "file": ""} for row in ran.rows]

    def test_a_min_risk_leaves_out_what_is_below_and_what_is_no_sign_in(
        self, busybody: Busybody, tmp_path: Path
    ) -> None:
        rows = [
            *month(["ana", "ben"]),
            {"event.category": "network"},
            signin(998, START + 6 * DAY + HOUR, **{"source.geo.country_iso_code": "NZ", "source.ip": "45.9.148.3"}),
        ]
        written(tmp_path / "log", rows)
        ran = busybody("score", "log", *MEMORY, "--min-risk", 50)
        assert [row["event_id"] for row in ran.rows] == ["e998"]
        assert ran.code == 0


class TestLearning:
    def test_one_pass_learns_and_a_second_pass_learns_nothing_more(self, busybody: Busybody, tmp_path: Path) -> None:
        written(tmp_path / "log", month(["ana", "ben", "cleo"]))
        first = busybody("score", "log", "--output", "jsonl", "--store", "x.db")
        kept = contents(tmp_path / "x.db")
        second = busybody("score", "log", "--output", "jsonl", "--store", "x.db")
        assert (first.code, second.code) == (0, 0)
        assert first.rows[-1]["learned"] == "trusted"
        assert {row["learned"] for row in second.rows} == {"withheld"}
        assert contents(tmp_path / "x.db")["profiles"] == kept["profiles"]

    def test_another_sources_log_of_the_same_weeks_can_still_be_learned(
        self, busybody: Busybody, tmp_path: Path
    ) -> None:
        rows = month(["ana", "ben"])
        written(tmp_path / "log", rows)
        written(tmp_path / "vpn", [{**row, "event.dataset": "vpn", "event.id": "v" + row["event.id"]} for row in rows])
        busybody("learn", "log", "--store", "x.db")
        ran = busybody("score", "vpn", "--output", "jsonl", "--store", "x.db")
        assert not any(row["late"] for row in ran.rows)
        assert {row["learned"] for row in ran.rows} <= {"trusted", "pending"}

    def test_learn_leaves_the_store_that_score_leaves(self, busybody: Busybody, tmp_path: Path) -> None:
        written(tmp_path / "log", month(["ana", "ben"]))
        busybody("score", "log", "--output", "csv", "--store", "a.db")
        ran = busybody("learn", "log", "--store", "b.db")
        assert contents(tmp_path / "a.db") == contents(tmp_path / "b.db")
        assert ran.output.decode().startswith("b.db: 24 sign-ins of 24 records seen: ")

    def test_no_learn_writes_nothing(self, busybody: Busybody, tmp_path: Path) -> None:
        rows = month(["ana", "ben"])
        written(tmp_path / "log", rows[:12])
        written(tmp_path / "rest", rows[12:])
        busybody("learn", "log", "--store", "x.db")
        before = contents(tmp_path / "x.db")
        runs = [
            busybody("score", "rest", "--no-learn", "--output", "jsonl", "--store", "x.db", "--jobs", n) for n in (1, 2)
        ]
        assert runs[0] == runs[1]
        assert len(runs[0].rows) == 12
        assert contents(tmp_path / "x.db") == before

    def test_the_default_store_is_in_the_users_data(self, busybody: Busybody, tmp_path: Path) -> None:
        written(tmp_path / "log", month(["ana"]))
        assert busybody("learn", "log").code == 0
        assert contents(tmp_path / "home" / "busybody" / "profiles.db")["profiles"].keys() == {"ana"}

    @pytest.mark.skipif(os.name == "nt", reason="kills by signal")
    @pytest.mark.parametrize("jobs", [1, 2])
    def test_killed_at_any_moment_and_run_again_nothing_is_lost_and_nothing_learned_twice(
        self, busybody: Busybody, tmp_path: Path, jobs: int
    ) -> None:
        rows = month([f"user{number}" for number in range(30)], days=12)
        written(tmp_path / "log", rows)
        whole = busybody("score", "log", "--output", "jsonl", "--store", "whole.db")
        lines = (tmp_path / "log").read_bytes().splitlines(keepends=True)
        command = [
            sys.executable,
            "-m",
            "busybody",
            "score",
            "-",
            "--output",
            "jsonl",
            "--store",
            "x.db",
            "--jobs",
            str(jobs),
        ]
        chance = Random(jobs)
        for _ in range(3):
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=tmp_path,
                env=environment(tmp_path),
            )  # fmt: skip
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(b"".join(lines[: chance.randrange(50, 700)]))
            process.stdin.flush()
            printed = process.stdout.readline()
            process.kill()
            process.communicate()
            last = json.loads(printed)
            assert contents(tmp_path / "x.db")["profiles"][last["user"]]  # what was printed was kept
        again = busybody("score", "log", "--output", "jsonl", "--store", "x.db", "--jobs", jobs)
        assert len(again.rows) == len(whole.rows)
        assert contents(tmp_path / "x.db")["profiles"] == contents(tmp_path / "whole.db")["profiles"]
        assert contents(tmp_path / "x.db")["journals"] == contents(tmp_path / "whole.db")["journals"]


class TestOrder:
    def test_a_file_of_empty_lines_only_is_told_of(self, busybody: Busybody, tmp_path: Path) -> None:
        (tmp_path / "log").write_bytes(b"\n \n\n")
        for more in ((), ("--format", "jsonl")):
            assert "log: there is no record in it" in busybody("score", "log", *MEMORY, *more).errors

    def test_a_log_that_is_written_newest_first_is_sorted_by_itself(self, busybody: Busybody, tmp_path: Path) -> None:
        rows = month(["ana", "ben"])
        written(tmp_path / "log", rows)
        written(tmp_path / "turned", rows[::-1])
        forward, turned = busybody("score", "log", *MEMORY), busybody("score", "turned", *MEMORY)
        assert turned.output == forward.output
        assert "is written newest first; it is sorted by time" in turned.errors

    def test_sort_puts_a_shuffled_log_in_order(self, busybody: Busybody, tmp_path: Path) -> None:
        rows = month(["ana", "ben"])
        written(tmp_path / "log", rows)
        shuffled = Random(3).sample(rows, len(rows))
        written(tmp_path / "shuffled", shuffled)
        assert busybody("score", "shuffled", *MEMORY, "--sort").output == busybody("score", "log", *MEMORY).output
        late = busybody("score", "shuffled", *MEMORY)
        assert "are older than what was learned" in late.errors
        assert "--sort" in late.errors

    @pytest.mark.parametrize("jobs", ["1", "2"])
    def test_a_log_read_a_second_time_is_not_called_out_of_order(
        self, busybody: Busybody, tmp_path: Path, jobs: str
    ) -> None:
        written(tmp_path / "log", month(["ana", "ben"]))
        again = [busybody("score", "log", "--store", "store", "--jobs", jobs) for _ in range(2)][1]
        assert "a log read a second time" in again.errors
        assert "--sort" not in again.errors

    def test_what_lies_in_the_future_is_broken(self, busybody: Busybody, tmp_path: Path) -> None:
        written(tmp_path / "log", [signin(1, START), signin(2, START + 10 * DAY)])
        ran = busybody("score", "log", *MEMORY, "--now", START + DAY)
        assert ran.rows[1]["error"]
        assert "2026-02-12T02:40:00.000Z is in the future" in ran.errors
        assert busybody("score", "log", *MEMORY, "--now", "2026-02-12T00:00:00Z").code == 0


class TestOutputs:
    def test_a_spreadsheet_runs_nothing_of_it(self, busybody: Busybody, tmp_path: Path) -> None:
        import csv
        import io

        rows = [
            signin(
                1,
                START,
                "=cmd|'/c calc'!A0",
                **{"source.as.organization.name": '@SUM("x"),\n1', "source.as.number": 64500},
            )
        ]
        written(tmp_path / "log", rows)
        ran = busybody("score", "log", "--output", "csv", "--store", ":memory:")
        (row,) = csv.DictReader(io.StringIO(ran.output.decode(), newline=""))
        assert row["user"] == "'=cmd|'/c calc'!a0"
        assert row["as_org"] == '\'@SUM("x"), 1'
        assert row["time"] == "2026-02-02T02:40:00.000Z"

    def test_the_table_shows_the_odd_ones_and_closes_with_the_riskiest(
        self, busybody: Busybody, tmp_path: Path
    ) -> None:
        users = [f"user{number}" for number in range(9)]
        written(tmp_path / "log", [*month(users), *spray(START + 6 * DAY, users)])
        ran = busybody("score", "log", "--output", "table", "--store", ":memory:")
        shown = ran.output.decode()
        assert shown.startswith("TIME (UTC)")
        assert "118 sign-ins in 118 records" in shown
        assert "The riskiest:" in shown
        assert "\x1b" not in shown

    def test_ecs_and_splunk_documents_come_one_for_each_sign_in(self, busybody: Busybody, tmp_path: Path) -> None:
        written(tmp_path / "log", [signin(1, START), "{", signin(2, START + 9)])
        ecs = busybody("score", "log", "--output", "ecs", "--store", ":memory:").rows
        splunk = busybody("score", "log", "--output", "splunk", "--store", ":memory:").rows
        assert [row["event"]["id"] for row in ecs] == [row["event_id"] for row in splunk] == ["e1", "e2"]


class TestWhatCannotBe:
    @pytest.mark.parametrize(
        ("words", "code", "told"),
        [
            (["nowhere.json"], 3, "busybody: nowhere.json: cannot be read: No such file or directory. Check the name"),
            (["."], 3, "busybody: .: is a directory. Name its files: ./*"),
            (["none*.json"], 3, "busybody: none*.json: no file matches the pattern."),
            (["-", "-"], 3, "standard input can be read only once"),
            (["words"], 3, "busybody: words: the format is not recognised. Say which with --format"),
            (["good", "--policy", "nowhere.json"], 2, "nowhere.json"),
            (["good", "--min-risk", "120"], 2, "'120' is no risk. Give a number from 0 to 100."),
            (["good", "--jobs", "0"], 2, "'0' is no number of processes."),
            (["good", "--now", "soon"], 2, "--now: "),
            (["good", "--store", "good"], 3, "good"),
            (["good", "--no-learn", "--store", "none.db"], 3, "none.db: does not exist."),
            ([], 2, "the following arguments are required: FILE"),
        ],
    )
    def test_is_named_with_what_to_do(
        self, busybody: Busybody, tmp_path: Path, words: List[str], code: int, told: str
    ) -> None:
        written(tmp_path / "good", [signin(1, START)])
        (tmp_path / "words").write_text("some words\nand more\n", encoding="utf-8")
        ran = busybody("score", *words, *([] if "--store" in words else ["--store", ":memory:"]))
        assert told in ran.errors
        assert ran.code == code
        assert "Traceback" not in ran.errors

    def test_an_empty_file_is_said_to_be_empty(self, busybody: Busybody, tmp_path: Path) -> None:
        (tmp_path / "empty").touch()
        ran = busybody("score", "empty", *MEMORY)
        assert (ran.code, ran.output) == (0, b"")
        assert "empty: is empty" in ran.errors

    def test_a_log_without_sign_ins_names_the_next_step(self, busybody: Busybody, tmp_path: Path) -> None:
        written(tmp_path / "log", [{"a": 1}] * 3)
        ran = busybody("score", "log", *MEMORY)
        assert "no record is a sign-in: no map knows this format. `busybody fields FILE` shows" in ran.errors

    def test_a_store_that_is_being_written_is_refused(self, busybody: Busybody, tmp_path: Path) -> None:
        from busybody.stores import open as open_store

        written(tmp_path / "log", [signin(1, START)])
        with open_store(str(tmp_path / "x.db")):
            ran = busybody("score", "log", "--store", "x.db")
        assert ran.code == 3
        assert "is being written by process" in ran.errors

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
    def test_a_full_disk_is_an_error(self, tmp_path: Path) -> None:
        written(tmp_path / "log", month(["ana"]))
        with open("/dev/full", "wb") as full:
            command = [sys.executable, "-m", "busybody", "score", "log", *MEMORY]
            done = subprocess.run(
                command, stdout=full, stderr=subprocess.PIPE, cwd=tmp_path, env=environment(tmp_path), check=False
            )
        assert done.returncode == 3
        assert b"No space left on device. Free some space" in done.stderr
        assert b"Traceback" not in done.stderr

    @pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
    def test_a_reader_that_goes_away_ends_it_quietly(self, tmp_path: Path) -> None:
        written(tmp_path / "log", month([f"user{number}" for number in range(40)]))
        for jobs in ("1", "2"):
            command = [sys.executable, "-m", "busybody", "score", "log", *MEMORY, "--jobs", jobs]
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, env=environment(tmp_path)
            )
            assert process.stdout is not None
            process.stdout.close()
            assert process.stderr is not None
            assert process.stderr.read() == b""
            process.stderr.close()
            assert process.wait(60) == 141

    @pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
    def test_ctrl_c_keeps_what_was_printed(self, tmp_path: Path) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "busybody", "score", "-", "--output", "jsonl", "--store", "x.db"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, env=environment(tmp_path),
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(written(tmp_path / "log", [signin(1, START)]).read_bytes())
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["event_id"] == "e1"  # a live pipe is not held back
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 130
        assert b"Traceback" not in errors
        assert contents(tmp_path / "x.db")["profiles"].keys() == {"ana"}


class TestHelp:
    def test_the_help_imports_no_command(self) -> None:
        code = (
            "import sys; from busybody.cli import main\n"
            "try: main(['--help'])\n"
            "except SystemExit: pass\n"
            "assert not [name for name in sys.modules if name.startswith(('busybody.commands', 'busybody.policy', 'busybody.scorer'))]"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment(Path()), check=False)
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"first steps:" in done.stdout

    def test_a_mistyped_command_is_recognised(self, busybody: Busybody) -> None:
        ran = busybody("scroe", "x")
        assert ran.code == 2
        assert "there is no command 'scroe'. Did you mean score?" in ran.errors
