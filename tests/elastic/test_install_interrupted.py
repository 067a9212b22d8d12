"""An installation that ends in its midst, or runs beside another: the next one knows what is ours."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any, Callable

import httpx
import pytest
from busybody_elastic import cli
from busybody_elastic.cluster.protocol import Cluster
from busybody_elastic.errors import ClusterError
from busybody_elastic.install import commands
from busybody_elastic.install.kibana import Kibana
from busybody_elastic.install.report import ABSENT, FAILED, INSTALLED, MISSING, REMOVED, UNCHANGED
from test_install_kibana import Setting, statuses


class Killed(BaseException):
    """What nobody catches."""


class Mortal(Setting):
    """Dies at one request, before it or after it was carried out; from then on nothing gets through."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.carried_out = -1, False
        self.cluster.request = self._watched(self.cluster.request)  # type: ignore[method-assign]
        self.fake.answer = self._watched(self.fake.answer)  # type: ignore[method-assign]

    def _watched(self, true: Callable[..., Any]) -> Callable[..., Any]:
        def call(*words: Any, **more: Any) -> Any:
            if self.left == 0:
                raise Killed
            self.left -= 1
            if self.left == 0:
                if self.carried_out:
                    true(*words, **more)
                raise Killed
            return true(*words, **more)

        return call


@pytest.mark.parametrize("carried_out", [False, True])
@pytest.mark.parametrize("verb", ["install", "uninstall"])
def test_wherever_it_is_killed_the_next_one_does_the_rest(verb: str, carried_out: bool) -> None:
    for at in range(1, 500, 7):
        setting = Mortal()
        if verb == "uninstall":
            setting.run("install")
        setting.left, setting.carried_out = at, carried_out
        try:
            setting.run(verb)
        except Killed:
            pass
        else:
            break
        setting.left = -1
        report = setting.run(verb)
        assert report.ok, (at, report.text())
        if verb == "install":
            assert statuses(setting.run("install")) == {UNCHANGED, ABSENT}
            report = setting.run("uninstall")
        assert statuses(report) <= {REMOVED, MISSING, ABSENT}
        assert (setting.fake.objects, setting.fake.things, setting.cluster.kept) == ({}, {}, {}), at
    assert 50 < at < 490


def test_what_was_refused_is_not_ours_when_somebody_else_makes_it_later() -> None:
    setting = Setting()
    setting.fake.forbidden = lambda method, path: method == "POST" and "_import" in path
    assert {line.kind for line in setting.run("install").of(FAILED)} >= {"dashboard", "data view"}
    setting.fake.forbidden = lambda method, path: False
    key = "dashboard", "busybody_overview"
    setting.fake.objects[key], setting.fake.space_of[key] = {"mine": True}, "default"
    report = setting.run("install")
    assert [(line.kind, line.name) for line in report.of(FAILED)] == [key]
    assert setting.fake.objects[key] == {"mine": True}


def test_two_at_once_do_not_lose_each_others_entries() -> None:
    """The second one runs whole in the midst of the first, for another space."""
    setting = Setting(spaces=("default", "soc"))
    true, count = setting.fake.answer, 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal count
        count += 1
        if count == 30:
            assert setting.run("install", "soc").ok
        return true(request)

    setting.fake.answer = answer  # type: ignore[method-assign]
    assert setting.run("install").ok
    assert count > 60
    assert statuses(setting.run("status")) == statuses(setting.run("status", "soc")) == {INSTALLED, ABSENT}
    assert setting.run("uninstall").ok
    assert statuses(setting.run("status", "soc")) == {INSTALLED, ABSENT}


def test_a_page_in_place_of_an_answer_is_told_of() -> None:
    def page(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, html="<h1>Sign in</h1>")

    kibana = Kibana("https://k", "default", httpx.Client(transport=httpx.MockTransport(page)))
    with pytest.raises(ClusterError, match=r"gives text/html.*Check kibana.url and its credentials"):
        kibana.call("GET", "/api/status")
    kibana.close()
    setting = Setting()
    setting.fake.answer = page  # type: ignore[method-assign]
    assert not setting.run("install").ok
    assert setting.cluster.kept == {}


# --- the file of an API key ---------------------------------------------------------------------------------------


class Security:
    """Makes API keys, if it may."""

    flavour = "elasticsearch"

    def __init__(self, file: Path, refuses: bool = False) -> None:
        self.file, self.refuses, self.made = file, refuses, 0

    def request(self, method: str, path: str, body: Any = None) -> Any:
        assert self.file.exists(), "the file is there first"
        assert stat.S_IMODE(self.file.stat().st_mode) == 0o600
        if self.refuses:
            raise ClusterError("no", status=403)
        self.made += 1
        return {"encoded": "c2VjcmV0"}

    def close(self) -> None: ...


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Security], int]:
    def ask(security: Security) -> int:
        def connected(section: Any) -> Cluster:
            return security  # type: ignore[return-value]

        monkeypatch.setattr(commands, "connect", connected)
        monkeypatch.delenv("BUSYBODY_ELASTIC_CONFIG", raising=False)
        return cli.main(["api-key", "verdict", "--file", str(security.file)])

    return ask


def test_a_key_is_made_for_a_file_that_is_open_already(tmp_path: Path, asked: Callable[[Security], int]) -> None:
    security = Security(tmp_path / "key")
    assert asked(security) == cli.DONE
    assert security.file.read_text() == "c2VjcmV0\n"


def test_no_key_is_made_where_the_file_is_taken(
    tmp_path: Path, asked: Callable[[Security], int], capsys: pytest.CaptureFixture[str]
) -> None:
    security = Security(tmp_path / "key")
    security.file.write_text("mine")
    assert asked(security) == cli.UNREACHED
    assert (security.made, security.file.read_text()) == (0, "mine")
    assert str(security.file) in capsys.readouterr().err


def test_a_file_without_a_key_goes_again(tmp_path: Path, asked: Callable[[Security], int]) -> None:
    security = Security(tmp_path / "key", refuses=True)
    assert asked(security) == cli.UNREACHED
    assert not security.file.exists()
