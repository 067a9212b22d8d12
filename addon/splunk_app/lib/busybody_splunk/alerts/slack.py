"""Alert action `busybody_slack`: the people of an alert into a channel, one message each, those most at risk first.

What does not fit into one message follows in its thread. Beyond `max_people` the others share a digest, a line each.
A message that Slack refuses for its form is posted once more as plain text, so that the alert itself is not lost.
"""

from __future__ import annotations

from functools import partial
from typing import List, NamedTuple, Optional, Sequence

from busybody.errors import shown

from .blocks import Block, digest_blocks, message_block, notice_of, person_blocks
from .links import links_of
from .messages import Message, messages
from .outcome import REFUSED, SENT, UNFIT, Outcome
from .payload import Alert
from .person import Person, people
from .relay import Relay
from .report import Part, Report
from .results import Results, Row
from .text import clean, escaped
from .tokens import fillable, filled, is_per_row, own_tokens
from .tries import Budget, deliver

ACTION = "busybody_slack"
SECONDS = 280.0  # of alert_actions.conf maxtime = 5m, so that the last try still ends
PACE = 1.1  # seconds between two messages: Slack takes about one per second and channel
MOST_PEOPLE = 30  # with a message of their own, unless the alert says otherwise


class Words(NamedTuple):
    """The alert author's message: markup for each person, or once above all. Empty is none."""

    each: str
    once: str


def words_of(alert: Alert, original: Optional[str], rows: int) -> Words:
    """How to say the author's message. `original`: as written; None where only splunkd's filling-in is known."""
    given = alert.setting("message")
    if original is None or not fillable(original, own_tokens(alert, rows)):
        return Words("", escaped(clean(given, 3000, lines=True)))
    if is_per_row(original):
        return Words(original.strip(), "")
    return Words("", filled(original.strip(), {}, own_tokens(alert, rows)))


def doubts(alert: Alert) -> List[str]:
    """What of the parameters is not understood, in words."""
    most = alert.setting("max_people")
    return [f"max_people: {shown(most)} is no number; {MOST_PEOPLE} is used."] if most and not most.isdecimal() else []


def post(alert: Alert, results: Results, words: Words, relay: Relay, budget: Budget) -> Report:
    """Post everything there is. Returns what became of each person."""
    found = people(results.rows, alert.setting("user_field"))
    most = _count(alert.setting("max_people"))
    posts = [_of_person(alert, person, words, len(results.rows)) for person in found[:most]]
    if len(found) > most:
        posts.append(_digest(alert, found[most:], most))
    if not posts:
        posts.append(_without_rows(alert, words))
    elif words.once:
        posts[0] = posts[0]._replace(blocks=[message_block(words.once), *posts[0].blocks])
    return Report(_posted(posts, alert.setting("channel"), relay, budget))


class _Post(NamedTuple):
    about: str  # whom the log names
    rows: Sequence[Row]
    notice: str  # plain text, which stands for the blocks where they cannot be shown
    blocks: Sequence[Block]


def _of_person(alert: Alert, person: Person, words: Words, rows: int) -> _Post:
    message = filled(words.each, person.worst.row, own_tokens(alert, rows)) if words.each else ""
    blocks = person_blocks(person, links_of(alert, person.name), message, alert.search_name)
    return _Post(person.name or "nobody", person.rows, notice_of(person), blocks)


def _digest(alert: Alert, others: Sequence[Person], first: int) -> _Post:
    noun = "person" if len(others) == 1 else "people"
    heading = f"{len(others)} {'more ' if first else ''}{noun}"
    blocks = digest_blocks(others, heading, links_of(alert, ""))
    return _Post(heading, [row for person in others for row in person.rows], heading, blocks)


def _without_rows(alert: Alert, words: Words) -> _Post:
    """An alert on silence has no rows, and is one to be heard all the same."""
    heading = clean(alert.search_name or "A Splunk alert", 100)
    blocks = digest_blocks([], heading, links_of(alert, ""))
    if words.once:
        blocks.insert(1, message_block(words.once))
    return _Post(heading, [], heading, blocks)


def _posted(posts: Sequence[_Post], channel: str, relay: Relay, budget: Budget) -> List[Part]:
    parts: List[Part] = []
    refusal = ""
    for number, one in enumerate(posts):
        if not refusal and number and not budget.wait(PACE):
            refusal = "The time of the alert action is used up."
        if refusal:
            parts.append(Part(one.about, one.rows, refusal))
            continue
        outcome = _thread(messages(one.blocks, one.notice), channel, relay, budget)
        if outcome.kind == REFUSED:
            refusal = outcome.error  # it would meet every other message, too
        parts.append(Part(one.about, one.rows, "" if outcome.kind == SENT else outcome.error, outcome.error))
    return parts


def _thread(parts: Sequence[Message], channel: str, relay: Relay, budget: Budget) -> Outcome:
    """Post the first part, the others as its replies. Returns the first outcome that is not SENT, else the last."""
    outcome, thread, note = Outcome(SENT), "", ""
    for number, part in enumerate(parts):
        message = {**part, "thread_ts": thread} if thread else part
        if number and not budget.wait(PACE):
            return Outcome(REFUSED, "The time of the alert action is used up.")
        outcome = deliver(partial(relay.slack, channel, message), budget)
        if outcome.kind == UNFIT:
            note = f"{outcome.error} Posted as plain text."
            outcome = deliver(partial(relay.slack, channel, _as_text(message)), budget)
        if outcome.kind != SENT:
            return outcome
        thread = thread or str(outcome.reply.get("ts", ""))
    return outcome._replace(error=note)


def _as_text(message: Message) -> Message:
    return {name: value for name, value in message.items() if name != "blocks"}


def _count(given: str) -> int:
    return min(int(given[:6]), 1000) if given.isdecimal() else MOST_PEOPLE
