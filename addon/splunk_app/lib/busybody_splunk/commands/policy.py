"""busypolicy: what a stanza of busybody.conf comes to, key by key; or everything that is wrong with it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Dict, Iterator

from ..options import Option
from .generating import Generating, Options
from .opening import DEFAULT

if TYPE_CHECKING:
    from busybody.policy import Policy

    from ..protocol import Messages
    from .generating import Row
    from .opening import Opened

NAME = "busypolicy"
OPTIONS = (
    Option("policy", "text", DEFAULT, "stanza [policy:<name>] of busybody.conf"),
    Option("changed", "bool", False, "only what is not the default"),
)
COLUMNS = ("policy", "key", "value", "default", "changed", "about", "problem")


def command() -> Generating:
    return Generating(NAME, OPTIONS, COLUMNS, rows)


def rows(opened: Opened, options: Options, messages: Messages) -> Iterator[Row]:
    """A row for each key, or for each problem."""
    from busybody.errors import PolicyError
    from busybody.policy import InvalidPolicy

    name = options["policy"]
    try:
        policy = opened.policy(name)
        _try_out(policy)
    except PolicyError as error:
        problems = error.problems if isinstance(error, InvalidPolicy) else [error]
        for problem in problems:
            messages.error(str(problem))
            yield name, problem.key or "", "", "", "", "", problem.message
        return
    for row in _keys(policy):
        if row["changed"] or not options["changed"]:
            yield (
                name,
                row["key"],
                _shown(row["value"]),
                _shown(row["default"]),
                "1" if row["changed"] else "0",
                row["about"],
                "",
            )
    messages.info(f"[policy:{name}] is fine.")


def _try_out(policy: Policy) -> None:
    """What turns out only in use: field maps that cannot be compiled, names for two people, the key of pseudonyms."""
    from busybody.fields.intake import Intake
    from busybody.identity import Identity

    Intake(policy, None)
    identity = Identity(policy)
    for source in policy.sources:
        identity.resolve("x", source)
    identity.pseudonym("x")


def _keys(policy: Policy) -> Iterator[Dict[str, Any]]:
    from busybody.policy.render import compact
    from busybody.policy.schema import schema

    mapping = policy.to_mapping()
    for key in schema().keys:
        if key.key == "name":
            continue  # it stands in the stanza's own
        value = (mapping[key.section] if key.section else mapping)[key.leaf]
        about = f"{key.about} Takes {key.type_words}{f' [{key.unit}]' if key.unit else ''}."
        yield {
            "key": key.key, "value": compact(value), "default": compact(key.default), "changed": value != key.default,
            "about": about,
        }  # fmt: skip
    for source, settings in mapping["sources"].items():
        for key in schema().source_keys:
            value = settings[key.leaf]
            yield {
                "key": f"sources.{source}.{key.leaf}", "value": compact(value), "default": compact(key.default),
                "changed": value != key.default, "about": f"{key.about} Takes {key.type_words}.",
            }  # fmt: skip


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


__all__ = ["OPTIONS", "command"]
