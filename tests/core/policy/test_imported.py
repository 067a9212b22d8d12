"""`busybody policy import`: an old configuration becomes a policy, and what does not is said by its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import List, Tuple

import pytest
from busybody.cli import main
from busybody.policy import InvalidPolicy, Policy
from busybody.policy.imported import load

OLD = """\
pollers:
  slack:
    api_token: xoxp-very-secret
persistence:
  module: flatfile
analysis:
  slack:
    user_map:
      root: ops@example.com
    user_domain: example.com
  gsuite:
    enabled: true
  badges:
    user_domain: example.org
  geoip:
    city_db: /usr/share/city.mmdb
    asn_db: /usr/share/asn.mmdb
  history_limit: 864000
notifiers:
  slack:
    channel: security
"""


def imported(tmp_path: Path, text: str, name: str = "config.yml") -> Tuple[Policy, List[str]]:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    found = load(str(file))
    return Policy.from_mapping(found.policy), [str(note.at(name)) for note in found.notes]


def test_what_busybody_knew_of_people_places_and_history_is_carried_over(tmp_path: Path) -> None:
    policy, _ = imported(tmp_path, OLD)
    slack = policy.source("slack.access")
    assert (dict(slack.user_map), slack.user_domain) == ({"root": "ops@example.com"}, "example.com")
    assert (policy.geo.city_mmdb, policy.geo.asn_mmdb) == ("/usr/share/city.mmdb", "/usr/share/asn.mmdb")
    assert policy.learning.forget_days == policy.learning.half_life_days == 10
    assert policy.source("badges").user_domain == "example.org"


def test_what_is_not_carried_over_is_said_line_by_line_without_a_secret(tmp_path: Path) -> None:
    _, notes = imported(tmp_path, OLD)
    starts = [note.partition(": ")[0] for note in notes]
    assert starts == [f"config.yml:{line}" for line in (3, 5, 13, 18, 21)]
    assert not any("secret" in note.replace("The secret is not copied", "") for note in notes)


def test_history_limit_is_read_in_both_places_and_in_any_spelling(tmp_path: Path) -> None:
    for text in ('{"pollers": {}, "history_limit": "7776000"}', '{"analysis": {"history_limit": 7776000.0}}'):
        assert imported(tmp_path, text)[0].learning.forget_days == 90
    _, notes = imported(tmp_path, '{"analysis": {"history_limit": "for ever"}}')
    assert "'for ever' is no number of seconds" in notes[0]


def test_buffalogs_fields_become_keys_and_a_bad_value_its_default(tmp_path: Path) -> None:
    fields = {
        "vip_users": ["^boss.*"],
        "ignored_ips": ["12.45.5"],
        "vel_accepted": 500,
        "ip_max_days": 9,
        "theme": "dark",
    }
    policy, notes = imported(tmp_path, json.dumps(fields, indent=1), "buffalogs.json")
    assert policy.people.vip.matches("BOSSY")
    assert policy.travel.max_speed_kmh == 500
    assert policy.filters.ignored_ips.matches("127.0.0.1")
    told = "\n".join(notes)
    for line, word in ((2, "whole name"), (5, "not carried over: '12.45.5'"), (9, "ip_max_days"), (10, "theme")):
        assert any(note.startswith(f"buffalogs.json:{line}: ") and word in note for note in notes), told


def test_another_file_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(InvalidPolicy, match="is no configuration of busybody"):
        imported(tmp_path, '{"name": "office"}')


def test_command_writes_a_policy_that_checks_and_leaves_an_existing_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = tmp_path / "config.yml", tmp_path / "new.json"
    old.write_text(OLD, encoding="utf-8")
    assert main(["policy", "import", str(old), "-o", str(new)]) == 0
    assert "pollers.slack.api_token: not carried over" in capsys.readouterr().err
    assert main(["policy", "check", str(new)]) == 0
    assert main(["policy", "import", str(old), "-o", str(new)]) != 0
    capsys.readouterr()
    assert main(["policy", "import", str(old)]) == 0
    assert "slack.access" in capsys.readouterr().out
