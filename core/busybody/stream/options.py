"""What a run is to do, as it was asked for and as everybody who takes part in it is told."""

from __future__ import annotations

from typing import List, NamedTuple, Optional

from ..policy import Policy


class Options(NamedTuple):
    """What was asked for."""

    inputs: List[str]
    store: str
    output: str = "jsonl"  # jsonl, table, csv, ecs, splunk, none
    format: Optional[str] = None  # of the container
    source: Optional[str] = None  # data set
    learn: bool = True
    least_risk: float = 0.0  # leaves out lines below it, and from there up those of what is no sign-in
    jobs: int = 1
    strict: bool = False
    sort: bool = False
    now: Optional[float] = None  # epoch seconds
    width: int = 120  # of a table


class Setup(NamedTuple):
    """What whoever reads, scores or writes is told when it starts."""

    options: Options
    policy: Policy
    now: float  # epoch seconds
    name_files: bool  # in each line, as there are several
    number: int = 0  # of the worker
