"""From the detectors' surprisals to log-odds, additively: base + contributions = log-odds, exactly."""

from __future__ import annotations

from .weighted_sum import BASE, fuse

__all__ = ["BASE", "fuse"]
