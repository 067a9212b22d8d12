"""One HTML file that says who is at risk and why, and needs no network to say it.

from busybody.report import write
write("report.html", (json.loads(line) for line in open("scores.jsonl")))
"""

from __future__ import annotations

from .page import render, write
from .summary import Summary, summary

__all__ = ["Summary", "render", "summary", "write"]
