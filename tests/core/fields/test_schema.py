"""A map with a fault is refused, and the fault is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict

import pytest
from busybody.errors import PolicyError
from busybody.fields import schema
from busybody.fields.intake import Intake, Skipped
from busybody.policy import Policy
from busybody.signin import SignIn

EXAMPLE = Path(__file__).parent / "example_map.json"


def minimal(**changes: Any) -> Dict[str, Any]:
    return {
        "source": "s",
        "title": "t",
        "documented_at": "d",
        "detect": {"path": "kind", "equals": "x"},
        "fields": {"time": "t", "user": "u"},
        **changes,
    }


def intake(*maps: Any) -> Intake:
    return Intake(Policy.from_mapping({"maps": list(maps)}), None)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"colour": 1}, "colour"),
        ({"source": ""}, "source"),
        ({"fields": {"user": "u"}}, "fields.time"),
        ({"fields": {"time": "t", "user": "u", "colour": "c"}}, "fields.colour"),
        ({"fields": {"time": "t", "user": ["u", "a..b"]}}, "fields.user[1].path"),
        ({"fields": {"time": "t", "user": [{"path": "u", "apply": ["reverse"]}]}}, "fields.user[0].apply[0]"),
        (
            {"fields": {"time": "t", "user": [{"path": "u", "apply": [{"regex": "("}]}]}},
            "fields.user[0].apply[0].regex",
        ),
        ({"fields": {"time": "t", "user": [{"paht": "u"}]}}, "fields.user[0]"),
        ({"fields": {"time": "t", "user": "u", "mfa": [{"value": "perhaps"}]}}, "fields.mfa[0].value"),
        ({"detect": {"path": "kind", "equal": "x"}}, "detect"),
        ({"detect": {"all": []}}, "detect.all"),
        ({"detect": {"any": [{"path": "kind", "in": "x"}]}}, "detect.any[0].in"),
        ({"detect": {"path": "kind", "regex": "("}}, "detect.regex"),
        ({"detect": 7}, "detect"),
        ({"skip": [{"when": {"path": "a", "exists": True}}]}, "skip[0]"),
        ({"skip": [{"when": {"path": "a", "exists": 1}, "reason": "r"}]}, "skip[0].when.exists"),
        ({"flags": {"colour": {"path": "a", "exists": True}}}, "flags.colour"),
        ({"values": {"outcome": {"won": ["x"]}}}, "values.outcome.won"),
        ({"values": {"outcome": {"success": "x"}}}, "values.outcome.success"),
        ({"places": [{"planet": "p"}]}, "places[0].planet"),
        ({"extract": [{"from": "a", "regex": "("}]}, "extract[0].regex"),
        ({"extract": [{"from": "a"}]}, "extract[0]"),
        ({"missing": [1]}, "missing"),
    ],
)
def test_the_faulty_key_is_named(change: Dict[str, Any], key: str) -> None:
    with pytest.raises(PolicyError) as caught:
        intake(minimal(**change))
    assert caught.value.key == key
    assert caught.value.source == "maps[0]"


def test_a_missing_key_is_named() -> None:
    without = minimal()
    del without["detect"]
    with pytest.raises(PolicyError, match="detect: is missing"):
        intake(without)


def test_duplicate_keys_and_broken_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    path.write_text('{"source": "a", "source": "b"}')
    with pytest.raises(PolicyError, match="'source' stands twice"):
        intake(str(path))
    path.write_text('{"source": ')
    with pytest.raises(PolicyError, match="no JSON"):
        intake(str(path))
    with pytest.raises(PolicyError, match="cannot be read"):
        intake(str(tmp_path / "absent.json"))


def test_the_smallest_example_works_and_a_users_map_wins_a_tie() -> None:
    given = {"exampleEventType": "user.session.start", "published": "2025-03-03T08:15:00Z", "actor": {"id": "Ana"}}
    twin = {**json.loads(EXAMPLE.read_text()), "source": "twin"}
    found = intake(str(EXAMPLE)).read(given)
    assert isinstance(found, SignIn)
    assert (found.user, found.source) == ("ana", "example.signins")
    assert intake(twin).read({**given, "exampleEventType": "policy.rule"}) == Skipped("policy.rule is no sign-in")
    ecs = {"@timestamp": "2025-03-03T08:15:00Z", "event": {"category": "authentication"}, "user": {"name": "a"}}
    own = minimal(
        detect=[{"path": "@timestamp", "exists": True}, {"path": "event.category", "exists": True}],
        fields={"time": "@timestamp", "user": "user.name"},
    )
    assert intake(own).read(ecs).source == "s"  # type: ignore[union-attr]


def test_every_packaged_map_is_written_for_people() -> None:
    for found in schema.packaged():
        assert all(place.startswith("https://") for place in found.documented_at), found.name
        for rule in found.skip:
            assert len(rule["reason"]) > 10, (found.name, rule)


def test_transforms_and_joins() -> None:
    reader = intake(
        minimal(
            fields={
                "time": "t",
                "user": [{"join": ["u", "d"], "with": "@", "when": {"path": "d", "exists": True}}, "u"],
                "app": [{"path": "app", "apply": [{"after": "/"}, {"before": "?"}, "upper"]}],
                "session": [{"path": "s", "apply": [{"split": ["|", -1]}, {"prepend": "s-"}]}],
                "group": [{"path": "g", "apply": [{"regex": "OU=([^,]+)"}]}],
            },
            extract=[{"from": "body", "json": True}],
        )
    )
    base = {"kind": "x", "t": 1740578181}
    first = reader.read({**base, "u": "a", "d": "e.org", "app": "x/mail?q", "s": "1|2", "g": "CN=a,OU=sales,DC=b"})
    assert isinstance(first, SignIn)
    assert (first.user, first.app, first.session, first.group) == ("a@e.org", "MAIL", "s-2", "sales")
    second = reader.read({**base, "u": "a", "g": "CN=a"})
    assert isinstance(second, SignIn)
    assert (second.user, second.app, second.group) == ("a", None, None)
