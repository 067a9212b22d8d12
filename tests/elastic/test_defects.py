"""The proofs notice: with a safeguard taken out, each of them fails."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import test_reader
from busybody_elastic.cluster.protocol import Cluster
from crash.defects import without
from crash.proofs import killed_before_write, stopped_before_write
from having import have
from test_crash import Open, place_at  # noqa: F401 - a fixture
from test_reader import source  # noqa: F401 - a fixture

pytestmark = [pytest.mark.node, pytest.mark.slow]
Proof = Callable[[Cluster, str], None]


@pytest.mark.parametrize(
    ("defect", "proof"),
    [
        ("ties", test_reader.test_ten_thousand_sign_ins_of_one_moment_are_each_read_once),
        ("overlap", test_reader.test_what_a_slow_index_shows_late_is_read_though_newer_was_read_before),
    ],
)
def test_a_reader_without_it_loses_sign_ins(defect: str, proof: Proof, any_cluster: Cluster, source: str) -> None:  # noqa: F811
    with without(defect), pytest.raises(AssertionError):
        proof(any_cluster, source)


def test_a_state_that_is_durable_before_the_results_loses_some(place_at: Open) -> None:  # noqa: F811
    place = place_at(have("es9"), 80)
    place.add()
    found = (killed_before_write(place, number, "order") for number in (3, 2, 4))
    assert any(wrong for wrong in found), "no kill between state and results was noticed"


def test_a_stale_owner_without_the_fence_overwrites_the_other(place_at: Open) -> None:  # noqa: F811
    place = place_at(have("es9"), 80)
    place.add()
    found = (stopped_before_write(place, number, "fencing") for number in (6, 3))
    assert any(wrong for wrong in found), "the stale owner's writes were not noticed"
