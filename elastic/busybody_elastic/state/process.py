"""Which process holds a lease, so that the next of its name can tell whether that one is gone.

Only Linux says enough: elsewhere nobody is known to be gone, and the lease has to run out.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

PARTS = 4
ENDED = ("Z", "X")  # states of a process that does nothing any more


@lru_cache(maxsize=1)
def here() -> str:
    """This process: the machine since its start, the space of process ids, the id, when it began. Empty: unknown."""
    try:
        machine = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{machine} {Path('/proc/self/ns/pid').readlink()} {os.getpid()} {_look(os.getpid())[1]}"
    except OSError:
        return ""


os.register_at_fork(after_in_child=here.cache_clear)


def is_gone(process: str) -> bool:
    """Whether the process that `here` gave is certainly gone, or is this one."""
    theirs, ours = process.split(" "), here().split(" ")
    if len(theirs) != PARTS or theirs[:2] != ours[:2]:
        return False  # of another machine or container: nothing can be told from here
    try:
        os.kill(int(theirs[2]), 0)
        state, begun = _look(int(theirs[2]))
    except ProcessLookupError:
        return True
    except (OSError, ValueError):
        return False  # somebody else's, who hides it
    return state in ENDED or begun != theirs[3] or theirs == ours


def _look(number: int) -> tuple[str, str]:
    """State and start (in ticks since the machine's) of a process."""
    fields = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    return fields[0], fields[19]
