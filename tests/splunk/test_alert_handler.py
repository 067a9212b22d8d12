"""The handler with the secrets: what it takes, what it refuses, and what it never tells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Iterator

import pytest
from alerting import OWNER_KEY, SYSTEM_KEY, World
from busybody_splunk.alerts import handler
from fake_responder import FakeResponder
from fake_service import FakeProxy
from fake_slack import TOKEN, FakeSlack

HELLO = {"to": "slack", "channel": "#security", "message": {"text": "hello"}}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with World(tmp_path, monkeypatch) as found:
        yield found


@pytest.fixture
def slack(world: World) -> Iterator[FakeSlack]:
    with FakeSlack() as found:
        world.secret("slack_token", found.token)
        world.conf("slack", api=found.api, ca_file=found.ca_file)
        yield found


def ask(world: World, document: Any, **more: Any) -> Dict[str, Any]:
    call = {
        "method": "POST",
        "server": {"rest_uri": world.splunk.uri},
        "session": {"user": "ana", "authtoken": OWNER_KEY},
        "system_authtoken": SYSTEM_KEY,
        "payload": document if isinstance(document, str) else json.dumps(document),
    }
    call.update(more)
    reply = handler.handle(json.dumps({name: value for name, value in call.items() if value is not None}).encode())
    assert TOKEN not in json.dumps(reply)
    assert SYSTEM_KEY not in json.dumps(reply)
    return reply


def test_a_message_goes_to_slack_with_the_stored_token(world: World, slack: FakeSlack) -> None:
    reply = ask(world, HELLO)
    assert reply == {
        "status": 200,
        "payload": {
            "outcome": "sent",
            "error": "",
            "wait": None,
            "reply": {"channel": "C0SECURITY", "ts": "1763700000.000000"},
        },
    }
    post = slack.posts[0]
    assert (post["parse"], post["link_names"], post["unfurl_links"], post["unfurl_media"]) == (
        "none",
        False,
        False,
        False,
    )


def test_the_sender_and_the_flags_cannot_be_chosen(world: World, slack: FakeSlack) -> None:
    for extra in ({"username": "ceo"}, {"icon_url": "https://x"}, {"link_names": True}, {"channel": "#other"}):
        reply = ask(world, {**HELLO, "message": {"text": "hello", **extra}})
        assert reply["payload"]["outcome"] == "refused"
    assert slack.posts == []


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("", "no JSON"),
        ("[" * 50_000, "no JSON"),
        ("[]", "nowhere to send to"),
        ({"to": "https://attacker.example"}, "nowhere to send to. Say one of: responder, slack"),
        ({"to": ["slack"]}, "nowhere to send to"),
        ({"to": "slack", "message": {"text": "x" * (1 << 20)}}, "larger than"),
    ],
)
def test_what_is_no_request_is_refused(world: World, slack: FakeSlack, document: Any, says: str) -> None:
    reply = ask(world, document)
    assert reply["status"] == 400
    assert says in reply["payload"]["messages"][0]["text"]
    assert slack.calls == []


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"message": None}, "A message has"),
        ({"message": {"text": " "}}, "needs a text"),
        ({"message": {"text": "x", "blocks": [{}] * 51}}, "at most 50 blocks"),
        ({"message": {"text": "x", "blocks": {}}}, "at most 50 blocks"),
        ({"channel": 7}, "A channel is"),
        ({"channel": "x" * 101}, "A channel is"),
        ({"channel": ""}, "No channel"),
    ],
)
def test_what_is_no_message_is_refused(world: World, slack: FakeSlack, document: Any, says: str) -> None:
    reply = ask(world, {**HELLO, **document})
    assert (reply["status"], reply["payload"]["outcome"]) == (200, "refused")
    assert says in reply["payload"]["error"]
    assert slack.calls == []


@pytest.mark.parametrize(
    "document", [{}, {"alerts": []}, {"alerts": [1]}, {"alerts": [{}] * 1001}, {"alerts": [{}], "once": "a b"}]
)
def test_what_are_no_findings_is_refused(world: World, document: Any) -> None:
    assert ask(world, {"to": "responder", **document})["payload"]["outcome"] == "refused"


def test_calls_that_splunkd_would_not_make_are_refused(world: World) -> None:
    assert {ask(world, HELLO, method=method)["status"] for method in ("GET", "PUT", "DELETE", None)} == {405}
    assert "passSystemAuth" in ask(world, HELLO, system_authtoken=None)["payload"]["error"]
    for strange in (ask(world, HELLO, server=None), ask(world, HELLO, server={"rest_uri": "http://x"})):
        assert strange["status"] == 400
    assert handler.handle("no json")["status"] == 400
    assert handler.handle("[]")["status"] == 400


def test_only_listed_channels_are_posted_to(world: World, slack: FakeSlack) -> None:
    world.conf("slack", channels="#Security, C0SECURITY", channel="security")
    assert ask(world, {**HELLO, "channel": "#other"})["payload"]["error"].startswith("channel: '#other' is not among")
    assert ask(world, {**HELLO, "channel": "#security"})["payload"]["outcome"] == "sent"
    assert ask(world, {**HELLO, "channel": "C0SECURITY"})["payload"]["outcome"] == "sent"


def test_the_administrators_channel_stands_in_for_none(world: World, slack: FakeSlack) -> None:
    world.conf("slack", channel="#other")
    assert ask(world, {**HELLO, "channel": ""})["payload"]["outcome"] == "sent"
    assert slack.posts[0]["channel"] == "#other"


def test_without_any_secret_it_says_what_to_store(world: World) -> None:
    assert "slack_token nor slack_webhook" in ask(world, HELLO)["payload"]["error"]
    assert "[responder] url" in ask(world, {"to": "responder", "alerts": [{}], "once": "a"})["payload"]["error"]
    world.conf("responder", url="https://responder.example")
    assert "responder_key" in ask(world, {"to": "responder", "alerts": [{}], "once": "a"})["payload"]["error"]


def test_a_webhook_serves_where_there_is_no_token(world: World) -> None:
    with FakeSlack() as slack:
        world.secret("slack_webhook", slack.webhook)
        world.conf("slack", ca_file=slack.ca_file)
        assert ask(world, {**HELLO, "message": {"text": "hello", "thread_ts": "1"}})["payload"]["outcome"] == "sent"
        assert slack.posts[0]["text"] == "hello"
        assert "thread_ts" not in slack.posts[0]
        assert "channel" not in slack.posts[0]


@pytest.mark.parametrize(
    ("word", "kind", "says"),
    [
        ("channel_not_found", "refused", "invite the bot"),
        ("not_in_channel", "refused", "Invite the bot"),
        ("invalid_auth", "refused", "slack_token"),
        ("missing_scope", "refused", "chat:write"),
        ("an_error_of_tomorrow", "refused", "an_error_of_tomorrow"),
        ("invalid_blocks", "unfit", "invalid_blocks"),
        ("msg_blocks_too_long", "unfit", "msg_blocks_too_long"),
        ("ratelimited", "later", "more slowly"),
        ("internal_error", "later", "internal_error"),
        ("fatal_error", "later", "fatal_error"),
    ],
)
def test_slacks_words_are_understood(world: World, slack: FakeSlack, word: str, kind: str, says: str) -> None:
    slack.word(word)
    payload = ask(world, HELLO)["payload"]
    assert payload["outcome"] == kind
    assert says in payload["error"]


@pytest.mark.parametrize(
    ("fault", "kind", "wait"),
    [
        ({"status": 429, "retry_after": 7}, "later", 7.0),
        ({"status": 429}, "later", 30.0),
        ({"status": 500}, "later", None),
        ({"status": 503, "retry_after": 3}, "later", 3.0),
        ({"status": 200, "body": b"<html>login to the proxy</html>"}, "later", None),
        ({"status": 200, "body": b'{"ok": "yes"}'}, "later", None),
        ({"status": 302, "location": "https://127.0.0.1:1/"}, "refused", None),
        ({"status": 403, "body": b"no"}, "refused", None),
        ({"cut": True}, "later", None),
    ],
)
def test_failures_of_the_way_are_told_apart(world: World, slack: FakeSlack, fault: Any, kind: str, wait: Any) -> None:
    slack.fail(**fault)
    payload = ask(world, HELLO)["payload"]
    assert (payload["outcome"], payload["wait"]) == (kind, wait)
    assert len(slack.calls) == 1  # one call, one attempt


@pytest.mark.parametrize(
    ("word", "status", "kind"),
    [
        ("no_service", 404, "refused"),
        ("invalid_payload", 400, "unfit"),
        ("channel_is_archived", 410, "refused"),
        ("rollup_error", 500, "later"),
    ],
)
def test_a_webhooks_words_are_understood(world: World, word: str, status: int, kind: str) -> None:
    with FakeSlack() as slack:
        world.secret("slack_webhook", slack.webhook)
        world.conf("slack", ca_file=slack.ca_file)
        slack.fail(status, body=word.encode())
        payload = ask(world, HELLO)["payload"]
        assert payload["outcome"] == kind
        assert slack.hook not in json.dumps(payload)


def test_everything_goes_through_the_proxy_with_its_stored_login(world: World, slack: FakeSlack) -> None:
    with FakeProxy("Basic dXNlcjpwYXNzd29yZA==") as proxy:
        world.conf("slack", proxy=proxy.address)
        world.secret("proxy", "user:password")
        assert ask(world, HELLO)["payload"]["outcome"] == "sent"
        assert proxy.seen == [(f"127.0.0.1:{slack.port}", "Basic dXNlcjpwYXNzd29yZA==")]


def test_splunkd_that_does_not_answer_is_tried_later(world: World, slack: FakeSlack, monkeypatch: Any) -> None:
    monkeypatch.setattr("busybody_splunk.rest.WAITS", ())
    world.splunk.fail(503, times=1)
    assert ask(world, HELLO)["payload"]["outcome"] == "later"
    world.splunk.sessions[SYSTEM_KEY] = []  # a system token without rights: nothing to wait for
    assert ask(world, HELLO)["payload"]["outcome"] == "refused"


def test_the_responders_answers_are_understood(world: World) -> None:
    with FakeResponder() as responder:
        world.secret("responder_key", responder.key)
        world.conf("responder", url=responder.url + "/", ca_file=responder.ca_file)
        asked = {"to": "responder", "alerts": [{"id": "1", "subject": {"key": "a"}}], "once": "abc"}
        assert ask(world, asked)["payload"]["reply"]["items"][0]["result"] == "rejected"
        assert responder.calls[0].headers["idempotency-key"] == "abc"
        cases = {
            401: "refused",
            403: "refused",
            404: "refused",
            409: "later",
            413: "unfit",
            422: "unfit",
            429: "later",
            502: "later",
        }
        for status, kind in cases.items():
            responder.fail(status, body=b'{"title": "Odd", "detail": "very"}')
            payload = ask(world, asked)["payload"]
            assert payload["outcome"] == kind, status
            assert status == 429 or ": Odd, very." in payload["error"]
        responder.fail(202, body=b"{}")
        assert ask(world, asked)["payload"]["outcome"] == "later"


def test_a_secret_that_the_other_side_repeats_is_hidden(world: World) -> None:
    with FakeResponder() as responder:
        world.secret("responder_key", "a plain pass phrase")
        world.conf("responder", url=responder.url, ca_file=responder.ca_file)
        responder.fail(403, body=b'{"detail": "a plain pass phrase is no key"}')
        payload = ask(world, {"to": "responder", "alerts": [{}], "once": "abc"})["payload"]
        assert (
            payload["error"] == "The responder answered 403: [hidden] is no key. The key lacks the scope alerts:write."
        )


def test_a_secret_that_no_header_carries_is_refused_without_a_word_of_it(world: World, slack: FakeSlack) -> None:
    for odd, says in (
        ("xoxb-1\nX: y", "slack_token has a line break"),
        ("xoxb-gr\u00fc\u00df", "beyond ASCII"),
        ("a\x7fb", "control"),
    ):
        world.secret("slack_token", odd)
        payload = ask(world, HELLO)["payload"]
        assert payload["outcome"] == "refused"
        assert says in payload["error"]
        assert not any(part in payload["error"] for part in ("xoxb", "gr\u00fc\u00df", "a\x7fb"))
    assert slack.calls == []


@pytest.mark.parametrize(
    "address",
    ["https://127.0.0.1:70000", "https://127.0.0.1:port", "https://[::1", "https://a b", "https://\u00fc.example", "x"],
)
def test_an_address_that_is_none_is_refused(world: World, slack: FakeSlack, address: str) -> None:
    world.secret("responder_key", "key-of-the-responder")
    world.conf("responder", url=address)
    world.conf("slack", api=address)
    for document in (HELLO, {"to": "responder", "alerts": [{}], "once": "abc"}):
        payload = ask(world, document)["payload"]
        assert (payload["outcome"], "no https:// address" in payload["error"]) == ("refused", True)
    world.secret("slack_webhook", "https://hooks.example/services/T00/B00/a line\u2028break")
    del world.splunk.conf.secrets["busybody:slack_token:"]
    assert "T00" not in json.dumps(ask(world, HELLO))


def test_a_fault_of_our_own_tells_its_kind_alone(world: World, slack: FakeSlack, monkeypatch: Any) -> None:
    def broken(*_: Any) -> Any:
        raise ValueError(f"Invalid header value {TOKEN}")

    monkeypatch.setattr("busybody_splunk.alerts.webapi.post", broken)
    payload = ask(world, HELLO)["payload"]
    assert payload["error"] == "Busybody's handler met a fault of its own (ValueError). Report it."


def test_who_changes_the_policy_does_not_choose_where_secrets_go(world: World, slack: FakeSlack) -> None:
    world.splunk.conf.set("local", "busybody", "slack", {"api": "https://attacker.example", "channel": "#theirs"})
    assert ask(world, {**HELLO, "channel": ""})["payload"]["error"].startswith("channel: No channel")
    assert ask(world, HELLO)["payload"]["outcome"] == "sent"
    assert len(slack.posts) == 1
