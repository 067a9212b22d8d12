"""The draft of a long training: what it learned so far, in a model of its own name over the one that it goes on from."""

from __future__ import annotations

import hashlib
from itertools import islice
from typing import TYPE_CHECKING, Dict, Iterable, Mapping, Optional, Sequence

from busybody.profile.codec import decode
from busybody.stores import Row
from busybody.stores.protocol import NOTHING

from ..chain import JOURNALS, MODELS, POPULATION, PROFILES
from ..model import KVModel
from .learner import LEASE

if TYPE_CHECKING:
    from ..writer import Writer
    from .opening import Opened

SUFFIX = ".draft"  # behind the name of the model
PAGE = 500  # people copied at once
LEARNED, DIGEST, BASE = "draft_learned", "draft_digest", "draft_base"  # notes


class Draft:
    """What a scorer asks of a Store: reads its own people, else those of `writer`; writes its own alone.

    `keep` makes what was learned so far safe, `publish` hands all of it to the writer, `erase` ends the draft.
    """

    def __init__(self, opened: Opened, writer: Writer, given: Sequence[str]) -> None:
        """Takes up a draft over the same commit and with the same verdicts (`given`, their keys), or begins one."""
        self._opened, self._over = opened, writer
        self._model = KVModel(opened.splunkd, writer.name + SUFFIX)
        told = "|".join([str(writer.lease.base.number), writer.lease.base.series, *given])
        self._base = hashlib.sha256(told.encode("utf-8")).hexdigest()
        self._own = self._model.writer(opened.owner, LEASE)
        notes = self._own.meta()
        self.learned = int(notes.get(LEARNED, "0")) if notes.get(BASE) == self._base else 0
        self.digest = notes.get(DIGEST, "")
        if not self.learned:
            self.begin_anew()

    def begin_anew(self) -> None:
        """Forget what the draft holds."""
        self.learned = 0
        self._own.give_up()
        self._wipe()
        self._own = self._model.writer(self._opened.owner, LEASE)

    def keep(self, learned: int, digest: str) -> None:
        """A search that is ended after this goes on from here."""
        self._own.commit(meta={LEARNED: str(learned), DIGEST: digest, BASE: self._base})
        self._model.refresh()
        self._own = self._model.writer(self._opened.owner, LEASE)
        self._over.stage()  # renews its lease, too

    def publish(self) -> None:
        """Stage everything for the writer's commit."""
        users = self._own.users()
        while True:
            page = list(islice(users, PAGE))
            if not page:
                break
            self._own.prefetch(page, journals=True)
            texts = self._own.profiles(page)
            journals = {user: self._own.journal(user) for user in page}
            profiles = {user: Row(text, decode(text, user).last or 0.0) for user, text in texts.items()}
            self._over.stage(profiles, {user: text for user, text in journals.items() if text is not None})
        self._over.stage(population=self._own.population())

    def erase(self) -> None:
        self._own.give_up()
        self._wipe()

    def close(self) -> None:
        """End the lease; what was kept stays."""
        self._own.give_up()

    def _wipe(self) -> None:
        for name in (PROFILES, JOURNALS, POPULATION, MODELS):
            self._model.collection(name).delete({"model": self._model.name})
        self._model.refresh()

    # The store that the scorer sees ---------------------------------------------------------------------------

    def profile(self, user: str) -> Optional[str]:
        own = self._own.profile(user)
        return self._over.profile(user) if own is None else own

    def profiles(self, users: Iterable[str]) -> Dict[str, str]:
        wanted = list(users)
        own = self._own.profiles(wanted)
        return {**self._over.profiles(user for user in wanted if user not in own), **own}

    def journal(self, user: str) -> Optional[str]:
        own = self._own.journal(user)
        return self._over.journal(user) if own is None else own

    def population(self) -> Optional[str]:
        return self._own.population() or self._over.population()

    def meta(self) -> Mapping[str, str]:
        return self._over.meta()

    def commit(
        self,
        profiles: Mapping[str, Optional[Row]],
        journals: Mapping[str, Optional[str]],
        population: Optional[str] = None,
        meta: Mapping[str, str] = NOTHING,
    ) -> None:
        """Stage in the draft."""
        self._own.stage(profiles, journals, population, meta)
