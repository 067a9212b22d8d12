"""Lists that stand in CSV files."""

from __future__ import annotations

from pathlib import Path

import pytest
from busybody.policy import InvalidPolicy, Policy


def test_list_is_the_first_column_or_the_named_one(tmp_path: Path) -> None:
    file = tmp_path / "leavers.csv"
    file.write_text("\ufeffuser,left\nAna@example.com,2026-01-31\n\n# nobody\n/svc-.*/,\n", encoding="utf-8")
    for entry in (f"csv:{file}#USER", f"csv:{file}"):
        people = Policy.from_mapping({"people": {"leavers": [entry, "bob"]}}).people.leavers
        assert all(people.matches(name) for name in ("ana@example.com", "SVC-1", "bob"))
        assert not people.matches("2026-01-31")
        assert people.entries == (entry, "bob")


def test_networks_may_come_from_a_file_too(tmp_path: Path) -> None:
    file = tmp_path / "nets.csv"
    file.write_text("192.0.2.0/24,office\nas64500,cloud\n", encoding="utf-8")
    networks = Policy.from_mapping({"networks": {"trusted": [f"csv:{file}"]}}).networks.trusted
    assert networks.matches("192.0.2.9")
    assert networks.matches(None, 64500)


@pytest.mark.parametrize(
    ("content", "entry", "told"),
    [
        ("user\nx\n", "csv:{}#name", "the first line has no column 'name'"),
        ("ana\n/[/\n", "csv:{}", "line 2: '/[/': no regular expression"),
        ("csv:other.csv\n", "csv:{}", "a file within a file"),
        (None, "csv:{}", "cannot be read: No such file or directory"),
    ],
)
def test_bad_file_is_an_error_of_its_key_and_line(tmp_path: Path, content: str, entry: str, told: str) -> None:
    file = tmp_path / "list.csv"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(InvalidPolicy) as caught:
        Policy.from_mapping({"people": {"vip": [entry.format(file)]}})
    assert str(caught.value).startswith("people.vip[0]: ")
    assert told in str(caught.value)
