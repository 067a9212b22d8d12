"""busycursor: from where the next scoring search goes on, as the text of a subsearch.

    `busybody_signins` [| busycursor] | sort 0 _time | busyscore update=true cursor=true

Events come late and out of order, but each is indexed once: the search goes by index time, from what the last one that
learned has read, minus an overlap, since an indexer shows events a while after their index time. What comes twice by
that is learned once.
"""

from __future__ import annotations

from time import time as now
from typing import TYPE_CHECKING, Iterator

from ..options import Option
from .generating import Generating, Options
from .opening import DEFAULT

if TYPE_CHECKING:
    from ..protocol import Messages
    from .generating import Row
    from .opening import Opened

NAME = "busycursor"
OPTIONS = (
    Option("overlap", "number", 900.0, "seconds that are read again", least=0.0, most=86400.0),
    Option("first", "number", 86400.0, "seconds that the first search goes back, when nothing was read yet", least=0.0),
    Option("delay", "number", 30.0, "seconds that events may need to be searchable", least=0.0, most=3600.0),
    Option("model", "text", DEFAULT, "name of the model"),
)


def command() -> Generating:
    return Generating(NAME, OPTIONS, ("search",), rows)


def rows(opened: Opened, options: Options, messages: Messages) -> Iterator[Row]:  # noqa: ARG001  all have these
    """One row."""
    from .learner import CURSOR

    latest = int(now() - options["delay"])
    with opened.model(options["model"]) as model:
        note = model.meta().get(CURSOR)
    earliest = latest - int(options["first"]) if note is None else int(float(note) - options["overlap"])
    yield (f"_index_earliest={min(earliest, latest)} _index_latest={latest}",)


__all__ = ["OPTIONS", "command"]
