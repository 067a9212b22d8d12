"""The command line: help, exit codes, what a wrong word or configuration is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from busybody_elastic import cli

ROOT = Path(__file__).resolve().parents[2]


def test_help_names_every_command_and_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    told = capsys.readouterr().out
    assert ended.value.code == 0
    assert all(f"\n    {command}" in told for command in cli.COMMANDS)
    assert all(f"\n  {code} " in told for code in (0, 1, 2, 3, 130))


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert "--config" in told
    assert told.split("\n\n")[1][0].isupper(), "what it does, as a sentence"


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom busybody_elastic import cli\n"
        "try: cli.main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'elasticsearch', 'opensearchpy', 'starlette', 'uvicorn', 'httpx', 'yaml', 'busybody.scorer', 'asyncio'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    path = f"{ROOT / 'core'}:{ROOT / 'elastic'}"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": path}, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_command_that_is_near_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["folow"])
    assert ended.value.code == cli.USAGE
    assert "Did you mean follow?" in capsys.readouterr().err


def test_a_wrong_key_is_named_with_what_is_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "elastic.yaml"
    path.write_text("reader:\n  pages: 7\n")
    assert cli.main(["check-config", "-c", str(path)]) == cli.USAGE
    assert "reader.pages" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["-c {}", "--config {}", "--conf {}", "--config={}", "-c{}"])
@pytest.mark.parametrize("line", ["{} check-config", "check-config {}"])
def test_the_configuration_may_be_named_before_the_command_and_after(
    option: str, line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "follow"  # a command's name is a file's, too
    path.write_text("namespace: office\n")
    assert cli.main(line.format(option.format(path)).split()) == cli.DONE
    assert json.loads(capsys.readouterr().out)["namespace"] == "office"


def test_check_config_shows_what_holds_and_no_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "elastic.yaml"
    path.write_text("cluster:\n  url: https://es.example:9200\n  api_key: {env: KEY}\n")
    monkeypatch.setenv("KEY", "very-secret")
    assert cli.main(["check-config", "-c", str(path)]) == cli.DONE
    told = capsys.readouterr().out
    assert json.loads(told)["cluster"]["url"] == ["https://es.example:9200"]
    assert "very-secret" not in told


def test_a_cluster_that_is_not_there_is_exit_code_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "elastic.yaml"
    path.write_text("cluster:\n  url: http://127.0.0.1:9\n  timeout_seconds: 0.5\n")
    assert cli.main(["follow", "--once", "-c", str(path)]) == cli.UNREACHED
    assert "127.0.0.1:9" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--to", "2026-05-01"], "--to needs --from"),
        (["--from", "yesterday"], "is no time"),
        (["--from", "2026-05-01", "--to", "2026-04-01"], "is not before"),
    ],
)
def test_a_back_fill_of_no_time_is_refused(
    words: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "elastic.yaml"
    path.write_text("namespace: default\n")
    assert cli.main(["follow", "-c", str(path), *words]) == cli.USAGE
    assert told in capsys.readouterr().err
