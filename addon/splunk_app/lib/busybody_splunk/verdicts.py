"""Answers on their way into a model: anybody entitled adds one, the next writer applies each exactly once.

    verdicts = Verdicts(splunkd)
    verdicts.add(verdict, given_by="admin")              # False: that answer is known already
    with model.writer(...) as writer:
        waiting = verdicts.pending()
        for each in waiting: scorer.feedback(each.verdict)
        verdicts.applied(writer, waiting)                # before the writer commits
        scorer.save()

That they were applied is written down with the commit itself (orders.py): who dies before it has applied nothing, and
whoever dies after it has applied them. `_key` is a hash of person and event with the answer's turn among the answers
about that event, so that of two equal ones at the same time one gets in, and a changed mind comes after the first. The
person stands there under the key of the model, a pseudonym where the policy asks for one.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import List, NamedTuple, Optional, Sequence

from busybody.errors import StoreError, shown
from busybody.signin import SignIn
from busybody.verdict import ANSWERS, Verdict

from .kvstore import Collection, Document
from .rest import Splunkd
from .writer import Writer

VERDICTS = "busybody_verdicts"
KEPT = 400 * 86400.0  # seconds: a year, and a month to look at it
MOST_TURNS = 100  # answers about one event


class Pending(NamedTuple):
    """A verdict that no commit has in it."""

    document: Document
    verdict: Verdict

    @property
    def key(self) -> str:
        return str(self.document["_key"])


class Verdicts:
    """The answers for one model. Every method raises StoreError."""

    def __init__(self, splunkd: Splunkd, name: str = "default") -> None:
        self._collection = Collection(splunkd, VERDICTS)
        self.name = name

    def add(self, verdict: Verdict, given_by: str = "") -> bool:
        """Adds an answer; False where the same one was the last about that event. Refuses what is no answer."""
        if verdict.answer not in ANSWERS:
            told = f"{shown(verdict.answer)} is no verdict. Say one of: {', '.join(ANSWERS)}."
            raise StoreError(told, source=VERDICTS, key="verdict")
        base = _hash(self.name, verdict)
        for turn in range(MOST_TURNS):
            row = _document(self.name, f"{base}|{turn:02}", verdict, given_by)
            if self._collection.insert(row):
                return True
            there = self._collection.one(row["_key"]) or {}
            if there.get("token") == row["token"]:
                return True  # our own, sent twice over a connection that broke
            later = self._collection.one(f"{base}|{turn + 1:02}")
            if later is None and (there.get("answer"), there.get("flags")) == (row["answer"], row["flags"]):
                return False
        raise StoreError(f"{MOST_TURNS} answers about one event are enough.", source=VERDICTS, key=verdict.event_id)

    def pending(self) -> List[Pending]:
        """What no commit has in it yet, in the order in which it was given. Under a lease this is exact."""
        query = {"$and": [{"model": self.name}, {"applied": 0}]}
        rows = sorted(self._collection.find(query), key=lambda row: (row["given_at"], row["_key"]))
        return [Pending(row, _verdict(row)) for row in rows]

    def applied(self, writer: Writer, verdicts: Sequence[Pending]) -> None:
        """Marks them as applied, as a part of the writer's commit."""
        number = writer.lease.number
        writer.afterwards.save(VERDICTS, [{**each.document, "applied": number} for each in verdicts])
        if writer.is_turn_to_forget:
            done = [{"model": self.name}, {"applied": {"$gt": 0}}, {"given_at": {"$lt": writer.clock() - KEPT}}]
            writer.afterwards.delete(VERDICTS, {"$and": done})


def _hash(model: str, verdict: Verdict) -> str:
    text = json.dumps([model, verdict.user, verdict.event_id])
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]


def flags_of(verdict: Verdict) -> str:
    """How sure the answer is: "", "verified", "analyst" or both."""
    told = ("verified" if verdict.verified else "", "analyst" if verdict.analyst else "")
    return ",".join(filter(None, told))


def _document(model: str, key: str, verdict: Verdict, given_by: str) -> Document:
    row: Document = {
        "_key": key, "model": model, "user": verdict.user, "event_id": verdict.event_id, "answer": verdict.answer,
        "flags": flags_of(verdict), "given_by": given_by, "given_at": verdict.time, "applied": 0,
        "token": uuid.uuid4().hex,
    }  # fmt: skip
    if verdict.signin is not None:
        row["signin"] = json.dumps(verdict.signin._asdict(), ensure_ascii=False, separators=(",", ":"))
    return row


def _verdict(row: Document) -> Verdict:
    try:
        flags = str(row["flags"]).split(",")
        return Verdict(
            str(row["user"]), str(row["event_id"]), str(row["answer"]), float(row["given_at"]), "verified" in flags,
            "analyst" in flags, _signin(row.get("signin")),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        told = f"a verdict is damaged ({error!r}). Delete that document and give the answer again."
        raise StoreError(told, source=VERDICTS, key=str(row.get("_key"))) from error


def _signin(text: Optional[str]) -> Optional[SignIn]:
    if text is None:
        return None
    known = json.loads(text)
    return SignIn(**{**known, "flags": tuple(known.get("flags", ()))})
