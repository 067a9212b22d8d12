"""Whatever stands in a file, a command ends with words and an exit code, never with a traceback."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import Busybody

READERS = (
    ("fields", "-", "--limit", 0),
    ("fields", "-", "--limit", 0, "--output", "json"),
    ("report", "-"),
    ("model", "info", "-"),
    ("geo", "lookup", "-"),
)
SAMPLES = [
    b'{"@timestamp":"2026-03-02T08:00:00Z","event":{"category":["authentication"],"outcome":"success"},"user":{"name":"ana"},"source":{"ip":"8.8.8.8","geo":{"location":{"lat":1.5,"lon":2}}}}\n',
    b'{"event_id":"e","time":1772410301.7,"user":"ana","risk":42.5,"level":"medium","log_odds":-5.4,"base":-6.0,"findings":[],"sentence":"","learned":"trusted","signin":{}}\n',
    b'{"skipped":"no map knows this format","line":1}\n',
    b"_time,user,src,action\n2026-03-02T08:00:00Z,ana,8.8.8.8,success\n",
    b"Mar  2 08:00:00 host sshd[1]: Accepted password for ana from 8.8.8.8 port 22 ssh2\n",
    b'[{"a":NaN},{"b":[1e999,{"c":"\\ud800"}]},' + b"[" * 3000,
    b'{"format":"busybody-model","version":1,"population":null}\n',
    gzip.compress(b'{"a":1}\n' * 50, mtime=0)[:-9],
    b"\xff\xfe{\x00}\x00",
    "8.8.8.8\n٨.٨.٨.٨\n\u202e\n".encode(),
]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_input_ends_in_words(busybody: Busybody, data: st.DataObject) -> None:
    text = bytearray(
        b"".join(data.draw(st.lists(st.sampled_from(SAMPLES), max_size=3))) + data.draw(st.binary(max_size=12))
    )
    for _ in range(data.draw(st.integers(0, 4))):
        if text:
            text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    words = data.draw(st.sampled_from(READERS))
    ran = busybody(*words, given=bytes(text))
    assert ran.code in (0, 1, 2, 3)
    assert ran.out or ran.err or not text.strip()
    assert not set("\x1b\x9b") & set(ran.err)


@pytest.mark.parametrize("words", READERS, ids=[" ".join(map(str, words)) for words in READERS])
@pytest.mark.parametrize("sample", SAMPLES, ids=range(len(SAMPLES)))
def test_every_sample_alone(busybody: Busybody, words: tuple[object, ...], sample: bytes) -> None:
    assert busybody(*words, given=sample).code in (0, 1, 2, 3)


def test_a_policy_file_can_be_anything(busybody: Busybody, tmp_path: object) -> None:
    for name, content in (
        ("a.json", b"\xff\x00"),
        ("b.json", b"[" * 5000),
        ("c.conf", b"[policy:x\n=\n"),
        ("d.json", json.dumps([1]).encode()),
    ):
        with open(name, "wb") as file:
            file.write(content)
        ran = busybody("policy", "check", name)
        assert ran.code == 2
        assert name in ran.err
