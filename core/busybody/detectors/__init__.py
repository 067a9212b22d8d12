"""Detectors: one file, one pure function of (signin, profile, population, policy), one catalogue entry each."""

from __future__ import annotations

from .catalogue import CATALOGUE, Entry, entry
from .signal import Signal

__all__ = ["CATALOGUE", "Entry", "Signal", "entry"]
