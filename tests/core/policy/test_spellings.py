"""YAML, JSON and .conf say the same, and converting between them loses nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Dict

import pytest
from busybody.errors import MissingExtra
from busybody.policy import InvalidPolicy, Policy
from busybody.policy.conf import plain_text, spelled
from busybody.policy.render import starter
from busybody.policy.spellings import SPELLINGS, dumps, loads
from hypothesis import given
from hypothesis import strategies as st

from .strategies import TEXT, mappings

try:
    import yaml  # noqa: F401
except ImportError:
    READABLE = [spelling for spelling in SPELLINGS if spelling != "yaml"]
else:
    READABLE = list(SPELLINGS)
needs_yaml = pytest.mark.skipif("yaml" not in READABLE, reason="PyYAML is not installed")


@pytest.mark.parametrize("spelling", READABLE)
@given(mapping=mappings(), comments=st.booleans(), changed=st.booleans())
def test_converting_loses_nothing(spelling: str, mapping: Dict[str, Any], comments: bool, changed: bool) -> None:
    policy = Policy.from_mapping(mapping)
    text = dumps(policy, spelling, comments=comments, changed=changed)
    assert loads(text, spelling) == policy
    assert loads(text.encode("utf-8").decode("utf-8").replace("\n", "\r\n"), spelling) == policy


@pytest.mark.parametrize("spelling", READABLE)
def test_starter_is_the_default_policy_and_explains_every_key(spelling: str) -> None:
    text = starter(spelling)
    assert loads(text, spelling) == Policy.default()
    assert spelling == "json" or "How many false alerts you can work through." in text


@pytest.mark.parametrize("spelling", [spelling for spelling in READABLE if spelling != "json"])
def test_example_of_a_source_in_the_starter_can_be_uncommented(spelling: str) -> None:
    lines = starter(spelling).splitlines()
    example = "okta.system"
    keys = ("user_map", "user_domain", "timezone", "lateness_seconds", f"{example}:")
    shown = [line.replace("# ", "  ", 1) if line.lstrip("# ").startswith(keys) else line for line in lines]
    shown = [line[1:] if line.startswith(f"#sources.{example}") else line for line in shown]
    source = loads("\n".join(shown).replace(f"    {example}", f"  {example}"), spelling).sources[example]
    assert (source.user_map, source.user_domain) == ({"root": "ops@example.com"}, "example.com")
    assert (source.timezone, source.lateness_seconds) == ("Europe/Oslo", 86400)


@pytest.mark.parametrize("spelling", READABLE)
def test_changed_keeps_only_what_differs(spelling: str) -> None:
    policy = Policy.from_mapping({"travel": {"jet_kmh": 900}})
    text = dumps(policy, spelling, changed=True)
    assert "jet_kmh" in text
    assert "ground_kmh" not in text


@given(TEXT)
def test_text_in_conf_is_quoted_where_it_must_be(text: str) -> None:
    assert "\n" not in spelled(text)
    assert (spelled(text) == text) is plain_text(text)


CASES = [
    ("yaml", "a: 1\na: 2", "p:2: a: stands there twice, first on line 1. Keep one of the two."),
    (
        "yaml",
        "name: !!python/name:os.system x",
        "p:1: name: the tag 'tag:yaml.org,2002:python/name:os.system' is not read here. Remove it.",
    ),
    ("yaml", "name: !x a", "p:1: name: the tag '!x' is not read here. Remove it."),
    ("yaml", "name: !!binary aGk=", "p:1: name: the tag 'tag:yaml.org,2002:binary' is not read here. Remove it."),
    ("yaml", "a: &x [1]\nb: *x", "p:2: b: is an alias of a. Write the value out."),
    ("yaml", "? [a]\n: 1", "p:1: a key is no text. Write it between quotes."),
    ("yaml", "- a", "p:1: ['a'] is no policy. Write keys and values, such as name: office."),
    (
        "yaml",
        "a: [1",
        "p:1: is no YAML: expected ',' or ']', but got '<stream end>'. Mind the indentation and quote text that holds : or #.",
    ),
    (
        "yaml",
        "travel:\n  # slow\n  jet_kmh: 0",
        "p:3: travel.jet_kmh: 0.0 is out of bounds. Give a number above 0, at most 20000, such as 900.",
    ),
    (
        "json",
        '{"travel": {"jet_kmh": 1,\n"jet_kmh": 2}}',
        "p:2: travel.jet_kmh: stands there twice, first on line 1. Keep one of the two.",
    ),
    ("json", '{"name": NaN}', "p:1: name: NaN is no number that a policy can use. Give a finite one."),
    (
        "json",
        "{\n'name': 1}",
        "p:2: a key is missing. Write it between double quotes, and no comma after the last one.",
    ),
    ("json", '{"name": "a",}', "p:1: name: a comma before }. Remove it."),
    ("json", '{"name": "a', 'p:1: name: text without its closing ". Add it.'),
    (
        "json",
        '{"name": "\\q"}',
        "p:1: name: '\"\\\\q\"' is no JSON text. Write a backslash as \\\\ and a line end as \\n.",
    ),
    ("json", '{"name": "a"} x', "p:1: 'x' follows the end. Remove it."),
    ("json", '{"name" "a"}', "p:1: name: has no value. Write a colon and the value after the key."),
    ("json", '{"name":', "p:1: name: the text ends where a value should stand. Close what was opened."),
    ("json", "[]", "p:1: [] is no policy. Put the keys between { and }."),
    ("json", "", "p:1: the text ends where a value should stand. Close what was opened."),
    (
        "conf",
        "[policy:a]\npeople.vip = ana",
        "p:2: people.vip: 'ana' is no JSON value. Put text between double quotes.",
    ),
    (
        "conf",
        '[policy:a]\npeople.vip = ["ana", \\\n bob]',
        "p:3: people.vip.[1]: 'bob' is no JSON value. Put text between double quotes.",
    ),
    ("conf", "[policy:a]\nnonsense", "p:2: 'nonsense' is neither [stanza] nor key = value. Write one of the two."),
    (
        "conf",
        "[policy:a]\ndormant.days = x",
        "p:2: dormant.days: 'x' is no number. Give a number above 0, at most 3650, such as 90.",
    ),
    ("conf", "[policy:a]\n[policy:a]", "p:2: [policy:a]: stands there twice, first on line 1. Join the two."),
    (
        "conf",
        "[policy:a]\ndormant.days = 1\ndormant.days = 2",
        "p:3: dormant.days: stands there twice, first on line 2. Keep one of the two.",
    ),
    ("conf", "[monitor:x]\na = 1", "p:1: the stanza 'monitor:x' is none of a policy. Write [policy:<name>]."),
    ("conf", "[policy:a]\nname = b", "p:2: name: 'b' is not the name in [policy:a]. Remove it."),
    (
        "conf",
        "[policy:a]\ntravel.maxspeed_kmh = 3",
        "p:2: travel.maxspeed_kmh: is no key of a policy. Did you mean 'max_speed_kmh'?",
    ),
    ("conf", "# nothing", "p:1: has no stanza [policy:<name>]. Begin the policy with one, such as [policy:default]."),
]


@pytest.mark.parametrize(("spelling", "text", "expected"), CASES)
def test_broken_text_is_named_with_its_line(spelling: str, text: str, expected: str) -> None:
    if spelling not in READABLE:
        pytest.skip("PyYAML is not installed")
    with pytest.raises(InvalidPolicy) as caught:
        loads(text, spelling, source="p")
    assert str(caught.value) == expected.replace("vip.[1]", "vip[1]")


@needs_yaml
def test_norway_is_a_country_and_not_false() -> None:
    assert loads("countries:\n  trusted: [NO, de]", "yaml").countries.trusted == {"NO", "DE"}


@needs_yaml
@pytest.mark.parametrize("text", ["", "# only a comment", "travel:\n  # nothing yet", "---\n"])
def test_yaml_that_says_nothing_is_the_default(text: str) -> None:
    assert loads(text, "yaml") == Policy.default()


def test_yaml_without_its_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(MissingExtra, match=r"pip install 'busybody\[yaml\]'"):
        loads("name: a", "yaml")
    assert dumps(Policy.default(), "yaml").startswith('name: "default"')


def test_conf_reads_what_splunk_reads() -> None:
    text = """
# a comment \\
[default]
learning.strong_factor = 0
  # another
[policy:office]
travel.max_speed_kmh=500
people.vip = ["ana", \\
    "bob"]
geo.city_mmdb = /var/lib/geo = city.mmdb
people.ignored =
alerts.threshold =
sources.okta.system.user_domain = example.com
sources = {"sshd": {"timezone": "UTC"}}
"""
    policy = loads(text, "conf")
    assert policy.name == "office"
    assert policy.learning.strong_factor is False
    assert policy.travel.max_speed_kmh == 500
    assert policy.people.vip.entries == ("ana", "bob")
    assert policy.geo.city_mmdb == "/var/lib/geo = city.mmdb"
    assert policy.people.ignored.entries == ()
    assert policy.alerts.threshold is None
    assert policy.sources["okta.system"].user_domain == "example.com"
    assert policy.sources["sshd"].timezone == "UTC"


def test_one_of_several_stanzas_is_chosen_by_name() -> None:
    text = "[policy:day]\ndormant.days = 1\n[policy:night]\ndormant.days = 2\n"
    assert loads(text, "conf", name="night").dormant.days == 2
    with pytest.raises(InvalidPolicy, match=r"has 2 policies\. Name the one to use: day, night\."):
        loads(text, "conf")
    with pytest.raises(InvalidPolicy, match=r"has no policy 'nite'\. Did you mean 'night'\?"):
        loads(text, "conf", name="nite")


@pytest.mark.parametrize("spelling", READABLE)
@given(text=st.text(max_size=60) | st.text(st.sampled_from('{}[]",:=\\\n #-ab1'), max_size=40))
def test_any_text_is_a_policy_or_a_named_problem(spelling: str, text: str) -> None:
    try:
        loads(text, spelling, source="p")
    except InvalidPolicy as error:
        if not str(error).startswith("p"):
            raise


@pytest.mark.parametrize("spelling", READABLE)
@pytest.mark.parametrize("opened", ["[", '{"a":'])
def test_bottomless_nesting_is_refused(spelling: str, opened: str) -> None:
    text = opened * 100_000
    with pytest.raises(InvalidPolicy):
        loads("[policy:a]\nmaps = " + text if spelling == "conf" else text, spelling)


def test_files_are_told_by_their_ending(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_bytes(b'\xef\xbb\xbf{"name": "office"}')
    assert Policy.load(str(path)).name == "office"
    for name, content, told in [
        ("policy.toml", b"", "the ending '.toml' is none of a policy. Use .yaml, .json or .conf."),
        ("latin.json", b'{"name": "\xe9"}', "is no UTF-8: byte 10 is wrong. Save it as UTF-8."),
    ]:
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(InvalidPolicy) as caught:
            Policy.load(str(path))
        assert str(caught.value) == f"{path}: {told}"
    with pytest.raises(InvalidPolicy, match=r"cannot be read: No such file or directory\. Check"):
        Policy.load(str(tmp_path / "absent.json"))
