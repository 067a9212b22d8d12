"""What does not hang together in a trained model, and where in it."""

from __future__ import annotations


class Fault(ValueError):
    """`path` leads from the model to the fault: `trees[3].right[7]`. The loader makes a ModelError of it."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.message = message
