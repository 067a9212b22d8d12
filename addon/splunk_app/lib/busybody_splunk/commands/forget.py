"""busyforget: erase a person from a model, for an erasure request. It cannot be undone.

    | busyforget user="ana@example.com"

Profile, journal, incidents, answers, and what the organisation's tables and the window of recent evidence hold of them go
with one commit; what a training that was ended kept for later goes before it. What the person added to the
counts of everybody names nobody and stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, Iterator, List, Tuple

from ..options import REQUIRED, Option
from .generating import Generating, Options
from .opening import DEFAULT

if TYPE_CHECKING:
    from busybody.policy import Policy

    from ..protocol import Messages
    from ..writer import Writer
    from .generating import Row
    from .opening import Opened

NAME = "busyforget"
OPTIONS = (
    Option("user", "text", REQUIRED, "the person, as the events have the name, or the pseudonym"),
    Option("policy", "text", DEFAULT, "stanza [policy:<name>] of busybody.conf"),
    Option("model", "text", DEFAULT, "name of the model"),
)
COLUMNS = ("user", "erased")
SECONDS = 300.0  # of the lease
ELSEWHERE = (
    "Logs, the index of scores, exported lookups, other models and backups are elsewhere: erase the person there, too."
)


def command() -> Generating:
    return Generating(NAME, OPTIONS, COLUMNS, rows)


def rows(opened: Opened, options: Options, messages: Messages) -> Iterator[Row]:
    """A row for each thing that was erased; none, and who may be meant, where nothing is known of the person."""
    from busybody.model import forget

    from ..audit import person as hashed
    from .people import unknown

    name = options["user"]
    policy = opened.policy(options["policy"])
    with opened.writable(options["model"]) as model, model.writer(opened.owner, SECONDS) as writer:
        key, names = _known_as(writer, policy, name)
        _wipe_draft(writer)
        beside = _ordered(writer, [key, *names])
        gone = [*forget(writer, key, *names), *beside]
        if not gone:
            messages.info(f"Nothing was erased: {unknown(model, policy, name)}")
            return
    opened.audit(messages, "forget", options["model"], person=hashed(key), erased=len(gone))
    messages.info(f"Erased: {', '.join(gone)}. {ELSEWHERE}")
    for erased in gone:
        yield name, erased


def _known_as(writer: Writer, policy: Policy, name: str) -> Tuple[str, List[str]]:
    """The person's key in this model, and how else they may be spelled in what is kept."""
    from busybody.fields.values import clean
    from busybody.identity import Identity
    from busybody.named import key_of

    identity = Identity(policy)
    key = key_of(writer, policy, name) or identity.pseudonym(identity.normal(clean(name)))
    return key, [other for other in dict.fromkeys((name, clean(name), identity.normal(name))) if other != key]


def _ordered(writer: Writer, names: List[str]) -> List[str]:
    """Orders that incidents and answers go with the commit. Says which, in words."""
    gone = []
    for collection, word in _beside().items():
        found = writer.collection(collection).among("user", names, fields=("model",))
        keys = [str(row["_key"]) for row in found if row.get("model") == writer.name]
        writer.afterwards.erase(collection, keys)
        if keys:
            gone.append(f"{len(keys):,} {word}{'' if len(keys) == 1 else 's'}")
    return gone


def _wipe_draft(writer: Writer) -> None:
    """What a training that was ended kept for later; while the lease is ours, none is under way."""
    from ..chain import JOURNALS, MODELS, POPULATION, PROFILES
    from .draft import SUFFIX

    for collection in (PROFILES, JOURNALS, POPULATION, MODELS):
        writer.collection(collection).delete({"model": writer.name + SUFFIX})


def _beside() -> Dict[str, str]:
    """What is kept of people beside the model: collection and word."""
    from ..incidents import INCIDENTS
    from ..verdicts import VERDICTS

    return {INCIDENTS: "incident", VERDICTS: "answer"}


__all__ = ["OPTIONS", "command"]
