"""Keys at the doors."""

from __future__ import annotations

from hashlib import sha256

import pytest
from busybody_elastic.auth import Keys
from busybody_elastic.errors import ConfigError
from starlette.datastructures import Headers

KEYS = Keys(["first-secret", "sha256:" + sha256(b"second-secret").hexdigest()])


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Busybody-Key": "first-secret"},
        {"X-Busybody-Key": "second-secret"},
        {"Authorization": "ApiKey first-secret"},
        {"Authorization": "apikey second-secret"},
    ],
)
def test_each_key_opens_by_either_header(headers: dict[str, str]) -> None:
    assert KEYS.accept(Headers(headers))


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-Busybody-Key": ""}, {"X-Busybody-Key": "first-secre"}, {"Authorization": "Basic first-secret"},
     {"X-Busybody-Key": "wrong", "Authorization": "ApiKey first-secret"},
     {"X-Busybody-Key": "sha256:" + sha256(b"second-secret").hexdigest()}],
)  # fmt: skip
def test_nothing_else_opens(headers: dict[str, str]) -> None:
    assert not KEYS.accept(Headers(headers))


def test_at_the_gateway_authorization_belongs_to_the_cluster() -> None:
    assert not KEYS.accept(Headers({"Authorization": "ApiKey first-secret"}), own_header_only=True)
    assert KEYS.accept(Headers({"X-Busybody-Key": "first-secret"}), own_header_only=True)


def test_without_keys_everybody_may_enter() -> None:
    assert Keys([]).accept(Headers({}))


def test_keys_are_not_kept_in_plain_text() -> None:
    assert "first-secret" not in repr(vars(KEYS))


@pytest.mark.parametrize("digest", ["sha256:", "sha256:zz", "sha256:abcd"])
def test_a_digest_that_is_none_is_said(digest: str) -> None:
    with pytest.raises(ConfigError, match=r"server\.keys"):
        Keys([digest])
