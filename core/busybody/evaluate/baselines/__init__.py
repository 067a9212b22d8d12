"""What a user could write or already has: each a small class with `score_and_learn(signin) -> float`."""

from __future__ import annotations

from .sums import Sum

__all__ = ("Sum",)
