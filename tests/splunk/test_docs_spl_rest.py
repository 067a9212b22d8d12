"""The REST calls of the guide, run as they stand there: by the shell, with curl, against a splunkd that checks what it is sent."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Iterator, List

import pytest
from busybody_splunk.conf import password, policy_named, stanzas
from busybody_splunk.rest import Splunkd
from content import conf, fenced
from fake_splunkd import LIMITED_KEY, FakeSplunkd
from packaged import ROOT
from searching import Head

PAGE = ROOT / "docs" / "splunk.md"
SECTION = "## Set up by REST"
IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")
# Before the real one: where the tests' splunkd listens, and the session in the place of the password that curl would ask for.
CURL = """#!{python}
import os, sys
given, found = iter(sys.argv[1:]), []
for word in given:
    if word == "-u":
        assert next(given) == "admin"
        found += ["-H", "Authorization: Splunk " + os.environ["SESSION"]]
    else:
        found.append(word.replace(":8089", ":{port}"))
os.execv("{curl}", ["curl", *found])
"""


@pytest.fixture
def fake() -> Iterator[FakeSplunkd]:
    with FakeSplunkd() as found:
        for file in ("macros", "busybody", "busybody_send"):
            for name, stanza in conf(file).items():
                found.conf.set("default", file, name, dict(stanza))
        yield found


@pytest.fixture
def shell(fake: FakeSplunkd, tmp_path: Path) -> Path:
    """A folder with a curl that finds the fake, and the files that the page names."""
    curl = shutil.which("curl")
    if curl is None or shutil.which("sh") is None:
        absent = "no curl or no sh here: the REST calls of the guide are NOT tested"
        if IN_CI:
            pytest.fail(absent)
        pytest.skip(absent)
    Head(fake, tmp_path / "splunk")
    program = tmp_path / "curl"
    program.write_text(CURL.format(python=sys.executable, port=fake.uri.rpartition(":")[2], curl=curl))
    program.chmod(0o755)
    (tmp_path / "token.txt").write_text("xoxb-1")
    (tmp_path / "key.txt").write_text("k-1")
    return tmp_path


def blocks() -> List[str]:
    """The shell blocks of the section: the function, then the calls."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    first = lines.index(SECTION) + 1
    last = next(number for number, line in enumerate(lines[first:], first) if line.startswith("## "))
    return [text for line, text in fenced(PAGE, "sh") if first < line <= last]


def run(folder: Path, text: str, session: str) -> subprocess.CompletedProcess[str]:
    home = str(folder / "splunk")
    environment = {
        **os.environ,
        "PATH": f"{folder}:{os.environ['PATH']}",
        "SPLUNK_HOME": home,
        "SESSION": session,
        "NO_PROXY": "*",
    }
    return subprocess.run(
        ["sh", "-e", "-c", text], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_calls_of_the_guide_set_sources_thresholds_secrets_and_addresses(fake: FakeSplunkd, shell: Path) -> None:
    done = run(shell, "\n".join(blocks()), fake.session_key)
    assert done.returncode == 0, done.stdout + done.stderr
    macros = fake.conf.merged("macros")
    assert macros["busybody_signins"]["definition"] == "index=okta OR index=entra tag=authentication"
    assert macros["busybody_risk_index"]["definition"] == "risk"
    splunkd = Splunkd(fake.uri, fake.session_key, ca_file=fake.ca_file)
    policy = policy_named(splunkd)
    assert policy.alerts.budget == 0.5
    assert stanzas(splunkd)["policy:default"]["people.vip"] == '["ceo@example.com"]'
    assert policy_named(splunkd, "strict").alerts.threshold == 60.0
    assert password(splunkd, "busybody", "slack_token") == "xoxb-1"
    assert password(splunkd, "busybody", "responder_key") == "k-1"
    sending = stanzas(splunkd, "busybody_send")
    assert sending["slack"]["channels"] == "#security, #identity"
    assert sending["responder"]["url"] == "https://responder.example.com"
    splunkd.close()


def test_what_the_calls_leave_alone_stays_as_it_is(fake: FakeSplunkd, shell: Path) -> None:
    before = fake.conf.merged("macros")
    assert run(shell, "\n".join(blocks()), fake.session_key).returncode == 0
    after = fake.conf.merged("macros")
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"busybody_signins", "busybody_risk_index"}
    assert after["busybody_signins"]["description"] == before["busybody_signins"]["description"]


def test_a_call_that_is_refused_says_so(fake: FakeSplunkd, shell: Path) -> None:
    """To the shell by the exit code, to the administrator by the status or, without --fail, by Splunk's reason."""
    function, sources, *_ = blocks()
    done = run(shell, function + sources, LIMITED_KEY)
    assert done.returncode != 0
    assert "403" in done.stderr
    told = run(shell, function.replace("--fail ", "") + sources.splitlines()[0], LIMITED_KEY)
    assert "permission" in json.loads(told.stdout)["messages"][0]["text"]
    assert fake.conf.merged("macros")["busybody_signins"] == dict(conf("macros")["busybody_signins"])


def test_certificates_are_verified(fake: FakeSplunkd, shell: Path) -> None:
    """Splunk's own name stands in the address, so that curl has nothing to overlook."""
    (shell / "splunk" / "etc" / "auth" / "cacert.pem").write_text(Path(fake.ca_file).read_text().replace("A", "B", 1))
    done = run(shell, "\n".join(blocks()[:2]), fake.session_key)
    assert done.returncode != 0
    assert fake.requests == []
    assert not re.search(r"(?m)^[^#]*(?:-k\b|--insecure)", PAGE.read_text(encoding="utf-8"))


def test_no_secret_stands_on_a_command_line() -> None:
    told = "\n".join(text for _, text in fenced(PAGE, "sh"))
    assert "password=" not in told
    assert re.findall(r"password@(\S+)", told), "they come from files"


def test_the_names_are_those_of_the_app() -> None:
    text = PAGE.read_text(encoding="utf-8").split(SECTION)[1].split("\n## ")[0]
    (search,) = re.findall(r"`busybody saved/searches/(\S+) ", text)
    assert search.replace("%3A", ":").replace("%20", " ") in conf("savedsearches")
