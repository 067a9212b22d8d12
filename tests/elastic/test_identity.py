"""Two deliveries of one document are the same at every entrance; two documents never are."""

from __future__ import annotations

from hashlib import sha256

import pytest
from busybody_elastic.identity import family, identity_of, stamped

OKTA = {"@timestamp": "2026-03-02T08:00:00Z", "event": {"id": "e-1", "dataset": "okta.system"}, "user": {"name": "ana"}}


def test_the_data_set_and_the_events_own_id_make_it():
    assert identity_of(OKTA) == sha256(b"okta.system|e-1").hexdigest()


def test_where_it_lies_changes_nothing_while_the_event_has_an_id():
    assert identity_of(OKTA) == identity_of(OKTA, ".ds-logs-okta.system-default-2026.03.02-000007", "abc")


@pytest.mark.parametrize(
    "document",
    [
        {"event.id": "e-1", "event.dataset": "okta.system"},
        {"event": {"id": ["e-1"]}, "data_stream": {"dataset": "okta.system"}},
        {"event": {"id": "e-1", "dataset": "other"}, "data_stream.dataset": "okta.system"},
        {"event": {"id": [None, "e-1"], "dataset": "okta.system"}},
    ],
)
def test_nested_dotted_or_in_a_list(document):
    assert identity_of(document) == identity_of(OKTA)


def test_a_number_is_an_id_and_nothing_is_none():
    assert identity_of({"event": {"id": 7, "dataset": "d"}}) == sha256(b"d|7").hexdigest()
    assert identity_of({"event": {"id": "", "dataset": "d"}}, "logs", "x") == sha256(b"logs|x").hexdigest()


def test_without_an_event_id_the_stored_document_counts_before_and_after_a_rollover():
    document = {"user": {"name": "ana"}}
    first = identity_of(document, ".ds-logs-sshd-default-2026.03.02-000001", "abc")
    assert first == identity_of(document, ".ds-logs-sshd-default-2026.04.02-000002", "abc")
    assert first == identity_of(document, "logs-sshd-default", "abc")
    assert first != identity_of(document, "logs-sshd-default", "abd")


def test_without_any_id_the_content_counts_in_whatever_order():
    one, other = {"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1}
    assert identity_of(one) == identity_of(other) != identity_of({"a": 1, "b": {"c": 2}})


def test_what_was_put_on_later_does_not_count():
    assert identity_of({"a": 1}) == identity_of({"a": 1, "busybody": {"identity": "x"}})


def test_what_no_fast_encoder_takes_has_an_identity_too():
    assert identity_of({"a": 1 << 80, "b": "\ud800"}) == identity_of({"b": "\ud800", "a": 1 << 80})


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (".ds-logs-okta.system-default-2026.03.02-000001", "logs-okta.system-default"),
        ("partial-.ds-logs-okta.system-default-2026.03.02-000001", "logs-okta.system-default"),
        (".ds-metrics-x-000001", "metrics-x"),
        ("filebeat-8.19.1-2026.03.02-000003", "filebeat-8.19.1"),
        ("winlogbeat-2026.03.02", "winlogbeat"),
        ("logs-okta.system-default", "logs-okta.system-default"),
        ("", ""),
    ],
)
def test_family(index, expected):
    assert family(index) == expected


def test_only_an_identity_is_taken_for_one():
    good = "0" * 64
    assert stamped({"busybody": {"identity": good}}) == stamped({"busybody.identity": good}) == good
    assert stamped({"busybody": {"identity": "ana"}}) is None
    assert stamped({}) is None
