"""Instances of the service as processes that die or stand still at the worst moment: nothing lost, nothing twice.

After each the audit compares every sign-in of the source with the stored results, and the final profiles with those of
one uninterrupted run of the core.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from crash.proofs import Place, killed_at_random, killed_before_write, one_of_three_dies, stopped_before_write
from having import have

if TYPE_CHECKING:
    from nodes import Node

pytestmark = [pytest.mark.node, pytest.mark.slow]
MOST = 200  # writes of one run; far more than there are
Open = Callable[["Node", int], Place]


@pytest.fixture
def place_at() -> Iterator[Open]:
    """Makes a place on a node."""
    from busybody_elastic.cluster import connect
    from having import settings_of

    opened: list[Place] = []

    def make(node: Node, signins: int) -> Place:
        settings = {"url": node.url, **({"username": node.user, "password": {"env": "PASSWORD"}} if node.user else {})}
        opened.append(Place(connect(settings_of(node)), settings, {"PASSWORD": node.password}, signins))
        return opened[-1]

    yield make
    for place in opened:
        place.close()


def test_killed_between_every_two_writes(place_at: Open, any_node: Node) -> None:
    place = place_at(any_node, 80)
    place.add()
    found: dict[int, list[str]] = {}
    for number in range(1, MOST):
        wrong = killed_before_write(place, number)
        if wrong is None:
            break
        found[number] = wrong
    assert len(found) > 8, "it wrote less often than it has to"
    assert {number: wrong for number, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", ["es8", "os3"])
def test_killed_at_random_while_sign_ins_arrive(place_at: Open, name: str, seed: int) -> None:
    assert killed_at_random(place_at(have(name), 240), 6, seed) == []


@pytest.mark.parametrize("write", [1, 3, 6, 8])
def test_a_stale_owner_is_fenced(place_at: Open, any_node: Node, write: int) -> None:
    place = place_at(any_node, 120)
    place.add()
    assert stopped_before_write(place, write) == []


@pytest.mark.parametrize("write", [2, 6])
def test_a_stale_owner_that_gets_the_people_again_begins_where_the_other_ended(
    place_at: Open, any_node: Node, write: int
) -> None:
    place = place_at(any_node, 120)
    place.add()
    assert stopped_before_write(place, write, held=False) == []


@pytest.mark.parametrize("name", ["es9", "os2"])
def test_one_of_three_instances_dies(place_at: Open, name: str) -> None:
    assert one_of_three_dies(place_at(have(name), 240)) == []
