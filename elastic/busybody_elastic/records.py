"""What passes between an entrance and the one scorer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, NamedTuple, Protocol, Sequence

if TYPE_CHECKING:
    from .stamps import Stamps

READER, API, GATEWAY = "reader", "api", "gateway"
SCORED, KNOWN, SKIPPED, BROKEN, UNSCORED = "scored", "known", "skipped", "broken", "unscored"
PATIENCE = 300.0  # seconds that the gateway waits for the cluster in all, and a ticket at least for its settlement


class Incoming(NamedTuple):
    """One document at an entrance. `identity` is what makes two deliveries of it the same (identity.py)."""

    document: Mapping[str, Any]
    identity: str
    entrance: str  # READER, API or GATEWAY
    index: str = ""  # type: ignore[assignment]  # where it lies or goes, as far as known; hides tuple.index
    id: str = ""  # its _id there
    quiet: bool = False  # back-fill or catch-up older than an hour: scored, marked, never paging anybody


class Answer(NamedTuple):
    """What became of it."""

    identity: str
    status: str  # SCORED, KNOWN (scored before; the older result holds), SKIPPED, BROKEN, UNSCORED (failed open)
    reason: str = ""  # in words, unless it was scored
    busybody: Mapping[str, Any] | None = None  # the `busybody` object of the result document
    alert: bool = False


class Batch(NamedTuple):
    """The answers in the order of what came, and the ticket that settles them; None where nothing waits."""

    answers: list[Answer]
    ticket: str | None = None


class Router(Protocol):
    """Every entrance's way to the owners of the people concerned. Blocks; safe from several threads."""

    stamps: Stamps  # by which the reader knows what the gateway scored

    def score(
        self, incoming: Sequence[Incoming], *, learn: bool = True, provisional: bool = False,
        deadline: float | None = None,
    ) -> Batch:  # fmt: skip
        """Score in order. With `provisional`, nothing is learned for good before `settle`.

        People who are in a provisional batch that is not settled yet are waited for. `deadline` in seconds from now:
        what cannot be answered by then is UNSCORED, and nothing was learned of it. Never raises for a record.
        """

    def settle(self, ticket: str, accepted: Sequence[bool]) -> None:
        """What upstream accepted, by position, stays learned; the rest is as if it had never come."""

    def commit(self, notes: Mapping[str, str] | None = None) -> None:
        """Results, then state, are durable once this returns; `notes` (a reader's cursor) last of all."""
