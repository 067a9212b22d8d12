"""Did you mean: the nearest of the names that would have been right."""

from __future__ import annotations

from typing import Iterable


def nearest(name: str, known: Iterable[str]) -> str:
    """ " Did you mean 'vip'?", or nothing where no name is near."""
    from difflib import get_close_matches  # only wrong policies need it

    by_fold = {candidate.lower(): candidate for candidate in known}
    found = get_close_matches(name.lower()[:100], by_fold, n=1, cutoff=0.6)
    return f" Did you mean {by_fold[found[0]]!r}?" if found else ""
