"""`busybody fields` shows which field became what, for good records and bad ones."""

from __future__ import annotations

import json
from pathlib import Path

from busybody.fields.schema import packaged

from .conftest import Busybody

OKTA = {
    "uuid": "u1", "published": "2026-03-02T08:00:00.000Z", "eventType": "user.session.start", "version": "0",
    "outcome": {"result": "SUCCESS"}, "actor": {"alternateId": "Ana@Example.com", "id": "00u", "type": "User"},
    "client": {"ipAddress": "93.184.216.34", "userAgent": {"rawUserAgent": "curl/8.0"}},
}  # fmt: skip


def write(path: Path, *rows: object) -> None:
    path.write_text(
        "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), encoding="utf-8"
    )


def test_every_field_has_its_path_value_and_reason(busybody: Busybody, tmp_path: Path) -> None:
    write(tmp_path / "log", OKTA)
    ran = busybody("fields", "log", "--output", "json")
    assert ran.code == 0, ran.err
    row = ran.rows[0]
    fields = {field["field"]: field for field in row["fields"]}
    assert (row["line"], row["map"], row["result"]) == (1, "okta", "sign-in")
    assert fields["user"] == {
        "field": "user",
        "path": "actor.alternateId",
        "raw": "Ana@Example.com",
        "value": "ana@example.com",
        "why": "first of the map",
    }
    assert fields["device"]["value"] == "tool-curl"
    assert fields["ip"]["path"] == "client.ipAddress"


def test_the_table_says_the_same(busybody: Busybody, tmp_path: Path) -> None:
    write(tmp_path / "log", OKTA)
    ran = busybody("fields", "log")
    assert ran.out.splitlines()[0] == "record 1, line 1: sign-in, read by okta"
    line = next(line for line in ran.out.splitlines() if line.split()[:1] == ["user"])
    assert line.split() == [
        "user",
        "ana@example.com",
        "actor.alternateId",
        "=",
        '"Ana@Example.com"',
        "first",
        "of",
        "the",
        "map",
    ]
    assert "1 record: 1 sign-in." in ran.err


def test_what_no_map_reads_gets_the_maps_that_nearly_do(busybody: Busybody, tmp_path: Path) -> None:
    unlike = {key: value for key, value in OKTA.items() if key != "eventType"}
    write(tmp_path / "log", unlike)
    row = busybody("fields", "log", "--output", "json").rows[0]
    assert row["map"] is None
    assert row["result"] == "skipped"
    assert any(nearly.startswith("okta: ") for nearly in row["nearly"])
    assert "  nearly: okta: " in busybody("fields", "log").out


def test_what_no_map_reads_is_pointed_to_how_to_write_one(busybody: Busybody, tmp_path: Path) -> None:
    write(tmp_path / "log", {"foo": 1}, {"published": "2026-01-01T00:00:00Z", "eventType": "user.session.start"})
    out = busybody("fields", "log").out
    assert out.count("docs/sources.md") == 2
    assert out.count("no map comes near") == 1
    assert "  nearly: okta: " in out


def test_broken_records_are_shown_among_the_good_ones(busybody: Busybody, tmp_path: Path) -> None:
    write(tmp_path / "log", OKTA, '{"uuid": ', {**OKTA, "published": "yesterday"}, OKTA)
    ran = busybody("fields", "log")
    assert ran.code == 1
    assert "record 2, line 2: broken: " in ran.out
    assert "record 3, line 3: error: time: 'yesterday' is no time" in ran.out
    assert "record 4, line 4: sign-in" in ran.out
    assert "4 records: 2 sign-ins, 2 broken." in ran.err
    assert [row["result"].split(":")[0] for row in busybody("fields", "log", "--output", "json").rows] == [
        "sign-in",
        "broken",
        "error",
        "sign-in",
    ]


def test_limit_source_and_format(busybody: Busybody, tmp_path: Path) -> None:
    write(tmp_path / "log", *[OKTA] * 9)
    first = busybody("fields", "log", "--limit", 2)
    assert sum(line.startswith("record ") for line in first.out.splitlines()) == 2
    assert "2 records from the start: 2 sign-ins. --limit 0 shows all." in first.err
    assert len(busybody("fields", "log", "--limit", 0, "--output", "json").rows) == 9
    write(
        tmp_path / "ecs",
        {"@timestamp": OKTA["published"], "event": {"category": ["authentication"]}, "user": {"name": "ana"}},
    )
    named = busybody("fields", "ecs", "--source", "mine", "--output", "json").rows[0]
    assert next(field for field in named["fields"] if field["field"] == "source")["value"] == "mine"
    assert busybody("fields", "log", "--format", "csv", "--limit", 1).code in (0, 1)
    assert busybody("fields", "log", "--format", "fax").code == 2


def test_standard_input_is_read(busybody: Busybody) -> None:
    assert busybody("fields", "-", "--output", "json", given=json.dumps(OKTA).encode()).rows[0]["map"] == "okta"
    empty = busybody("fields", "-", given=b"")
    assert empty.code == 0
    assert "<stdin>: there is no record in it." in empty.err


def test_maps_are_listed_with_their_documentation(busybody: Busybody) -> None:
    rows = busybody("fields", "--maps", "--output", "json").rows
    assert [row["map"] for row in rows] == sorted(found.name for found in packaged())
    assert all(row["documented_at"] and row["source"] for row in rows)
    assert "okta " in busybody("fields", "--maps").out


def test_values_never_command_the_terminal(busybody: Busybody, tmp_path: Path) -> None:
    write(tmp_path / "log", {**OKTA, "actor": {"alternateId": "a\x1b[2J\u202e\nb", "type": "User"}})
    for output in ("table", "json"):
        assert not set("\x1b\u202e") & set(busybody("fields", "log", "--output", output).out)


def test_what_cannot_be_read_is_named(busybody: Busybody) -> None:
    assert "nothing: cannot be read" in busybody("fields", "nothing").err
    assert busybody("fields", "nothing").code == 3
    nothing = busybody("fields")
    assert nothing.code == 2
    assert "FILE: is missing: name a log, or say --maps." in nothing.err
