"""`--jobs`: any number of processes gives the bytes of one."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .logs import Busybody, contents, environment, signin, written


def test_one_two_and_seven_processes_give_the_same_bytes_and_the_same_store(
    busybody: Busybody, troubled: Path, tmp_path: Path
) -> None:
    runs = {
        jobs: busybody("score", troubled, "--output", "jsonl", "--store", f"{jobs}.db", "--jobs", jobs)
        for jobs in (1, 2, 7)
    }
    assert runs[1].code == runs[2].code == runs[7].code == 1
    assert runs[1].output == runs[2].output == runs[7].output
    assert runs[1].errors == runs[2].errors == runs[7].errors
    assert any(row["alert"] for row in runs[1].rows if "alert" in row)
    assert any(row.get("late") for row in runs[1].rows)
    stores = [contents(tmp_path / f"{jobs}.db") for jobs in (1, 2, 7)]
    assert stores[0] == stores[1] == stores[2]


@pytest.mark.parametrize("output", ["csv", "ecs", "splunk", "table"])
def test_every_output_is_the_same_from_several_processes(busybody: Busybody, troubled: Path, output: str) -> None:
    words = ("score", troubled, "--output", output, "--store", ":memory:", "--jobs")
    assert busybody(*words, 1) == busybody(*words, 3)


def test_a_run_may_go_on_with_another_number_of_processes(busybody: Busybody, troubled: Path, tmp_path: Path) -> None:
    rows = troubled.read_bytes().splitlines(keepends=True)
    for place in (0, 1):
        (tmp_path / f"half{place}.jsonl").write_bytes(b"".join(rows[place * 800 :][: 800 if place == 0 else None]))
    outputs = {}
    for first, second in ((1, 1), (1, 3), (3, 2), (2, 1)):
        store = f"{first}{second}.db"
        busybody("score", "half0.jsonl", "--output", "jsonl", "--store", store, "--jobs", first)
        outputs[first, second] = busybody(
            "score", "half1.jsonl", "--output", "jsonl", "--store", store, "--jobs", second
        ).output
    assert len(set(outputs.values())) == 1
    kept = [contents(tmp_path / f"{first}{second}.db") for first, second in outputs]
    assert all(store == kept[0] for store in kept)


def test_a_directory_as_store_serves_several_processes(busybody: Busybody, troubled: Path, tmp_path: Path) -> None:
    for jobs in (1, 2):
        busybody("learn", troubled, "--store", f"{jobs}/", "--jobs", jobs)
        again = busybody("score", troubled, "--output", "jsonl", "--store", f"{jobs}/", "--jobs", jobs)
        assert again.code == 1
    assert contents(tmp_path / "1") == contents(tmp_path / "2")


def test_several_packed_and_foreign_files_are_the_same_from_several_processes(
    busybody: Busybody, troubled: Path, tmp_path: Path
) -> None:
    rows = troubled.read_bytes().splitlines(keepends=True)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b"".join(rows[::2])))
    (tmp_path / "b.jsonl").write_bytes(b"".join(rows[1::2]))
    (tmp_path / "c.json").write_bytes(b"[" + b",".join(row for row in rows[:200] if row.startswith(b'{"@')) + b"]")
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"".join(rows))[:-5000])
    for options in ((), ("--sort",), ("--no-learn",)):
        words = ("score", "a.jsonl.gz", "b.jsonl", "c.json", "cut.gz", "--output", "jsonl", *options)
        if "--no-learn" in options:
            busybody("learn", troubled, "--store", "x.db")
        one, more = (
            busybody(*words, "--store", "x.db" if "--no-learn" in options else ":memory:", "--jobs", n) for n in (1, 3)
        )
        assert one == more
        assert {row["file"] for row in one.rows} == {"a.jsonl.gz", "b.jsonl", "c.json", "cut.gz"}


@pytest.mark.skipif(os.name == "nt", reason="kills by signal")
def test_a_killed_worker_is_an_error_and_no_hang(troubled: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "busybody", "score", "-", "--output", "jsonl", "--store", "x.db", "--jobs", "2"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path,
        env=environment(tmp_path),
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"".join(troubled.read_bytes().splitlines(keepends=True)[:20]))
    process.stdin.flush()
    assert process.stdout.readline()  # all is under way
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        process.kill()
        process.communicate()
        pytest.skip("this system does not list children in /proc")
    os.kill(int(children.read_text().split()[0]), signal.SIGKILL)
    _, errors = process.communicate(troubled.read_bytes(), timeout=60)
    assert process.returncode == 3
    assert b"a worker process ended before its time" in errors


@pytest.mark.skipif(os.name == "nt", reason="kills by signal")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_workers_end_with_the_one_who_started_them(tmp_path: Path, how: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "busybody", "score", "-", "--output", "jsonl", "--store", "x.db", "--jobs", "3"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, env=environment(tmp_path),
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(written(tmp_path / "x", [signin(1, 1.77e9)]).read_bytes())
    process.stdin.flush()
    assert process.stdout.readline()
    listing = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    children = [int(word) for word in listing.read_text().split()] if listing.exists() else []
    process.send_signal(how)
    process.communicate(timeout=60)
    end = time.monotonic() + 20
    while any(Path(f"/proc/{child}").exists() and _runs(child) for child in children) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(_runs(child) for child in children)
    if how == signal.SIGINT:
        assert process.returncode == 130


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
