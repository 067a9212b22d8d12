"""Behaviour profiles of one's own: how often somebody had each value of chosen fields, in any JSON record."""

from __future__ import annotations

from .profiles import Profiles

__all__ = ["Profiles"]
