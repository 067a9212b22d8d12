"""A person's sign-ins as Slack's Block Kit: heading, why, this sign-in beside the previous one, the others, links.

What an event says stands in plain text and rich text only, where Slack reads no markup. Markup is used for the alert
author's own message alone, with the values in it escaped.
"""

from __future__ import annotations

from typing import Any, Dict, List, Sequence, Tuple

from .links import Links
from .person import Person, SignIn
from .text import clean, cut, cut_markup, units

HEADING, SECTION, FIELD = 150, 3000, 2000  # Slack's limits of these texts, in UTF-16 units
ROWS_IN_BLOCK = 20  # sign-ins in one list; each is short enough for them to stay below SECTION together
LONGEST_ROW = 140
MOST_ROWS = 200  # of one person that are listed; beyond it they are counted, and the results have them
MOST_PEOPLE = 1000  # likewise, in a digest
MOST_FINDINGS = 25
Block = Dict[str, Any]


def heading_of(person: Person) -> str:
    """Level, risk and name: `Critical 97 · alice@example.com`."""
    worst = person.worst
    risk = f"{worst.risk:.0f}" if worst.risk is not None else ""
    grade = " ".join(part for part in (worst.level.capitalize(), risk) if part)
    return " · ".join(part for part in (grade, person.name or "no person named") if part)


def notice_of(person: Person) -> str:
    """The same with the reason: what a notification shows, or a message whose blocks were refused."""
    return ": ".join(part for part in (heading_of(person), person.worst.sentence) if part)


def person_blocks(person: Person, links: Links, message: str = "", source: str = "") -> List[Block]:
    """All blocks about one person. `message` is markup whose values are escaped; `source` names the alert."""
    worst = person.worst
    blocks: List[Block] = [{"type": "header", "text": _plain(heading_of(person), HEADING)}]
    if message:
        blocks.append(message_block(message))
    blocks += _why(worst)
    blocks += _side_by_side(worst)
    blocks += _others(person.signins[1:])
    about = " · ".join(part for part in (", ".join(worst.techniques), clean(source, 200)) if part)
    if about:
        blocks.append({"type": "context", "elements": [_plain(about, SECTION)]})
    return blocks + _links(links)


def message_block(message: str) -> Block:
    """Markup, which Slack takes as it is: it looks for no further links and names in it."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": cut_markup(message, SECTION), "verbatim": True}}


def digest_blocks(persons: Sequence[Person], heading: str, links: Links) -> List[Block]:
    """Many people, a line each."""
    lines = [cut(notice_of(person), LONGEST_ROW) for person in persons[:MOST_PEOPLE]]
    if len(persons) > MOST_PEOPLE:
        lines.append(f"and {len(persons) - MOST_PEOPLE} more, which the results show")
    return [{"type": "header", "text": _plain(heading, HEADING)}, *_lists(lines), *_links(links)]


def text_units(block: Any) -> int:
    """How much text is in a block, in UTF-16 units: Slack limits that of a whole message, too."""
    if isinstance(block, dict):
        own = sum(units(value) for key, value in block.items() if key in ("text", "url") and isinstance(value, str))
        return own + sum(text_units(value) for value in block.values() if not isinstance(value, str))
    return sum(text_units(part) for part in block) if isinstance(block, list) else 0


def _why(signin: SignIn) -> List[Block]:
    elements: List[Block] = []
    if signin.sentence:
        elements.append(_section(cut(signin.sentence, SECTION)))
    bullets = signin.findings or signin.fields
    if bullets:
        elements.append(_bullets(bullets[:MOST_FINDINGS]))
    return [{"type": "rich_text", "elements": elements}] if elements else []


def _side_by_side(signin: SignIn) -> List[Block]:
    """Two columns, this sign-in and the previous one; nothing where neither says anything."""
    this = (signin.when, signin.where, signin.network, signin.device)
    columns = (("This sign-in", this), ("Previous sign-in", signin.before))
    fields = [_plain(_column(title, parts), FIELD) for title, parts in columns if any(parts)]
    return [{"type": "section", "fields": fields}] if fields else []


def _column(title: str, parts: Tuple[str, str, str, str]) -> str:
    names = ("When", "Where", "From", "With")
    return "\n".join([title, *(f"{name}: {part}" for name, part in zip(names, parts) if part)])


def _others(signins: Sequence[SignIn]) -> List[Block]:
    if not signins:
        return []
    lines = [_line(signin) for signin in signins[:MOST_ROWS]]
    if len(signins) > MOST_ROWS:
        lines.append(f"and {len(signins) - MOST_ROWS} more, which the results show")
    title = f"{len(signins)} more sign-in{'s' if len(signins) > 1 else ''} of the same person"
    return [{"type": "rich_text", "elements": [_section(title)]}, *_lists(lines)]


def _line(signin: SignIn) -> str:
    risk = f"{signin.risk:.0f}" if signin.risk is not None else ""
    grade = " ".join(filter(None, (signin.level, risk)))
    parts = (signin.when, grade, signin.where, signin.network, signin.sentence or ", ".join(signin.fields))
    return cut(" · ".join(part for part in parts if part) or "a row that says nothing", LONGEST_ROW)


def _lists(lines: Sequence[str]) -> List[Block]:
    starts = range(0, len(lines), ROWS_IN_BLOCK)
    return [{"type": "rich_text", "elements": [_bullets(lines[start : start + ROWS_IN_BLOCK])]} for start in starts]


def _links(links: Links) -> List[Block]:
    named = [("The person", links.person), ("All results", links.results)]
    found = [{"type": "link", "url": url, "text": title} for title, url in named if url]
    if not found:
        return []
    spaced = [part for link in found for part in (link, {"type": "text", "text": "   "})][:-1]
    return [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": spaced}]}]


def _plain(text: str, longest: int) -> Block:
    return {"type": "plain_text", "text": cut(text, longest), "emoji": False}


def _section(text: str) -> Block:
    return {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}


def _bullets(lines: Sequence[str]) -> Block:
    return {"type": "rich_text_list", "style": "bullet", "elements": [_section(line) for line in lines]}
