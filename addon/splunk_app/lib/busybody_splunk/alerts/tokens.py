"""What the alert's author wrote: Splunk's own tokens, `$result.field$` and a few more, filled in for each person.

splunkd fills them in before the script starts, from the first row alone, and nobody can tell afterwards which part was
the author's and which the event's. So the text is read again as it was written, and filled in here: in a message the
author's part stays markup, each value is escaped. Where that cannot be had (`sendalert`, an owner who may not read the search,
a token that only splunkd knows), splunkd's text is used: in a message once, above all, escaped as a whole.
"""

from __future__ import annotations

import re
from typing import Callable, Dict

from .payload import Alert
from .results import Row, text
from .text import clean, escaped

LONGEST_VALUE = 500  # characters of one value
_TOKEN = re.compile(r"\$(result\.[^$\r\n]{1,200}|[a-z][a-zA-Z_.]{1,60})\$")


def own_tokens(alert: Alert, rows: int) -> Dict[str, str]:
    """The tokens beside `$result.…$` that are filled in here."""
    return {
        "name": alert.search_name,
        "app": alert.app,
        "owner": alert.owner,
        "job.sid": alert.sid,
        "job.resultCount": str(rows),
        "results.count": str(rows),
        "results_link": alert.results_link,
        "results.url": alert.results_link,
    }


def fillable(template: str, known: Dict[str, str]) -> bool:
    """Whether every token of the template can be filled in here."""
    return all(name.startswith("result.") or name in known for name in _TOKEN.findall(template))


def is_per_row(template: str) -> bool:
    """Whether the template says something else for each row."""
    return any(name.startswith("result.") for name in _TOKEN.findall(template))


def filled(template: str, row: Row, known: Dict[str, str], shown: Callable[[str], str] = escaped) -> str:
    """The template with the values of this row, each as `shown` makes it. A field that is not there is empty."""

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        found = text(row, name[len("result.") :]) if name.startswith("result.") else known.get(name, "")
        return shown(clean(found, LONGEST_VALUE))

    return _TOKEN.sub(value, template)
