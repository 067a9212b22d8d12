"""Lists of people and networks."""

from __future__ import annotations

import time
from ipaddress import ip_address, ip_network
from typing import Optional

import pytest
from busybody.policy import NetworkList, PeopleList
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("entry", "name", "expected"),
    [
        ("ana@example.com", "Ana@Example.COM", True),
        ("ana", "anabel", False),
        ("/svc-.*/", "SVC-backup", True),
        ("/svc-.*/", "my-svc-backup", False),
        ("/ana|bob/", "bobby", False),
        ("STRASSE", "straße", True),
        ("/", "/", True),
    ],
)
def test_name_or_pattern_matches_the_whole_name(entry: str, name: str, expected: bool) -> None:
    assert PeopleList([entry]).matches(name) is expected


@pytest.mark.parametrize("entry", ["//", "/[/", "/" + "a" * 201 + "/", "/a{99999999999999}/", "/.*.*.*.*.*/"])
def test_patterns_that_cannot_serve_are_refused(entry: str) -> None:
    with pytest.raises(ValueError, match=r"\. (Write|Mend|Keep)"):
        PeopleList([entry])


@pytest.mark.parametrize(
    "body",
    [
        "(a+)+",
        "(.*,)*",
        "((a+))+b",
        "(a|a)*b",
        "(a?a?)+",
        "(?P<x>a+)*",
        "(?:a{2,})+",
        "(?i:a*){3,}",
        "([)]+)+",
        "(a(b|c)d)*",
    ],
)
def test_patterns_that_take_for_ever_on_some_names_are_refused(body: str) -> None:
    with pytest.raises(ValueError, match=r"takes for ever on some names\. Write it without"):
        PeopleList([f"/{body}/"])


@pytest.mark.parametrize("body", ["a?" * 25 + "a" * 25, "(a|a)" * 25, ".*.*.*.*b", ".*a?.*(a|a)" + "a?" * 8])
def test_patterns_that_multiply_choices_are_refused(body: str) -> None:
    with pytest.raises(ValueError, match=r"take for ever on some names\. Keep to 3 repeats"):
        PeopleList([f"/{body}/"])


@pytest.mark.parametrize("body", [".*.*.*b", ".*.*" + "(a|a)" * 8 + "b", "a?" * 24 + "a" * 24, "(a|a)" * 24])
@pytest.mark.parametrize("length", [25, 256, 1024])
def test_the_worst_name_for_an_accepted_pattern_takes_no_more_than_a_second(body: str, length: int) -> None:
    everybody = PeopleList([f"/{body}/"])
    started = time.process_time()
    assert not everybody.matches("a" * length + "!")
    assert time.process_time() - started < 2


def test_a_name_that_only_an_attacker_has_matches_no_pattern() -> None:
    assert PeopleList(["/a*/"]).matches("a" * 256)
    assert not PeopleList(["/a*/"]).matches("a" * 257)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("(" + "|".join(f"svc{n}" for n in range(25)) + ")@(a|b)\\.example\\.com", "svc7@a.example.com"),
        (".*-svc-.*@.*", "x-svc-1@example.com"),
        ("svc-.*", "svc-1"),
        ("(svc|job)-[a-z]+", "job-x"),
        ("(?:ana|bob)@.+\\.example\\.com", "bob@x.example.com"),
        ("\\(a\\+\\)+", "(a+))"),
        ("[(]a+[)]+", "(aa))"),
        ("(ab){2}", "abab"),
        ("(?=a)a+", "aaa"),
        ("a{1}b?", "a"),
    ],
)
def test_plain_patterns_are_accepted(body: str, name: str) -> None:
    assert PeopleList([f"/{body}/"]).matches(name)


@pytest.mark.parametrize(
    ("entry", "ip", "asn", "expected"),
    [
        ("192.0.2.0/24", "192.0.2.255", None, True),
        ("192.0.2.0/24", "192.0.3.0", None, False),
        ("192.0.2.1", "192.0.2.1", None, True),
        ("0.0.0.0/0", "203.0.113.9", None, True),
        ("0.0.0.0/0", "2001:db8::1", None, False),
        ("2001:db8::/32", "2001:DB8:1::1", None, True),
        ("192.0.2.0/24", "::ffff:192.0.2.3", None, True),
        ("::ffff:192.0.2.0/120", "192.0.2.3", None, True),
        ("as64500", None, 64500, True),
        ("AS64500", "192.0.2.1", 64501, False),
        ("AS64500", "no address", None, False),
        ("192.0.2.0/24", "no address", None, False),
        ("192.0.2.0/24", None, None, False),
    ],
)
def test_networks_match_by_block_address_and_number(
    entry: str, ip: Optional[str], asn: Optional[int], expected: bool
) -> None:
    assert NetworkList([entry]).matches(ip, asn) is expected


@pytest.mark.parametrize("entry", ["AS0", "AS4294967296", "AS", "192.0.2.1/24", "192.0.2.0/33", "example.com", "AS²"])
def test_entries_that_are_no_network_are_refused(entry: str) -> None:
    with pytest.raises(ValueError, match=r"\. (Give|Write)"):
        NetworkList([entry])


@given(
    st.lists(
        st.ip_addresses().flatmap(lambda ip: st.tuples(st.just(ip), st.integers(0, ip.max_prefixlen))), max_size=5
    ),
    st.ip_addresses(),
)
def test_look_up_agrees_with_the_slow_way(blocks: list[tuple[object, int]], ip: object) -> None:
    networks = [ip_network(f"{ip_}/{bits}", strict=False) for ip_, bits in blocks]
    addresses = [ip, *(network[0] for network in networks), *(network[-1] for network in networks)]
    found = NetworkList(map(str, networks))
    for address in addresses:
        if int(ip_address(str(address))) >> 32 != 0xFFFF:
            expected = any(address in network for network in networks)  # type: ignore[operator]
            assert found.matches(str(address)) is expected


def test_empty_lists_match_nothing() -> None:
    assert not PeopleList().matches("ana")
    assert not NetworkList().matches("192.0.2.1", 64500)
    assert not PeopleList()
    assert not NetworkList()
