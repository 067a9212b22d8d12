"""Where more is to be seen: the results of the alert, and the person's page on the same Splunk."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

from .payload import Alert

PERSON_VIEW = "person"  # of this app; its token is form.user
LONGEST = 2000  # characters; Slack takes 3,000 of a link


class Links(NamedTuple):
    """Addresses. Empty where there is no such place."""

    results: str
    person: str


def links_of(alert: Alert, person: str) -> Links:
    """Both, as far as splunkd gave the address of its web pages and the person has a name."""
    link = alert.results_link
    base, app, _ = link.partition("/app/")
    if not link.startswith(("https://", "http://")) or len(link) > LONGEST:
        return Links("", "")
    view = f"{base}/app/busybody/{PERSON_VIEW}?form.user={quote(person, safe='')}" if app and person else ""
    return Links(link, view if len(view) <= LONGEST else "")
