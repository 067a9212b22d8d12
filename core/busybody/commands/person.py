"""What the command line says of a person of whom nothing is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..identity import Identity
from ..named import nearest

if TYPE_CHECKING:
    from ..policy import Policy
    from ..stores import Store

UNKNOWN = 1  # exit code


def unknown(store: Store, policy: Policy, name: str) -> str:
    """The words for a person of whom nothing is known."""
    from ..errors import shown

    told = f"nobody of the name {shown(name)} is known."
    if Identity(policy).has_pseudonyms:
        return (
            told + " The policy keeps people under pseudonyms; give the name as the log has it, with the same policy."
        )
    near = nearest(name, store.users())
    return told + (
        f" Is it {' or '.join(map(shown, near))}?" if near else " `busybody risk --all --min 0` lists everybody."
    )
