"""The table that people read: who, when, how odd, and why, cut to the width of the terminal."""

from __future__ import annotations

import time
from typing import List

from ..signin import Assessment, SignIn
from .render import Describe, no_line
from .summary import Summary

USER, LEAST = 24, 60  # characters
HEADING = f"{'TIME (UTC)':<16}  {'RISK':>4}  {'LEVEL':<8}  {'USER':<{USER}}  WHY\n"
LEVELS = ("critical", "high", "medium", "low", "none")


class Table:
    """One row for each sign-in that is shown; what it is made of is printable."""

    def __init__(self, describe: Describe, width: int) -> None:
        self._describe = describe
        self._width = max(width, LEAST)

    def signin(self, signin: SignIn, assessment: Assessment, file: str) -> str:  # noqa: ARG002  no room for it
        when = time.strftime("%Y-%m-%d %H:%M", time.gmtime(assessment.time))
        why = self._describe(signin, assessment) if assessment.findings else ""
        words = why.partition(": ")[2] if why.startswith("Risk ") else why
        if signin.outcome != "success":
            words = f"[{signin.outcome}] {words}"
        mark = " ! " if assessment.alert else "   "
        row = f"{when:<16}  {assessment.risk:>4.0f}{mark[1:]}{assessment.level:<8}  {fitted(assessment.user, USER)}  {words}"
        return fitted(row, self._width).rstrip() + "\n"

    skipped = staticmethod(no_line)


def fitted(text: str, width: int) -> str:
    """The text printable and exactly that wide."""
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    return f"{text:<{width}}" if len(text) <= width else text[: width - 1] + "…"


def closing(summary: Summary) -> str:
    """What stands under the table: how many of what level, and the riskiest."""
    levels = [f"{summary.levels[level]:,} {level}" for level in LEVELS[:4] if summary.levels.get(level)]
    lines: List[str] = [
        "",
        (
            f"{summary.signins:,} sign-ins in {summary.records:,} records: {', '.join(levels) or 'none of them odd'}; "
            f"{summary.alerts:,} at or above the alert threshold (!)"
        ),
    ]
    riskiest = [row for row in summary.riskiest() if row[0] >= 20.0]
    if riskiest:
        lines.append("The riskiest:")
    for risk, minus_time, _, user, sentence in riskiest:
        when = time.strftime("%Y-%m-%d %H:%M", time.gmtime(-minus_time))
        lines.append(f"  {fitted(user, USER).rstrip()}, {when}")
        lines.append("    " + (sentence or f"Risk {risk:.0f}"))
    return "\n".join(lines) + "\n"
