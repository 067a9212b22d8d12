"""The audit log: one line each, which nobody can break or forge."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from busybody.errors import StoreError
from busybody_splunk import audit
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "var" / "log" / "splunk").mkdir(parents=True)
    return tmp_path


def log(home: Path) -> Path:
    return home / "var" / "log" / "splunk" / "busybody_audit.log"


def test_line_says_who_did_what(home: Path) -> None:
    who = audit.person("ana@example.com")
    audit.audit(
        "verdict", "admin", "default", now=1.25, home=str(home), event_id="e1", person=who, sure=True, n=2, no=None
    )
    audit.audit("train", "admin", "default", now=2.0, home=str(home))
    assert log(home).read_text() == (
        '1970-01-01T00:00:01.250Z action="verdict" actor="admin" model="default" event_id="e1" '
        f'person="{who}" sure=true n=2\n'
        '1970-01-01T00:00:02.000Z action="train" actor="admin" model="default"\n'
    )
    assert log(home).stat().st_mode & 0o077 == 0
    assert "ana" not in log(home).read_text()


@given(st.text())
def test_no_value_breaks_out_of_its_line(value: str) -> None:
    told = audit.line("a", value, "m", 0.0)
    assert told.count("\n") == 1
    assert told.endswith('"\n')
    assert told.isprintable() or told[:-1].isprintable()
    assert re.fullmatch(r'[^ ]+ action="a" actor="(?:[^"\\]|\\.)*" model="m"\n', told)


def test_old_lines_are_kept_for_a_while(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "LONGEST", 100)
    for number in range(20):
        audit.audit("train", "admin", "default", now=float(number), home=str(home))
    names = sorted(path.name for path in log(home).parent.iterdir())
    assert names == ["busybody_audit.log"] + [f"busybody_audit.log.{n}" for n in range(1, 6)]


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreError, match="busybody_audit.log: cannot be written: No such file or directory"):
        audit.audit("train", "admin", "default", home=str(tmp_path))
    monkeypatch.delenv("SPLUNK_HOME", raising=False)
    with pytest.raises(StoreError, match="SPLUNK_HOME: is not set"):
        audit.audit("train", "admin", "default")
