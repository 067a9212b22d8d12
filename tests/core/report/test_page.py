"""The page: one file, escaped by context, credited, written whole or not at all."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, List, Optional, Tuple

import pytest
from busybody.errors import BusybodyError
from busybody.report import render, write

from .invented import AWAY, HOME, START, finding, line, month, place, signin

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "\"><svg onload='alert(1)'>",
    "' onmouseover='alert(1)",
    "adm\u202enimda",
    "javascript:alert(1)",
    "\ud800",
    "n" * 10_000,
)
VOID = {"meta", "input", "wbr", "br", "link"}


class Tags(HTMLParser):
    """Every tag with its attributes; complains of tags that do not nest."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: List[Tuple[str, dict[str, Optional[str]]]] = []
        self.open: List[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, Optional[str]]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, Optional[str]]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open
        assert self.open.pop() == tag


def parsed(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    tags.close()
    assert tags.open == []
    return tags


def hostile_lines() -> List[Any]:
    lines: List[Any] = []
    for number, bad in enumerate(HOSTILE):
        this = {key: bad if isinstance(value, str) else value for key, value in signin("Lagos", bad, AWAY).items()}
        before = {
            "time": START,
            **{key: bad if isinstance(value, str) else value for key, value in place("Tokyo", HOME).items()},
        }
        findings = [finding("impossible_travel", 4.0, bad, bad), finding(bad, 1.0, bad, bad, filtered_by=(bad,))]
        shape = {
            "findings": findings,
            "sentence": bad,
            "previous": before,
            "learned": bad,
            "incident": bad,
            "alert": True,
        }
        lines += [line(number, START + 900, bad, 95.0, this, **shape), {"skipped": bad, "line": 1}]
    return lines


def test_values_of_a_log_never_become_markup() -> None:
    page = "".join(render(hostile_lines(), title=HOSTILE[0], attribution=((HOSTILE[1], "javascript:alert(1)"),)))
    tags = parsed(page)
    assert sum(tag == "script" for tag, _ in tags.tags) == 1
    assert not any(tag in ("img", "iframe", "object", "embed", "form", "base") for tag, _ in tags.tags)
    assert not any(name.startswith("on") for _, attributes in tags.tags for name in attributes)
    assert "\u202e" not in page
    assert "n" * 701 not in page
    page.encode("utf-8")


def test_links_lead_into_the_page_or_to_named_sites() -> None:
    page = "".join(render(hostile_lines() + list(month(20))))
    targets = {attributes["href"] for tag, attributes in parsed(page).tags if tag == "a"}
    allowed = re.compile(r"#[\w-]+|https://attack\.mitre\.org/techniques/T[\d/]+|https://db-ip\.com")
    assert [target for target in targets if not allowed.fullmatch(target or "")] == []


def test_links_into_the_page_find_their_target_and_ids_are_unique() -> None:
    tags = parsed("".join(render(month(40)))).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    inner = {str(attributes["href"])[1:] for _, attributes in tags if str(attributes.get("href", "")).startswith("#")}
    assert inner <= set(ids)


def test_nothing_is_fetched_and_only_the_named_script_runs() -> None:
    page = "".join(render(month(20)))
    tags = parsed(page).tags
    assert not any(
        name in ("src", "srcset", "action", "data", "poster") for _, attributes in tags for name in attributes
    )
    assert "@import" not in page
    assert "url(" not in page
    policy = next(str(a["content"]) for _, a in tags if a.get("http-equiv") == "Content-Security-Policy")
    script = re.search(r"<script>(.*)</script>", page, re.DOTALL)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script.group(1).encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'")


def test_the_geography_is_credited_as_its_licence_asks() -> None:
    assert "<a href='https://db-ip.com'>IP Geolocation by DB-IP</a>" in "".join(render([]))


def test_the_previous_sign_in_stands_beside_the_odd_one() -> None:
    page = "".join(render(month(60)))
    assert "yara.tanaka signed in from Auckland" in page
    row = re.search(r'<tr class="differs"><th scope="row">Where</th>(.*?)</tr>', page)
    assert row is not None
    assert [re.sub(r"<.*?>", "", cell) for cell in row.group(1).split("</td>")[:2]] == [
        "Bengaluru, IN",
        "Auckland, NZ 11,499 km away",
    ]


def test_devices_are_named_in_words() -> None:
    before = {"time": START, "device": "macos-desktop-chrome"}
    odd = line(1, START + 60, "ana", 80.0, signin("Lagos", "windows-desktop-edge", AWAY), previous=before)
    page = "".join(render([odd]))
    assert '<th scope="row">Device</th><td>Chrome on macOS</td><td>Edge on Windows</td>' in page
    assert "-desktop-" not in page


def test_without_any_score_the_page_still_says_what_was_read() -> None:
    page = "".join(render([{"skipped": "not a sign-in", "line": 1}]))
    parsed(page)
    assert "no scored sign-in" in page
    assert "not a sign-in" in page


def test_a_quiet_month_says_that_nobody_needs_a_look() -> None:
    page = "".join(render([line(1, START, "ana", 3.0, signin("Lisbon", "Chrome on Windows", HOME))]))
    parsed(page)
    assert "Nobody needs a look now" in page


def test_the_same_lines_give_the_same_page() -> None:
    assert "".join(render(month(20))) == "".join(render(month(20)))


def test_a_page_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    write(target, month(10))
    before = target.read_bytes()

    def torn() -> Any:
        yield from month(5)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(target, torn())
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.skipif(os.name == "nt", reason="links need a right there that few have")
def test_a_page_is_never_written_through_a_link_that_waits_beside_it(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("kept")
    (tmp_path / f".report.html.{os.getpid()}.part").symlink_to(precious)
    with pytest.raises(BusybodyError, match="cannot be written: File exists"):
        write(tmp_path / "report.html", [])
    assert precious.read_text() == "kept"


def test_a_path_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(BusybodyError, match=r"nowhere.*cannot be written"):
        write(tmp_path / "nowhere" / "report.html", [])
