"""Scribe: scores sign-ins one by one, counts them, and writes their lines; likewise for what is no sign-in."""

from __future__ import annotations

from typing import Callable

from ..scorer import Scorer
from ..signin import SignIn
from .entries import Broken, Payload
from .options import Setup
from .render import renderer
from .summary import Summary

Complain = Callable[[str, int, Broken], None]


class Scribe:
    """For sign-ins."""

    def __init__(self, setup: Setup, scorer: Scorer) -> None:
        options = setup.options
        self.summary = Summary()
        self.latest = float("-inf")  # time of the latest sign-in so far, whoever's it is
        self._describe = scorer.describe
        self._process = scorer.process if options.learn else scorer.score
        self._render = renderer(options.output, scorer.describe, options.width).signin
        self._least_risk = options.least_risk
        self._gap = setup.policy.learning.lateness_seconds
        self._name_files = setup.name_files

    def line(self, signin: SignIn, file: str) -> bytes:
        """The line of the next sign-in; nothing where none is wanted."""
        summary, time = self.summary, signin.time
        if time > self.latest:
            self.latest = time
        elif self.latest - time > self._gap:
            summary.backwards += 1
        assessment = self._process(signin)
        summary.count(assessment)
        risk = assessment.risk
        if risk >= summary.floor:
            summary.stands_out(assessment, self._describe(signin, assessment))
        if risk < self._least_risk:
            return b""
        return self._render(signin, assessment, file if self._name_files else "").encode("utf-8", "replace")


class Aside:
    """For what is no sign-in."""

    def __init__(self, setup: Setup, summary: Summary, complain: Complain) -> None:
        """`complain` hears of broken records."""
        options = setup.options
        self._summary = summary
        self._complain = complain
        self._render = renderer(options.output, lambda _, __: "", options.width).skipped
        self._wanted = options.least_risk <= 0.0
        self._name_files = setup.name_files

    def line(self, file: str, line: int, payload: Payload) -> bytes:
        """Count it, say so where it is broken; its line, nothing where none is wanted."""
        if isinstance(payload, Broken):
            self._summary.broken += 1
            self._complain(file, line, payload)
            reason = f"{payload.key}: {payload.message}" if payload.key else payload.message
        else:
            reason = str(payload)
            self._summary.skip(reason)
        if not self._wanted:
            return b""
        name = file if self._name_files else ""
        return self._render(reason, name, line, isinstance(payload, Broken)).encode("utf-8", "replace")
