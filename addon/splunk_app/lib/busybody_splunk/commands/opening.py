"""What a command opens before it can work: splunkd, the policy, the model; and whether it may write."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any, Optional, Union

from busybody.errors import BusybodyError, StoreError, shown

if TYPE_CHECKING:
    from busybody.policy import Policy

    from ..lookup_model import LookupModel
    from ..model import KVModel
    from ..protocol import Messages, Search
    from ..rest import Splunkd

    Model = Union[KVModel, LookupModel]

WRITE = "busybody_write"  # the capability of who may change a model
LOOKUP = ".csv"  # a model of this ending is a lookup
DEFAULT = "default"  # name of the policy and of the model that are meant where none is named


class Opened:
    """What one search has open. Everything is opened when it is first asked for; raises BusybodyError then."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self._splunkd: Optional[Splunkd] = None

    @property
    def splunkd(self) -> Splunkd:
        if self._splunkd is None:
            from ..rest import Splunkd

            self._splunkd = Splunkd.of(self.search)
        return self._splunkd

    def policy(self, name: str) -> Policy:
        """The policy of a stanza of busybody.conf."""
        from ..conf import policy_named

        return policy_named(self.splunkd, name)

    def model(self, name: str) -> Model:
        """A model, to read."""
        from ..model import KVModel

        if not name.endswith(LOOKUP):
            return KVModel(self.splunkd, name)
        from ..lookup_model import LookupModel

        return LookupModel.named(name, self.splunkd, self.search.username or self.search.owner, self.search.app)

    def writable(self, name: str) -> KVModel:
        """A model, to write: one in the KV store, by somebody with the capability."""
        from ..model import KVModel

        if name.endswith(LOOKUP):
            raise BusybodyError(
                f"model={shown(name)} is a lookup, which is only read. Name a model of the KV store, or write the "
                "lookup with | busytrain output=model | outputlookup."
            )
        self.demand_right()
        return KVModel(self.splunkd, name)

    def demand_right(self) -> None:
        """Raises BusybodyError where the person who runs the search may not write."""
        from ..conf import demand

        demand(self.splunkd, WRITE, f"{self.search.command}, which writes,")

    def audit(self, messages: Messages, action: str, model: str, **facts: Any) -> None:
        """One line of what was written. It was: that the line cannot be kept is said aloud, and stops nothing."""
        from ..audit import audit

        try:
            audit(action, self.actor, model, sid=self.search.sid, **facts)
        except StoreError as error:
            messages.warn(f"The audit line of this {action} could not be written: {error}")

    @property
    def actor(self) -> str:
        return self.search.username or self.search.owner or "somebody"

    @property
    def owner(self) -> str:
        """Who holds a lease, for those who meet it."""
        return f"| {self.search.command} of {self.actor} (search {self.search.sid})"

    def close(self) -> None:
        if self._splunkd is not None:
            self._splunkd.close()
            self._splunkd = None


def prepare() -> None:
    """Let the collector of cycles look less often: most of what is made here is plain data that lives to the end."""
    gc.set_threshold(50_000, 20, 100)
