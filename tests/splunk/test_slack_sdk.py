"""A second opinion on our messages: the block models of Slack's own SDK."""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from typing import Any, Dict, Iterator

import pytest
from alerting import scored
from busybody_splunk.alerts.blocks import digest_blocks, person_blocks
from busybody_splunk.alerts.links import Links
from busybody_splunk.alerts.person import people

GOLDEN = Path(__file__).parent / "golden" / "slack"
Json = Dict[str, Any]


@pytest.fixture(scope="module")
def parse() -> Any:
    """slack_sdk's reading of a block, which raises where Slack would refuse it."""
    try:
        from slack_sdk.models.blocks import Block
    except ImportError:
        absent = "slack-sdk is not installed (requirements/test.txt): the messages have NO second opinion"
        (pytest.fail if os.environ.get("CI", "").lower() in ("1", "true", "yes") else pytest.skip)(absent)
    return Block.parse


def all_blocks() -> Iterator[Json]:
    for path in sorted(GOLDEN.glob("*.json")):
        for message in json.loads(path.read_text("utf-8")):
            yield from message["blocks"]
    links = Links("https://splunk.example.com/" + "x" * 1900, "https://splunk.example.com/person")
    rows = [scored(f"user-{number}", 90.0 - number % 40, busy_sentence="\U0001f600" * 4000) for number in range(60)]
    for person in people([*rows, *({**row, "user": "one"} for row in rows)]):
        yield from person_blocks(person, links, "*bold* &lt;!channel&gt; " * 400, "n" * 500)
    yield from digest_blocks(people(rows), "60 more people" + "x" * 200, links)


def test_the_sdk_reads_our_blocks_as_we_meant_them(parse: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for block in all_blocks():
            assert plain(parse(block).to_dict()) == plain(block)


def test_the_sdk_would_notice(parse: Any) -> None:
    from slack_sdk.errors import SlackObjectFormationError

    with pytest.raises(SlackObjectFormationError):
        parse({"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}).to_dict()


def plain(value: Any) -> Any:
    """JSON alone: the SDK keeps some parts as objects of its own."""
    return json.loads(json.dumps(value, default=lambda part: part.to_dict(), sort_keys=True))
