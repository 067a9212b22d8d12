"""docs/elastic.md says what the code does: its commands, options, keys, names and links are there, and none is missing.

Outputs on the page were printed by a node of ours; that the same commands work is what the other tests are for.
"""

from __future__ import annotations

import json
import re
import shlex
from argparse import ArgumentParser
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, Iterator, get_type_hints
from urllib.parse import unquote

import pytest
import yaml
from busybody_elastic import assets, cli
from busybody_elastic.config import Config
from busybody_elastic.documents import Names
from busybody_elastic.install.keys import ROLES
from busybody_elastic.metrics import Metrics
from having import ROOT

PAGE = ROOT / "docs" / "elastic.md"
TEXT = PAGE.read_text("utf-8")
BLOCK = re.compile(r"^```(\w+)?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PROSE = BLOCK.sub("", TEXT)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
OURS = re.compile(r"(?:logs-busybody\.[a-z]+|busybody-[a-z]+(?:-latest)?)-(?:default|\*)")
PATHS = ("/score", "/healthz", "/readyz", "/metrics", "/_bulk", "/{index}/_bulk")


def keys(section: Any = None, above: str = "") -> Iterator[tuple[str, str]]:
    """Every key of the configuration, dotted, and its default as the page shows it."""
    section = section or Config.from_mapping({})
    hints = get_type_hints(type(section))
    for one in fields(section):
        value, name = getattr(section, one.name), above + one.name
        kinds = [kind for kind in (hints[one.name], *getattr(hints[one.name], "__args__", ())) if is_dataclass(kind)]
        if kinds and one.name != "policy":
            yield from keys(value if value is not None else kinds[0](), name + ".")  # type: ignore[operator]
        else:
            yield name, _shown(one.name, value)


def _shown(name: str, value: Any) -> str:
    if name in ("policy", "instance") or value is None or value in ("", ()):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, float):
        return f"`{value:g}`"
    return f"`{', '.join(value) if isinstance(value, tuple) else value}`"


@cache
def options(verb: str) -> set[str]:
    parser = next(
        action.choices[verb]
        for action in cli._parser(verb)._actions
        if isinstance(action.choices, dict) and verb in action.choices
    )
    assert isinstance(parser, ArgumentParser)
    return {option for action in parser._actions for option in action.option_strings}


def commands() -> list[str]:
    """What is typed on the page, in blocks and in the text, from the program's name on."""
    typed = [line for _, block in BLOCK.findall(TEXT) for line in block.splitlines()] + CODE.findall(PROSE)
    found = (re.match(r"(?:\$ )?(busybody-elastic [a-z].*)", line.strip()) for line in typed)
    return [match[1] for match in found if match]


def fields_of(properties: Any, above: str = "") -> Iterator[str]:
    for name, body in properties.items():
        yield above + name
        yield from fields_of(body.get("properties", {}), f"{above}{name}.")


# Commands, keys, names --------------------------------------------------------------------------------------


def test_commands_and_options_are_there() -> None:
    assert commands()
    for command in commands():
        _, verb, *words = shlex.split(command)
        assert verb in cli.COMMANDS, command
        for word in words:
            if word.startswith("-"):
                assert word in options(verb), command


def test_every_command_is_on_the_page() -> None:
    missing = [verb for verb in cli.COMMANDS if not re.search(rf"(?:busybody-elastic |`){verb}\b", TEXT)]
    assert not missing


def test_the_table_has_every_key_with_its_default() -> None:
    rows = re.findall(
        r"^\| `([a-z_.]+)` \| (.*?) ?\| .* \|$",
        TEXT.partition("## Configuration")[2].partition("\n## ")[0],
        re.MULTILINE,
    )
    assert [(name, default) for name, default in rows] == list(keys())


def test_keys_that_are_named_are_keys() -> None:
    known = {name for name, _ in keys()}
    sections = {name.rpartition(".")[0] for name in known} | {"server"}
    for code in CODE.findall(PROSE):
        name = code.partition(":")[0]
        if name.partition(".")[0] in sections and re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", name) and name != "user.hash":
            assert name in known | sections or name.endswith("_file"), code
    for name in re.findall(r"BUSYBODY_ELASTIC_([A-Z_]+)", TEXT):
        assert name == "CONFIG" or name.lower().replace("__", ".") in known


@pytest.mark.parametrize("text", [block for kind, block in BLOCK.findall(TEXT) if kind == "yaml"])
def test_configurations_on_the_page_are_valid(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = yaml.safe_load(text)
    if not set(given) <= {"cluster", "reader", "state"}:
        return  # of a shipper
    monkeypatch.chdir(tmp_path)
    for name in re.findall(r"(?:_file: |file: )([a-z_.]+)", text):
        (tmp_path / name).write_text("some-secret\n")
    Config.from_mapping(given)


def test_streams_and_indices_are_ours() -> None:
    names = Names("default")
    known = {*names.streams, *names.indices}
    watches = {f"busybody-{path.parent.name}-default" for path in assets.folder("watcher").glob("*/watch.json")}
    found = {name.replace("-*", "-default") for name in OURS.findall(PROSE)}
    assert found <= known | watches
    assert known <= found, "the page names each of ours"


def test_what_is_kept_is_what_the_table_says() -> None:
    for row in assets.load(assets.folder("lifecycle") / "retention.json").values():
        if "days" in row:
            line = next(
                line for line in TEXT.splitlines() if line.startswith(f"| `{row['stream'].replace('*', 'default')}`")
            )
            assert line.endswith(f"| {row['days']} days |")


def test_fields_are_mapped() -> None:
    known: set[str] = set()
    for body in (*assets.read("templates/component").values(), *assets.read("templates/index").values()):
        template = body.get("template", {})
        known |= set(fields_of(template.get("mappings", {}).get("properties", {})))
    for code in CODE.findall(PROSE):
        name = code.partition(":")[0].removesuffix(".*")
        if re.fullmatch(r"(?:busybody|user|source|threat|event)(?:\.[a-z_]+)+", name) and not name.endswith("_*"):
            assert name in known or name in ("busybody.yaml", "event.category"), code


def test_metrics_doors_roles_and_rules_are_there() -> None:
    page = Metrics(lambda: {"ready": True}).page().decode()
    for name in re.findall(r"`(busybody_[a-z_]+_total)`", PROSE):
        assert f"# TYPE {name.removesuffix('_total')}" in page or f"{name} " in page or f"# HELP {name}" in page
    doors = "".join(path.read_text("utf-8") for path in (ROOT / "elastic/busybody_elastic").rglob("*.py"))
    for path in PATHS[:4]:
        assert f'"{path}"' in doors
        assert path in TEXT
    for role in ROLES:
        assert f"| `{role}` |" in TEXT
    ruled = {rule["name"] for rule in assets.read("rules").values()}
    assert set(re.findall(r"\*(Busybody: [^*]+)\*", PROSE)) <= ruled
    monitors = json.dumps(assets.read("monitors"))
    assert "busybody-slack" in monitors


def test_links_lead_somewhere() -> None:
    for link in LINK.findall(PROSE):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (PAGE.parent / unquote(name)).resolve() if name else PAGE
        assert target.exists(), link
        if anchor:
            titles = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}, link


def test_what_doctor_and_the_service_say_is_what_the_page_quotes() -> None:
    """The words by which somebody searches the table of symptoms stand in the code."""
    code = "".join(path.read_text("utf-8") for path in (ROOT / "elastic/busybody_elastic").rglob("*.py"))
    code = re.sub(r"\{[^{}]*\}", "…", re.sub(r'"\s*\n?\s*f?"', "", code))
    table = PROSE.partition("## Troubleshooting")[2].partition("## ")[0]
    for row in re.findall(r"^\| (.+?) \|", table, re.MULTILINE)[2:]:
        for quoted in CODE.findall(row):
            words = [part.strip(" :") for part in re.split(r"…|\d+|: ", quoted) if len(part.strip(" :")) > 8]
            if " " in quoted and not re.match(r"[a-z]+\.", quoted):
                assert all(part in code for part in words), quoted
