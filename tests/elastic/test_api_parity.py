"""The same simulated month gives the core's own scores, by the score API and by the gateway."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, Iterator

import httpx
import pytest
from busybody.fields.intake import Intake
from busybody.policy import Policy
from busybody.scorer import Scorer
from busybody.signin import Assessment, SignIn
from busybody.simulate import Organisation, generate
from busybody.simulate.writers import lines
from busybody.stores.memory import MemoryStore
from busybody_elastic.app import build_app
from busybody_elastic.documents import Documents
from busybody_elastic.local import Local
from busybody_elastic.owners import Single
from busybody_elastic.partition import Partition
from busybody_elastic.passage import Passage
from busybody_elastic.results import Results
from busybody_elastic.router import PartitionRouter
from doors import config, ready, running
from fake_cluster import FakeCluster
from upstream import Cluster, listening

EXACT = 1e-9


@lru_cache
def month() -> list[str]:
    """Sign-ins and attacks, as ECS documents."""
    organisation = Organisation(people=25, days=30, seed=5)
    return [text for text, _, _ in lines(generate(organisation), "ecs", ())]


@lru_cache
def truth() -> list[Assessment]:
    """What the core itself says of them."""
    intake, scorer = Intake(Policy.default(), None), Scorer(Policy.default(), MemoryStore())
    read = [intake.read(json.loads(text)) for text in month()]
    return [scorer.process(signin) for signin in read if isinstance(signin, SignIn)]


@pytest.fixture
def router() -> PartitionRouter:
    policy, store = Policy.default(), MemoryStore()
    partition = Partition(0, policy, store, Results(FakeCluster(), Documents("t", "one")))
    single = Single(partition, store)
    return PartitionRouter(policy, single, Local(single, Passage()))


def batches(size: int) -> Iterator[list[str]]:
    texts = month()
    return (texts[start : start + size] for start in range(0, len(texts), size))


def check(found: list[dict[str, Any]]) -> None:
    assert len(found) == len(truth())
    assert sum(assessment.level == "critical" for assessment in truth()) > 0
    for one, wanted in zip(found, truth(), strict=True):
        assert one["status"] == "scored"
        assert one["risk"] == pytest.approx(wanted.risk, abs=EXACT)
        assert one["log_odds"] == pytest.approx(wanted.log_odds, abs=EXACT)
        contributions = [row["contribution"] for row in one["findings"]]
        assert contributions == pytest.approx([row.contribution for row in wanted.findings], abs=EXACT)


@pytest.mark.slow
def test_the_score_api(router: PartitionRouter) -> None:
    found = []
    with running(build_app(config(), router, status=ready)) as url, httpx.Client(base_url=url, timeout=60) as client:
        for texts in batches(701):
            answer = client.post("/score?only=assessment", content="\n".join(texts))
            found += [json.loads(line) for line in answer.text.splitlines()]
    check(found)


@pytest.mark.slow
def test_the_gateway(router: PartitionRouter) -> None:
    cluster = Cluster()
    with listening(cluster) as upstream:
        section = {"enabled": True, "upstream": [upstream], "fields": "full", "deadline_ms": 60_000}
        app, headers = (
            build_app(config(gateway=section), router, status=ready),
            {"Content-Type": "application/x-ndjson"},
        )
        with running(app) as url, httpx.Client(base_url=url, timeout=60, headers=headers) as client:
            for texts in batches(397):
                body = "".join('{"create":{}}\n' + text + "\n" for text in texts)
                assert client.post("/logs/_bulk", content=body).json()["errors"] is False
    check([json.loads(source)["busybody"] for source in cluster.sources()])
