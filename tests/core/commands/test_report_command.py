"""`busybody report` draws scores, or logs that it scores on the way."""

from __future__ import annotations

import gzip
import os
import stat
import threading
from pathlib import Path
from typing import List

import pytest

from .conftest import Busybody


def test_scores_and_the_log_they_came_from_give_the_same_page(busybody: Busybody, month: Path, tmp_path: Path) -> None:
    scores = busybody("report", month / "scores.jsonl", "--output", "page.html")
    assert (scores.code, scores.out) == (0, "")
    assert "page.html: written. Open it in a browser." in scores.err
    log = busybody("report", month / "month.jsonl", "--output", "-")
    assert log.code == 0
    assert log.out == (tmp_path / "page.html").read_text(encoding="utf-8")
    assert log.out.startswith("<!DOCTYPE html>")
    assert "IP Geolocation by DB-IP" in log.out


def test_a_log_is_scored_on_the_way_and_nothing_is_kept(busybody: Busybody, month: Path, tmp_path: Path) -> None:
    busybody("report", month / "month.jsonl")
    assert not (tmp_path / "home").exists()


def test_a_log_scored_against_a_store_leaves_it_as_it_is(busybody: Busybody, month: Path, store: Path) -> None:
    before = busybody("model", "export", "--store", store).out
    assert busybody("report", month / "month.jsonl", "--store", store, "--output", "page.html").code == 0
    assert busybody("model", "export", "--store", store).out == before


def test_packed_and_piped_scores_are_read_too(busybody: Busybody, month: Path, tmp_path: Path) -> None:
    content = (month / "scores.jsonl").read_bytes()
    (tmp_path / "scores.jsonl.gz").write_bytes(gzip.compress(content))
    plain = busybody("report", month / "scores.jsonl").out
    assert busybody("report", "scores.jsonl.gz").out == plain
    assert busybody("report", "-", given=content).out == plain
    assert busybody("report", "-", given=gzip.compress(content)).out == plain
    assert busybody("report", "-", given=(month / "month.jsonl").read_bytes()).out == plain


def test_a_broken_line_is_named_and_the_page_is_drawn(busybody: Busybody, month: Path, tmp_path: Path) -> None:
    lines = (month / "scores.jsonl").read_text(encoding="utf-8").splitlines()
    (tmp_path / "torn.jsonl").write_text("\n".join([*lines[:50], '{"risk": 1, "lo', *lines[50:60]]), encoding="utf-8")
    ran = busybody("report", "torn.jsonl")
    assert ran.code == 1
    assert "torn.jsonl:51:" in ran.err
    assert "</html>" in ran.out


def test_several_files_are_one_page(busybody: Busybody, month: Path, tmp_path: Path) -> None:
    lines = (month / "scores.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "a.jsonl").write_text("".join(lines[:400]), encoding="utf-8")
    (tmp_path / "b.jsonl").write_text("".join(lines[400:]), encoding="utf-8")
    assert busybody("report", "a.jsonl", "b.jsonl").out == busybody("report", month / "scores.jsonl").out


def test_a_title_is_text_not_markup(busybody: Busybody, month: Path) -> None:
    ran = busybody("report", month / "scores.jsonl", "--title", "<b>March</b>")
    assert "&lt;b&gt;March&lt;/b&gt;" in ran.out
    assert "<b>March" not in ran.out


def test_what_cannot_be_read_or_written_is_named(busybody: Busybody, month: Path) -> None:
    missing = busybody("report", "nothing.jsonl")
    assert (missing.code, missing.out) == (3, "")
    assert "nothing.jsonl: cannot be read" in missing.err
    unwritable = busybody("report", month / "scores.jsonl", "--output", "no/such/folder/page.html")
    assert unwritable.code == 3
    assert "cannot be written" in unwritable.err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_written_into_and_stays_a_pipe(busybody: Busybody, month: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for words in (("report", month / "scores.jsonl"), ("model", "export", "--store", month / "store.db")):
        got: List[bytes] = []
        reader = threading.Thread(target=lambda to=got: to.append((tmp_path / "pipe").read_bytes()))
        reader.start()
        ran = busybody(*words, "--output", "pipe")
        reader.join(20)
        assert ran.code == 0
        assert got[0].decode() == busybody(*words).out
        assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_page_that_was_there_is_replaced_whole_and_links_are_followed(
    busybody: Busybody, month: Path, tmp_path: Path
) -> None:
    (tmp_path / "page.html").write_text("old", encoding="utf-8")
    (tmp_path / "link.html").symlink_to("page.html")
    assert busybody("report", month / "scores.jsonl", "--output", "link.html").code == 0
    assert (tmp_path / "link.html").is_symlink()
    assert (tmp_path / "page.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.html", "page.html"]
