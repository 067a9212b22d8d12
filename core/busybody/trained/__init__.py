"""Trained models: learned offline by scikit-learn and PyOD (`busybody train`), scored here in pure Python."""

from __future__ import annotations

from .file import load, loaded
from .model import Trained

__all__ = ["Trained", "load", "loaded"]
