"""A search command for the tests of the wire: adds the columns `mark` and `marks`, and counts what it saw.

Options: kind=…, fields=a,b (the required fields), fail=begin|take|surprise, say=<text>.
"""

from __future__ import annotations

import sys
from typing import Dict, Optional, Sequence

from busybody_splunk.chunks import Body, Chunk, table
from busybody_splunk.protocol import Fatal, Messages, Search, serve


class Marker:
    """Marks each row with its place in the chunk."""

    kind = "stateful"
    generating = False

    def begin(self, search: Search, messages: Messages) -> Optional[Sequence[str]]:
        self.options: Dict[str, str] = dict(word.split("=", 1) for word in search.args)
        self.kind = self.options.get("kind", self.kind)
        self.generating = "generating" in self.options
        self.messages = messages
        self.seen = 0
        if self.options.get("fail") == "begin":
            raise Fatal("no start. Try again.")
        return self.options["fields"].split(",") if "fields" in self.options else None

    def take(self, chunk: Chunk) -> Body:
        if self.options.get("fail") == "take":
            raise Fatal("no more. Try again.")
        if self.options.get("fail") == "surprise":
            raise KeyError("nobody knows")
        self.seen += len(chunk)
        self.messages.metric("rows", [self.seen])
        if "say" in self.options:
            self.messages.info(self.options["say"])
        print("a stray print")  # noqa: T201 - must not end up between the frames
        if self.generating:
            return table(("name", "values"), [("a", ["1", "2$"]), ("b", "")])
        if self.kind == "reporting":
            return table(("seen",), [(str(self.seen),)] if chunk.finished else [])
        rows = ((str(place), [*row[:2], "$"]) for place, row in enumerate(chunk.rows))
        return chunk.extended(("mark", "marks"), rows)

    def close(self) -> None:
        sys.stderr.write("INFO closed\n")


if __name__ == "__main__":
    stdout, sys.stdout = sys.stdout, sys.stderr
    sys.exit(serve(Marker(), sys.stdin.buffer, stdout.buffer, sys.stderr))
