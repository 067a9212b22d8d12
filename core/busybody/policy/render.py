"""A policy as text, and the schema as documentation."""

from __future__ import annotations

import textwrap
from typing import Any, Dict, Iterator, List, Mapping, Sequence

from . import conf, json_text
from .json_text import flow
from .schema import Key, Schema, schema

LONGEST_KEY = 500  # characters; YAML allows 1024 before a colon
WIDEST = 100
OPENING = "A policy of Busybody. Every key is optional; what stands here are the defaults unless you change them."


def spell(mapping: Mapping[str, Any], spelling: str, *, comments: bool = False, changed: bool = False) -> str:
    """A full mapping (as `Policy.to_mapping` gives it) in one of the spellings."""
    rules = schema()
    if changed:
        mapping = without_defaults(mapping, rules)
    if spelling == "json":
        return json_text.write(compact(mapping))
    lines = _yaml(mapping, rules, comments) if spelling == "yaml" else _conf(mapping, rules, comments)
    return "\n".join(lines).strip("\n") + "\n"


def starter(spelling: str) -> str:
    """What `policy init` writes: every key with its default and what it means."""
    from .model import Policy

    return spell(Policy.default().to_mapping(), spelling, comments=True)


def without_defaults(mapping: Mapping[str, Any], rules: Schema) -> Dict[str, Any]:
    """Only what the policy changes, and its name."""
    result: Dict[str, Any] = {"name": mapping["name"]}
    for key in rules.keys:
        section = result.setdefault(key.section, {}) if key.section else result
        given = mapping[key.section] if key.section else mapping
        if given[key.leaf] != key.default:
            section[key.leaf] = given[key.leaf]
    default = {key.leaf: key.default for key in rules.source_keys}
    result["sources"] = {
        name: {leaf: value for leaf, value in settings.items() if value != default[leaf]}
        for name, settings in mapping["sources"].items()
    }
    return {name: value for name, value in result.items() if value != {}}


def compact(value: Any) -> Any:
    """Numbers as people write them: 300 for 300.0. Field maps stay as they are."""
    if isinstance(value, Mapping):
        return {name: entry if name == "maps" else compact(entry) for name, entry in value.items()}
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value


def _explained(key: Key) -> str:
    unit = f" [{key.unit}]" if key.unit else ""
    example = "" if key.default not in ([], {}, None) else f" Example: {flow(compact(key.example))}"
    return f"{key.about} Takes {key.type_words}{unit}; default {flow(compact(key.default))}.{example}"


def _comment(text: str, indent: str = "") -> List[str]:
    return textwrap.wrap(
        text,
        WIDEST,
        initial_indent=f"{indent}# ",
        subsequent_indent=f"{indent}# ",
        break_long_words=False,
        break_on_hyphens=False,
    )


# .conf


def _conf(mapping: Mapping[str, Any], rules: Schema, comments: bool) -> Iterator[str]:
    if comments:
        yield from [*_comment(OPENING), ""]
    yield f"[{conf.STANZA}{mapping['name']}]"
    for section in ("", *rules.sections):
        given = mapping.get(section, {}) if section else mapping
        if section == "sources":
            yield from _conf_sources(given, rules, comments)
            continue
        keys = [key for key in rules.of_section(section) if key.leaf in given and key.key != "name"]
        if comments and section and keys:
            yield from ["", *_comment(rules.sections[section])]
        for key in keys:
            yield from _comment(_explained(key)) if comments else ()
            yield f"{key.key} = {conf.spelled(_value(key, given))}"


def _conf_sources(given: Mapping[str, Any], rules: Schema, comments: bool) -> Iterator[str]:
    if comments:
        yield from ["", *_comment(rules.sections["sources"])]
        for key in rules.source_keys:
            yield from _comment(_explained(key))
            yield f"#sources.okta.system.{key.leaf} = {conf.spelled(key.example)}"
    empty = [name for name, settings in given.items() if not settings]
    for name in empty:
        yield f"sources.{name}.user_domain = null"  # a source that is named and changes nothing
    for name, settings in given.items():
        for leaf, value in settings.items():
            yield f"sources.{name}.{leaf} = {conf.spelled(compact(value))}"


def _value(key: Key, given: Mapping[str, Any]) -> Any:
    return given[key.leaf] if key.type == "maps" else compact(given[key.leaf])


# YAML


def _yaml(mapping: Mapping[str, Any], rules: Schema, comments: bool) -> Iterator[str]:
    if comments:
        yield from [*_comment(OPENING), ""]
    for section in ("", *rules.sections):
        given = mapping.get(section, {}) if section else mapping
        keys = [key for key in rules.of_section(section) if key.leaf in given]
        if comments and section:
            yield from ["", *_comment(rules.sections[section])]
        if section == "sources":
            yield from _yaml_sources(given, rules, comments)
            continue
        if section and keys:
            yield f"{section}:"
        indent = "  " if section else ""
        for key in keys:
            yield from _comment(_explained(key), indent) if comments else ()
            yield from _yaml_entry(key.leaf, _value(key, given), indent)


def _yaml_sources(given: Mapping[str, Any], rules: Schema, comments: bool) -> Iterator[str]:
    yield "sources:" if given or comments else "sources: {}"
    for name, settings in given.items():
        yield f"  {flow(name)}:" + ("" if settings else " {}")
        for leaf, value in settings.items():
            yield from _yaml_entry(leaf, compact(value), "    ")
    if comments:
        yield "  # okta.system:"
        for key in rules.source_keys:
            yield from _comment(_explained(key), "  #   ")
            yield f"  #   {key.leaf}: {flow_yaml(key.example)}"


def _yaml_entry(leaf: str, value: Any, indent: str) -> Iterator[str]:
    """One key with its value; filled lists and maps one entry to a line."""
    if isinstance(value, list) and value:
        yield f"{indent}{leaf}:"
        yield from (f"{indent}  - {flow_yaml(entry)}" for entry in value)
    elif isinstance(value, dict) and value and max(map(len, value)) < LONGEST_KEY // 10:
        yield f"{indent}{leaf}:"
        yield from (f"{indent}  {flow_yaml(name)}: {flow_yaml(entry)}" for name, entry in value.items())
    else:
        yield f"{indent}{leaf}: {flow_yaml(value)}"


def flow_yaml(value: Any) -> str:
    """The value on one line; JSON is YAML but for long keys and characters in two halves."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flow_key(name)}: {flow_yaml(entry)}" for name, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow_yaml, value)) + "]"
    return flow(value, wide="yaml")


def _flow_key(name: str) -> str:
    text = flow(name, wide="yaml")
    return f"? {text} " if len(text) > LONGEST_KEY else text


# documentation


def reference() -> str:
    """docs/policy.md: every key with its type, bounds, default and example."""
    rules = schema()
    parts = [REFERENCE_OPENING, _table(rules.of_section("")), ""]
    for section, about in rules.sections.items():
        keys = rules.source_keys if section == "sources" else rules.of_section(section)
        parts += [f"## {section}", "", about, "", _table(keys), ""]
    return "\n".join(parts).rstrip("\n") + "\n"


def _table(keys: Sequence[Key]) -> str:
    rows = ["| key | takes | default | meaning | example |", "|---|---|---|---|---|"]
    for key in keys:
        takes = key.type_words + (f" ({key.unit})" if key.unit else "")
        cells = [f"`{key.key}`", takes, _code(key.default), key.about, _code(key.example)]
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)


def _code(value: Any) -> str:
    return f"`{flow(compact(value))}`"


REFERENCE_OPENING = """# The policy

<!-- Generated from core/busybody/policy/schema.json and the detector catalogue; a test compares. -->

The policy holds every decision that is yours: when to alert, whom to watch, what is normal here. Without one the
defaults below hold.

    busybody policy init policy.yaml     # every key, with its default and what it means
    busybody policy check policy.yaml    # everything that is wrong with it, by file, line and key
    busybody policy show policy.yaml     # what holds, defaults included

A policy is written as YAML (`pip install 'busybody[yaml]'`), as JSON, or as a stanza of a Splunk `.conf` file. The
three say the same:

```yaml
name: office
travel:
  max_speed_kmh: 500
people:
  vip:
    - ceo@example.com
```

```json
{"name": "office", "travel": {"max_speed_kmh": 500}, "people": {"vip": ["ceo@example.com"]}}
```

```ini
[policy:office]
travel.max_speed_kmh = 500
people.vip = ["ceo@example.com"]
```

In `.conf`, lists and maps are JSON, a backslash at the end of a line goes on with the next one, and text that has
line ends, spaces at its ends or a backslash at its end stands between double quotes, as in JSON. Settings before the
first stanza or in `[default]` hold for every policy of the file. YAML is read as YAML 1.2: `NO` is Norway. Unknown
and repeated keys are errors in all three.
"""
