"""Strong proof answers a doubt: a managed device known for the person, a factor that cannot be phished."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from builders import FAR, HOME, LAPTOP, MANAGED, STRANGE, at, finding, live, model, settled, signin
from busybody.detectors.strong_proof import BOTH, EACH, NEW
from busybody.policy import Policy
from busybody.scorer import Scorer
from busybody.sentence import reason
from busybody.signin import Finding

WEIGHT = Policy.default().weights["strong_proof"]


@pytest.fixture(scope="module")
def lived() -> Scorer:
    scorer = model()
    live(scorer, 30, **MANAGED)
    return settled(scorer, at(29, 13))


def found(scorer: Scorer, **fields: Any) -> Optional[Finding]:
    return finding(scorer.score(signin(30, 9, **{**FAR, **fields})), "strong_proof")


def test_managed_device_known_for_the_person_lowers_the_odds(lived: Scorer) -> None:
    proof = found(lived, **MANAGED)
    assert proof is not None
    assert proof.contribution == -EACH * WEIGHT
    assert reason(proof) == "a managed device they are known for"


def test_managed_device_that_is_new_to_the_person_counts_half() -> None:
    scorer = model()
    live(scorer, 30, **MANAGED)
    proof = found(settled(scorer, at(29, 13)), **{**STRANGE, "device_id": "B-2", "flags": ("managed_device",)})
    assert proof is not None
    assert proof.contribution == -NEW * WEIGHT
    assert 2 * NEW == EACH
    assert reason(proof) == "a managed device, new to them"


@pytest.mark.parametrize("fields", [{"flags": ("phishing_resistant",)}, {"method": "passkey"}])
def test_factor_that_cannot_be_phished_lowers_the_odds(lived: Scorer, fields: Any) -> None:
    proof = found(lived, **STRANGE, **fields)
    assert proof is not None
    assert proof.contribution == -EACH * WEIGHT
    assert reason(proof) == "a factor that cannot be phished"


def test_both_together_count_less_than_twice(lived: Scorer) -> None:
    proof = found(lived, **{**MANAGED, "flags": ("managed_device", "phishing_resistant")})
    assert proof is not None
    assert proof.contribution == -BOTH * WEIGHT
    assert BOTH < 2 * EACH
    assert reason(proof) == "a managed device they are known for and a factor that cannot be phished"


@pytest.mark.parametrize(
    "fields",
    [
        {**LAPTOP, "flags": ("managed_device",)}, {**LAPTOP, "device_id": "A-17"}, {**STRANGE, "mfa": "passed"}, {**MANAGED, "outcome": "failure"},
    ],
    ids=["no id", "id not managed", "a passed factor can be phished", "failure"],
)  # fmt: skip
def test_anything_less_is_no_proof(lived: Scorer, fields: Any) -> None:
    assert found(lived, **fields) is None


def test_everyday_sign_in_earns_no_credit(lived: Scorer) -> None:
    assert lived.score(signin(30, 8, **HOME, **MANAGED)).findings == ()
