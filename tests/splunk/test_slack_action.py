"""Alert action busybody_slack, from the payload on standard input to messages in a channel, with everything going wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Iterator, List

import pytest
from alerting import LINK, OWNER_KEY, World, dispatch, scored
from fake_service import FakeProxy
from fake_slack import FakeSlack

ACTION = "busybody_slack"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with World(tmp_path, monkeypatch) as found:
        yield found


@pytest.fixture
def slack(world: World) -> Iterator[FakeSlack]:
    with FakeSlack() as found:
        world.secret("slack_token", found.token)
        world.conf("slack", api=found.api, ca_file=found.ca_file, channel="#security")
        yield found


def headings(slack: FakeSlack) -> List[str]:
    return [
        block["text"]["text"] for post in slack.posts for block in post.get("blocks", []) if block["type"] == "header"
    ]


def markup(post: dict) -> List[str]:
    return [block["text"]["text"] for block in post["blocks"] if block.get("text", {}).get("type") == "mrkdwn"]


# Whom it tells ------------------------------------------------------------------------------------------------


def test_each_person_gets_one_message_those_most_at_risk_first(world: World, slack: FakeSlack) -> None:
    done = world.act(ACTION, [scored("bob", 45.0), scored("alice"), scored("bob", 75.0), scored("eve", 71.0)])
    assert (done.code, done.lines) == (0, ["INFO sent=3 failed=0 rows=4"])
    assert headings(slack) == ["Critical 97 · alice", "High 75 · bob", "High 71 · eve"]
    assert world.clock.slept == [1.1, 1.1]  # a message per second is what Slack takes


def test_the_owner_needs_no_right_but_the_one_to_send(world: World, slack: FakeSlack) -> None:
    assert world.splunk.sessions[OWNER_KEY] == ["busybody_send", "search"]
    assert world.act(ACTION, [scored()]).code == 0


def test_without_the_right_to_send_it_says_which_role_gives_it(world: World, slack: FakeSlack) -> None:
    world.splunk.sessions[OWNER_KEY] = ["search"]
    done = world.act(ACTION, [scored("alice"), scored("bob")])
    assert done.code == 2
    assert done.lines[0] == (
        'ERROR person="alice" rows=1 was not told: The alert\'s owner lacks the capability busybody_send: '
        "give them the role busybody_sender."
    )
    assert 'person="bob"' in done.lines[1]


def test_beyond_max_people_the_others_share_a_digest(world: World, slack: FakeSlack) -> None:
    rows = [scored(f"user-{number:02d}", 99.0 - number) for number in range(12)]
    assert world.act(ACTION, rows, max_people="4").lines == ["INFO sent=5 failed=0 rows=12"]
    assert headings(slack)[4] == "8 more people"
    digest = json.dumps(slack.posts[4])
    assert all(f"user-{number:02d}" in digest for number in range(4, 12))


def test_with_max_people_none_all_share_it_and_thousands_are_counted(world: World, slack: FakeSlack) -> None:
    assert world.act(ACTION, [{"user": f"user-{number}"} for number in range(1500)], max_people="0").code == 0
    assert headings(slack)[0] == "1500 people"
    assert "and 500 more, which the results show" in json.dumps(slack.posts)


def test_what_does_not_fit_follows_in_the_thread(world: World, slack: FakeSlack) -> None:
    world.act(ACTION, [scored(risk=90.0 - number / 20) for number in range(180)])
    assert len(slack.posts) > 1
    assert "thread_ts" not in slack.posts[0]
    assert {post["thread_ts"] for post in slack.posts[1:]} == {slack.posts[0]["ts"]}


def test_links_lead_to_the_person_and_the_results(world: World, slack: FakeSlack) -> None:
    world.act(ACTION, [scored("a&b/c d@example.com")])
    urls = [
        part["url"]
        for block in slack.posts[0]["blocks"][-1]["elements"]
        for part in block["elements"]
        if part["type"] == "link"
    ]
    assert urls == [
        "https://splunk.example.com:8000/en-US/app/busybody/person?form.user=a%26b%2Fc%20d%40example.com",
        LINK,
    ]


@pytest.mark.parametrize("link", [None, "javascript:alert(1)", "https://x" * 900, "ftp://x/app/y"])
def test_a_link_that_is_none_is_left_out(world: World, slack: FakeSlack, link: object) -> None:
    assert world.act(ACTION, [scored()], payload={"results_link": link}).code == 0
    assert '"url"' not in json.dumps(slack.posts)


def test_an_alert_on_silence_has_no_rows_and_is_posted_all_the_same(world: World, slack: FakeSlack) -> None:
    assert world.act(ACTION, [], message="No sign-in for an hour").code == 0
    assert headings(slack) == ["Odd sign-ins"]
    assert markup(slack.posts[0]) == ["No sign-in for an hour"]


def test_without_a_results_file_the_first_row_is_posted(world: World, slack: FakeSlack) -> None:
    done = world.act(
        ACTION, dispatch(world.folder) / "gone.csv.gz", payload={"result": {"user": "alice", "busy_risk": "80"}}
    )
    assert done.code == 0
    assert done.lines[0].startswith("WARN The results file cannot be read (FileNotFoundError)")
    assert headings(slack) == ["High 80 · alice"]


# The author's message -----------------------------------------------------------------------------------------


def test_tokens_are_filled_in_for_each_person_and_escaped(world: World, slack: FakeSlack) -> None:
    template = "*$result.user$* from $result.src$, <https://wiki.example.com/runbook|runbook> ($name$, $results.count$) costs $5"
    world.splunk.searches["Odd sign-ins"] = {"action.busybody_slack.param.message": template}
    rows = [scored("alice"), scored("<!channel> bob", 40.0, src="198.51.100.9")]
    world.act(ACTION, rows, message="*alice* from 203.0.113.7, …")
    assert [markup(post) for post in slack.posts] == [
        ["*alice* from 203.0.113.7, <https://wiki.example.com/runbook|runbook> (Odd sign-ins, 2) costs $5"],
        [
            "*&lt;!channel&gt; bob* from 198.51.100.9, <https://wiki.example.com/runbook|runbook> (Odd sign-ins, 2) costs $5"
        ],
    ]


def test_a_message_without_tokens_of_the_row_stands_once(world: World, slack: FakeSlack) -> None:
    world.splunk.searches["Odd sign-ins"] = {
        "action.busybody_slack.param.message": "Runbook: <https://wiki.example.com|here>"
    }
    world.act(ACTION, [scored("alice"), scored("bob")], message="Runbook: …")
    assert [markup(post) for post in slack.posts] == [["Runbook: <https://wiki.example.com|here>"], []]


def test_where_only_splunkds_filling_in_is_known_it_is_escaped_as_a_whole(world: World, slack: FakeSlack) -> None:
    world.act(ACTION, [scored("alice"), scored("bob")], message="see <!channel> & *alice*\nnow")  # no such saved search
    assert [markup(post) for post in slack.posts] == [["see &lt;!channel&gt; &amp; *alice*\nnow"], []]


def test_a_token_that_only_splunkd_knows_is_left_to_splunkd(world: World, slack: FakeSlack) -> None:
    world.splunk.searches["Odd sign-ins"] = {"action.busybody_slack.param.message": "$result.user$ at $trigger_time$"}
    world.act(ACTION, [scored("alice")], message="alice at 03:32")
    assert markup(slack.posts[0]) == ["alice at 03:32"]


def test_sendalert_has_no_saved_search_and_works(world: World, slack: FakeSlack) -> None:
    done = world.act(ACTION, [scored("alice")], message="by hand", payload={"search_name": None, "results_link": None})
    assert done.code == 0
    assert markup(slack.posts[0]) == ["by hand"]
    assert 'action_mode="adhoc"' in world.modalert(ACTION)[0]


def test_parameters_that_are_not_understood_are_named(world: World, slack: FakeSlack) -> None:
    done = world.act(ACTION, [scored("alice")], max_people="a few", user_field="usr")
    assert done.lines[:2] == [
        "WARN max_people: 'a few' is no number; 30 is used.",
        "WARN No row has the field 'usr', which the alert names.",
    ]
    assert (done.code, headings(slack)) == (0, ["Critical 97 · no person named"])


# What goes wrong ----------------------------------------------------------------------------------------------


def test_slack_asks_to_slow_down_and_is_obeyed(world: World, slack: FakeSlack) -> None:
    slack.fail(429, retry_after=7, times=3)
    assert world.act(ACTION, [scored("alice"), scored("bob")]).code == 0
    assert world.clock.slept == [7.5, 7.5, 7.5, 1.1]
    assert len(slack.posts) == 2


def test_a_wait_beyond_the_time_fails_and_the_others_are_told(world: World, slack: FakeSlack) -> None:
    slack.fail(429, retry_after=3600)
    done = world.act(ACTION, [scored("alice"), scored("bob", 50.0)])
    assert done.code == 1
    assert done.lines[0] == (
        'ERROR person="alice" rows=1 was not told: Slack asks to send more slowly. No time is left to try again.'
    )
    assert done.lines[1] == "ERROR sent=1 failed=1 rows=1"
    assert headings(slack) == ["Medium 50 · bob"]


def test_failures_are_tried_again_and_bounded(world: World, slack: FakeSlack) -> None:
    slack.fail(500)
    slack.fail(cut=True)
    assert world.act(ACTION, [scored()]).code == 0
    assert world.clock.slept == [1.0, 2.0]
    slack.fail(502, times=9)
    done = world.act(ACTION, [scored("alice")])
    assert done.code == 2
    assert "Slack answered 502. Tried 3 times." in done.lines[0]


def test_a_refusal_that_would_meet_everybody_is_not_repeated(world: World, slack: FakeSlack) -> None:
    done = world.act(ACTION, [scored("alice"), scored("bob")], channel="#nowhere")
    assert done.code == 2
    assert [line.split(" was not told: ")[-1] for line in done.lines[:2]] == [
        "Slack answered channel_not_found. Check its name, and invite the bot into it if it is private."
    ] * 2
    assert len(slack.calls) == 1


def test_a_message_that_slack_refuses_for_its_form_goes_out_as_text(world: World, slack: FakeSlack) -> None:
    slack.word("invalid_blocks")
    done = world.act(ACTION, [scored("alice"), scored("bob", 50.0)])
    assert (done.code, len(slack.posts)) == (0, 2)
    assert done.lines[0] == 'WARN person="alice" rows=1 Slack answered invalid_blocks. Posted as plain text.'
    assert slack.posts[0]["text"].startswith(
        "Critical 97 · alice: Risk 97 (1 in 9,000 sign-ins here): 18,400 km in 40 min;"
    )
    assert "blocks" not in slack.posts[0]
    assert "blocks" in slack.posts[1]


def test_when_the_time_is_up_those_left_are_named(world: World, slack: FakeSlack) -> None:
    slack.fail(429, retry_after=90, times=3)
    rows = [scored(f"user-{number}", 99.0 - number) for number in range(20)]
    done = world.act(ACTION, rows)
    assert done.code == 1
    told = {line.split('"')[1] for line in done.lines if "was not told" in line}
    assert told == {f"user-{number}" for number in range(len(slack.posts), 20)}
    assert sum(world.clock.slept) < 280


def test_a_thread_that_the_time_cuts_is_a_failure(world: World, slack: FakeSlack) -> None:
    slack.fail(429, retry_after=139, times=2)
    done = world.act(ACTION, [scored(risk=90.0 - number / 20) for number in range(180)])
    assert (done.code, len(slack.posts)) == (2, 1)
    assert "rows=180 was not told: The time of the alert action is used up." in done.lines[0]


def test_splunkd_that_breaks_the_connection_is_tried_again(world: World, slack: FakeSlack) -> None:
    world.splunk.fail(cut=True)
    assert world.act(ACTION, [scored()]).code == 0


def test_a_handler_that_is_not_there_says_restart(world: World, slack: FakeSlack) -> None:
    world.splunk.fail(404)
    assert "restart Splunk" in world.act(ACTION, [scored()]).lines[0]


def test_a_session_that_has_ended_says_so(world: World, slack: FakeSlack) -> None:
    assert "session of the alert has ended" in world.act(ACTION, [scored()], key="of-yesterday").lines[0]


def test_a_webhook_behind_a_proxy(world: World) -> None:
    with FakeSlack() as slack, FakeProxy() as proxy:
        world.secret("slack_webhook", slack.webhook)
        world.conf("slack", ca_file=slack.ca_file, proxy=proxy.address)
        slack.fail(429, retry_after=1)
        assert world.act(ACTION, [scored(risk=90.0 - number / 20) for number in range(180)]).code == 0
        assert len(slack.posts) > 1
        assert len(proxy.seen) == len(slack.calls) == len(slack.posts) + 1


def test_a_name_with_quotes_stays_in_its_field(world: World, slack: FakeSlack) -> None:
    world.act(ACTION, [scored()], payload={"search_name": 'Odd" action_status="success" \\'})
    assert r' search_name="Odd\" action_status=\"success\" \\" sid=' in world.modalert(ACTION)[0]


def test_no_secret_is_ever_written(world: World, slack: FakeSlack) -> None:
    slack.fail(400)
    assert OWNER_KEY not in world.act(ACTION, [scored(OWNER_KEY)]).log
    world.secret("slack_token", slack.token + "-wrong")
    logs = world.act(ACTION, [scored()]).log
    slack.fail(500, body=slack.token.encode(), times=9)
    logs += world.act(ACTION, [scored()]).log + "\n".join(world.modalert(ACTION))
    assert slack.token not in logs
    assert OWNER_KEY not in logs
    assert "Bearer" not in logs


# How it starts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stdin", "arguments", "says"),
    [
        (b"", ["--execute"], "is no JSON"),
        (b"{}", [], "--execute"),
        (b"{}", ["--execute"], "session_key"),
        (b'{"server_uri": "http://127.0.0.1:8089", "session_key": "k"}', ["--execute"], "enableSplunkdSSL"),
    ],
)
def test_started_wrongly_it_says_how_it_is_started(world: World, stdin: bytes, arguments: List[str], says: str) -> None:
    done = world.run(ACTION, stdin.replace(b"{}", b'{"server_uri": "https://127.0.0.1:1"}'), arguments)
    assert done.code == 3
    assert len(done.lines) == 1
    assert done.lines[0].startswith("ERROR ")
    assert says in done.lines[0]


def test_every_row_has_a_line_for_enterprise_security(world: World, slack: FakeSlack) -> None:
    slack.fail(400, after=1)
    rows = [scored("alice", rid="7", orig_sid="s1", orig_rid="3"), scored('bob "x"', 50.0), scored("alice", 60.0)]
    assert world.act(ACTION, rows).code == 1
    lines = world.modalert(ACTION)
    assert [line.split(" rid=")[1].split('"')[1] for line in lines] == ["7", "2", "1"]
    assert [line.rsplit("=", 1)[1] for line in lines] == ['"success"', '"success"', '"failure"']
    assert ' INFO sendmodaction - signature="sent" action_name="busybody_slack" search_name="Odd sign-ins" ' in lines[0]
    assert 'orig_sid="s1" rid="7" orig_rid="3" app="search" user="ana" action_mode="saved"' in lines[0]
    assert " ERROR sendmodaction - " in lines[2]


def test_a_log_folder_that_cannot_be_written_costs_only_a_warning(world: World, slack: FakeSlack) -> None:
    (world.logs / f"{ACTION}_modalert.log").mkdir()
    done = world.act(ACTION, [scored()])
    assert done.code == 0
    assert done.lines[-1].startswith("WARN The log for Enterprise Security cannot be written")


def test_a_log_that_has_grown_starts_afresh(world: World, slack: FakeSlack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("busybody_splunk.alerts.log.LARGEST_FILE", 300)
    for _ in range(3):
        world.act(ACTION, [scored()])
    assert len(world.modalert(ACTION)) == 1
    assert (world.logs / f"{ACTION}_modalert.log.1").exists()
