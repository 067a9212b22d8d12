"""What the reader asks the cluster for lets through every sign-in that the core's maps know, on genuine nodes."""

from __future__ import annotations

import json
from typing import Any, Iterator, Mapping, Sequence

import pytest
from busybody.fields.intake import Intake
from busybody.policy import Policy
from busybody.signin import SignIn
from busybody_elastic.cluster.protocol import Cluster
from busybody_elastic.reader.wanted import signins
from having import ROOT

pytestmark = pytest.mark.node
FIXTURES = ROOT / "tests" / "core" / "fields" / "fixtures"
AT = 1764547200.0  # 2025-12-01, when the cases were written
METADATA = {"_id", "_index"}  # which no document may hold
ELSEWHERE = {"splunk_cim", "windows_splunk"}  # what Splunk writes never lies in such a cluster


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """The records that the maps' own cases are made of, as documents, with the name of the map."""
    for path in sorted(FIXTURES.glob("*.json")):
        if path.stem not in ELSEWHERE:
            for case in json.loads(path.read_text("utf-8"))["cases"]:
                yield path.stem, {name: value for name, value in case["given"].items() if name not in METADATA}


def test_every_sign_in_of_the_maps_passes_the_filter(cluster: Cluster, namespace: str) -> None:
    intake = Intake(Policy.default(), None, reference_time=AT)
    taken = [(name, record) for name, record in cases() if isinstance(intake.read(record), SignIn)]
    assert {name for name, _ in taken} == {name for name, _ in cases()}
    numbers = range(len(taken))
    refused = put(cluster, {number: f"{namespace}-{taken[number][0]}" for number in numbers}, taken)
    apart = {number: f"{namespace}-{number}" for number in refused}  # one field, two types: an index each
    assert put(cluster, apart, taken) == []
    query = {"query": signins(Policy.default()), "size": 1000, "_source": False}
    found = {int(hit["_id"]) for hit in cluster.search(f"{namespace}-*", query)["hits"]["hits"]}
    assert [taken[number] for number in numbers if number not in found] == []


def put(cluster: Cluster, indices: Mapping[int, str], records: Sequence[tuple[str, Any]]) -> list[int]:
    """Write the records of these numbers; the numbers of those that were refused."""
    wanted = [
        ({"index": {"_index": index, "_id": str(number)}}, records[number][1]) for number, index in indices.items()
    ]
    items = cluster.bulk(wanted, refresh=True)
    return [number for number, item in zip(indices, items, strict=True) if item.error]
