"""Every line of SPL and of configuration in the docs names things that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import List, Set, Tuple

import pytest
import spl
from content import ADDON, conf, fenced, options, searches
from packaged import ROOT

PAGES = [ROOT / "README.md", ADDON / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGE = ROOT / "docs" / "splunk.md"
BLOCKS = [(f"{path.name}:{line}", text) for path in PAGES for line, text in fenced(path, "spl")]
SPLUNKS_OWN_FIELDS = {"_time", "_raw", "_indextime"}
WRITING = {"busyscore", "busytrain", "busyverdict", "busyforget", "collect", "outputlookup", "sendalert", "map"}


def lines(text: str) -> List[str]:
    """The searches of a block: one to a paragraph."""
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip()]


@pytest.mark.parametrize(("place", "text"), BLOCKS, ids=[place for place, _ in BLOCKS])
def test_a_search_in_the_docs_names_what_exists(place: str, text: str) -> None:
    for search in lines(text):
        assert spl.unknown(search, options()) == [], search
        assert spl.macros(search) <= set(conf("macros")), search
        known = set(conf("transforms")) | written()
        assert spl.lookups(search) <= known, search
        for model in re.findall(r"model=(\S+\.csv)", search):
            assert model in known
        for action in re.findall(r"sendalert (\w+)(.*)", search):
            assert {f"param.{name}" for name in re.findall(r"param\.(\w+)=", action[1])} <= set(
                conf("alert_actions")[action[0]]
            )


def written() -> Set[str]:
    """Lookups that the page itself tells to write."""
    return {step for _, text in BLOCKS for step in re.findall(r"outputlookup (\S+)", text)}


def test_there_are_searches_to_look_at() -> None:
    assert len(BLOCKS) > 15


def test_every_command_is_shown() -> None:
    shown = {step.command for _, text in BLOCKS for search in lines(text) for step in spl.steps(search)}
    text = PAGE.read_text(encoding="utf-8")
    assert {name for name in options() if f"| `{name}` |" not in text} == set()
    assert set(options()) - shown == {"busycursor"}, "which the scheduled search alone needs"


def test_saved_searches_in_the_docs_exist() -> None:
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    actions = {stanza["label"] for stanza in conf("alert_actions").values()}
    named = set(re.findall(r"\*(Busybody: [^*]+)\*", text)) | set(re.findall(r"Busybody > (Busybody: [^*]+)\*", text))
    named |= set(re.findall(r'savedsearch_name="([^"]+)"', text))
    assert named
    assert named - set(conf("savedsearches")) - actions == set()


def test_own_names_in_the_docs_exist() -> None:
    known = set(conf("macros")) | set(conf("transforms")) | set(conf("collections")) | set(conf("alert_actions"))
    known |= {name.partition("_")[2] for name in conf("authorize") if name.startswith("role_")}
    known |= {name.partition("::")[2] for name in conf("authorize") if name.startswith("capability::")}
    named = set(re.findall(r"`(busybody_\w+)`", PAGE.read_text(encoding="utf-8")))
    assert named - known == set()


def test_columns_in_the_docs_are_those_of_the_command() -> None:
    from busybody_splunk.columns import names

    text = PAGE.read_text(encoding="utf-8")
    section = text.split("Columns of `busyscore`:")[1].split("`prefix=`")[0]
    assert re.findall(r"`([\w.]+)`", section) == names()
    used = set(re.findall(r"\bbusy_\w+", text)) - set(names()) - {"busy_", "busy_explain"}
    assert used == set()


def test_settings_in_the_docs_exist() -> None:
    from busybody.policy.conf import read
    from busybody.policy.spellings import loads

    spec = (ADDON / "README" / "busybody_send.conf.spec").read_text(encoding="utf-8")
    for line, text in fenced(PAGE, "ini"):
        if "[policy:" in text:
            assert loads(text, "conf", source=f"splunk.md:{line}", name=next(iter(read(text))))
        for stanza in re.findall(r"^\[(slack|responder)\]\n((?:\w+ = .*\n)+)", text, re.MULTILINE):
            part = spec.split(f"[{stanza[0]}]")[1].split("\n[")[0]
            for key in re.findall(r"^(\w+) =", stanza[1], re.MULTILINE):
                assert f"\n{key} = " in part, key


def test_policy_keys_in_the_docs_exist() -> None:
    from busybody.policy.schema import schema

    rules = schema()
    known = {key.key for key in (*rules.keys, *rules.source_keys)}
    named = set(
        re.findall(
            r"`((?:alerts|people|networks|learning|travel|identity|sources)\.[\w.<>]+)`", PAGE.read_text("utf-8")
        )
    )
    assert named - known == set()


def test_maps_in_the_docs_exist() -> None:
    maps = {path.stem for path in (ROOT / "core" / "busybody" / "fields" / "maps").glob("*.json")}
    named = set(re.findall(r"\bfields=(\w+)", PAGE.read_text(encoding="utf-8")))
    assert named
    assert named <= maps


def test_fields_that_the_docs_add_to_a_source_are_read_and_are_those_of_the_vendor() -> None:
    folder = ROOT / "core" / "busybody" / "fields" / "maps"
    cim = (folder / "splunk_cim.json").read_text(encoding="utf-8")
    vendors = {"OktaIM2:log": "okta", "azure:monitor:aad": "entra"}
    added = [
        (stanza, name, path.strip("'"))
        for _, text in fenced(PAGE, "ini")
        for stanza, lines_of in re.findall(r"^\[([\w:]+)\]\n((?:EVAL-.*\n)+)", text, re.MULTILINE)
        for name, path in re.findall(r"EVAL-(\w+) = (\S+)", lines_of)
    ]
    assert len(added) > 8
    for stanza, name, path in added:
        assert f'"{name}"' in cim, f"nobody reads {name}"
        vendor = (folder / f"{vendors[stanza]}.json").read_text(encoding="utf-8")
        assert path in vendor or path.partition("properties.")[2] in vendor, f"{path} is no field of {stanza}"


def risky() -> List[Tuple[str, str]]:
    """Searches of dashboards with a command that Splunk asks to confirm."""
    boards = [(name, text) for name, text in searches() if ".xml " in name]
    return [(name, step.command) for name, text in boards for step in spl.steps(text) if step.command in WRITING]


def test_no_dashboard_asks_to_confirm_a_risky_command() -> None:
    assert risky() == []


def test_links_to_files_of_the_app_hold() -> None:
    for name in re.findall(r"`(local/\w+\.conf)`", PAGE.read_text(encoding="utf-8")):
        assert Path(name).stem in {"busybody", "busybody_send", "props", "macros"}, name
