"""What several people suffer is seen by one: however many processes hold those people, it is the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from busybody.simulate import Organisation, generate
from busybody.simulate.writers import lines

from .logs import Busybody, contents


@pytest.fixture
def sprayed(tmp_path: Path) -> Path:
    company = Organisation(people=60, days=14, seed=7, warmup=8, attacks={"spraying": 0.1, "stuffing": 0.1})
    path = tmp_path / "sprayed.jsonl"
    path.write_text("".join(f"{text}\n" for text, _, _ in lines(generate(company), "ecs")), encoding="utf-8")
    return path


def test_any_number_of_processes_sees_the_same_spray(busybody: Busybody, sprayed: Path, tmp_path: Path) -> None:
    runs = {
        jobs: busybody("score", sprayed, "--output", "jsonl", "--store", f"{jobs}.db", "--jobs", jobs)
        for jobs in (1, 2, 7)
    }
    found = [finding["detector"] for row in runs[1].rows for finding in row.get("findings", ())]
    assert {"password_spraying", "credential_stuffing"} & set(found)
    assert runs[1].output == runs[2].output == runs[7].output
    stores = [contents(tmp_path / f"{jobs}.db") for jobs in (1, 2, 7)]
    assert stores[0] == stores[1] == stores[2]
