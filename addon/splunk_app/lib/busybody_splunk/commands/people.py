"""A person who was named in a search: the key under which the model has them, or who may have been meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from busybody.errors import BusybodyError, shown
from busybody.identity import Identity
from busybody.named import key_of, nearest
from busybody.people import Person
from busybody.profile.codec import decode

if TYPE_CHECKING:
    from busybody.policy import Policy
    from busybody.stores import Store


def known(store: Store, policy: Policy, name: str) -> Person:
    """The person. Raises BusybodyError, with the names that are like this one, where nobody is known by it."""
    person = find(store, policy, name)
    if person is None:
        raise BusybodyError(unknown(store, policy, name))
    return person


def find(store: Store, policy: Policy, name: str) -> Optional[Person]:
    """The person; None where nobody is known by that name."""
    key = key_of(store, policy, name)
    text = None if key is None else store.profile(key)
    return None if key is None or text is None else Person(key, decode(text, key), policy.learning.incident_hours)


def unknown(store: Store, policy: Policy, name: str) -> str:
    """The words for somebody of whom nothing is known."""
    told = f"nobody of the name {shown(name)} is known."
    if Identity(policy).has_pseudonyms:
        return told + " The policy keeps people under pseudonyms: give the name as the events have it."
    near = nearest(name, store.users())
    return told + (f" Is it {' or '.join(map(shown, near))}?" if near else " `| busyrisk all=true` lists everybody.")
