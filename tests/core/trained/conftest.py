"""The packages that train, where they are installed; the rest of the tests does without."""

from __future__ import annotations

import os
import warnings
from importlib import import_module
from typing import Any, Callable

import pytest

os.environ.setdefault("NUMBA_DISABLE_JIT", "1")  # compiling takes longer than these small histograms

Original = Callable[[str], Any]


@pytest.fixture(scope="session")
def original() -> Original:
    """A class of scikit-learn or PyOD by its path: original("sklearn.ensemble.IsolationForest")."""
    packages = ("sklearn", "pyod")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # theirs, while they import each other
        for package in packages:
            pytest.importorskip(package, reason=f"{package} is not installed: pip install 'busybody[train]'")

        def find(path: str) -> Any:
            module, _, name = path.rpartition(".")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return getattr(import_module(module), name)

    return find
